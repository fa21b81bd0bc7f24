#!/usr/bin/env python3
"""Writes docs/risk.md: what each rule for a budget's margin is worth on data it has not seen, from `disco risk --json`.

The DeepSeek trace is cut at several points; plans are made from one side and judged on the other, both ways round.
Every number in the document, those in its sentences included, is computed here.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEEPSEEK = "traces/deepseek_api/deepseek_streaming_clean.csv"
AZURE = "traces/azure_2023/AzureLLMInferenceTrace_conv.csv"
BUDGET = 0.05
LONGEST = 512
SPLITS = [0.3, 0.4, 0.5, 0.6, 0.7]
RULES = ["plain", "bootstrap", "rolling-4h", "rolling-8h", "rolling-24h", "both"]
NAMES = {"plain": "plain", "bootstrap": "bootstrap", "rolling-4h": "4 h", "rolling-8h": "8 h", "rolling-24h": "24 h", "both": "both"}
# What design notes of this project state for the first half judged on the second: multiples of b.
STATED = {"plain": 1.56, "bootstrap": 1.28}


def shared(path: str) -> pathlib.Path | None:
    """A file of the shared folder: that of DISCO_SHARED, else a folder `shared` beside the project or one of its parents."""
    named = os.environ.get("DISCO_SHARED")
    places = [pathlib.Path(named)] if named else [parent / "shared" for parent in ROOT.parents]
    return next((p / path for p in places if (p / path).exists()), None)


def problem(folder: pathlib.Path) -> pathlib.Path:
    """The problem file, beside the prompt lengths in an order that has nothing to do with time: only the server drifts."""
    with shared(AZURE).open() as file:
        lengths = [int(row["ContextTokens"]) for row in csv.DictReader(file)]
    lengths = [length for length in lengths if length <= LONGEST]
    random.Random(1).shuffle(lengths)
    (folder / "prompts.csv").write_text("prompt_tokens\n" + "".join(f"{length}\n" for length in lengths))
    path = folder / "problem.yaml"
    path.write_text(json.dumps({  # JSON is YAML
        "version": 1,
        "workload": {"trace": "prompts.csv"},
        "endpoints": {
            "server": {"trace": {
                "path": str(shared(DEEPSEEK)),
                "columns": {"ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"}}},
            "device": {"ttft": {"intercept": 0.148, "per_token": 0.00668}}},
        "limits": {"device.prefill_share": {"at_most": BUDGET}},
        "confidence": 0.95,
        "budget_window": "24h"}))
    return path


def run(disco: str, path: pathlib.Path, split: float, is_reversed: bool) -> dict:
    command = [disco, "risk", path, "--json", "--set", f"split.tuning_share={split}", *(["--reverse"] if is_reversed else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"disco ends with {done.returncode}:\n{done.stderr}")
    result = json.loads(done.stdout)
    rows = {row["rule"]: row for row in result["rules"]}
    plain = rows["plain"]["held_out"]["ttft.mean"]
    return {
        "split": split, "reversed": is_reversed, "risk": result["risk"], "plain mean": plain,
        "use": {r: rows[r]["held_out"]["device.prefill_share"] / BUDGET for r in RULES},
        "cost": {r: 1000 * (rows[r]["held_out"]["ttft.mean"] - plain) for r in RULES},
        "mean": {r: rows[r]["held_out"]["ttft.mean"] for r in RULES},
        "budget": {r: rows[r]["effective_budget"] / BUDGET for r in RULES}}


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] + ["---:"] * (len(head) - 1), *rows]]


def label(case: dict) -> str:
    share = round(100 * case["split"])
    return f"last {100 - share} % -> first {share} %" if case["reversed"] else f"first {share} % -> last {100 - share} %"


def document(cases: list[dict]) -> str:
    def broken(rule):
        return [c for c in cases if c["use"][rule] > 1 + 1e-9]

    def cell(case, rule):
        text = f"{case['use'][rule]:.2f}"
        return f"**{text}**" if case["use"][rule] > 1 + 1e-9 else text

    half = next(c for c in cases if c["split"] == 0.5 and not c["reversed"])
    windows = sorted({c["risk"]["rolling_hours"] for c in cases})
    days = [c["risk"]["days"] for c in cases]
    text = [
        "# Does a budget hold later?", "",
        *wrap("Made by one command, `make risk`, from the DeepSeek API trace (3,159 requests in 69 h) beside a device of "
              f"D(l) = 0.148 + 0.00668 l s, for the prompt lengths of the Azure 2023 conversation trace up to {LONGEST} tokens, in "
              f"32 buckets, with b = {BUDGET}. Prompts are shuffled, so that the server alone drifts. The server trace is cut at "
              "five points; plans are made from one side, by each rule, and judged on the other."), "",
        *wrap("Rules: *plain* is the optimum at b. *bootstrap* shrinks the budget until 95 % of resampled 24 h windows keep b. "
              "*4 h*, *8 h* and *24 h* shrink it until the worst rolling window of that length keeps b. *both* is what `confidence` "
              "does: the stricter of the bootstrap and the worst rolling window of `budget_window`, which on a trace of fewer than "
              "eight such windows is cut to the largest divisor that fits eight times "
              f"(here {', '.join(map(str, windows))} h). [maths/risk.md](maths/risk.md) has the derivation."), "",
        "## Use of the other part, in multiples of b", "",
        "Bold: more than the budget.", "",
        *table(["made from -> judged on"] + [NAMES[r] for r in RULES], [[label(c)] + [cell(c, r) for r in RULES] for c in cases]), "",
        "## Mean TTFT on the other part, and what the margin costs there", "",
        *table(["made from -> judged on", "plain, s"] + [f"{NAMES[r]}, ms" for r in RULES[1:]],
               [[label(c), f"{c['plain mean']:.3f}"] + [f"{c['cost'][r]:+.1f}" for r in RULES[1:]] for c in cases]), "",
        "## The budget that each rule solves at, in multiples of b", "",
        *table(["made from"] + [NAMES[r] for r in RULES[1:]],
               [[label(c).split(" -> ")[0]] + [f"{c['budget'][r]:.2f}" for r in RULES[1:]] for c in cases]), "",
        "## In short", ""]
    rows = [[NAMES[r], f"{len(broken(r))} of {len(cases)}", f"{max(c['use'][r] for c in cases):.2f}",
             f"{sum(c['cost'][r] for c in cases) / len(cases):+.1f}"] for r in RULES]
    text += table(["rule", "breaks b", "largest use, b", "mean cost, ms"], rows) + [""]
    stated = ", ".join(f"{half['use'][r]:.2f} b by the {r} rule (design notes say {v})" for r, v in STATED.items())
    held = [NAMES[r] for r in RULES if not broken(r)]
    text += wrap(
        f"- Made from the first half, the second half uses {stated}. The resamples here keep neighbouring hours together, in blocks "
        "of the cube root of the trace's hours.")
    text += wrap(f"- In this table {', '.join(held) if held else 'no rule'} never {'exceed' if len(held) != 1 else 'exceeds'} b." if held
                 else "- No rule keeps b everywhere.")
    text += wrap(
        f"- No level is claimed in any row: the parts cover {min(days):.1f} to {max(days):.1f} days, fewer than eight. Ten rows of one "
        "trace are not ten traces; they share their hours, and half of them run against time.")
    return "\n".join(text) + "\n"


def wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 118, subsequent_indent="  " if text.startswith("- ") else "", break_on_hyphens=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", required=True, help="the built program")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ROOT / "docs" / "risk.md")
    options = parser.parse_args()
    gone = [path for path in (DEEPSEEK, AZURE) if not shared(path)]
    if gone:
        print(f"skipped: no {', '.join(gone)}; docs/risk.md stays as it is", file=sys.stderr)
        return 0
    disco = str(pathlib.Path(options.disco).resolve())
    with tempfile.TemporaryDirectory(prefix="disco-risk-") as folder:
        path = problem(pathlib.Path(folder))
        cases = [run(disco, path, split, is_reversed) for is_reversed in (False, True) for split in SPLITS]
    options.output.write_text(document(cases))
    print(f"wrote {options.output.name}: {len(cases)} cuts", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
