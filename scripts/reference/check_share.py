"""The mean under one limit on a prefill share: optimum, certificate, baselines, held-out rows, partition loss."""

import math

from . import baselines
from .check import TOLERANCE, Check, deviation, plan_of
from .definition import World, outcomes
from .problems import Problem
from .profiles import Profile, bucket_edges
from .program import program


class ShareCheck(Check):
    """One problem with at most one limit, against the whole linear program and brute force."""

    def made(self, seed: int) -> Problem:
        return Problem(seed)

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
