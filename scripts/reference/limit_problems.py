"""Random problems of any objective under up to four limits: few distinct times, so that every pair of them can be tried."""

import math

import numpy as np

from .definition import SAME, distinct
from .limits import LINEAR, Limit, Tables, level, means
from .problems import Problem
from .profiles import CURVED, Profile, bucket_edges
from .quality import QUALITY, Quality

OBJECTIVES = ["ttft.mean", "cost.mean", "energy.mean", "ttft.p50", "ttft.p75", "ttft.p90", "ttft.p95", "ttft.p99"]
QUANTILES = ["ttft.p50", "ttft.p80", "ttft.p90", "ttft.p97.5"]
KINDS = ["formula", "noise", "line"]


class LimitsProblem(Problem):
    """One seeded problem."""

    is_split = False

    def __init__(self, seed: int):
        self.seed = seed
        rng = self.rng = np.random.default_rng([seed, 20261121])
        self.budget = None
        self.alpha = 0.05
        # By turns, so that every objective meets every kind of device.
        self.objective = OBJECTIVES[seed % len(OBJECTIVES)]
        self.device_kind = KINDS[seed // len(OBJECTIVES) % len(KINDS)]
        self.is_tiny = seed % 5 == 0  # one or two buckets of one length, for brute force
        self.is_deterministic = False
        kind = "quantile" if level(self.objective) is not None else self.objective
        self.family = f"{kind} under limits, device by {self.device_kind}"
        self.timeout = float(rng.choice([60.0, 4.0, 2.0]))
        self.workload = self._workload()
        self._server()
        self._device()
        self.buckets = {"by": "exact"} if self.is_tiny else self._buckets()
        scale = 10.0 ** rng.integers(-7, 1)
        self.server_price = (scale, scale * float(rng.choice([0.0, 0.5, 4.0])))
        self.device_price = (scale * float(rng.choice([0.1, 2.0])), scale * float(rng.choice([0.0, 0.3, 3.0])))
        self.energy = (0.025, float(rng.choice([0.0, 0.155])))
        self.per_joule = scale * 0.1 if rng.random() < 0.5 else None
        self.world = Profile(self, "all").world()
        self.edges = bucket_edges(self.world, self.buckets)
        self.limits = self._limits()

    def _workload(self):
        rng = self.rng
        lengths = rng.choice(np.arange(1, 16) * 4, int(rng.integers(1, 3)) if self.is_tiny else int(rng.integers(2, 5)), replace=False)
        rows = [
            {"prompt_tokens": int(l), "output_tokens": int(rng.integers(0, 200))}
            for l in [*lengths, *rng.choice(lengths, int(rng.integers(4, 20)))]]
        rng.shuffle(rows)
        return rows

    def _server(self):
        """Few distinct times, some on the device's own grid, with failures and times after the timeout."""
        rng = self.rng
        self.server_formula = self.server_groups = None
        lengths = sorted({row["prompt_tokens"] for row in self.workload})
        sizes = [int(rng.integers(1, 5)) if self.is_tiny else int(rng.choice([3, 10, 20, 40]))]
        if not self.is_tiny and len(lengths) > 1 and rng.random() < 0.3:
            self.server_groups = [1, lengths[len(lengths) // 2]]
            sizes = [60, 60]
        failing = float(rng.choice([0, 0, 0.05, 0.3])) if rng.random() < 0.97 else 1.0
        self.server = []
        for g, size in enumerate(sizes):
            few = np.ceil((0.125 + rng.lognormal(-0.3 + 0.3 * g, 0.8, int(rng.integers(1, 8)))) * 64) / 64
            if self.device_kind != "formula" and rng.random() < 0.7:
                few = np.round(few + rng.random(len(few)) / 100, 6)
            for t in rng.choice(few, size):
                row = {"ttft": float(t), "outcome": "ok"}
                if rng.random() < failing:
                    row = {"outcome": "failed"}
                if not self.server:
                    row = {"ttft": float(t), "outcome": "ok"}  # a trace needs some time
                if self.server_groups:
                    upper = [self.server_groups[1], 400][g]
                    row["prompt_tokens"] = int(rng.integers(self.server_groups[g], upper))
                self.server.append(row)
        rng.shuffle(self.server)

    def _device(self):
        rng = self.rng
        self.device = self.device_formula = None
        self.residuals = self.device_kind == "noise"
        if self.device_kind == "formula":
            self.device_formula = [float(rng.integers(4, 64)) / 64, 1 / float(rng.choice([64, 128, 1024]))]
            return
        failing = float(rng.choice([0, 0.15]))
        for _ in range(1000):
            lengths = rng.integers(1, 70, int(rng.integers(5, 9)))
            times = 0.15 + 0.01 * lengths + rng.gamma(2, 0.05, len(lengths))
            self.device = [
                {"prompt_tokens": int(l), "outcome": "failed"} if rng.random() < failing
                else {"prompt_tokens": int(l), "ttft": round(float(t), 6), "outcome": "ok"}
                for l, t in zip(lengths, times)]
            if self._is_clear():
                return
        raise ArithmeticError(f"seed {self.seed}: no device trace that is plainly straight")

    def _is_clear(self):
        answered = {row["prompt_tokens"] for row in self.device if row["outcome"] == "ok" and row["ttft"] <= self.timeout}
        if len(answered) < 4:
            return False
        profile = Profile(self, "all")
        # The line must not start below 0, nor be near a parabola.
        return abs(profile.curvature) < 0.7 * CURVED and profile.fit[0] > 0.01

    def _limits(self) -> list[Limit]:
        """Limits around what some random policy does, so that most can be kept together; a few by chance cannot."""
        rng = self.rng
        table = Tables(self.world, self.edges)
        totals, mixture = dict.fromkeys(LINEAR, 0.0), []
        for (lengths, waits), columns in zip(table.groups, table.columns):
            chosen, weights = rng.integers(0, len(waits), 2), rng.dirichlet([1, 1])
            mixture.append((lengths, waits[chosen], weights))
            for name in LINEAR:
                totals[name] += float(weights @ columns[name][chosen])
        names = list(rng.choice([n for n in LINEAR if n != self.objective], int(rng.integers(0, 5)), replace=False))
        names = [str(n) for n in names]
        if names and rng.random() < 0.4:
            names[-1] = str(rng.choice(QUANTILES))
        limits = []
        for name in names:
            is_at_least = bool(rng.random() < 0.35)
            if level(name) is not None:
                bound = self._quantile(mixture, level(name)) * float(rng.choice([1.0, 1.0, 1.25, 0.8], p=[0.4, 0.2, 0.3, 0.1]))
                # On no grid the same sum of times may differ by an ulp: a little room on the side that is meant.
                if self.device_kind != "formula":
                    bound += -1e-7 if is_at_least else 1e-7
                bound = min(bound, self.timeout)
            else:
                column = table.column(name)
                room = float(np.ptp(column)) * float(rng.choice([0.0, 0.01, 0.1, -0.1], p=[0.3, 0.3, 0.3, 0.1]))
                bound = totals[name] + (-room if is_at_least else room)
                if name.endswith("share"):
                    bound = 0.0 if rng.random() < 0.05 else min(1.0, bound)
                    bound = round(bound, 6) if rng.random() < 0.3 else bound
            if bound > 1e-9 or (bound == 0 and not name.startswith("ttft")):
                limits.append(Limit(name, float(bound), is_at_least))
        # Sometimes both sides of one metric, sometimes an equality.
        if limits and level(limits[0].metric) is None and not limits[0].is_at_least and rng.random() < 0.25:
            first = limits[0]
            limits.append(Limit(first.metric, first.bound * float(rng.choice([1.0, 0.7])), True))
        return limits

    def _quantile(self, mixture, q: float) -> float:
        """inf{t : P(T <= t) >= q} among the times that can occur."""
        world = self.world
        times = {world.timeout}
        for lengths, waits, _ in mixture:
            for l in lengths:
                for first, second in [(world.server(l)[0], world.device(l)[0]), (world.device(l)[0], world.server(l)[0])]:
                    times |= {float(t) for t in first}
                    times |= {float(w + t) for w in waits.max(axis=1) for t in second}
        times = sorted(t for t in times if t <= world.timeout)
        for t in times:
            tail = (t, True)
            late = sum(float(weights @ means(world, lengths, waits, [tail])[tail]) for lengths, waits, weights in mixture)
            if late <= 1 - q + 1e-9:
                return t
        return world.timeout

    def task(self) -> dict:
        bounds: dict = {}
        for limit in self.limits:
            bounds.setdefault(limit.metric, {})["at_least" if limit.is_at_least else "at_most"] = limit.bound
        return {"objective": self.objective, "limits": bounds, "deterministic": self.is_deterministic}


class QualityProblem(LimitsProblem):
    """One seeded problem with QoE or smooth goodput as objective or limit."""

    quality = None

    def __init__(self, seed: int):
        super().__init__(seed)
        rng = np.random.default_rng([seed, 20261122])
        tpot = tuple(float(rng.choice([1, 4, 16, 40])) / 64 for _ in range(2))
        readers = [(1.0, float(rng.choice([1, 4, 8])))] if rng.random() < 0.5 else [(0.75, 4.0), (0.25, 8.0)]
        self.quality = Quality(
            tpot, readers, float(rng.choice([0.25, 1.0, 2.0])), float(rng.choice([2.0, 5.0])), float(rng.choice([0.0, 0.5])),
            float(rng.choice([0.5, 2.5])), self.timeout)
        # Answers of no token, of one, and of many.
        for row in self.workload:
            row["output_tokens"] = int(rng.choice([0, 1, 2, 7, row["output_tokens"]], p=[0.05, 0.1, 0.1, 0.15, 0.6]))
        self.world = Profile(self, "all").world()
        kind = seed % 4
        quality = QUALITY[seed // 4 % 2]
        self.limits = [l for l in self.limits if l.metric not in ("cost.mean", "energy.mean") and level(l.metric) is None][:2]
        if kind < 2:
            self.objective = quality
        else:
            self.objective = "ttft.mean" if kind == 2 else "device.prefill_share"
            self.limits = [l for l in self.limits if l.metric != self.objective]
            column = Tables(self.world, self.edges).columns
            least, most = (sum(float(f(c[quality])) for c in column) for f in (np.min, np.max))
            self.limits.append(Limit(quality, least + float(rng.choice([0.3, 0.6, 0.9])) * (most - least), True))
        self.family = f"{self.objective}{' under ' + quality if kind > 1 else ''}, device by {self.device_kind}"

    def task(self) -> dict:
        q = self.quality
        return super().task() | {
            "reader": {"population": [{"share": s, "tokens_per_second": r} for s, r in q.readers]}, "migration": "none",
            "metrics": {
                "ttft_target": q.ttft_target, "deadline": {"tokens_per_second": q.pace, "offset": q.offset}, "alpha": q.alpha}}

    def endpoint(self, name: str) -> dict:
        return {"tpot": self.quality.tpot[name == "device"]}
