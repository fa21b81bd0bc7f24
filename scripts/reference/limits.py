"""The linear program of any objective under any limits, from the definition, by HiGHS.

Every bucket is tabulated over both families of actions at every wait where something can change: 0, never, all times
of either endpoint, and the differences between two of them, or between one and a tail time or the timeout. What is only
approached there is reached a little beside, so each wait comes with one a little shorter and one a little longer.
"""

import dataclasses
import math

import numpy as np
import scipy.optimize
import scipy.sparse

from .definition import SAME, World, effects
from .quality import QUALITY

BESIDE = 3 * SAME  # far enough to be another time, near enough not to be seen in a mean
LINEAR = ["ttft.mean", "server.prefill_share", "device.prefill_share", "device.answer_share", "failed_share", "cost.mean", "energy.mean"]
WHO_ANSWERS = {"device.answer_share", "cost.mean", "energy.mean", *QUALITY}
TIE = 1e-12  # by how much P(T > t) may exceed 1 - q


def level(metric: str) -> float | None:
    """The quantile's level; None for a mean."""
    return float(metric[6:]) / 100 if metric.startswith("ttft.p") else None


def linear(world: World) -> list[str]:
    """The metrics that are means; of those that are maximized the negative is a column too."""
    return LINEAR + (QUALITY if world.quality else [])


def device_price(world: World):
    price = world.device_price
    if world.energy and world.per_joule is not None:
        price = tuple((price or (0, 0))[i] + world.energy[i] * world.per_joule for i in (0, 1))
    return price


def means(world: World, lengths, waits, tails=()) -> dict:
    """Per action, what the requests of `lengths` add to each linear metric, and to P(T > t) for each of `tails`.

    A tail is (t, True) for T > t, or (t, False) for T >= t.
    """
    tails = set(tails)
    columns = {name: np.zeros(len(waits)) for name in [*linear(world), *tails]}
    device = device_price(world)
    for l in lengths:
        found = effects(world, l, waits[:, 0], waits[:, 1])
        share, out = world.shares[l], world.outputs[l]
        columns["ttft.mean"] += share * found.mean
        columns["failed_share"] += share * found.failed
        columns["device.answer_share"] += share * found.device_answers
        columns["server.prefill_share"] += share * l * found.server_started / world.mean_prompt
        columns["device.prefill_share"] += share * l * found.device_started / world.mean_prompt
        columns["energy.mean"] += share * (
            world.energy[0] * l * found.device_started + world.energy[1] * out * found.device_answers)
        columns["cost.mean"] += share * (
            world.server_price[0] * l * found.server_started + world.server_price[1] * out * found.server_answers
            + device[0] * l * found.device_started + device[1] * out * found.device_answers)
        for t, is_later in tails:
            late = found.times > t + SAME if is_later else found.times > t - SAME
            columns[t, is_later] += share * np.where(late, found.chances, 0.0).sum(axis=1)
        if world.quality:
            for name, own in zip(QUALITY, world.quality.columns(found, world.answers[l])):
                columns[name] += share * own
    if world.quality:
        columns |= {"-" + name: -columns[name] for name in QUALITY}
    return columns


def candidates(world: World, lengths, times=()) -> np.ndarray:
    """Both families' actions of a bucket; `times` are tail times."""
    limit = world.timeout
    server, device = ({float(t) for l in lengths for t in find(l)[0] if t <= limit} for find in (world.server, world.device))
    marks = [t for t in times if t <= limit] + [limit]
    def waits(first, second):
        found = first | second | {a - b for a in first for b in second} | {t - x for t in marks for x in first | second}
        found |= {w + e for w in found for e in (-BESIDE, BESIDE)} | {0.0, 2 * BESIDE, math.inf}
        return np.array(sorted(w for w in found if w == 0 or BESIDE <= w < limit or w == math.inf))
    for_device, for_server = waits(server, device), waits(device, server)
    return np.concatenate([
        np.stack([np.zeros_like(for_device), for_device], axis=1), np.stack([for_server, np.zeros_like(for_server)], axis=1)[1:]])


@dataclasses.dataclass(frozen=True)
class Limit:
    metric: str
    bound: float
    is_at_least: bool

    @property
    def tail(self):
        """The tail row of a quantile limit; None for a mean."""
        return None if level(self.metric) is None else (self.bound, not self.is_at_least)

    @property
    def row(self):
        """Key, sign and right side of `sign * column <= right`."""
        sign = -1 if self.is_at_least else 1
        if self.tail is None:
            return self.metric, sign, sign * self.bound
        share = 1 - level(self.metric)
        return self.tail, sign, sign * (share + 2 * TIE if self.is_at_least else share + TIE)

    @property
    def phrase(self):
        return f"{self.metric} {'at least' if self.is_at_least else 'at most'}"


class Tables:
    """A world's buckets, tabulated once for some tail times."""

    def __init__(self, world: World, edges: list[int], tails=()):
        self.world, self.tails = world, sorted(set(tails))
        self.groups = []
        for k, edge in enumerate(edges):
            upper = edges[k + 1] if k + 1 < len(edges) else math.inf
            lengths = [l for l in world.lengths if edge <= l < upper]
            if lengths:
                self.groups.append((lengths, candidates(world, lengths, [t for t, _ in self.tails])))
        self.columns = [means(world, lengths, waits, self.tails) for lengths, waits in self.groups]

    def column(self, key) -> np.ndarray:
        return np.concatenate([c[key] for c in self.columns])

    def spread(self, key) -> float:
        return float(sum(np.ptp(c[key]) for c in self.columns))

    def optimum(self, key, limits: list[Limit], sign: int = 1) -> "Optimum":
        """The least (sign -1: the greatest) value of a metric under limits."""
        value = sign * self.column(key)
        sizes = [len(c[key]) for c in self.columns]
        sums = scipy.sparse.block_diag([np.ones((1, n)) for n in sizes], format="csr")
        unit = max(np.abs(value).max(), 1e-300)
        rows, rights = [], []
        for limit in limits:
            name, turn, right = limit.row
            row = turn * self.column(name)
            size = sum(np.abs(c[name]).max() for c in self.columns) or 1.0
            rows.append(row / size)
            rights.append(right / size)
        for method in ("highs", "highs-ipm"):  # one may get stuck at tolerances this small where the other does not
            found = scipy.optimize.linprog(
                value / unit, A_ub=np.array(rows) if rows else None, b_ub=rights if rows else None, A_eq=sums,
                b_eq=np.ones(len(sizes)), bounds=(0, None), method=method,
                options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
            if found.status in (0, 2):
                break
        if found.status == 2:
            return Optimum(math.inf, None)
        if found.status != 0:
            raise ArithmeticError(f"HiGHS: {found.message}")
        return Optimum(sign * float(value @ found.x), found.x)

    def excess(self, limits: list[Limit]) -> float:
        """The least sum of what limits are exceeded by, each over its column's size; 0 where they can be kept together."""
        if not limits:
            return 0.0
        sizes = [len(c["ttft.mean"]) for c in self.columns]
        n, k = sum(sizes), len(limits)
        rows, rights = np.zeros((k, n + k)), np.zeros(k)
        for i, limit in enumerate(limits):
            name, turn, right = limit.row
            size = sum(np.abs(c[name]).max() for c in self.columns) or 1.0
            rows[i, :n] = turn * self.column(name) / size
            rows[i, n + i] = -1
            rights[i] = right / size
        sums = scipy.sparse.hstack([
            scipy.sparse.block_diag([np.ones((1, m)) for m in sizes]), scipy.sparse.csr_matrix((len(sizes), k))], format="csr")
        found = scipy.optimize.linprog(
            np.append(np.zeros(n), np.ones(k)), A_ub=rows, b_ub=rights, A_eq=sums, b_eq=np.ones(len(sizes)),
            bounds=(0, None), method="highs", options={"primal_feasibility_tolerance": 1e-10})
        if found.status != 0:
            raise ArithmeticError(f"HiGHS: {found.message}")
        return max(0.0, float(found.fun))

    def dual(self, key, limits: list[Limit], prices: list[float]) -> float:
        """min over all mixtures of value + prices (usage - right): no policy that keeps the limits has a smaller value."""
        total = -sum(price * limit.row[2] for price, limit in zip(prices, limits))
        for c in self.columns:
            lagrangian = c[key].copy()
            for price, limit in zip(prices, limits):
                lagrangian += price * limit.row[1] * c[limit.row[0]]
            total += float(lagrangian.min())
        return total

    def brute_force(self, key, limits: list[Limit], slack: float, most: int) -> float | None:
        """The best plan of one action a bucket that keeps all limits with `slack` of their size to spare.

        Infinite if none does; None where there are more than `most` plans. Actions that are no better in anything are thinned.
        """
        kept = []
        for c in self.columns:
            points = np.stack([c[key], *(limit.row[1] * c[limit.row[0]] for limit in limits)], axis=1)
            points = np.unique(points, axis=0)
            if len(points) > 6000:
                return None
            kept.append(points[undominated(points)])
        if math.prod(len(p) for p in kept) > most:
            return None
        sums = np.zeros((1, 1 + len(limits)))
        for points in kept:
            sums = (sums[:, None, :] + points[None, :, :]).reshape(-1, 1 + len(limits))
        fits = np.ones(len(sums), bool)
        for i, limit in enumerate(limits):
            room = slack * max(self.spread(limit.row[0]), 1e-300)
            fits &= sums[:, 1 + i] <= limit.row[2] + (1e-12 if slack == 0 else -room)
        return float(sums[fits, 0].min()) if fits.any() else math.inf


def undominated(points: np.ndarray) -> np.ndarray:
    """Which rows have no other that is at most as large in every column; rows are distinct and sorted."""
    keep = np.ones(len(points), bool)
    for i in range(len(points)):
        if keep[i]:
            beaten = (points >= points[i]).all(axis=1)
            beaten[i] = False
            keep &= ~beaten
    return keep


@dataclasses.dataclass(frozen=True)
class Optimum:
    value: float
    weights: np.ndarray | None

    @property
    def is_feasible(self) -> bool:
        return self.weights is not None


def sides(world: World, plan, tails=()) -> tuple[dict, dict]:
    """The least and the greatest of every linear metric of a plan whose waits may be off by rounding.

    A wait at which first tokens fall together may be either side of it in another arithmetic.
    """
    least = dict.fromkeys([*linear(world), *tails], 0.0)
    greatest = dict(least)
    for k, (edge, mixture) in enumerate(plan):
        upper = plan[k + 1][0] if k + 1 < len(plan) else math.inf
        lengths = [l for l in world.lengths if edge <= l < upper]
        for probability, server_wait, device_wait in mixture:
            def moved(wait, by):
                return wait if wait in (0, math.inf) else max(wait + by, 5e-324)
            waits = np.array([(moved(server_wait, e), moved(device_wait, e)) for e in (-BESIDE, 0.0, BESIDE)])
            for name, values in means(world, lengths, waits, tails).items():
                if name not in least:
                    continue
                least[name] += probability * float(values.min())
                greatest[name] += probability * float(values.max())
    return least, greatest
