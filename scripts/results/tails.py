"""The section of docs/results.md on best mean and best p99, and on other questions: cheapest policy, three limits."""

import textwrap
from collections.abc import Callable

from .sentences import bullets, listed, percent
from .tables import is_over, markdown

# Between the two ends of each frontier: limits on p99 at these parts of the way, closer where the mean falls fast.
WAY = {"1/64": 1 / 64, "1/16": 1 / 16, "9/64": 9 / 64, "1/4": 1 / 4, "25/64": 25 / 64, "9/16": 9 / 16, "49/64": 49 / 64}
# The share of requests whose tail DiSCo-D protects first is not known from the paper: parts of b that are tried.
ALPHAS = [k / 10 for k in range(11)]
ALPHA = 0.05  # the default
WANTED = 0.2  # the p99 policy's p99 is to lie so far below DiSCo-D's ...
WANTED_AT = (0.02, 0.05, 0.1, 0.2)  # ... at these budgets
SHARE = "device.prefill_share"
EXACT = "workload.buckets={by: exact}"
PRICES = [
    'endpoints.server.price={prefill: 0.14, decode: 0.28, per_tokens: 1000000, currency: USD, source: "DeepSeek-V3 list price", '
    "date: 2025-01-15}",
    "endpoints.device.energy={prefill: 0.025, decode: 0.155}",
    "exchange={per_joule: 0.00000005}",
]
CHEAPEST = {"ttft.p99": 2.5}
THREE = {"energy.mean": 0.8, "device.answer_share": 0.2, "ttft.p99": 2.3}


def limits(**bounds: float) -> str:
    return "limits={" + ", ".join(f"{name.replace('__', '.')}: {{at_most: {bound!r}}}" for name, bound in bounds.items()) + "}"


def questions(solve: Callable[..., dict], budgets: list[float]) -> dict:
    """Everything that the section needs; `solve` takes settings."""
    found = {"budgets": {}}
    for budget in budgets:
        within = limits(device__prefill_share=budget)
        mean, fast = solve(within), solve(within, "objective=ttft.p99")
        exact = {"mean": solve(within, EXACT), "p99": solve(within, "objective=ttft.p99", EXACT)}
        low, high = fast["objective"], mean["expected"]["ttft.p99"]
        between = [solve(limits(device__prefill_share=budget, ttft__p99=low + (high - low) * part)) for part in WAY.values()]
        tried = [(part * budget, solve(within, f"disco.alpha={part * budget!r}")["baselines"]["disco-d"]) for part in ALPHAS]
        alpha, tuned = min(((a, d) for a, d in tried if not is_over(d[SHARE], budget)), key=lambda x: x[1]["ttft.p99"])
        default = mean["baselines"]["disco-d"]
        same = [solve(limits(device__prefill_share=budget, ttft__p99=d["ttft.p99"]))["objective"] for d in [default, tuned]]
        found["budgets"][budget] = {
            "mean": mean, "p99": fast, "exact": exact, "between": between, "alpha": alpha, "tuned": tuned,
            "same": {"default": same[0] / default["ttft.mean"] - 1, "tuned": same[1] / tuned["ttft.mean"] - 1}}
    found["cheapest"] = solve(*PRICES, "objective=cost.mean", as_limits(CHEAPEST))
    found["three"] = solve(*PRICES, as_limits(THREE))
    return found


def as_limits(bounds: dict[str, float]) -> str:
    return limits(**{name.replace(".", "__"): bound for name, bound in bounds.items()})


def written(found: dict) -> list[str]:
    """The section's lines, but for its heading."""
    return (
        summary(found["budgets"]) + [""] + ends(found["budgets"]) + ["", "### Between the two", ""] + frontier(found["budgets"])
        + ["", "### Cheapest policy that keeps its p99", ""] + cheapest(found["cheapest"])
        + ["", "### Three limits", ""] + three(found["three"]))


def below(result: dict) -> float:
    """How far the p99 policy's p99 lies below DiSCo-D's, as a negative share."""
    return result["p99"]["objective"] / result["mean"]["baselines"]["disco-d"]["ttft.p99"] - 1


def summary(results: dict[float, dict]) -> list[str]:
    missed = [b for b in WANTED_AT if below(results[b]) > -WANTED]
    said = (
        f"at least {percent(WANTED)} at b = {listed(WANTED_AT)}" if not missed
        else f"**less than {percent(WANTED)}** at b = {listed(missed)}")
    lines = [
        "The least p99 within the budget is " + listed(f"{percent(-below(r))} (b = {b:g})" for b, r in results.items())
        + f" below DiSCo-D's with alpha = {ALPHA:g}, our default: {said}."]
    tuned = {b: r["p99"]["objective"] / r["tuned"]["ttft.p99"] - 1 for b, r in results.items()}
    near = [b for b in WANTED_AT if tuned[b] > -WANTED]
    lines.append(
        "The paper's alpha is not known to us. Against DiSCo-D with the alpha that gives it the least p99 (of 0, b / 10, ..., b) it is "
        + listed(f"{percent(-x)} (b = {b:g}, alpha = {results[b]['alpha']:g})" for b, x in tuned.items()) + " below"
        + (f": **less than {percent(WANTED)}** at b = {listed(near)}." if near else "."))
    same = {which: [r["same"][which] for r in results.values()] for which in ("default", "tuned")}
    lines.append(
        f"At DiSCo-D's own p99 and budget the least mean is {percent(-max(same['default']))} to {percent(-min(same['default']))} below its mean with the "
        "default alpha; with the alpha of least p99 it is "
        + listed(f"{percent(-x)} (b = {b:g})" for b, x in zip(results, same["tuned"])) + " below.")
    worse = {b: r["p99"]["tie_break"]["primal"] / r["mean"]["objective"] - 1 for b, r in results.items()}
    lines.append(
        "Its price is the mean, even the least one among all policies of that p99: "
        + listed(f"{percent(x)} (b = {b:g})" for b, x in worse.items()) + " above the least mean within the same budget. A little more p99 "
        "buys most of that back: the second table has what lies between.")
    coarse = {b: r["p99"]["objective"] / r["exact"]["p99"]["objective"] - 1 for b, r in results.items()}
    worst = max(coarse, key=coarse.get)
    lines.append(
        f"A bucket shares one wait, which limits its p99: exact buckets take up to {percent(coarse[worst])} off the least p99 of 32 quantile "
        f"buckets (b = {worst:g}), {percent(min(coarse.values()))} at least.")
    held = {b: (r["p99"]["held_out"], r["mean"]["baselines"]["disco-d"]["held_out"]) for b, r in results.items()}
    over = {b: own[SHARE] / b for b, (own, _) in held.items() if is_over(own[SHARE], b)}
    lines.append(
        "On held-out rows, each policy made from the first 70 %, its p99 is "
        + listed(f"{signed(own['ttft.p99'] / base['ttft.p99'] - 1)} (b = {b:g})" for b, (own, base) in held.items())
        + " against DiSCo-D's with the default alpha"
        + (", but it uses more than its budget there at b = " + listed(over) + f", up to {max(over.values()):.2f} of it." if over else "."))
    return bullets(lines)


def signed(x: float) -> str:
    return f"{100 * x:+.1f} %".replace("-", "−")


def ends(results: dict[float, dict]) -> list[str]:
    """DiSCo-D, best p99 and best mean at every budget; `!` as in the tables above."""
    rows = []
    for b, r in results.items():
        base = r["mean"]["baselines"]["disco-d"]
        entries = [
            (f"disco-d, alpha = {ALPHA:g}", base, base["held_out"]),
            *([(f"disco-d, alpha = {r['alpha']:g}", r["tuned"], r["tuned"]["held_out"])] if r["alpha"] != ALPHA else []),
            ("**least p99**, then mean", r["p99"]["expected"], r["p99"]["held_out"]),
            ("least p99, exact buckets", r["exact"]["p99"]["expected"], r["exact"]["p99"]["held_out"]),
            ("**least mean**", r["mean"]["expected"], r["mean"]["held_out"]),
            ("least mean, exact buckets", r["exact"]["mean"]["expected"], r["exact"]["mean"]["held_out"]),
        ]
        for name, now, later in entries:
            rows.append([
                f"{b:g}", name, f"{now['ttft.mean']:.3f}", f"{now['ttft.p99']:.3f}", signed(now["ttft.p99"] / base["ttft.p99"] - 1),
                f"{now[SHARE]:.4f}", f"{later['ttft.mean']:.3f}", f"{later['ttft.p99']:.3f}",
                f"{later[SHARE]:.4f}{'!' if is_over(later[SHARE], b) else ' '}"])
    head = ["b", "policy", "mean", "p99", "p99 to the first", "device share", "held out: mean", "p99", "device share "]
    return markdown(head, rows, left=2)


def frontier(results: dict[float, dict]) -> list[str]:
    """Least means under limits on p99, from the least p99 to that of the least mean."""
    intro = (
        "Each cell is the least mean under the budget and a limit on p99, then that limit: from the least p99 (left) to the p99 of the "
        "policy of least mean (right), in seconds. Nothing lies below such a row, mixtures of these buckets' waits included; the largest gap of these "
        f"certificates is {max(x['gap'] for r in results.values() for x in r['between']):.0e}.")
    rows = []
    for b, r in results.items():
        points = [(r["p99"]["tie_break"]["primal"], r["p99"]["objective"])]
        points += [(x["objective"], x["limits"]["ttft.p99"]["at_most"]) for x in r["between"]]
        points.append((r["mean"]["objective"], r["mean"]["expected"]["ttft.p99"]))
        rows.append([f"{b:g}"] + [f"{mean:.3f} / {p99:.2f}" for mean, p99 in points])
    head = ["b", "least p99", *WAY, "least mean"]
    return [*textwrap.wrap(intro, 118), "", *markdown(head, rows)]


def cheapest(result: dict) -> list[str]:
    now = result["expected"]
    keepers = {
        n: x for n, x in result["baselines"].items() if all(x[m] <= bound * (1 + 1e-9) for m, bound in CHEAPEST.items())}
    best = min(keepers, key=lambda n: keepers[n]["cost.mean"])
    rows = [[f"**cheapest with p99 <= {CHEAPEST['ttft.p99']:g} s**", *money(now)]]
    rows += [[n + ("" if n in keepers else " (breaks it)"), *money(x)] for n, x in sorted(result["baselines"].items())]
    text = (
        f"DeepSeek-V3's list price (0.14 and 0.28 USD a million tokens) beside a phone's energy for a 1B model at 0.18 USD per kWh; no limit on shares. "
        f"The cheapest policy with a p99 of at most {CHEAPEST['ttft.p99']:g} s costs {1e6 * result['objective']:.2f} USD per million requests, "
        f"{percent(1 - result['objective'] / keepers[best]['cost.mean'])} less than the cheapest baseline that keeps the limit, {best} "
        f"({1e6 * keepers[best]['cost.mean']:.2f}). If one more percent of the requests "
        f"might be answered later than that, it would save up to {1e6 * 0.01 * result['multipliers']['ttft.p99']:.2f} more.")
    head = ["policy", "USD per million requests", "mean", "p99", "device share", "server share"]
    return [*textwrap.wrap(text, 118), "", *markdown(head, rows)]


def money(outcomes: dict) -> list[str]:
    return [
        f"{1e6 * outcomes['cost.mean']:.2f}", f"{outcomes['ttft.mean']:.3f}", f"{outcomes['ttft.p99']:.3f}",
        f"{outcomes['device.prefill_share']:.3f}", f"{outcomes['server.prefill_share']:.3f}"]


def three(result: dict) -> list[str]:
    units = {"energy.mean": ("J", 1.0), "device.answer_share": ("point of answers", 0.01), "ttft.p99": ("point of requests later than that", 0.01)}
    rows = []
    for metric, bound in THREE.items():
        unit, step = units[metric]
        worth = 1000 * step * result["multipliers"].get(metric, 0.0)
        rows.append([f"`{metric}` <= {bound:g}", f"{result['expected'][metric]:.4f}", f"{worth:.1f} ms a {unit}"])
    text = (
        f"The least mean under all three: {result['objective']:.3f} s ({result['status']}, gap {result['gap']:.0e}; server-only "
        f"{result['baselines']['server-only']['ttft.mean']:.3f} s). What one more unit of each limit would take off the mean:")
    return [*textwrap.wrap(text, 118), "", *markdown(["limit", "value", "worth"], rows)]
