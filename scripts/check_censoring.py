#!/usr/bin/env python3
"""Checks what `disco profile` makes of cancelled requests against estimates written out in NumPy.

Shares no code with disco: the product limit is taken row by row by Efron's redistribution, the device's curve by Buckley and
James's iteration from the same start. Random logs: races, races beside requests left to the server, failures, ties.
"""

import argparse
import collections
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.stats import chi2

BUILDS = [pathlib.Path(__file__).parent.parent / ".build" / kind / "disco" for kind in ("release", "debug")]
TIMEOUT = 60.0
LEVELS = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


def product_limit(times, bound):
    """(times of events, their masses, failed mass, open mass): mass handed to the right as long as an event is to come."""
    order = sorted(range(len(times)), key=lambda i: (times[i], bound[i]))
    t, b = np.array(times)[order], np.array(bound)[order]
    mass = np.full(len(t), 1 / len(t))
    finite = t[~b & (t < math.inf)]
    last = finite.max() if len(finite) else -math.inf
    for i in np.flatnonzero(b & (t < last)):
        later = np.flatnonzero(t > t[i])
        mass[later] += mass[i] / len(later)
        mass[i] = 0
    events = ~b & (t < math.inf)
    points = np.unique(t[events])
    masses = np.array([mass[events & (t == x)].sum() for x in points])
    return points, masses, mass[~b & (t == math.inf)].sum(), mass[b].sum()


def mixed(parts, weights):
    points = np.concatenate([p[0] for p in parts])
    masses = np.concatenate([w * p[1] for p, w in zip(parts, weights)])
    order = np.argsort(points, kind="stable")
    known = min([p[0].max() if len(p[0]) else 0.0 for p in parts if p[3] > 0], default=None)
    failed, left = (sum(w * p[k] for p, w in zip(parts, weights)) for k in (2, 3))
    return points[order], masses[order], failed, left, known


def groups_of(lengths):
    """Doublings of at least 50 rows, smaller ones joined to the shorter neighbour."""
    doubling = 2 ** np.floor(np.log2(lengths)).astype(int)
    edges, inside = [1], 0
    for edge, size in zip(*np.unique(doubling, return_counts=True)):
        if edge > doubling.min() and inside >= 50 and size >= 50:
            edges.append(int(edge))
            inside = 0
        inside += size
    return np.searchsorted(edges, doubling, side="right") - 1


def goes_with_length(times, bound, group):
    """Whether cancelling goes with the length, and the TTFT; None for a statistic too near its threshold."""
    share = bound.mean()
    sizes = np.bincount(group)
    homogeneity = ((np.bincount(group, bound) - sizes * share) ** 2 / (sizes * share * (1 - share))).sum()
    observed, expected = np.zeros(len(sizes)), np.zeros(len(sizes))
    for t in np.unique(times[~bound & (times < math.inf)]):
        risk = np.bincount(group[times >= t], minlength=len(sizes))
        events = ~bound & (times == t)
        expected += events.sum() * risk / risk.sum()
        observed += np.bincount(group[events], minlength=len(sizes))
    seen = expected >= 5
    log_rank = ((observed - expected)[seen] ** 2 / expected[seen]).sum()
    answers = []
    for value, freedom in [(homogeneity, len(sizes) - 1), (log_rank, seen.sum() - 1)]:
        limit = chi2.ppf(0.999, freedom) if freedom > 0 else math.inf
        answers.append(None if abs(value / limit - 1) < 0.1 else bool(value > limit))
    return answers


def curve(lengths, times, bound, degree):
    """Buckley and James's polynomial, rows counting as far as their residual is identified."""
    design = np.vander(lengths / lengths.max(), degree + 1, increasing=True)
    beta = np.linalg.lstsq(design[~bound], times[~bound], rcond=None)[0]
    for _ in range(300):
        residual = times - design @ beta
        points, masses, _, _ = product_limit(residual, bound)
        targets, weights = times.copy(), np.ones(len(times))
        left = 1 - masses.sum()
        for i in np.flatnonzero(bound):
            later = points > residual[i]
            known = masses[later].sum()
            weights[i] = known / (known + left) if known > 1e-12 else 0
            targets[i] = design[i] @ beta + ((points[later] @ masses[later]) / known if known > 1e-12 else 0)
        root = np.sqrt(weights)
        new = np.linalg.lstsq(design * root[:, None], targets * root, rcond=None)[0]
        if np.abs(design @ (new - beta)).max() < 1e-9:
            return new / lengths.max() ** np.arange(degree + 1)
        beta = new
    return None


def log(seed, folder):
    """Writes a problem whose server and device were raced; returns the rows."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(150, 500))
    lengths = rng.integers(20, 600, n)
    server = (0.6 + rng.choice([0, 0.004]) * lengths) * np.exp(0.6 * rng.normal(size=n))
    device = np.maximum(0.05, 0.148 + 0.00668 * lengths + 0.1 * rng.normal(size=n))
    if seed % 3 == 0:  # ties, within an endpoint and between the two
        server, device = np.maximum(np.round(server, 1), 0.1), np.maximum(np.round(device, 1), 0.1)
    server[rng.random(n) < rng.choice([0, 0.05])] = math.inf
    alone = rng.random(n) < rng.choice([0, 0.3, 0.5])
    cancelled = (server > device) & ~alone
    sides = {"server": (np.where(cancelled, device, server), cancelled),
             "device": (np.minimum(device, server), device > server)}
    for name, (times, bound) in sides.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["prompt_tokens", "ttft", "outcome"])
            for l, t, b in zip(lengths, times, bound):
                writer.writerow([l, "" if t == math.inf else repr(float(t)),
                                 "cancelled" if b else "failed" if t == math.inf else "ok"])
    (folder / "problem.yaml").write_text(
        "version: 1\nworkload: {trace: server.csv}\nendpoints:\n  server: {trace: server.csv}\n  device: {trace: device.csv}\n")
    return lengths, sides


def complaints(disco, seed, folder, kinds):
    lengths, sides = log(seed, folder)
    run = subprocess.run([disco, "profile", folder / "problem.yaml", "--json"], capture_output=True, text=True)
    if run.returncode:
        yield f"seed {seed}: {run.stderr}"
        return
    profile = json.loads(run.stdout)
    def differ(name, found, wanted, tolerance=1e-9):
        if (found is None) != (wanted is None) or (wanted is not None and abs(found - wanted) > tolerance * max(1, abs(wanted))):
            yield f"seed {seed}: {name} is {found}, not {wanted}"

    times, bound = sides["server"]
    group = groups_of(lengths)
    cancelling, slow = goes_with_length(times, bound, group)
    if cancelling is not False and slow is not False and None in (cancelling, slow):
        kinds["undecided"] += 1
        return
    pooled = profile["server"]["pooled"]
    by_group = bool(cancelling and slow)
    kinds["by group" if by_group else "together"] += 1
    if profile["server"]["pooled_by_groups"] != by_group:
        yield f"seed {seed}: pooled_by_groups is {not by_group}"
    member = group if by_group else np.zeros(len(times), int)
    parts = [product_limit(times[member == g], bound[member == g]) for g in range(member.max() + 1)]
    points, masses, failed, left, known = mixed(parts, np.bincount(member) / len(member))
    yield from differ("failed_share", pooled["failed_share"], failed)
    yield from differ("unidentified_share", pooled["unidentified_share"], left)
    yield from differ("identified_up_to", pooled["identified_up_to"], known)
    yield from differ("mean", pooled["mean"], points @ masses + TIMEOUT * (failed + left))
    for name, level in LEVELS.items():
        reached = np.flatnonzero(np.cumsum(masses) >= level - 1e-9)
        yield from differ(name, pooled[name], float(points[reached[0]]) if len(reached) else None)

    times, bound = sides["device"]
    device = profile["device"]
    squared = device["per_token_squared"]
    fitted = curve(lengths.astype(float), times, bound, 2 if squared else 1)
    kinds["curves" if fitted is not None else "unsettled curves"] += 1
    if fitted is not None:
        found = [device["intercept"], device["per_token"], squared][: len(fitted)]
        for length in (20, 300, 600):
            at = [sum(c * length**k for k, c in enumerate(x)) for x in (found, fitted)]
            yield from differ(f"the curve at {length} tokens", *at, 2e-4)
        residual = times - np.polyval([squared, device["per_token"], device["intercept"]], lengths)
        points, masses, _, left = product_limit(residual, bound)
        # Residuals that agree but for rounding are ties or not; the open mass hangs on the last few.
        yield from differ("the device's unidentified_share", device["unidentified_share"], left, 1e-6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", help="the built program (default: that of .build, release before debug)")
    parser.add_argument("--seeds", type=int, default=40)
    arguments = parser.parse_args()
    disco = arguments.disco or next((str(p) for p in BUILDS if p.exists()), None)
    if disco is None:
        print("disco is not built: swift build --product disco", file=sys.stderr)
        return 1
    found = []
    kinds = collections.Counter()
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory(prefix="disco-censoring-") as folder:
            found += complaints(disco, seed, pathlib.Path(folder), kinds)
    for kind in ("by group", "together", "curves"):
        if not kinds[kind]:
            found.append(f"no log was checked for: {kind}")
    said = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    print(f"{arguments.seeds} logs with cancelled requests ({said}): {len(found)} complaints")
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
