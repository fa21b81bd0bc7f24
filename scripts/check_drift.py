#!/usr/bin/env python3
"""Checks `disco check` on random old and new logs against SciPy and against its definitions written out in NumPy.

Shares no code with disco. Distances and levels: scipy.stats.ks_2samp, exact, for logs without cancelled requests; with them the
product limits row by row and the statistic of docs/maths/drift.md from the numbers at risk. Levels together: Holm's rule.
Budget use: every new row by itself under the table's waits, with the standard error of a mean. What solving anew attains: `disco
solve` on the new logs. Exits with 1 on any disagreement, naming the seed.
"""

import argparse
import collections
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.special import kolmogorov
from scipy.stats import ks_2samp

BUILDS = [pathlib.Path(__file__).parent.parent / ".build" / kind / "disco" for kind in ("release", "debug")]
TIMEOUT = 60.0
LARGE = 1e9  # what never came, as a number after all others


def log(rng, count, slow, has_ties, is_cut):
    """(TTFT, whether it is a lower bound, prompt length) of each row."""
    lengths = rng.integers(5, 120, count)
    times = 0.2 + slow * rng.lognormal(-0.5, 0.7, count)
    if has_ties:
        times = np.round(times, 1)
    times[rng.random(count) < rng.choice([0, 0.05])] = math.inf
    bounds = rng.uniform(0.3, 4, count) if is_cut else np.full(count, math.inf)
    return np.minimum(times, bounds), bounds < times, lengths


def write(path, rows):
    lines = ["ttft,prompt_tokens,outcome"]
    for t, b, l in zip(*rows):
        lines.append(f"{'' if t == math.inf else repr(float(t))},{l},{'cancelled' if b else 'failed' if t == math.inf else 'ok'}")
    path.write_text("\n".join(lines) + "\n")


def limited(first, second):
    """Distance of two product limits, and the level of the statistic whose limit is a Brownian bridge."""
    (x, b), (y, c) = first, second
    n, m = len(x), len(y)
    scale = n * m / (n + m)
    one = other = both = 1.0
    variance = distance = statistic = 0.0
    for t in np.unique(np.concatenate([x[~b & (x < math.inf)], y[~c & (y < math.inf)]])):
        r, s = (x >= t).sum(), (y >= t).sum()
        if r == 0 or s == 0:
            break
        d, e = (~b & (x == t)).sum(), (~c & (y == t)).sum()
        one, other = one * (1 - d / r), other * (1 - e / s)
        distance = max(distance, abs(one - other))
        if d + e == r + s:
            break
        both *= 1 - (d + e) / (r + s)
        variance += (d + e) / (r + s - d - e) * (1 / r + 1 / s)
        statistic = max(statistic, math.sqrt(scale) * abs(one - other) / (both * (1 + scale * variance)))
    return distance, float(kolmogorov(statistic))


def holm(levels):
    order = sorted(range(len(levels)), key=lambda i: levels[i])
    adjusted, least = list(levels), 0.0
    for place, index in enumerate(order):
        least = max(least, min(1.0, (len(levels) - place) * levels[index]))
        adjusted[index] = least
    return adjusted


def complaints(disco, seed, folder, kinds):
    rng = np.random.default_rng([seed, 5])
    has_ties, is_cut, moves = seed % 3 == 0, seed % 4 == 1, seed % 2 == 0
    old = log(rng, int(rng.integers(60, 400)), 1, has_ties, is_cut)
    new = log(rng, int(rng.integers(60, 400)), rng.choice([1.3, 2]) if moves else 1, has_ties, is_cut)
    write(folder / "old.csv", old)
    write(folder / "new.csv", new)
    prompts = [rng.integers(5, high, int(rng.integers(40, 90))) for high in (120, rng.choice([120, 200]))]
    for name, lengths in zip(("then.csv", "now.csv"), prompts):
        (folder / name).write_text("prompt_tokens\n" + "".join(f"{l}\n" for l in lengths))
    budget = float(rng.uniform(0.05, 0.5))
    (folder / "problem.yaml").write_text(json.dumps({
        "version": 1, "workload": {"trace": "then.csv", "buckets": {"by": "quantile", "count": 4}},
        "endpoints": {"server": {"trace": "old.csv"}, "device": {"ttft": {"intercept": 0.1, "per_token": 0.01}}},
        "limits": {"device.prefill_share": {"at_most": budget}}}))

    def run(*words):
        return subprocess.run([disco, *words], capture_output=True, text=True, cwd=folder)

    solved = run("solve", "problem.yaml", "-o", "policy.json")
    if solved.returncode:
        yield f"seed {seed}: {solved.stderr}"
        return
    check = run("check", "policy.json", "problem.yaml", "--traces", "new.csv", "--traces", "workload=now.csv", "--json")
    if check.returncode not in (0, 4):
        yield f"seed {seed}: {check.stderr}"
        return
    result = json.loads(check.stdout)
    kinds["past" if check.returncode else "held"] += 1

    def differ(name, found, wanted, tolerance=1e-9):
        if found is None or abs(found - wanted) > tolerance * max(1e-30, abs(wanted)) + 1e-13:
            yield f"seed {seed}: {name} is {found}, not {wanted}"

    levels = []
    for entry in result["drift"]:
        if entry["what"] == "prompt_tokens":
            first, second = [(p.astype(float), np.zeros(len(p), bool)) for p in prompts]
        else:
            low, high = entry["from"] or 0, entry["to"] or math.inf
            if entry["from"] is None:
                low, high = 0, math.inf
            first, second = [(t[k], b[k]) for t, b, l in (old, new) for k in [(l >= low) & (l <= high)]]
        name = f"{entry['what']} from {entry['from']}"
        if (len(first[0]), len(second[0])) != (entry["then"]["rows"], entry["now"]["rows"]):
            yield f"seed {seed}: {name}: {entry['then']['rows']} and {entry['now']['rows']} rows"
        if not len(first[0]) or not len(second[0]):
            continue
        if first[1].any() or second[1].any():
            kinds["product-limit"] += 1
            distance, level = limited(first, second)
        else:
            kinds["exact"] += 1
            answer = ks_2samp(*(np.minimum(x, LARGE) for x, _ in (first, second)), method="exact")
            distance, level = answer.statistic, answer.pvalue
        yield from differ(f"{name}: distance", entry["distance"], distance)
        yield from differ(f"{name}: level", entry["level"], level, 1e-6)
        levels.append((name, entry, level))
    for (name, entry, _), level in zip(levels, holm([level for _, _, level in levels])):
        yield from differ(f"{name}: adjusted level", entry["adjusted_level"], level, 1e-6)
        if entry["drifted"] != (entry["distance"] > 0.1 and level <= 0.01):
            yield f"seed {seed}: {name}: drifted is {entry['drifted']}"

    if not is_cut:
        # Which rows start the device for which of the new prompts.
        buckets = json.loads((folder / "policy.json").read_text())["buckets"]
        started = np.zeros((len(prompts[1]), len(new[0])))
        for k, length in enumerate(prompts[1]):
            for action in [b for b in buckets if b["from"] <= length][-1]["actions"]:
                wait = action["device_wait"]
                if wait is not None:
                    started[k] += action["probability"] * ((new[0] > wait) | (wait == 0))
        tokens = prompts[1] / prompts[1].mean()
        share = (tokens @ started).mean() / len(tokens)
        used = result["budgets"][0]
        yield from differ("the budget's use", used["use"], share / budget, 1e-8)
        # Rows and prompts are drawn apart; the share is a ratio of two means over prompts.
        by_rows = (tokens @ started / len(tokens)).std() / math.sqrt(len(new[0]))
        by_prompts = (tokens * (started.mean(axis=1) - share)).std() / math.sqrt(len(tokens))
        error = math.hypot(by_rows, by_prompts)
        if not 0.5 * error <= used["standard_error"] <= 1.7 * error + 1e-12:
            yield f"seed {seed}: the budget's standard error is {used['standard_error']}, by hand {error}"
    again = run("solve", "problem.yaml", "--json", "--set", "endpoints.server.trace=new.csv", "--set", "workload.trace=now.csv")
    yield from differ("what solving anew attains", result["regret"]["solved"], json.loads(again.stdout)["objective"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", help="the built program (default: that of .build, release before debug)")
    parser.add_argument("--seeds", type=int, default=40)
    arguments = parser.parse_args()
    disco = arguments.disco or next((str(p) for p in BUILDS if p.exists()), None)
    if disco is None:
        print("disco is not built: swift build --product disco", file=sys.stderr)
        return 1
    disco = str(pathlib.Path(disco).resolve())
    found = []
    kinds = collections.Counter()
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory(prefix="disco-drift-") as folder:
            found += complaints(disco, seed, pathlib.Path(folder), kinds)
    for kind in ("exact", "product-limit", "past", "held"):
        if not kinds[kind]:
            found.append(f"nothing was checked for: {kind}")
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    print(f"{arguments.seeds} pairs of logs ({said}): {len(found)} complaints")
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
