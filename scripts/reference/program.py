"""The whole linear program over both families of actions, by HiGHS; its dual; and brute force where the problem is tiny."""

import dataclasses
import math

import numpy as np
import scipy.optimize
import scipy.sparse

from .definition import World, effects

BRUTE_FORCE_PLANS = 20_000


@dataclasses.dataclass(frozen=True)
class Program:
    """Per bucket: actions, what each adds to the mean TTFT, and to the limited share."""

    actions: list[np.ndarray]
    values: list[np.ndarray]
    usage: list[np.ndarray]
    limit: float

    def scale(self, limited: str) -> float:
        """What the choice of the limited endpoint's wait is about: its largest effect on the mean, over all buckets."""
        second = 1 if limited == "device" else 0
        spreads = [v[a[:, 1 - second] == 0] for a, v in zip(self.actions, self.values)]
        return float(sum(np.ptp(v) for v in spreads))

    def dual(self, price: float) -> float:
        """min over all mixtures of value + price (usage - limit): no policy within the limit is better."""
        return float(sum((v + price * u).min() for v, u in zip(self.values, self.usage)) - price * self.limit)

    def optimum(self) -> tuple[float, float]:
        """The LP's optimum, and the dual at the multiplier that HiGHS found (a bound whatever its tolerances)."""
        sizes = [len(v) for v in self.values]
        sums = scipy.sparse.block_diag([np.ones((1, n)) for n in sizes], format="csr")
        found = scipy.optimize.linprog(
            np.concatenate(self.values), A_ub=np.concatenate(self.usage)[None], b_ub=[self.limit], A_eq=sums,
            b_eq=np.ones(len(sizes)), bounds=(0, None), method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
        if found.status != 0:
            raise ArithmeticError(f"HiGHS: {found.message}")
        return float(found.fun), self.dual(-float(found.ineqlin.marginals[0]))

    def brute_force(self) -> float | None:
        """The best of all deterministic plans and of all mixtures of two; None where there are too many plans."""
        if math.prod(len(v) for v in self.values) > BRUTE_FORCE_PLANS:
            return None
        value, usage = np.zeros(1), np.zeros(1)
        for v, u in zip(self.values, self.usage):
            value = np.add.outer(value, v).ravel()
            usage = np.add.outer(usage, u).ravel()
        fits = usage <= self.limit + 1e-12
        best = float(value[fits].min())
        # Two plans, one on each side of the limit, mixed so that it is met. Of plans that use equally much only the
        # fastest matters, so the plans above are thinned; those below are tried all at once.
        order = np.lexsort((value[~fits], usage[~fits]))
        above = usage[~fits][order], value[~fits][order]
        first = np.append(True, above[0][1:] > above[0][:-1]) if len(order) else order
        for u, v in zip(above[0][first], above[1][first]):
            if v < best:
                share = (self.limit - usage[fits]) / (u - usage[fits])
                best = min(best, float((value[fits] + share * (v - value[fits])).min()))
        return best


def program(world: World, edges: list[int], limited: str, budget: float) -> Program:
    """Every bucket with requests times every candidate action of both families."""
    actions, values, usage = [], [], []
    for k, edge in enumerate(edges):
        upper = edges[k + 1] if k + 1 < len(edges) else math.inf
        lengths = [l for l in world.lengths if edge <= l < upper]
        if not lengths:
            continue
        waits = {"server": {0.0, math.inf}, "device": {0.0, math.inf}}
        for l in lengths:
            waits["device"] |= {float(t) for t in world.server(l)[0] if t < world.timeout}
            waits["server"] |= {float(t) for t in world.device(l)[0] if t < world.timeout}
        own = np.array(
            [(0.0, w) for w in sorted(waits["device"])] + [(w, 0.0) for w in sorted(waits["server"]) if w > 0])
        value, used = np.zeros(len(own)), np.zeros(len(own))
        for l in lengths:
            found = effects(world, l, own[:, 0], own[:, 1])
            started = found.device_started if limited == "device" else found.server_started
            value += world.shares[l] * found.mean
            used += world.shares[l] * l * started / world.mean_prompt
        actions.append(own)
        values.append(value)
        usage.append(used)
    return Program(actions, values, usage, budget)
