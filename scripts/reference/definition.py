"""What a dispatch action does, straight from its definition: every pair of a server time and a device time by itself.

Nothing here is clever, and nothing is shared with disco: no survival functions, no hulls, no prefix sums. An action is
a pair (server wait, device wait), one of them 0; infinity is never. A plan is a list of (first length, mixture), a mixture
a list of (probability, server wait, device wait). Times are in seconds.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

# Two times this near are the same time. The problems have no others as near, but a device time that a least-squares fit
# rebuilt may be an ulp off the same time elsewhere, and "strictly later" must not turn on that.
SAME = 1e-10

Times = tuple[np.ndarray, np.ndarray]  # values (infinite: never answered) and their probabilities
Plan = list[tuple[int, list[tuple[float, float, float]]]]
LEVELS = {"ttft.p50": 0.5, "ttft.p90": 0.9, "ttft.p95": 0.95, "ttft.p99": 0.99, "ttft.p99.9": 0.999}


@dataclasses.dataclass(frozen=True)
class World:
    """Whose prompts, how fast each endpoint is, what tokens cost."""

    lengths: list[int]  # distinct, ascending
    requests: dict[int, int]  # by length
    shares: dict[int, float]  # the same over their sum
    outputs: dict[int, float] | None  # mean answer length by prompt length
    server: Callable[[int], Times]
    device: Callable[[int], Times]
    pooled_server: Times
    timeout: float
    server_price: tuple[float, float] | None = None  # money per prefilled and per decoded token
    device_price: tuple[float, float] | None = None
    energy: tuple[float, float] | None = None  # joules per token
    per_joule: float | None = None
    server_edges: tuple[int, ...] = (1,)  # where the server's distribution changes
    quality: object = None  # what streams are measured against; None where nobody asks
    answers: dict[int, dict[int, float]] | None = None  # chances of answer lengths, by prompt length

    @property
    def mean_prompt(self) -> float:
        return sum(self.shares[l] * l for l in self.lengths)


@dataclasses.dataclass(frozen=True)
class Effects:
    """Per action: what it does to one prompt length."""

    mean: np.ndarray
    server_started: np.ndarray
    device_started: np.ndarray
    server_answers: np.ndarray
    device_answers: np.ndarray
    failed: np.ndarray
    times: np.ndarray  # min(T, timeout), action by pair
    chances: np.ndarray  # of the pairs
    server_wins: np.ndarray  # action by pair
    device_wins: np.ndarray


def distinct(values, weights=None) -> Times:
    """A distribution with equal values joined, failures (infinite) included."""
    values = np.asarray(values, float)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    support, where = np.unique(values, return_inverse=True)
    masses = np.bincount(where, weights, len(support))
    return support[masses > 0], masses[masses > 0] / masses.sum()


def effects(world: World, length: int, server_waits, device_waits) -> Effects:
    """The definition: T = min(w_s + S, w_d + D), the second endpoint started iff the first is strictly later than its wait."""
    (s, ps), (d, pd) = world.server(length), world.device(length)
    ws = np.asarray(server_waits, float)[:, None]
    wd = np.asarray(device_waits, float)[:, None]
    s, d, chances = (a.ravel()[None] for a in (*np.meshgrid(s, d, indexing="ij"), np.outer(ps, pd)))
    limit = world.timeout
    starts_s = (ws == 0) | ((ws < limit) & (d > ws + SAME))
    starts_d = (wd == 0) | ((wd < limit) & (s > wd + SAME))
    server_at = np.where(starts_s, ws + s, np.inf)
    device_at = np.where(starts_d, wd + d, np.inf)
    first = np.minimum(server_at, device_at)
    answered = first <= limit + SAME
    together = (server_at <= device_at + SAME) & (device_at <= server_at + SAME)
    server_wins = answered & np.where(together, ws <= wd, server_at < device_at)
    device_wins = answered & ~server_wins
    times = np.where(answered, np.minimum(first, limit), limit)
    def chance(event):
        return np.where(event, chances, 0.0).sum(axis=1)
    return Effects(
        (times * chances).sum(axis=1), chance(starts_s), chance(starts_d), chance(server_wins), chance(device_wins),
        chance(~answered), times, chances[0], server_wins, device_wins)


def mixture_of(plan: Plan, length: int):
    return [mixture for edge, mixture in plan if edge <= length][-1]


def outcomes(world: World, plan: Plan) -> dict[str, float]:
    """All metrics of a plan, over requests and mixture draws."""
    totals = dict.fromkeys(["mean", "server_started", "device_started", "server_answers", "device_answers", "failed"], 0.0)
    tokens = dict.fromkeys(totals, 0.0)  # weighted by prompt tokens
    decoded = dict.fromkeys(totals, 0.0)  # weighted by answer tokens
    values, chances = [], []
    for length in world.lengths:
        mixture = mixture_of(plan, length)
        found = effects(world, length, [m[1] for m in mixture], [m[2] for m in mixture])
        weights = world.shares[length] * np.array([m[0] for m in mixture])
        for name in totals:
            share = float(weights @ getattr(found, name))
            totals[name] += share
            tokens[name] += share * length
            decoded[name] += share * (world.outputs[length] if world.outputs else 0)
        values.append(found.times.ravel())
        chances.append(np.outer(weights, found.chances).ravel())
    result = {
        "ttft.mean": totals["mean"], "failed_share": totals["failed"], "device.answer_share": totals["device_answers"],
        "server.prefill_share": tokens["server_started"] / world.mean_prompt,
        "device.prefill_share": tokens["device_started"] / world.mean_prompt,
    }
    result |= quantiles(np.concatenate(values), np.concatenate(chances))
    if world.outputs:
        result |= costs(world, tokens, decoded)
    return result


def costs(world: World, tokens, decoded) -> dict[str, float]:
    result = {}
    device = world.device_price
    if world.energy:
        joules = world.energy[0] * tokens["device_started"] + world.energy[1] * decoded["device_answers"]
        result["energy.mean"] = joules
        if world.per_joule is not None:
            device = tuple((device or (0, 0))[i] + world.energy[i] * world.per_joule for i in (0, 1))
    if world.server_price and device:
        result["cost.mean"] = (
            world.server_price[0] * tokens["server_started"] + world.server_price[1] * decoded["server_answers"]
            + device[0] * tokens["device_started"] + device[1] * decoded["device_answers"])
    return result


def quantiles(values, chances) -> dict[str, float]:
    """inf{t: P(T <= t) >= q}, with the definition's slack of 1e-12 on the probability."""
    order = np.argsort(values, kind="stable")
    values, chances = values[order], chances[order]
    later = np.append(np.cumsum(chances[::-1])[::-1][1:], 0.0)  # P(T > values[k]) or more, where values repeat
    return {name: float(values[np.argmax(later <= 1 - q + 1e-12)]) for name, q in LEVELS.items()}
