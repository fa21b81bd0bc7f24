"""The part of the benchmarks about hand-overs: migration points of all buckets, and the solve with waits and points together."""

import time

import numpy as np

import bench_data
from bench_tools import in_turn, number, worker

LONGEST = 4096
GOAL = 5
# As in Benchmarks/SolverBenchmarks/MigrationPiece.swift: the server is dear, the device of World.swift takes over.
SERVER_DECODE, DEVICE_DECODE, DEVICE_PREFILL = 1e-6, 1e-7, 1e-8
SERVER_TPOT, PACE, EPSILON = 0.02, 4.8, 0.01
INTERCEPT, PER_TOKEN = 0.148, 0.00668
MEAN = 0.8  # most seconds of mean TTFT in the solve


def direct(prompts: np.ndarray, outputs: np.ndarray) -> int | None:
    """A bucket's best point in time: J(i) and the late share straight from their definitions, for every i at once."""
    i = np.arange(1, max(2, outputs.max()))
    o, l = outputs[:, None], prompts[:, None]
    runs = o > i
    cost = np.where(
        runs, SERVER_DECODE * i + DEVICE_PREFILL * (l + i) + DEVICE_DECODE * (o - i), SERVER_DECODE * o).mean(0)
    room = np.maximum(i / PACE, i * SERVER_TPOT) - (i - 1) * SERVER_TPOT
    late = (runs & (INTERCEPT + PER_TOKEN * (l + i) > room * (1 + 1e-12))).sum(0) / runs.sum(0)
    cost[late > EPSILON + 1e-12] = np.inf
    best = int(np.argmin(cost))
    return int(i[best]) if cost[best] < SERVER_DECODE * outputs.mean() else None


class Part:
    """Runs it for a `Bench`."""

    def __init__(self, bench):
        self.bench = bench
        self.page = bench.page

    def migration(self) -> None:
        prompts = np.fromfile(self.bench.prompts, dtype=np.int64)
        outputs = bench_data.outputs(len(prompts), LONGEST)
        path = self.bench.folder / "outputs.i64"
        outputs.tofile(path)
        usual = {"samples": self.bench.samples[10**5], "prompts": self.bench.prompts, "outputs": path, "runs": 3}

        def ours(**options):
            return lambda: worker("migration", **usual | options)["seconds"]

        found = worker("migration", **usual)
        place = np.searchsorted(found["lowerEdges"], prompts, side="right") - 1
        groups = [(prompts[place == g], outputs[place == g]) for g in range(len(found["lowerEdges"]))]
        points = []

        def numpy() -> list[float]:
            start = time.process_time()
            points[:] = [direct(*group) for group in groups]
            return [time.process_time() - start]

        both = in_turn(self.bench.few_rounds, ours=ours(), numpy=numpy)
        is_same = [p for p in points if p is not None] == found["afterTokens"]
        self.page.is_right &= is_same
        rows = [[
            "server to device", number(1e3 * both["ours"]), number(1e3 * both["numpy"]), f"1 / {number(both['numpy'] / both['ours'])}",
            f"{GOAL}", self.page.verdict(1e3 * both["ours"], GOAL), "same points" if is_same else "**other points**"]]
        for what, options in [
            ("server to device, 2,000 device residuals", {"residuals": 2000}), ("device to server", {"dear": "device"}),
            ("device to server, 2,000 device residuals", {"dear": "device", "residuals": 2000}),
        ]:
            seconds = in_turn(self.bench.rounds, ours=ours(**options))["ours"]
            rows.append([what, number(1e3 * seconds), "-", "-", "-", "-", "-"])
        solves = in_turn(
            self.bench.few_rounds, **{
                f"{dear} {stage}": ours(dear=dear, stage=stage, mean=MEAN, runs=1)
                for dear in ("server", "device") for stage in ("waits", "joint")})
        gaps = {dear: worker("migration", **usual | {"dear": dear, "stage": "joint", "mean": MEAN, "runs": 1})["gap"]
                for dear in ("server", "device")}
        self.page.text(
            "## Migration points", "",
            f"Both directions of 64 buckets, {len(prompts):,} requests with answers of up to {LONGEST:,} tokens, milliseconds. *NumPy* evaluates J(i) and the "
            "share of late hand-overs at every token of every bucket straight from their definitions. From the device a server "
            "that was beaten is known to be late, length by length and residual by residual.")
        self.page.table(["what", "ours", "NumPy", "ours / NumPy", "goal", "", ""], rows)
        self.page.text(
            f"The cheapest policy with a mean TTFT of at most {MEAN} s, without hand-overs and with waits and hand-overs together: "
            + "; ".join(
                f"{dear} dear {number(1e3 * solves[f'{dear} waits'])} and {number(1e3 * solves[f'{dear} joint'])} ms (gap {gaps[dear]:.0e})"
                for dear in gaps) + ".")
