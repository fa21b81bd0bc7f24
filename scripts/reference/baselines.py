"""The nine baselines, from their definitions."""

import math

import numpy as np

from .definition import Plan, World, effects

NEVER = math.inf
SERVER, DEVICE, RACE = (0.0, NEVER), (NEVER, 0.0), (0.0, 0.0)


def everywhere(*mixture) -> Plan:
    return [(1, [(p, *action) for p, action in mixture if p > 0])]


def covering(plan: Plan) -> Plan:
    """Lengths between two of the plan go with the shorter, those below the first with the first."""
    return [(1, plan[0][1]), *plan[1:]]


def quantile(times, level: float) -> float:
    """The smallest support point t with F(t) >= level; never if there is none."""
    values, chances = times
    for k, value in enumerate(values):
        if math.isfinite(value) and chances[k + 1:].sum() <= 1 - level + 1e-12:
            return float(value)
    return NEVER


def plans(world: World, limited: str, budget: float, alpha: float) -> dict[str, Plan]:
    """All but single-r, whose best need not be unique."""
    capped = min(1.0, budget)
    return {
        "server-only": everywhere((1.0, SERVER)),
        "device-only": everywhere((1.0, DEVICE)),
        "race": everywhere((1.0, RACE)),
        "fixed-hedge": everywhere((1.0, (0.0, quantile(world.pooled_server, 0.95)))),
        "stoch-s": everywhere((capped, SERVER), (1 - capped, DEVICE)),
        "stoch-d": everywhere((capped, DEVICE), (1 - capped, SERVER)),
        "disco-d": disco_d(world, budget, alpha),
        "disco-s": disco_s(world, budget),
    }


def disco_d(world: World, budget: float, alpha: float) -> Plan:
    """A wait that protects the tail; what is left of the budget starts the device at once, from the shortest prompts up."""
    values, chances = world.pooled_server
    tail = quantile(world.pooled_server, 1 - min(alpha, budget))
    waits = dict.fromkeys(world.lengths, tail)
    left = (budget - alpha) * world.mean_prompt
    tolerance = 1e-12 * world.mean_prompt
    for length in world.lengths if budget > alpha else []:
        tokens = length * world.shares[length]
        if (1 - alpha) * tokens <= left + tolerance:
            waits[length] = 0.0
            left -= (1 - alpha) * tokens
            continue
        for k, value in enumerate(values):
            if math.isfinite(value) and (chances[k + 1:].sum() - alpha) * tokens <= left + tolerance:
                waits[length] = float(value)
                break
        break
    return covering([(length, [(1.0, 0.0, waits[length])]) for length in world.lengths])


def disco_s(world: World, budget: float) -> Plan:
    """Lengths below the threshold on the device alone, the others race."""
    def above(length):
        return sum(l * world.shares[l] for l in world.lengths if l >= length)
    fits = [l for l in world.lengths if above(l) <= (budget + 1e-12) * world.mean_prompt]
    threshold = min(fits, default=NEVER)
    return covering([(l, [(1.0, *(RACE if l >= threshold else DEVICE))]) for l in world.lengths])


def single_r(world: World, limited: str, budget: float) -> list[Plan]:
    """Every best plan of the kind 'second endpoint after one wait d with one probability q', by trying all of them."""
    first_time = world.server if limited == "device" else world.device
    support = {float(t) for l in world.lengths for t in first_time(l)[0] if t < world.timeout}
    waits = np.array([0.0, *sorted(support - {0.0}), NEVER])
    zeros = np.zeros_like(waits)
    pair = (zeros, waits) if limited == "device" else (waits, zeros)
    mean = np.zeros_like(waits)
    used = np.zeros_like(waits)
    for l in world.lengths:
        found = effects(world, l, *pair)
        mean += world.shares[l] * found.mean
        started = found.device_started if limited == "device" else found.server_started
        used += world.shares[l] * l * started / world.mean_prompt
    # The mean is linear in q and no worse where the second endpoint is started: the largest q that fits is best.
    q = np.minimum(1.0, np.divide(budget, used, out=np.ones_like(used), where=used > 0))
    value = q * mean + (1 - q) * mean[-1]
    best = np.flatnonzero(value <= value.min() + 1e-11 * max(1.0, value.min()))
    return [
        everywhere((float(q[i]), (float(pair[0][i]), float(pair[1][i]))), (float(1 - q[i]), SERVER if limited == "device" else DEVICE))
        for i in best]
