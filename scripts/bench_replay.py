"""The part of the benchmarks about the replay: tokens a second, closed forms, the walk itself, two cores, memory."""

import os

from bench_tools import in_turn, number, worker

REQUESTS = 10**6
TOKENS = 200
WALKED = 10**4
GOAL, STRETCH = 300, 600  # million tokens a second on one core
MOST = 64  # MB
SPEEDUP = 1.6


class Part:
    """Runs it for a `Bench`."""

    def __init__(self, bench):
        self.bench = bench
        self.page = bench.page

    def replay(self) -> None:
        usual = {"samples": self.bench.samples[10**5], "prompts": self.bench.prompts, "tokens": TOKENS, "runs": 2}

        def ours(**options):
            return lambda: worker("replay", **usual | {"requests": REQUESTS} | options)["seconds"]

        seconds = in_turn(
            self.bench.rounds, recorded=ours(), constant=ours(gaps="constant"), walk=ours(path="walk", requests=WALKED, runs=1))
        # By the clock, so one core is timed by the clock, too, in turn with two.
        os.sched_setaffinity(0, self.bench.all_cores)
        clock = in_turn(self.bench.rounds, one=ours(clock="wall"), two=ours(cores=2))
        os.sched_setaffinity(0, self.bench.core)
        found = [worker("replay", **usual | {"requests": count, "runs": 1}) for count in (REQUESTS, 4 * REQUESTS)]
        rows = []

        def row(what: str, requests: int, time: float, goal: str, verdict: str) -> None:
            tokens = requests * TOKENS
            rows.append([what, f"{requests:,}", number(1e3 * time), number(1e9 * time / requests), number(1e9 * time / tokens),
                         number(tokens / time / 1e6), goal, verdict])

        rate = REQUESTS * TOKENS / seconds["recorded"] / 1e6
        row("recorded gaps, token by token", REQUESTS, seconds["recorded"], f"{GOAL} -> {STRETCH}",
            self.page.verdict(rate, GOAL, STRETCH, more_is_better=True))
        row("constant gaps, closed form", REQUESTS, seconds["constant"], "-", "-")
        row("the online rules, event by event", WALKED, seconds["walk"], "-", "-")
        speedup = clock["one"] / clock["two"]
        megabytes = [f["peakBytes"] / 1e6 for f in found]
        self.page.text(
            "## Replay", "",
            f"Responses of {TOKENS} tokens: 100,000 server times, 10,000 prompts, a race or a late device, hand-overs where the reader is ahead, "
            "all metrics of docs/replay.md. Recorded gaps are 65,536 in their order on each endpoint. The fast path agrees with the online "
            "rules token for token (a test).")
        self.page.table(
            ["path", "responses", "ms", "ns a response", "ns a token", "million tokens/s", "goal -> stretch", ""], rows)
        self.page.table(
            ["", "", "goal", ""],
            [["two cores against one, by the clock", f"{speedup:.2f} times", f"{SPEEDUP}",
              self.page.verdict(speedup, SPEEDUP, more_is_better=True)],
             [f"largest resident set, {REQUESTS:,} responses", f"{megabytes[0]:.0f} MB", f"{MOST} MB",
              self.page.verdict(megabytes[0], MOST)],
             [f"the same, {4 * REQUESTS:,} responses", f"{megabytes[1]:.0f} MB", f"{MOST} MB",
              self.page.verdict(megabytes[1], MOST)]])
