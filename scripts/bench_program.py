"""The parts of the benchmarks about the general solver: every budget, quantiles, several limits, resamples, growth."""

import time

import numpy as np

import bench_lp
from bench_tools import in_turn, number, worker

# Server samples of the programs that HiGHS gets with all their columns, and of those with a column for each moment at
# which the device would win against some sample.
LP_SIZE = 4096
FEW = 400
SIZES = [10**4, 10**5, 10**6, 10**7]
BUDGET = 0.1
TWO = {"device.prefill_share": 0.2, "ttft.p99": 2.2}
THREE = TWO | {"ttft.p90": 1.36}
ANSWERS = TWO | {"device.answer_share": 0.3}


def spelled(limits: dict[str, float]) -> str:
    return ",".join(f"{name}<={limit:g}" for name, limit in limits.items())


def written(limits: dict[str, float]) -> str:
    return ", ".join(f"`{name}` <= {limit:g}" for name, limit in limits.items())


class Part:
    """Runs them for a `Bench`."""

    def __init__(self, bench):
        self.bench = bench
        self.page = bench.page

    def problem(self, size: int, edges: list[int], prompts) -> bench_lp.Problem:
        return bench_lp.Problem(np.fromfile(self.bench.samples[size]), np.fromfile(prompts, dtype=np.int64), edges, BUDGET)

    def agrees(self, difference: float, most: float = 1e-9) -> str:
        self.page.is_right &= difference <= most
        return f"{difference:.0e}" if difference <= most else f"**{difference:.0e}**"

    def frontier(self) -> None:
        rows = []
        for size in SIZES:
            found = self.bench.once("frontier", size)
            single = self.bench.once("solve", size)
            ms = in_turn(self.bench.rounds, all=self.bench.ours("frontier", size), one=self.bench.ours("solve", size))
            goal, best = (4, 1.5) if size == 10**5 else (None, None)
            rows.append([
                f"{size:,}", number(1e3 * ms["all"]), number(1e9 * ms["all"] / size), f"{found['points']:,}",
                f"{number(ms['all'] / ms['one'])}", f"{goal or '-'} -> {best or '-'}", self.page.verdict(1e3 * ms["all"], goal, best),
                self.agrees(abs(found["objective"] - single["objective"]) / single["objective"], 1e-12)])
        self.page.text(
            "## Every budget at once", "",
            "The least mean TTFT at every budget on the device's prefill, 64 quantile buckets, everything after the sort: all breakpoints "
            "(budget, mean, multiplier), with the plan of any budget a look-up away. Beside it the time of the solve at one budget; the last "
            "column is the relative difference of the two optima there (more than 1e-12 fails the run).")
        self.page.table(
            ["samples", "ms", "ns a sample", "breakpoints", "of one solve", "goal -> stretch", "", "difference"], rows)

    def quantile(self) -> None:
        rows = []
        limits = {"device.prefill_share": BUDGET}
        options = {"objective": "ttft.p99", "limits": spelled(limits)}
        for size in SIZES:
            found = self.bench.once("program", size, **options)
            seconds = in_turn(self.bench.rounds, ours=self.bench.ours("program", size, **options))["ours"]
            goal, best = (15, 4) if size == 10**5 else (None, None)
            rows.append([
                f"{size:,}", f"{found['objective']:.6f}", f"{found['mean']:.6f}", f"{found['gap']:.0e}", f"{found['evaluations']:,}",
                number(1e3 * seconds), number(1e9 * seconds / size), f"{goal or '-'} -> {best or '-'}",
                self.page.verdict(1e3 * seconds, goal, best)])
        ours = self.bench.once("program", LP_SIZE, **options)
        best = ours["objective"]
        problem = self.problem(LP_SIZE, ours["lowerEdges"], self.bench.prompts)
        before = np.nextafter(best, 0)
        # No policy has its p99 before ours, and none with ours has a smaller mean.
        earlier = bench_lp.Coupled(problem, limits | {"ttft.p99": before}).program(objective="ttft.p99")
        tied = bench_lp.Coupled(problem, limits | {"ttft.p99": best}).program()
        seen = []

        def highs() -> list[float]:
            (one, tail), (other, mean) = bench_lp.highs(earlier), bench_lp.highs(tied)
            seen.append((tail, mean))
            return [one + other]

        both = in_turn(self.bench.few_rounds, ours=self.bench.ours("program", LP_SIZE, **options), highs=highs)
        tail, mean = seen[0]
        self.page.is_right &= tail > 0.01
        difference = self.agrees(abs(mean - ours["mean"]) / mean)
        self.page.text(
            "## The least p99, then the least mean", "",
            f"The least p99 of the TTFT with the device limited to {BUDGET:.0%} of the prompt tokens, then the least mean among all policies "
            "that have it; 64 quantile buckets, both together, everything after the sort. No array of buckets x samples is "
            "ever stored, here or elsewhere: waits are valued where a bound says that they may win, and kept a few a bucket.")
        self.page.table(
            ["samples", "p99", "its least mean", "gap", "waits valued", "ms", "ns a sample", "goal -> stretch", ""], rows)
        self.page.text(
            f"HiGHS was given this with {LP_SIZE:,} samples, all {len(tied['c']):,} columns: one program for the least share of requests later than "
            f"the double before our p99 ({100 * tail:.6f} %, so no p99 is smaller{'' if tail > 0.01 else ': **wrong**'}), and one for the "
            f"least mean at our p99 (relative difference {difference}). These two alone take it {number(1e3 * both['highs'])} ms, our whole search "
            f"{number(1e3 * both['ours'])} ms, 1 / {number(both['highs'] / both['ours'])} of that.")

    def limits(self) -> None:
        rows = []
        for limits, size, buckets, prompts, most, has_goal, is_compared in [
            (TWO, LP_SIZE, 64, self.bench.prompts, 1e-9, True, True),
            (THREE, LP_SIZE, 64, self.bench.prompts, 1e-9, True, True),
            (ANSWERS, LP_SIZE, 64, self.bench.prompts, 1e-6, False, False),
            (ANSWERS, FEW, 8, self.bench.few_prompts, 1e-6, False, True),
        ]:
            options = {"limits": spelled(limits), "buckets": buckets, "prompts": prompts}
            ours = self.bench.once("program", size, **options)
            contenders = {"ours": self.bench.ours("program", size, **options)}
            if ours["binding"] != len(limits):
                raise SystemExit(f"of {spelled(limits)} only {ours['binding']} bind: another program is wanted")
            program = values = None
            if is_compared:
                program = bench_lp.Coupled(self.problem(size, ours["lowerEdges"], prompts), limits).program()
                values = []

                def highs() -> list[float]:
                    seconds, value = bench_lp.highs(program)
                    values.append(value)
                    return [seconds]

                contenders["highs"] = highs
            found = in_turn(self.bench.few_rounds, **contenders)
            ms = 1e3 * found["ours"]
            row = [
                written(limits), f"{size:,}", f"{buckets}", number(ms), "15 -> 5" if has_goal else "-",
                self.page.verdict(ms, 15 if has_goal else None, 5), f"{ours['gap']:.0e}"]
            if is_compared:
                ratio = found["ours"] / found["highs"]
                difference = max(abs(value - ours["objective"]) / value for value in values)
                row += [
                    f"{len(program['c']):,}", number(1e3 * found["highs"]), f"1 / {number(1 / ratio)}",
                    "1 / 150" if has_goal else "-", self.page.verdict(ratio, 1 / 150 if has_goal else None),
                    self.agrees(difference, most)]
            rows.append(row + ["-"] * (13 - len(row)))
        self.page.text(
            "## Several limits", "",
            "The least mean TTFT under two and three limits at once, all of which bind, everything after the sort, beside SciPy's HiGHS on the same "
            "program from its definition with all its columns: every wait that could matter. Milliseconds. The optimal values may differ by 1e-9 "
            "(relative), else the run fails. The last rows limit who answers: every moment from which the device does not win against some sample is "
            "a column there, some five million for the first of them, so HiGHS gets a smaller one, with lengths rounded up to twenties; there values "
            "may differ by 1e-6.")
        self.page.table(
            ["limits", "samples", "buckets", "ours", "goal -> stretch", "", "gap", "columns", "HiGHS", "ours / HiGHS", "goal", "", "difference"],
            rows)

    def resamples(self) -> None:
        plans, resamples, hours, keys = 128, 1000, 168, 100
        random = np.random.default_rng(1)
        table, counts, draws = random.random((plans + 1, keys)), random.random((keys, hours)), random.random((hours, resamples))
        square = random.random((1024, 1024))

        def timed(work) -> list[float]:
            seconds = []
            for _ in range(4):
                start = time.process_time()
                work()
                seconds.append(time.process_time() - start)
            return seconds[1:]

        ms = in_turn(
            self.bench.rounds, all=self.bench.ours("risk", 10**5, plans=plans, hours=hours, stage="all"),
            bootstrap=self.bench.ours("risk", 10**5, plans=plans, hours=hours, stage="bootstrap"),
            gemms=lambda: worker("gemms", plans=plans, resamples=resamples, hours=hours, keys=keys, runs=5)["seconds"],
            numpy=lambda: timed(lambda: (table @ counts) @ draws), peak=lambda: worker("gemm", order=1024, runs=3)["seconds"],
            numpy_peak=lambda: timed(lambda: square @ square))
        ms = {name: 1e3 * seconds for name, seconds in ms.items()}
        work = 2 * (plans + 1) * hours * (keys + resamples) / 1e6
        cube = 2 * 1024**3 / 1e6
        rows = [
            ["the two products", number(ms["gemms"]), number(ms["numpy"]), number(ms["gemms"] / ms["numpy"]),
             f"{work / ms['gemms'] / (cube / ms['peak']):.0%}", f"{work / ms['numpy'] / (cube / ms['numpy_peak']):.0%}", "-", "-"],
            ["draws, product, shares at the level", number(ms["bootstrap"]), *"----", "10 -> 4", self.page.verdict(ms["bootstrap"], 10, 4)],
            ["dated requests to forecasts", number(ms["all"]), *"----", "10 -> 4", self.page.verdict(ms["all"], 10, 4)],
        ]
        self.page.text(
            "## Resamples", "",
            f"How sure {plans} policies are to keep their device shares: {resamples:,} moving-block resamples of {hours} hours of 100,000 samples, as two matrix "
            f"products: {plans + 1} x {keys} weights of waits by {keys} x {hours} counts of hours, the result by {hours} x {resamples:,} draws. The last row is "
            "everything: counting samples by hour, draws, products, each policy's share at its level, and its worst rolling window. NumPy does the "
            "same two products with the OpenBLAS it ships with; *of peak* is the rate beside that of a product of order 1,024 by the same library "
            f"({number(cube / ms['peak'])} and {number(cube / ms['numpy_peak'])} GFLOP/s). Milliseconds.")
        self.page.table(
            ["work", "ours", "NumPy", "ours / NumPy", "of peak", "NumPy of peak", "goal -> stretch", ""], rows)

    def growth(self) -> None:
        rows = []
        pieces = {
            "mean": ("solve", {}), "all": ("frontier", {}),
            "p99": ("program", {"objective": "ttft.p99", "limits": spelled({"device.prefill_share": BUDGET})}),
            "two": ("program", {"limits": spelled(TWO)})}
        for size in SIZES:
            found = in_turn(
                self.bench.few_rounds, copy=lambda: worker("copy", count=size, runs=5)["seconds"],
                **{name: self.bench.ours(piece, size, **options) for name, (piece, options) in pieces.items()})
            peaks = [
                worker("memory", samples=self.bench.samples[size], prompts=self.bench.prompts, **pieces["p99"][1]) for _ in range(2)]
            bytes_each = min((p["peakBytes"] - p["baseBytes"]) / size for p in peaks)
            goal, best = (40, 24) if size >= 10**6 else (None, None)
            rows.append(
                [f"{size:,}"] + [f"{number(1e9 * found[name] / size)} ({number(found[name] / found['copy'])})" for name in pieces]
                + [number(bytes_each), f"{goal or '-'} -> {best or '-'}", self.page.verdict(bytes_each, goal, best)])
        self.page.text(
            "## Growth of the general solver", "",
            f"Nanoseconds a sample after the sort and, in brackets, multiples of a plain copy of the samples, which is what memory alone allows: the least mean at one "
            f"budget, at every budget, the least p99 with its least mean ({BUDGET:.0%} budget), and two limits ({written(TWO)}). Peak memory is of the whole p99 "
            "search in a process that reads and sorts the samples, 8 bytes each, less that of an empty one: were an array of 64 buckets x samples stored anywhere, "
            "it would be 512 bytes a sample.")
        self.page.table(
            ["samples", "mean", "every budget", "p99, then mean", "two limits", "peak bytes a sample, p99", "goal -> stretch", ""], rows)
