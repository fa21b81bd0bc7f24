"""Checks that imports between disco's own modules are the arrows that Package.swift lists, and that forbidden ones are absent.

Reads `swift package describe`, so the picture is the package manager's own. Exits with 1 and names each wrong arrow.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Arrows that must never exist, whatever Package.swift says: (from, to); None stands for every module of ours.
FORBIDDEN = [
    ("Solvers", "Traces"),  # solvers see profiles only, so they cannot fit the rows they are judged on
    ("Checking", "Solvers"),  # who checks a solver's certificate shares no code with it
    ("Checking", "Optimization"),
    ("Checking", "LinearAlgebra"),
    ("Solvers", "Checking"),
    ("Replay", "Solvers"),  # one judge for every policy
    ("Replay", "Profiles"),
    ("Policies", None),  # apps take the table alone, on phones too
    ("LinearAlgebra", "Serving"),  # mathematics knows no word of the domain
    ("Distributions", None),
    ("Optimization", None),
    ("Serving", None),
    ("Spelling", None),
    ("Files", None),
]
# Modules that may import these of ours and no other.
ONLY_IMPORTS = {"Scheduling": {"Policies"}, "PolicyFiles": {"Policies"}, "PolicySigning": {"Policies"}}  # apps take these two alone
NOTHING_FOREIGN = {"Policies", "Scheduling"}  # not even Foundation: the same on every platform, and small
ONLY_IMPORTER = {"CLinearAlgebra": "LinearAlgebra", "CProcessTuning": "LinearAlgebra"}


def main() -> int:
    description = subprocess.run(
        ["swift", "package", "describe", "--type", "json"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    targets = json.loads(description[description.index("{"):])["targets"]
    listed = {t["name"]: set(t.get("target_dependencies", [])) for t in targets}
    wrong = []
    for target in targets:
        name = target["name"]
        if target["type"] == "test" or target.get("module_type") != "SwiftTarget":
            continue
        imported = set()
        for source in target["sources"]:
            text = (ROOT / target["path"] / source).read_text()
            imported |= set(re.findall(r"^\s*(?:\w+ )?import (?:\w+ )?(\w+)", text, re.M))
        ours = imported & set(listed)
        wrong += [f"{name} imports {other}, which Package.swift does not list" for other in sorted(ours - listed[name])]
        wrong += [
            f"{name} lists {other} in Package.swift but never imports it"
            for other in sorted(listed[name] & set(listed) - ours)
        ]
        for source, forbidden in FORBIDDEN:
            if source == name:
                bad = ours if forbidden is None else ours & {forbidden}
                wrong += [f"{name} -> {other} must not exist" for other in sorted(bad)]
        if name in ONLY_IMPORTS:
            wrong += [f"{name} -> {other} must not exist" for other in sorted(ours - ONLY_IMPORTS[name])]
        if name in NOTHING_FOREIGN:
            foreign = sorted(imported - set(listed) - {"Swift"})
            wrong += [f"{name} imports {other}; it may import modules of ours only" for other in foreign]
        for other in sorted(ours):
            if ONLY_IMPORTER.get(other, name) != name:
                wrong.append(f"only {ONLY_IMPORTER[other]} may import {other}, not {name}")
    print("\n".join(wrong) if wrong else f"{sum(map(len, listed.values()))} arrows, all as listed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
