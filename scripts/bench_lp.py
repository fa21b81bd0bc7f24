"""The dispatch problem as a plain linear program, from its definition, for SciPy's HiGHS.

Knows nothing of our solver: values come from sums over samples and lengths, columns are all waits, or only those at the
vertices of the least convex function below the start share.
"""

import time

import numpy as np
import scipy.optimize
import scipy.sparse

# The tightest it takes: with its usual 1e-7 the optimum is off by 1e-8.
TOLERANCES = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
INTERCEPT, PER_TOKEN, TIMEOUT = 0.148, 0.00668, 60.0


class Problem:
    """Minimize the mean TTFT with a device that prefills at most a share `budget` of the prompt tokens."""

    def __init__(self, times: np.ndarray, prompts: np.ndarray, lower_edges: list[int], budget: float):
        self.times = np.sort(times)
        self.sums = np.concatenate([[0], np.cumsum(self.times)])
        self.lengths, self.counts = np.unique(prompts, return_counts=True)
        self.bucket = np.searchsorted(lower_edges, self.lengths, side="right") - 1
        self.buckets = len(lower_edges)
        self.budget = budget

    def mean_of_minimum(self, x: np.ndarray) -> np.ndarray:
        rank = np.searchsorted(self.times, x, side="right")
        n = len(self.times)
        return (self.sums[rank] + (n - rank) * x) / n

    def start_share(self, waits: np.ndarray) -> np.ndarray:
        share = 1 - np.searchsorted(self.times, waits, side="right") / len(self.times)
        return np.where(waits == 0, 1, np.where(waits >= TIMEOUT, 0, share))

    def all_waits(self) -> np.ndarray:
        """At once, each server time, and never (as the timeout)."""
        return np.concatenate([[0], np.unique(self.times[self.times < TIMEOUT]), [TIMEOUT]])

    def hull_waits(self) -> np.ndarray:
        """Those of them that can be optimal: vertices of the convex hull from below of (wait, start share)."""
        waits = self.all_waits()
        hull: list[tuple[float, float]] = []
        for x, y in zip(waits.tolist(), self.start_share(waits).tolist()):
            while len(hull) >= 2:
                (ax, ay), (bx, by) = hull[-2:]
                if (by - ay) * (x - ax) < (y - ay) * (bx - ax):
                    break
                hull.pop()
            hull.append((x, y))
        return np.array([x for x, _ in hull])

    def program(self, waits: np.ndarray) -> dict:
        """The arguments of `linprog`: one variable for each bucket and wait."""
        value = np.zeros((self.buckets, len(waits)))
        tokens = np.zeros(self.buckets)
        for length, count, bucket in zip(self.lengths, self.counts, self.bucket):
            device = INTERCEPT + PER_TOKEN * length
            value[bucket] += count * self.mean_of_minimum(np.minimum(waits + device, TIMEOUT))
            tokens[bucket] += length * count
        usage = tokens[:, None] / tokens.sum() * self.start_share(waits)
        one = scipy.sparse.kron(scipy.sparse.eye(self.buckets), np.ones((1, len(waits))), format="csr")
        return {
            "c": value.ravel() / self.counts.sum(), "A_ub": usage.reshape(1, -1), "b_ub": [self.budget], "A_eq": one,
            "b_eq": np.ones(self.buckets),
        }


def highs(program: dict) -> tuple[float, float]:
    """CPU seconds and optimal value."""
    start = time.process_time()
    result = scipy.optimize.linprog(**program, bounds=(0, None), method="highs", options=TOLERANCES)
    seconds = time.process_time() - start
    if result.status != 0:
        raise RuntimeError(f"HiGHS: {result.message}")
    return seconds, result.fun
