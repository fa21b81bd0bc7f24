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


class Coupled:
    """The same mixtures under several limits at once: {metric: largest value}, all on the device's side.

    Metrics: device.prefill_share, device.answer_share and ttft.pNN. Actions that start the device at once and the server
    later are no better than the race under any of them, so the columns are waits of the device.
    """

    def __init__(self, problem: Problem, limits: dict[str, float]):
        self.problem = problem
        self.limits = limits
        self.tails = [limit for name, limit in limits.items() if name.startswith("ttft.p")]
        self.devices = [INTERCEPT + PER_TOKEN * problem.lengths[problem.bucket == g] for g in range(problem.buckets)]

    def waits(self, bucket: int) -> np.ndarray:
        """At once, each server time, never, and every wait after which an answer of some length comes just in time.

        Between two of them no limited share changes, and the mean grows. In time for a quantile's limit is t - D(l) at the
        latest; where answers of the device are limited, it just does not win from s_k - D(l) on.
        """
        steps = [self.problem.all_waits()]
        for device in self.devices[bucket]:
            steps += [self.latest(t, device) for t in self.tails]
            if "device.answer_share" in self.limits:
                steps.append(self.earliest(self.problem.times, device))
        waits = np.unique(np.concatenate(steps))
        return waits[(waits >= 0) & (waits <= TIMEOUT)]

    @staticmethod
    def latest(t: float, device: float) -> np.ndarray:
        wait = t - device
        while wait + device > t:
            wait = np.nextafter(wait, -np.inf)
        return np.array([wait])

    @staticmethod
    def earliest(times: np.ndarray, device: float) -> np.ndarray:
        waits = times - device
        while (early := waits + device < times).any():
            waits = np.where(early, np.nextafter(waits, np.inf), waits)
        return waits

    def usage(self, name: str, waits: np.ndarray, length: int) -> np.ndarray:
        """What a request of this length adds to a limited metric, in the metric's own unit."""
        problem = self.problem
        total = problem.counts.sum()
        device = INTERCEPT + PER_TOKEN * length
        if name == "device.prefill_share":
            return length / (problem.lengths @ problem.counts) * problem.start_share(waits)
        if name == "device.answer_share":
            slower = 1 - np.searchsorted(problem.times, waits + device, side="right") / len(problem.times)
            return np.where((waits < TIMEOUT) & (waits + device <= TIMEOUT), slower, 0) / total
        time = self.limits[name]
        slow = 1 - np.searchsorted(problem.times, time, side="right") / len(problem.times)
        return slow * ((waits >= TIMEOUT) | (waits + device > time)) / total

    def program(self, objective: str = "ttft.mean") -> dict:
        """The arguments of `linprog`; `objective` may be one of the limits' metrics, which then does not limit."""
        names = [name for name in self.limits if name != objective]
        costs, rows, groups = [], [], []
        for bucket in range(self.problem.buckets):
            waits = self.waits(bucket)
            cost = np.zeros(len(waits))
            usage = np.zeros((len(names), len(waits)))
            here = self.problem.bucket == bucket
            for length, count in zip(self.problem.lengths[here], self.problem.counts[here]):
                if objective == "ttft.mean":
                    device = INTERCEPT + PER_TOKEN * length
                    cost += count * self.problem.mean_of_minimum(np.minimum(waits + device, TIMEOUT))
                else:
                    cost += count * self.usage(objective, waits, length)
                for row, name in zip(usage, names):
                    row += count * self.usage(name, waits, length)
            costs.append(cost / (self.problem.counts.sum() if objective == "ttft.mean" else 1))
            rows.append(usage)
            groups.append(np.full(len(waits), bucket))
        group = np.concatenate(groups)
        one = scipy.sparse.csr_matrix((np.ones(len(group)), (group, np.arange(len(group)))))
        bounds = [1 - float(name[6:]) / 100 if name.startswith("ttft.p") else self.limits[name] for name in names]
        return {
            "c": np.concatenate(costs), "A_ub": np.concatenate(rows, axis=1), "b_ub": bounds, "A_eq": one,
            "b_eq": np.ones(self.problem.buckets),
        }


def highs(program: dict) -> tuple[float, float]:
    """CPU seconds and optimal value."""
    start = time.process_time()
    result = scipy.optimize.linprog(**program, bounds=(0, None), method="highs", options=TOLERANCES)
    seconds = time.process_time() - start
    if result.status != 0:
        raise RuntimeError(f"HiGHS: {result.message}")
    return seconds, result.fun
