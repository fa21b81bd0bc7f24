#!/usr/bin/env python3
"""Checks `disco solve` on random problems against their definition, the whole linear program and brute force.

Shares no code with disco: scripts/reference evaluates every pair of a server and a device time by itself, builds the
linear program over all buckets and all candidate actions of both families (server first, device first) and solves it
with HiGHS. Checked to 1e-9: the objective against the program's optimum, the bound and the shadow price against the
program's dual, the partition's loss against the program of exact buckets, the emitted policy's outcomes and every
baseline's, on all rows and on held-out ones, and the limit. Tiny problems also against all deterministic plans and all
mixtures of two. Exits with 1 on any failure, naming the seed; its files are kept.
"""

import argparse
import collections
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile

from reference import baselines
from reference.definition import World, outcomes
from reference.problems import Problem
from reference.profiles import Profile, bucket_edges
from reference.program import program

TOLERANCE = 1e-9


def deviation(found: float, wanted: float) -> float:
    """Relative to numbers above 1, absolute below: times of milliseconds and shares are not blown up."""
    return abs(found - wanted) / max(1.0, abs(wanted))


class Check:
    """One problem's findings."""

    def __init__(self, disco: str, seed: int, folder: pathlib.Path):
        self.disco, self.folder = disco, folder
        self.problem = Problem(seed)
        self.faults: list[str] = []
        self.worst = 0.0
        self.was_brute_forced = False

    def near(self, what: str, found, wanted: float):
        off = math.inf if found is None else deviation(found, wanted)
        self.worst = max(self.worst, off)
        if not off <= TOLERANCE:
            self.faults.append(f"{what}: disco says {found}, the definition {wanted}")

    def holds(self, what: str, is_true: bool):
        if not is_true:
            self.faults.append(what)

    def same_outcomes(self, what: str, found, wanted: dict[str, float]):
        metrics = {name: value for name, value in (found or {}).items() if name not in ("held_out", "breaks")}
        if metrics.keys() != wanted.keys():
            self.faults.append(f"{what}: has {sorted(metrics)}, wanted {sorted(wanted)}")
        for name in metrics.keys() & wanted.keys():
            self.near(f"{what} {name}", metrics[name], wanted[name])

    def solve(self, part: str) -> dict:
        folder = self.folder / part
        folder.mkdir()
        path = self.problem.write(folder, part)
        run = subprocess.run([self.disco, "solve", path, "--json"], capture_output=True, text=True)
        (folder / "result.json").write_text(run.stdout)
        if run.returncode != 0:
            raise RuntimeError(f"disco ends with {run.returncode}: {run.stderr.strip()}")
        return json.loads(run.stdout)

    def run(self):
        problem = self.problem
        result = self.solve("all")
        world = Profile(problem, "all").world()
        budget = 1.0 if problem.budget is None else problem.budget
        # Without a limit disco speaks of the device and a budget of 1, where that matters at all.
        limited = "device" if problem.budget is None else problem.limited
        edges = bucket_edges(world, problem.buckets)
        self.check_optimum(result, world, edges, limited, budget)
        self.same_outcomes("expected", result["expected"], outcomes(world, plan_of(result)))
        self.check_baselines(result, world, limited, budget)
        self.check_held_out(result, limited, budget)

    def check_optimum(self, result: dict, world: World, edges: list[int], limited: str, budget: float):
        self.holds("status is not optimal", result["status"] == "optimal")
        whole = program(world, edges, limited, budget)
        optimum, bound = whole.optimum()
        self.near("HiGHS's own dual against its primal", bound, optimum)
        self.near("objective", result["objective"], optimum)
        self.near("expected ttft.mean", result["expected"]["ttft.mean"], optimum)
        price = result["multipliers"].get(f"{limited}.prefill_share", 0.0)
        self.holds(f"a negative shadow price, {price}", price >= 0)
        self.near("bound at the shadow price", result["bound"], whole.dual(price))
        self.holds("the bound is above the optimum", result["bound"] <= optimum + TOLERANCE * max(1.0, optimum))
        self.holds(f"a gap of {result['gap']}", abs(result["gap"]) <= TOLERANCE)
        self.near("scale", result["scale"], whole.scale(limited))
        share = result["expected"][f"{limited}.prefill_share"]
        self.holds(f"the limit {budget} is broken: {share}", share <= budget + TOLERANCE)
        used = sum(
            part["probability"] * world.shares[l] for b in result["buckets"] for part in b["actions"]
            for l in world.lengths if b["from"] <= l <= (b["to"] or math.inf))
        self.near("the probabilities' sum", used, 1.0)
        self.holds("buckets leave a gap or overlap", all(
            a["to"] == (b["from"] - 1 if b else None)
            for a, b in zip(result["buckets"], [*result["buckets"][1:], None])) and result["buckets"][0]["from"] == 1)
        occupied = {max(e for e in edges if e <= l) for l in world.lengths}
        self.holds("the number of buckets", result["partition"]["buckets"] == len(occupied))
        exact, _ = self.exact = program(world, bucket_edges(world, {"by": "exact"}), limited, budget).optimum()
        self.near("partition loss", result["partition"]["loss"], max(0.0, optimum - exact))
        brute = whole.brute_force()
        if brute is not None:
            self.was_brute_forced = True
            self.near("objective against brute force", result["objective"], brute)

    def check_baselines(self, result: dict, world: World, limited: str, budget: float):
        """Outcomes, and which of them break the limit."""
        found = result["baselines"]
        wanted = {
            name: [plan] for name, plan in baselines.plans(world, limited, budget, self.problem.alpha).items()}
        wanted["single-r"] = baselines.single_r(world, limited, budget)
        self.holds(f"baselines: {sorted(found)}", found.keys() == wanted.keys())
        for name, plans in wanted.items():
            choices = [outcomes(world, plan) for plan in plans]
            # Where several plans are best of their kind, any of them will do.
            best = min(choices, key=lambda c: sum(deviation(found[name].get(m, math.inf), v) for m, v in c.items()))
            self.same_outcomes(name, found[name], best)
            breaks = self.problem.budget is not None and best[f"{limited}.prefill_share"] > budget + TOLERANCE
            self.holds(f"{name}: breaks {found[name]['breaks']}", bool(found[name]["breaks"]) == breaks)
            if not breaks:
                # Baselines may tell lengths of one bucket apart, so they are bounded by the optimum of exact buckets.
                self.holds(f"{name} beats the optimum", self.exact[1] <= best["ttft.mean"] + TOLERANCE)

    def check_held_out(self, result: dict, limited: str, budget: float):
        """Plans made from the first rows alone, judged on the rest. The optimum's is what disco emits for those rows."""
        tuning = Profile(self.problem, "tuning")
        judge = Profile(self.problem, "held_out", like=tuning).world()
        tuned = plan_of(self.solve("tuning"))
        self.same_outcomes("held_out", result["held_out"], outcomes(judge, tuned))
        for name, plan in baselines.plans(tuning.world(), limited, budget, self.problem.alpha).items():
            self.same_outcomes(f"{name} held_out", result["baselines"][name]["held_out"], outcomes(judge, plan))


def plan_of(result: dict) -> list:
    """The emitted policy; never is null."""
    def wait(value):
        return math.inf if value is None else value
    return [
        (b["from"], [(a["probability"], wait(a["server_wait"]), wait(a["device_wait"])) for a in b["actions"]])
        for b in result["buckets"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", required=True, help="the built program")
    parser.add_argument("--seeds", type=int, default=40, help="how many problems (default: 40)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    options = parser.parse_args()
    kept = pathlib.Path(tempfile.mkdtemp(prefix="disco-reference-"))
    families = collections.defaultdict(list)
    for seed in range(options.first, options.first + options.seeds):
        folder = kept / str(seed)
        folder.mkdir()
        check = Check(options.disco, seed, folder)
        try:
            check.run()
        except (RuntimeError, ArithmeticError, KeyError) as error:
            check.faults.append(repr(error))
        families[check.problem.family].append(check)
        if check.faults:
            shown = check.faults[:8] + [f"... and {len(check.faults) - 8} more"] * (len(check.faults) > 8)
            print("\n  ".join([f"seed {seed} failed ({check.problem.family}); files in {folder}", *shown]), file=sys.stderr)
        else:
            shutil.rmtree(folder)
    for family, checks in sorted(families.items()):
        failed = sum(bool(c.faults) for c in checks)
        forced = sum(c.was_brute_forced for c in checks)
        print(
            f"{family}: {len(checks) - failed} passed, {failed} failed; "
            f"{forced} also by brute force; largest deviation {max(c.worst for c in checks):.1e}")
    failed = sum(bool(c.faults) for checks in families.values() for c in checks)
    print(f"{options.seeds - failed} passed, {failed} failed")
    if not failed:
        shutil.rmtree(kept)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
