"""The part of the benchmarks about what-if analysis: many price lists times many policies."""

import time

import numpy as np

from bench_tools import in_turn, number, worker

LISTS, POLICIES, THINGS = 10_000, 200, 12
GOAL, STRETCH = 8, 2.5  # milliseconds


class Part:
    """Runs it for a `Bench`."""

    def __init__(self, bench):
        self.bench = bench
        self.page = bench.page

    def prices(self) -> None:
        random = np.random.default_rng(1)
        prices = np.asfortranarray(random.lognormal(size=(LISTS, THINGS)))
        amounts = np.asfortranarray(random.lognormal(size=(THINGS, POLICIES)))
        paths = {name: self.bench.folder / f"{name}.f64" for name in ("prices", "amounts")}
        prices.T.tofile(paths["prices"])
        amounts.T.tofile(paths["amounts"])
        usual = {"lists": LISTS, "policies": POLICIES, "things": THINGS, "runs": 3} | paths
        worst = []

        def numpy() -> list[float]:
            start = time.thread_time()
            costs = prices @ amounts
            regret = (costs - costs.min(axis=1, keepdims=True)).max(axis=0)
            worst[:] = [float(regret.max())]
            return [time.thread_time() - start]

        numpy()
        seconds = in_turn(self.bench.rounds, ours=lambda: worker("prices", **usual)["seconds"], numpy=numpy)
        found = worker("prices", **usual)["objective"]
        is_same = abs(found - worst[0]) <= 1e-12 * worst[0]
        self.page.is_right &= is_same
        ours = 1e3 * seconds["ours"]
        self.page.text(
            "## Price scenarios", "",
            f"{LISTS:,} price lists times {POLICIES} policies of {THINGS} priced amounts: all costs, the cheapest of each list, the worst regret of "
            "each policy. *NumPy* does the same with its own OpenBLAS, on one thread.")
        self.page.table(
            ["", "ours, ms", "NumPy, ms", "ours / NumPy", "goal -> stretch", "", ""],
            [["costs and regrets", number(ours), number(1e3 * seconds["numpy"]), f"{seconds['ours'] / seconds['numpy']:.2f}",
              f"{GOAL} -> {STRETCH}", self.page.verdict(ours, GOAL, STRETCH), "same regret" if is_same else "**other regret**"]])
