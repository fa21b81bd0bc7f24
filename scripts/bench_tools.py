"""What all parts of the benchmarks use: the worker, turns, and the page they write."""

import json
import os
import pathlib
import statistics
import subprocess
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORKER = ROOT / ".build/release/SolverBenchmarks"


def worker(piece: str, **options) -> dict:
    arguments = [str(WORKER), piece]
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    return json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def in_turn(rounds: int, **contenders) -> dict[str, float]:
    """The median seconds of each contender, a function that returns the seconds of some runs."""
    seconds = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name] += run()
    return {name: statistics.median(runs) for name, runs in seconds.items()}


def process_seconds(arguments: list, cores: set[int]) -> float:
    start = time.perf_counter()
    subprocess.run(
        [str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )
    return time.perf_counter() - start


class Page:
    """The Markdown, how many goals were missed, and whether all results were right."""

    def __init__(self):
        self.lines: list[str] = []
        self.missed = 0
        self.is_right = True

    def text(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def table(self, head: list[str], rows: list[list[str]]) -> None:
        self.lines += ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]] + [""]

    def verdict(self, value: float, goal: float | None, best: float | None = None, more_is_better: bool = False) -> str:
        """Whether a value reaches its goal, and what the prototype reached."""
        if goal is None:
            return "-"
        if more_is_better:
            value, goal, best = -value, -goal, None if best is None else -best
        if value > goal:
            self.missed += 1
            return "**missed**"
        return "stretch" if best is not None and value <= best else "met"


def number(value: float) -> str:
    """Three significant digits."""
    if value == 0:
        return "0"
    decimals = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{decimals}f}"
