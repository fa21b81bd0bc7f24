"""Runs the benchmarks and the competitors in turn and writes what came out as Markdown (docs/benchmarks.md).

Every figure is the median over all runs, in CPU time where nothing waits. Ours and a competitor take turns within each round, on the same core, so that
a busy machine is busy for both.
"""

import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy loads its own

import numpy as np
import scipy

import bench_data
import bench_lp
import bench_migration
import bench_prices
import bench_program
import bench_replay
from bench_tools import ROOT, WORKER, Page, in_turn, number, process_seconds, worker

DISCO = ROOT / ".build/release/disco"
PAGE = ROOT / "docs/benchmarks.md"
SIZES = [10**4, 10**5, 10**6, 10**7]
BUDGET = 0.2


def duckdb_program() -> pathlib.Path:
    import duckdb_cli

    return pathlib.Path(duckdb_cli.__file__).parent / "duckdb"


class Bench:
    def __init__(self, folder: pathlib.Path, options: argparse.Namespace):
        self.folder = folder
        self.trace = options.trace
        self.rounds = options.rounds
        self.few_rounds = min(3, options.rounds)  # where a competitor takes seconds
        self.full = options.full
        self.core = {max(os.sched_getaffinity(0))}
        self.all_cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.core)
        self.page = Page()
        self.prompts = folder / "prompts.i64"
        bench_data.prompts(10**5).tofile(self.prompts)
        self.samples = {}
        for size in [bench_program.FEW, 2000, bench_program.LP_SIZE, *SIZES]:
            self.samples[size] = folder / f"server-{size}.f64"
            bench_data.server_times(size, self.trace).tofile(self.samples[size])
        self.few_prompts = folder / "few-prompts.i64"
        (20 * np.ceil(bench_data.prompts(10**5) / 20)).astype(np.int64).tofile(self.few_prompts)
        self.per_sample: dict[int, list[str]] = {size: [f"{size:,}"] for size in SIZES}

    def runs(self, size: int) -> int:
        return 1 if size >= 10**7 else 3

    def once(self, piece: str, size: int, **options) -> dict:
        """What the worker reports of `piece` on so many samples."""
        usual = {"samples": self.samples[size], "prompts": self.prompts, "budget": BUDGET, "runs": self.runs(size)}
        return worker(piece, **usual | options)

    def ours(self, piece: str, size: int, **options):
        """A contender that has the worker do `piece` on so many samples."""
        return lambda: self.once(piece, size, **options)["seconds"]

    def sort(self) -> None:
        rows = []
        goals = {10**5: (12, 8), 10**6: (18, 12), 10**7: (35, 24)}

        def by_numpy(size: int):
            values = np.fromfile(self.samples[size])

            def run() -> list[float]:
                seconds = []
                for _ in range(self.runs(size) + 1):
                    copy = values.copy()
                    start = time.process_time()
                    copy.sort()
                    seconds.append(time.process_time() - start)
                return seconds[1:]

            return run

        for size in SIZES:
            each = in_turn(
                self.rounds, ours=self.ours("sort", size), fresh=self.ours("sort", size, memory="fresh"), numpy=by_numpy(size),
                swift=self.ours("sort", size, by="swift"),
                copy=lambda: worker("copy", count=size, runs=5)["seconds"],
            )
            each = {name: 1e9 * seconds / size for name, seconds in each.items()}
            goal, best = goals.get(size, (None, None))
            rows.append([
                f"{size:,}", number(each["ours"]), number(each["fresh"]), number(each["numpy"]), number(each["swift"]), number(each["copy"]),
                number(each["ours"] / each["numpy"]), number(each["ours"] / each["swift"]),
                number(each["ours"] / each["copy"]), f"{goal or '-'} -> {best or '-'}",
                self.page.verdict(each["ours"], goal, best),
            ])
            self.per_sample[size].append(number(each["ours"]))
        self.page.text("## Sort", "", "Nanoseconds a number. Ours keeps freed memory for its next use, as `disco` does; *fresh* hands it back, so that the kernel supplies the "
            "scratch of every sort anew. "
            "*Copy* is what memory alone allows: each number read and written once. NumPy sorts in place with AVX-512 or AVX2.")
        self.page.table(
            ["numbers", "ours", "fresh", "NumPy", "Swift", "copy", "ours / NumPy", "ours / Swift", "ours / copy", "goal -> stretch", ""],
            rows)

    def paper_policies(self) -> None:
        size = 10**5
        rows = []
        for name, limited, paper in [("DiSCo-S", "server", 9.08), ("DiSCo-D", "device", 14.86)]:
            ms = in_turn(
                self.rounds, plan=self.ours("disco", size, limited=limited),
                all=self.ours("disco", size, limited=limited, stage="sorted"))
            ms = {name: 1e3 * seconds for name, seconds in ms.items()}
            rows.append([
                name, number(ms["plan"]), number(ms["all"]), number(paper), number(ms["plan"] / paper),
                "0.3 -> 0.1", self.page.verdict(ms["plan"], 0.3, 0.1)])
        self.page.text(
            "## The paper's policies", "",
            "Milliseconds for 100,000 prompts and 100,000 sorted server times: prompt-length histogram and plan; with the "
            "server's distribution made as well (once for all policies); and what the paper reports for its own machine.")
        self.page.table(
            ["policy", "ours", "with distribution", "paper", "ours / paper", "goal -> stretch", ""], rows)

    def solve(self) -> None:
        sorted_goals = {10**4: (None, 0.6), 10**5: (3, 1.2), 10**6: (None, 5.5), 10**7: (None, 62)}
        raw_goals = {10**5: (5, 2), 10**6: (None, 16), 10**7: (None, 330)}
        rows = []

        def row(what: str, size: int, seconds: float, goal: float | None, best: float | None) -> None:
            ms = 1e3 * seconds
            verdict = self.page.verdict(ms, goal, best) if goal else "-"
            if best and not goal:
                verdict = "stretch" if ms <= best else f"{ms / best:.2f} of stretch"
            rows.append([what, f"{size:,}", number(ms), number(1e9 * seconds / size), f"{goal or '-'} -> {best or '-'}", verdict])

        for size in SIZES:
            found = in_turn(
                self.rounds, sorted=self.ours("solve", size), raw=self.ours("solve", size, stage="raw"),
                copy=lambda: worker("copy", count=size, runs=5)["seconds"])
            row("after the sort", size, found["sorted"], *sorted_goals.get(size, (None, None)))
            row("with sort and bucketing", size, found["raw"], *raw_goals.get(size, (None, None)))
            self.per_sample[size] += [
                number(1e9 * found["sorted"] / size), number(1e9 * found["raw"] / size),
                number(found["sorted"] / found["copy"])]
        size = 10**5
        found = in_turn(
            self.rounds, noise=self.ours("solve", size, residuals=400), server=self.ours("solve", size, limited="server"),
            both=self.ours("solve", size, limited="server", residuals=400))
        row("with 400 device residuals", size, found["noise"], 20, 8)
        row("server limited", size, found["server"], None, None)
        row("server limited, 400 device residuals", size, found["both"], None, None)
        self.page.text(
            "## The exact optimum", "",
            f"Mean TTFT, device limited to {BUDGET:.0%} of 100,000 prompts' tokens unless said, 64 quantile buckets; "
            "milliseconds. *After the sort*: the distribution, the waits that can be optimal, and the solve.")
        self.page.table(["work", "samples", "ms", "ns a sample", "goal -> stretch", ""], rows)

    def compare_highs(self) -> None:
        rows = []
        cases = [("all columns", 16, 2000, False, self.rounds, None), ("pruned columns", 64, 10**5, True, self.rounds, 1 / 20)]
        if self.full:
            cases.append(("all columns", 64, 10**5, False, 1, 1 / 5000))
        for what, buckets, size, prunes, rounds, goal in cases:
            ours = worker(
                "solve", samples=self.samples[size], prompts=self.prompts, budget=BUDGET, buckets=buckets, runs=1)
            problem = bench_lp.Problem(
                np.fromfile(self.samples[size]), np.fromfile(self.prompts, dtype=np.int64), ours["lowerEdges"], BUDGET)
            program = problem.program(problem.hull_waits() if prunes else problem.all_waits())
            values = []

            def highs() -> list[float]:
                seconds, value = bench_lp.highs(program)
                values.append(value)
                return [seconds]

            found = in_turn(rounds, ours=self.ours("solve", size, buckets=buckets), highs=highs)
            difference = max(abs(value - ours["objective"]) / value for value in values)
            ratio = found["ours"] / found["highs"]
            agrees = difference <= 1e-9
            self.page.is_right &= agrees
            rows.append([
                f"{what}, {buckets} buckets x {len(program['c']) // buckets:,} waits", f"{size:,}",
                number(1e3 * found["ours"]), number(1e3 * found["highs"]), f"1 / {number(1 / ratio)}",
                f"1 / {1 / goal:,.0f}" if goal else "-", self.page.verdict(ratio, goal),
                f"{difference:.0e}" if agrees else f"**{difference:.0e}**"])
        self.page.text(
            "## Against HiGHS", "",
            "The same linear program from its definition, solved by SciPy's HiGHS; milliseconds. Ours counts everything after "
            "the sort, HiGHS its own call alone (columns valued and pruned beforehand). The last column is the relative "
            "difference of the two optimal values; more than 1e-9 fails the run."
            + ("" if self.full else " `scripts/bench --full` adds all columns of the largest one (minutes, gigabytes)."))
        self.page.table(["columns", "samples", "ours", "HiGHS", "ours / HiGHS", "goal", "", "difference"], rows)

    def ingest(self) -> None:
        rows = 2_000_000
        path = self.folder / "trace.csv"
        bench_data.write_trace(path, rows, self.trace)
        duckdb = duckdb_program()
        csv = f"read_csv('{path}', header=true, auto_detect=false, columns={{'ttft': 'DOUBLE', 'prompt_tokens': 'DOUBLE'}})"
        by_hand = [duckdb, "-no-init", "-batch", "-csv", "-noheader", "-c"]
        parquet = self.folder / "rows.parquet"
        read = [WORKER, "ingest", "--trace", path, "--duckdb"]
        copy = [DISCO, "ingest", path, "-o", parquet]
        table = []
        for what, ours, same, bare in [
            ("grouped server times", [*read, duckdb], self.last_query([*read, self.recorder(duckdb)]),
             f"SELECT ttft, count(*) FROM {csv} GROUP BY 1 ORDER BY 1"),
            ("`disco ingest` to Parquet", copy, None, f"COPY (SELECT * FROM {csv}) TO '{parquet}' (FORMAT parquet)"),
        ]:
            for cores in [self.core, self.all_cores]:
                contenders = {"ours": ours, "bare": [*by_hand, f"SET threads={len(cores)}; {bare}"]}
                if same:
                    contenders["same"] = [duckdb, *same]
                found = in_turn(
                    self.rounds if same else 3,
                    **{name: lambda a=arguments: [process_seconds(a, cores)] for name, arguments in contenders.items()})
                share = found.get("same", 0) / found["ours"]
                table.append([
                    what, f"{len(cores)}", number(found["ours"]), number(found["same"]) if same else "-",
                    number(found["bare"]), f"{share:.0%}" if same else "-", f"{found['bare'] / found['ours']:.0%}",
                    "85 % -> 93 %" if same else "-",
                    self.page.verdict(share, 0.85 if same else None, 0.93, more_is_better=True)])
        self.page.text(
            "## Ingest", "",
            f"A CSV file of {rows:,} rows ({path.stat().st_size / 1e6:.0f} MB), whole processes, seconds. Ours checks every value, "
            "counts what it turns away and takes the file's SHA-256. *Same query* is DuckDB alone with the statements that ours gave it, "
            "*bare* DuckDB alone with a hand-written grouping or copy that checks nothing.")
        self.page.table(
            ["work", "cores", "ours", "same query", "bare", "same / ours", "bare / ours", "goal -> stretch", ""], table)

    def recorder(self, duckdb: pathlib.Path) -> pathlib.Path:
        """A stand-in for DuckDB that writes its arguments down."""
        path = self.folder / "duckdb"
        path.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >'{self.folder}/arguments'\nexec '{duckdb}' \"$@\"\n")
        path.chmod(0o755)
        return path

    def last_query(self, command: list) -> list[str]:
        """The arguments of the last run of DuckDB in `command`, which is to use the recorder."""
        process_seconds(command, self.all_cores)
        return (self.folder / "arguments").read_text().split("\0")[:-1]

    def loading(self) -> None:
        runs = in_turn(
            self.rounds, load=lambda: worker("policy", stage="load", runs=5)["seconds"],
            decide=lambda: worker("policy", stage="decide", runs=3)["seconds"])
        load, decide = 1e3 * runs["load"], 1e3 * runs["decide"]
        self.page.text(
            "## The policy table online", "",
            "A table of 1,000 buckets with two actions each: milliseconds from the file's bytes to a policy, every rule and the id checked; "
            "nanoseconds a decision, random lengths, request ids of 36 bytes.")
        self.page.table(
            ["work", "ours", "goal -> stretch", ""],
            [["read and check, ms", number(load), "5 -> -", self.page.verdict(load, 5)],
             ["decide, ns", number(decide), "40 -> 12", self.page.verdict(decide, 40, 12)]])

    def memory(self) -> None:
        for size in SIZES:
            found = [worker("memory", samples=self.samples[size], prompts=self.prompts) for _ in range(3)]
            bytes_each = statistics.median((f["peakBytes"] - f["baseBytes"]) / size for f in found)
            goal, best = (40, 24) if size >= 10**6 else (None, None)
            self.per_sample[size] += [
                number(bytes_each), f"{goal or '-'} -> {best or '-'}", self.page.verdict(bytes_each, goal, best)]
        self.page.text(
            "## Growth", "",
            "Nanoseconds a sample, the solve as multiples of a plain copy of its samples, and the largest resident set of a whole "
            "process that reads the samples (8 bytes each), sorts and solves, less that of an empty one. The 100,000 prompts and "
            "libraries are in it, hence the small sizes.")
        self.page.table(
            ["samples", "sort", "solve", "sort and solve", "solve / copy", "peak bytes a sample", "goal -> stretch", ""],
            [self.per_sample[size] for size in SIZES])

    def head(self) -> None:
        cpu = "unknown CPU"
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                cpu = line.split(":")[1].strip()
                break
        swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout.split("Swift version ")[-1].split()[0]
        duckdb = subprocess.run([duckdb_program(), "--version"], capture_output=True, text=True).stdout.split()[0]
        data = "5 % noise around the times of a recorded trace" if self.trace else (
            "drawn from three lognormals fitted to a DeepSeek chat API log (p50 1.14 s, p99 6.5 s)")
        self.page.text(
            "# Benchmarks", "",
            "Written by `make bench`; do not edit. Medians, ours and competitors in turn in one run, all pinned to one core unless said. "
            "Computations are in CPU time, which is the time on an idle machine; ingest is in time by the clock. "
            "*Goal* is what must be reached, *stretch* what a throw-away prototype reached.")
        self.page.text(
            f"Machine: {cpu}, {os.cpu_count()} cores, {platform.machine()}; {worker('engine')['engine']}; Swift {swift}, "
            f"NumPy {np.__version__}, SciPy {scipy.__version__}, DuckDB {duckdb.lstrip('v')}. Load when it began: "
            f"{os.getloadavg()[0]:.1f}; other work takes memory bandwidth, and time from ingest. Server times: {data}.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    trace = os.environ.get("DISCO_BENCH_TRACE")
    parser.add_argument(
        "--trace", type=pathlib.Path, default=trace and pathlib.Path(trace),
        help="a CSV log with first_token_latency_ms to draw server times from (also DISCO_BENCH_TRACE)")
    parser.add_argument("--rounds", type=int, default=7, help="how often each contender has its turn")
    parser.add_argument("--full", action="store_true", help="give HiGHS the largest program too: minutes, gigabytes")
    parser.add_argument("--only", help="parts to run, with commas; prints them and leaves the page as it is")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="disco-bench-") as folder:
        bench = Bench(pathlib.Path(folder), options)
        bench.head()
        general = bench_program.Part(bench)
        parts = [
            bench.sort, bench.paper_policies, bench.solve, general.frontier, bench.compare_highs, general.quantile, general.limits,
            general.resamples, bench_migration.Part(bench).migration, bench_replay.Part(bench).replay, bench_prices.Part(bench).prices, bench.ingest, bench.loading,
            bench.memory, general.growth]
        chosen = options.only.split(",") if options.only else None
        for part in parts:
            if chosen is None or part.__name__ in chosen:
                print(f"... {part.__name__}", file=sys.stderr)
                part()
    text = "\n".join(bench.page.lines).rstrip() + "\n"
    if chosen is None:
        PAGE.write_text(text)
    print(text, end="")
    if bench.page.missed:
        print(f"{bench.page.missed} goals missed", file=sys.stderr)
    if not bench.page.is_right:
        print("HiGHS finds another optimum", file=sys.stderr)
    return 0 if bench.page.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
