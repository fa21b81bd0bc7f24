"""Any objective under any limits, mixed and deterministic, against the whole linear program."""

import math
import re
import subprocess

import numpy as np

from .check import Check, plan_of
from .limit_problems import LimitsProblem, QualityProblem
from .limits import TIE, WHO_ANSWERS, Limit, Tables, level, linear, sides
from .quality import OFF, QUALITY

BRUTE_FORCE_PLANS = 1_000_000
AMPLE = 0.01  # slack that brute force leaves, as a share of each limit's spread, where a rounding has to exist
STEP = 4e-9  # a quantile this much smaller has to be out of reach


class LimitsCheck(Check):
    """One problem; solved with mixtures, then without."""

    rounding_excess: float | None = None
    was_infeasible = False

    def made(self, seed: int) -> LimitsProblem:
        return LimitsProblem(seed)

    def attempt(self, name: str) -> dict | str:
        """disco's result, or what it says where it finds the limits in conflict."""
        try:
            return self.minimized(self.solve("all", name))
        except RuntimeError as error:
            if not str(error).startswith("disco ends with 3:"):
                raise
            return str(error)

    def minimized(self, result: dict) -> dict:
        """The result of a maximization as that of minimizing the negative."""
        if self.problem.objective in QUALITY:
            result["objective"], result["bound"] = -result["objective"], -result["bound"]
        return result

    @property
    def key(self) -> str:
        """The column that is minimized."""
        objective = self.problem.objective
        return "-" + objective if objective in QUALITY else objective

    def run(self):
        p = self.problem
        self.q = level(p.objective)
        self.touches_answers = any(
            m in WHO_ANSWERS or m == "failed_share" for m in [p.objective, *(l.metric for l in p.limits)])
        self.tolerance = 1e-6 if self.touches_answers else 3e-9
        tails = [l.tail for l in p.limits if l.tail]
        table = Tables(p.world, p.edges, tails)
        excess = table.excess(p.limits)
        result = self.attempt("mixed")
        if isinstance(result, str):
            self.was_infeasible = True
            self.check_refusal(result, table, excess)
            return
        self.holds(f"disco has a policy, HiGHS exceeds the limits by {excess}", excess <= 1e-9)
        if excess > 1e-9:
            return
        self.holds(f"status is {result['status']}", result["status"] == "optimal")
        self.check_policy(result)
        if self.q is None:
            self.check_linear(result, table)
        else:
            self.check_quantile(result, tails)
        self.check_deterministic(result, table)

    # MARK: The policy

    def check_policy(self, result: dict, is_mixed: bool = True):
        """`expected` is what the definition says, and keeps every limit; few buckets mix."""
        p, found = self.problem, result["expected"]
        plan = plan_of(result)
        quantiles = {name: value for name, value in found.items() if level(name) is not None}
        tails = [(t, later) for t in sorted(set(quantiles.values())) for later in (True, False)]
        least, greatest = sides(p.world, plan, tails)
        for name in linear(p.world):
            size = max(1e-300, abs(greatest[name]), 1.0 if name in ("ttft.mean", *QUALITY) or name.endswith("share") else 0.0)
            room = OFF if name == "qoe.mean" else 2e-9 * size
            self.holds(
                f"expected {name} {found[name]!r}, the definition {least[name]!r} to {greatest[name]!r}",
                least[name] - room <= found[name] <= greatest[name] + room)
        for name, t in quantiles.items():
            share = 1 - level(name)
            at = least[t, True]
            before = greatest[t, False]
            self.holds(f"expected {name} {t}: P(T > t) = {at}", at <= share + 2 * TIE or t >= p.timeout)
            self.holds(f"expected {name} {t}: P(T >= t) = {before} already suffices", before > share)
        for limit in p.limits:
            value = found.get(limit.metric, math.nan)
            room = 1e-11 * max(abs(limit.bound), 1.0 if limit.metric.endswith("share") else 0.0)
            kept = value >= limit.bound - room if limit.is_at_least else value <= limit.bound + room
            self.holds(f"{limit.phrase} {limit.bound!r} is broken: {value!r}", kept)
        # A bucket without requests repeats its neighbour's mixture.
        used = {max(edge for edge, _ in plan if edge <= l) for l in p.world.lengths}
        extra = sum(len(mixture) - 1 for edge, mixture in plan if edge in used)
        for _, mixture in plan:
            self.holds("probabilities do not sum to 1", abs(sum(m[0] for m in mixture) - 1) <= 1e-9)
        rows = len(p.limits) + (self.q is not None)
        self.holds(f"{extra} extra actions for {rows} rows", extra <= (rows if is_mixed else 0))

    # MARK: Linear objectives

    def close(self, what: str, found: float, wanted: float, scale: float):
        off = abs(found - wanted) / scale
        self.worst = max(self.worst, off)
        self.holds(f"{what}: disco says {found!r}, the reference {wanted!r}, {off:.1e} of the scale", off <= self.tolerance)

    def check_linear(self, result: dict, table: Tables):
        p = self.problem
        best = table.optimum(self.key, p.limits)
        if not best.is_feasible:  # by less than HiGHS's tolerance
            return
        scale = max(table.spread(p.objective), 1e-300)
        # What disco does not know of QoE to the last digit, it does not know of what a limit on it costs.
        price = abs(result["multipliers"].get("qoe.mean", 0)) + (p.objective == "qoe.mean")
        self.tolerance += OFF * price / scale
        self.close("objective", result["objective"], best.value, scale)
        self.certificate("", result, table, self.key, p.limits, best.value, scale)
        off = OFF if p.objective == "qoe.mean" else 1e-12
        self.holds(f"a scale of {result['scale']}, the largest is {scale}", result["scale"] <= scale * (1 + 1e-9) + off)
        sign = -1 if p.objective in QUALITY else 1
        self.close("expected", sign * result["expected"][p.objective], result["objective"], scale)

    def certificate(self, what: str, found: dict, table: Tables, key, limits, optimum: float, scale: float):
        """The bound is below the optimum, and follows from the multipliers."""
        value = found.get("objective", found.get("primal", found["bound"]))
        self.holds(f"{what} bound {found['bound']!r} above the optimum {optimum!r}", found["bound"] <= optimum + self.tolerance * scale)
        self.holds(f"{what} bound {found['bound']!r} far below {value!r}", value - found["bound"] <= self.tolerance * scale)
        if "gap" in found:
            self.holds(f"{what} a gap of {found['gap']}", -1e-12 <= found["gap"] <= (1e-6 if self.touches_answers else 1e-9))
        limits, prices = self.prices(what, found["multipliers"], limits)
        dual = table.dual(key, limits, prices)
        self.holds(
            f"{what} bound {found['bound']!r}, but the multipliers give {dual!r}", found["bound"] <= dual + self.tolerance * scale)

    def prices(self, what: str, multipliers: dict, limits: list[Limit]):
        """The limits that multipliers speak of: at_most by a positive one, at_least by a negative one."""
        chosen, prices = [], []
        for name, price in multipliers.items():
            # The tie-break's own tail has a multiplier of the objective's name.
            own = [l for l in limits if l.metric == name and l.is_at_least == (price < 0)]
            self.holds(f"{what} multiplier {price} of {name}, which has no such limit", len(own) == 1 or price == 0)
            if len(own) == 1:
                chosen.append(own[0])
                prices.append(abs(price))
        return chosen, prices

    # MARK: Quantiles

    def check_quantile(self, result: dict, tails):
        """No policy has a smaller quantile; of those that have it, none has a smaller mean."""
        p, q, t = self.problem, self.q, result["objective"]
        share = 1 - q
        self.holds("bound above the quantile", result["bound"] <= t)
        # Where the mean is limited the least quantile may be any number, and is proven as closely as the program is solved.
        is_any = any(l.metric == "ttft.mean" for l in p.limits)
        least = t - 1e-7 * p.timeout if is_any else t * (1 - 1e-12)
        self.holds(f"a bound of {result['bound']!r} for {t!r}", result["bound"] >= least)
        self.holds("expected quantile", result["expected"][p.objective] == t)
        below = (t - STEP, True)
        before = Tables(p.world, p.edges, [*tails, below])
        late = before.optimum(below, p.limits)
        self.holds(f"P(T > t) can be {late.value} at {below[0]}, before {t}", not late.is_feasible or late.value > share + TIE / 2)
        if proof := result["tail"]:
            self.holds("the proof's share", proof["bound"] > share or proof["time"] == 0)
            time = (proof["time"] if proof["time"] < t - STEP else below[0], True)
            proven = before if time == below else Tables(p.world, p.edges, [*tails, time])
            limits, prices = self.prices("tail", proof["multipliers"], p.limits)
            dual = proven.dual(time, limits, prices)
            self.holds(f"tail bound {proof['bound']!r} at {proof['time']!r}, the multipliers give {dual!r}", min(1, proof["bound"]) <= dual + self.tolerance)
        own = [] if t >= p.timeout else [Limit(p.objective, t, False)]
        table = Tables(p.world, p.edges, [*tails, *(l.tail for l in own)])
        best = table.optimum("ttft.mean", [*p.limits, *own])
        tie = result["tie_break"]
        if best.is_feasible:
            scale = max(table.spread("ttft.mean"), 1e-300)
            self.close("tie-break", tie["primal"], best.value, scale)
            self.close("expected mean", result["expected"]["ttft.mean"], tie["primal"], scale)
            # Where a limit and the objective speak of one quantile, one multiplier stands for both rows.
            if all(l.metric != p.objective for l in p.limits):
                self.certificate("tie-break", tie, table, "ttft.mean", [*p.limits, *own], best.value, scale)

    # MARK: Refusals

    def check_refusal(self, text: str, table: Tables, excess: float):
        """The limits named exclude each other, all but any one of them do not, and the nearest values are right."""
        self.holds(f"disco refuses what HiGHS keeps: {text}", excess > 0)
        if excess <= 1e-9:
            return
        p = self.problem
        claim, _, advice = text.partition(". Nearest, ")
        named = [l for l in p.limits if l.phrase in claim]
        self.holds(f"names no limit: {text}", bool(named))
        if not named:
            return
        self.holds(f"those named can be kept together: {claim}", table.excess(named) > 1e-10)
        for limit in named:
            rest = [l for l in named if l != limit]
            self.holds(f"{limit.phrase} is not needed for the conflict", table.excess(rest) <= 1e-9)
            said = re.search(re.escape(limit.phrase) + r" (-?[\d.]+(?:e[-+]?\d+)?)", advice)
            if level(limit.metric) is None:
                self.holds(f"no nearest value of {limit.phrase}: {text}", said is not None)
            if said is None:
                continue
            near = float(said[1])
            # Four digits, with absolute zeros.
            room = 6e-4 * abs(near) + 1e-9
            if level(limit.metric) is None:
                nearest = table.optimum(limit.metric, rest, -1 if limit.is_at_least else 1).value
                self.holds(f"nearest {limit.phrase}: disco says {near}, HiGHS {nearest}", abs(near - nearest) <= room)
            else:
                for bound, is_kept in [(near + room, True), (near - room, False)]:
                    if not 0 < bound < p.timeout:
                        continue
                    moved = [Limit(limit.metric, bound, limit.is_at_least), *rest]
                    excess = Tables(p.world, p.edges, [l.tail for l in moved if l.tail]).excess(moved)
                    self.holds(f"nearest {limit.phrase}: disco says {near}; {bound} leaves {excess}", (excess <= 1e-9) == is_kept)

    # MARK: Without mixtures

    def check_deterministic(self, mixed: dict, table: Tables):
        p = self.problem
        p.is_deterministic = True
        result = self.attempt("deterministic")
        p.is_deterministic = False
        limits = list(p.limits)
        brute = ample = None
        if self.q is None:
            ample = table.brute_force(self.key, limits, AMPLE, BRUTE_FORCE_PLANS)
            brute = table.brute_force(self.key, limits, 0, BRUTE_FORCE_PLANS)
        else:
            ample = table.brute_force("ttft.mean", limits, AMPLE, BRUTE_FORCE_PLANS)
        self.was_brute_forced = ample is not None
        if isinstance(result, str):
            self.holds(f"finds no deterministic policy, brute force does, with room: {ample}", ample is None or ample == math.inf)
            return
        self.check_policy(result, is_mixed=False)
        scale = max(table.spread(p.objective), 1e-300) if self.q is None else 1.0
        self.holds("rounding beats mixtures", result["objective"] >= mixed["objective"] - self.tolerance * scale)
        self.holds("the bound of mixtures", result["bound"] <= mixed["objective"] + self.tolerance * scale)
        if brute is not None and math.isfinite(brute):
            self.rounding_excess = (result["objective"] - brute) / scale
            self.holds(f"rounding reaches {result['objective']!r}, less than brute force: {brute!r}", self.rounding_excess >= -self.tolerance)


class QualityCheck(LimitsCheck):
    """One problem with QoE or smooth goodput as objective or limit."""

    def made(self, seed: int) -> QualityProblem:
        return QualityProblem(seed)
