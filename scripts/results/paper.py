"""The paper's evaluation (DiSCo, arXiv 2502.11417), on the traces at hand: tails, means and migration by service, device and regime.

`solve(problem, *settings)` gives the result of `disco solve` and writes the table, `replay(problem)` that of `disco replay` on it.
"""

import textwrap
from collections.abc import Callable

from .tables import markdown

BUDGETS = [0.1, 0.3, 0.5, 0.7, 0.9]
REGIMES = ["device", "server"]
SERVICES = {  # file in the shared folder, and what is said of it in a problem
    "DeepSeek chat": (
        "traces/deepseek_api/deepseek_streaming_clean.csv",
        {"columns": {"ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"}}, {"tpot": 0.021}),
    **{
        f"Llama-2-70B, {name.capitalize()}": (
            "traces/llmperf_leaderboard/all_requests.csv",
            {"format": "llmperf", "where": f"provider = '{name}' and model = '70b'"}, {})
        for name in ("anyscale", "fireworks", "together")},
}
# Prefill and decode in tokens a second (the first two: assumed, from recollection of the paper's set-up), or a fit.
DEVICES = {
    "Pixel 7 Pro, Bloom-1.1B": ({"intercept": 0.0, "per_token": 1 / 31.32}, 1 / 13.93),
    "Xiaomi 14, Qwen-0.5B": ({"intercept": 0.0, "per_token": 1 / 79.90}, 1 / 21.47),
    "iPhone, Llama-3.2-3B": ({"intercept": 0.148, "per_token": 0.00668}, 1 / 11.9),
}
# Dollars a joule: the dearer makes every token of the device dearer than any of the server, the cheaper the reverse.
PER_JOULE = {"device": 1e-4, "server": 5e-8}
READERS = [(0.2804, 0.196), (0.5187, 0.230), (0.1119, 0.240), (0.0556, 0.249), (0.0334, 0.264)]  # Andes: share, s a token
PAPER_TAILS = [
    ("GPT", "server", 23.85, 44.04), ("GPT", "device", 26.39, 16.32), ("LLaMA", "server", 11.08, 26.29),
    ("LLaMA", "device", 35.67, 21.29), ("Command", "server", 47.93, 52.23), ("Command", "device", 34.78, 24.42)]
HEURISTIC = {"device": ("disco-d", "stoch-d"), "server": ("disco-s", "stoch-s")}


def problem(service: str, device: str, regime: str, prompts: str, shared: Callable[[str], str | None]) -> dict:
    path, trace, more = SERVICES[service]
    fit, tpot = DEVICES[device]
    return {
        "version": 1,
        "workload": {"trace": {"path": prompts}, "buckets": {"by": "quantile", "count": 32}},
        "endpoints": {
            "server": {
                "trace": {"path": shared(path), **trace}, **more,
                "price": {"prefill": 0.14, "decode": 0.28, "per_tokens": 1_000_000, "currency": "USD"}},
            "device": {"ttft": fit, "tpot": tpot, "energy": {"prefill": 0.025, "decode": 0.155}}},
        "exchange": {"per_joule": PER_JOULE[regime]},
        "reader": {"population": [{"share": share, "tokens_per_second": round(1 / pace, 4)} for share, pace in READERS]},
    }


def saved(value: float, base: float) -> float:
    return 100 * (1 - value / base)


def spread(values: list[float]) -> str:
    """The mean of percentages over budgets, and their range."""
    return f"{sum(values) / len(values):.0f} ({min(values):.0f}...{max(values):.0f})"


def latency(service: str, device: str, regime: str, world: dict, solve) -> dict[str, list[float]]:
    """Reductions of p99 and mean TTFT in per cent, one a budget: the paper's policy and ours, against drawing an endpoint at random."""
    own, base = HEURISTIC[regime]
    found = {name: [] for name in ("p99", "best p99", "mean", "best mean")}
    for budget in BUDGETS:
        limits = f"limits={{{regime}.prefill_share: {{at_most: {budget}}}}}"
        mean = solve(world, limits, "migration=none")
        tail = solve(world, limits, "migration=none", "objective=ttft.p99")
        heuristic, random = mean["baselines"][own], mean["baselines"][base]
        found["p99"].append(saved(heuristic["ttft.p99"], random["ttft.p99"]))
        found["best p99"].append(saved(tail["expected"]["ttft.p99"], random["ttft.p99"]))
        found["mean"].append(saved(heuristic["ttft.mean"], random["ttft.mean"]))
        found["best mean"].append(saved(mean["expected"]["ttft.mean"], random["ttft.mean"]))
    return found


def migration(regime: str, world: dict, solve, replay) -> list[dict]:
    """What hand-overs change, one a budget: under the paper's dispatch, and under the least cost at its mean TTFT."""
    own, _ = HEURISTIC[regime]
    rows = []
    for budget in BUDGETS[1:4]:
        limits = f"{regime}.prefill_share: {{at_most: {budget}}}"
        heuristic = solve(world, f"limits={{{limits}}}")["baselines"][own]
        paper = next(p for p in replay(world) if p["name"] == own)
        room = heuristic["ttft.mean"] * (1 + 1e-9)
        # The paper's policies tell every length apart, so ours may.
        solve(world, f"limits={{{limits}, ttft.mean: {{at_most: {room!r}}}}}", "objective=cost.mean", "workload.buckets={by: exact}")
        ours = next(p for p in replay(world) if p["name"] == "policy")
        rows.append({"budget": budget, "paper": paper, "ours": ours})
    return rows


def before(policy: dict) -> dict:
    """Outcomes of the same waits without hand-overs; a policy that hands nothing over has only one kind."""
    return policy.get("without_hand_overs") or policy["outcomes"]


def written(prompts: str, shared, solve, replay) -> list[str]:
    """The section's lines."""
    tails, moves, reductions = [], [], {"p99": [], "best p99": [], "mean": [], "best mean": []}
    cuts = {regime: [] for regime in REGIMES}
    delayed, unaffected, pairs = [], 0, 0
    for service in SERVICES:
        for device in DEVICES:
            for regime in REGIMES:
                world = problem(service, device, regime, prompts, shared)
                found = latency(service, device, regime, world, solve)
                for name, values in found.items():
                    reductions[name].append((sum(values) / len(values), service, device, regime))
                tails.append([service, device, regime, *(spread(found[n]) for n in ("p99", "best p99", "mean", "best mean"))])
                rows = migration(regime, world, solve, replay)
                own, without = [r["paper"]["outcomes"] for r in rows], [before(r["paper"]) for r in rows]
                cut = [saved(a["cost.mean"], b["cost.mean"]) for a, b in zip(own, without)]
                ours = [saved(r["ours"]["outcomes"]["cost.mean"], b["cost.mean"]) for r, b in zip(rows, without)]
                cuts[regime] += cut
                late = [o["hand_over.delay_num"] for o in own if "hand_over.delay_num" in o]
                delayed += late
                pairs += len(rows)
                unaffected += sum(a["tbt.p99"] <= b["tbt.p99"] * 1.01 for a, b in zip(own, without))
                tbt = " -> ".join(f"{1000 * max(o['tbt.p99'] for o in some):.0f}" for some in (without, own))
                quality = min(a["qoe.mean"] - b["qoe.mean"] for a, b in zip(own, without))
                moves.append([
                    service, device, regime, spread(cut), spread(ours), f"{max(late):.2f}" if late else "-", tbt, f"{quality:+.4f}"])
    return [*about(), "", *verdict(reductions, cuts, delayed, unaffected, pairs), "", *latency_table(tails), "", *migration_table(moves)]


def about() -> list[str]:
    text = (
        "The tables of the DiSCo paper (arXiv 2502.11417), made on the traces at hand. **Differences in set-up**: the paper's traces (GPT-4o-mini, DeepSeek-V2.5, "
        "Command, LLaMA-3-70b) are not public, so the services here are the DeepSeek chat API of January 2025 and Llama-2-70B at three providers (LLMPerf leaderboard, "
        "150 requests each of 550 prompt tokens, so a p99 is the second largest of 150); prompts and answers are those of this project (data/traces/answers.parquet) in place of 1,000 Alpaca "
        "requests; D(l) of the Pixel and the Xiaomi is l over prefill speeds recollected from the paper's set-up, without noise (an assumption), the iPhone's is a published fit; "
        "energy is joules per token as measured for a 1B model, not FLOPs; DeepSeek's pace between tokens is assumed (21 ms); readers are the five paces of Andes; alpha = 0.05, which the paper's account does not tell. The accounts we have do "
        "not name the baseline of the reductions; here it is drawing the endpoint at random within the same budget (Stoch-D, Stoch-S), the one baseline of the paper that keeps it. Budgets: "
        + ", ".join(f"{b:g}" for b in BUDGETS) + ".")
    return ["## The paper's evaluation", "", *textwrap.wrap(text, 118)]


def verdict(reductions: dict, cuts: dict, delayed: list[float], unaffected: int, pairs: int) -> list[str]:
    """What is reproduced and what is not."""
    def ends(name):
        least, most = min(reductions[name]), max(reductions[name])
        return f"{least[0]:.0f} % ({least[1]}, {least[2]}, limited {least[3]}) to {most[0]:.0f} % ({most[1]}, {most[2]}, limited {most[3]})"
    def inside(name, low, high):
        values = [r[0] for r in reductions[name]]
        return f"{sum(low <= v <= high for v in values)} of {len(values)} within"
    lines = [
        f"**Tail.** The paper: p99 TTFT falls by 11-52 %. Its policies here: {ends('p99')}; {inside('p99', 11, 52)} the paper's range. "
        f"The least p99: {ends('best p99')}.",
        f"**Mean.** The paper: 6-78 %. Its policies here: {ends('mean')}; {inside('mean', 6, 78)} the paper's range. The least mean: {ends('best mean')}.",
        "**Cost by migration.** The paper: up to 72.7 % (device-constrained) and 83.6 % (server-constrained). Here, under its dispatch: up to "
        + " and ".join(f"{max(cuts[r]):.1f} % ({r}-constrained)" for r in REGIMES) + ".",
        "**Delay.** The paper: 3-17 tokens late per migration, p99 TBT unaffected. Here: "
        + (f"{min(delayed):.2f} to {max(delayed):.2f} tokens late" if delayed else "no hand-over")
        + f", since the buffer covers the 99th percentile of the hand-over's time; p99 TBT is the same or less in {unaffected} of {pairs} replays.",
        "**Scheduler.** The paper: 9.08 ms (DiSCo-S) and 14.86 ms (DiSCo-D) for 100,000 samples. Here: see *Speed* below.",
    ]
    return [line for text in lines for line in textwrap.wrap(f"- {text}", 118, subsequent_indent="  ")]


def latency_table(rows: list[list[str]]) -> list[str]:
    text = (
        "Reduction of TTFT in per cent against drawing the endpoint at random: mean over budgets, and range. *Paper's* is DiSCo-D with a limited device, DiSCo-S with a "
        "limited server; *exact* the policy of least p99, or of least mean, that keeps the same budget (32 quantile buckets).")
    head = ["service", "device", "limited", "p99: paper's", "p99: exact", "mean: paper's", "mean: exact"]
    figures = markdown(
        ["service", "limited", "Pixel 7 Pro, B-1.1B", "Xiaomi 14, Q-0.5B"],
        [[service, regime, f"{a} %", f"{b} %"] for service, regime, a, b in PAPER_TAILS], left=2)
    return [
        "### TTFT by service, device and regime", "", *textwrap.wrap(text, 118), "", *markdown(head, rows, left=3), "",
        "The paper's figures for the p99, as third parties report them:", "", *figures]


def migration_table(rows: list[list[str]]) -> list[str]:
    text = (
        "`disco replay`, 20,000 requests each, budgets " + ", ".join(f"{b:g}" for b in BUDGETS[1:4]) + ": what hand-overs save of the cost of the paper's dispatch; what the "
        "policy of least cost with waits and hand-overs solved together (one bucket per length) saves of the same cost, at the same budget and no larger mean TTFT; then, under the paper's dispatch, the "
        "most tokens late per hand-over (means), the largest p99 of TBT without and with hand-overs, and the largest loss of mean Andes QoE.")
    head = ["service", "device", "limited", "paper's saves %", "exact saves %", "late", "p99 TBT, ms", "QoE"]
    return ["### Migration", "", *textwrap.wrap(text, 118), "", *markdown(head, rows, left=3)]
