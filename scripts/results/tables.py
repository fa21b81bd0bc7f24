"""The tables of docs/results.md."""

BUDGETED = ["single-r", "stoch-s", "stoch-d", "disco-s", "disco-d"]
FREE = ["server-only", "device-only", "race", "fixed-hedge"]


def is_over(share: float, budget: float) -> bool:
    return share > budget + 1e-9


def markdown(head: list[str], rows: list[list[str]], left: int = 1) -> list[str]:
    """A table whose first `left` columns are aligned to the left, the others to the right."""
    widths = [max(len(row[c]) for row in [head, *rows]) for c in range(len(head))]
    def line(cells):
        return "| " + " | ".join(x.ljust(w) if c < left else x.rjust(w) for c, (x, w) in enumerate(zip(cells, widths))) + " |"
    rule = "|" + "|".join("-" * (w + 2) if c < left else "-" * (w + 1) + ":" for c, w in enumerate(widths)) + "|"
    return [line(head), rule, *map(line, rows)]


def cells(outcomes: dict, metric: str, mark: str, budget: float | None) -> list[str]:
    share = outcomes[metric]
    over = mark if budget is not None and is_over(share, budget) else " "
    return [f"{outcomes['ttft.mean']:.3f}", f"{outcomes['ttft.p99']:.3f}", f"{share:.4f}{over}"]


def comparison(regime: str, results: dict[float, dict]) -> list[str]:
    """Every policy at every budget; those that know no budget once, with the budgets that they break."""
    metric = f"{regime}.prefill_share"
    any_result = next(iter(results.values()))
    rows = []
    for name in FREE:
        found = any_result["baselines"][name]
        broken = [b for b in results if is_over(found[metric], b)]
        label = f"{name} (breaks b <= {max(broken):g})" if broken else name
        rows.append(["any", label, *cells(found, metric, "", None), *cells(found["held_out"], metric, "", None)])
    for budget, result in results.items():
        found = {"**optimum**": result["expected"] | {"held_out": result["held_out"]}}
        found["optimum, exact buckets"] = result["exact"]["expected"] | {"held_out": result["exact"]["held_out"]}
        found |= {name: result["baselines"][name] for name in BUDGETED}
        for name, outcomes in found.items():
            mark = f"{name} *" if is_over(outcomes[metric], budget) else name
            rows.append([
                f"{budget:g}", mark, *cells(outcomes, metric, "*", budget),
                *cells(outcomes["held_out"], metric, "!", budget)])
    head = ["b", "policy", "mean", "p99", f"{regime} share ", "held out: mean", "p99", f"{regime} share "]
    return markdown(head, rows, left=2)


def certificates(regime: str, results: dict[float, dict]) -> list[str]:
    """How good the optimum is for certain, and what its buckets cost."""
    rows = [
        [
            f"{budget:g}", f"{r['objective']:.6f}", f"{r['bound']:.6f}", f"{max(0.0, r['gap']):.0e}".replace("0e+00", "0"),
            f"{10 * r['multipliers'][f'{regime}.prefill_share']:.2f}", f"{r['partition']['buckets']}",
            f"{1000 * r['partition']['loss']:.3f}",
        ]
        for budget, r in results.items()
    ]
    head = ["b", "optimum, s", "bound, s", "gap", "one more point buys, ms", "buckets", "partition loss, ms"]
    return markdown(head, rows)
