"""From recorded rows to a World: splits, empirical distributions, length groups, the device's least-squares fit."""

import collections
import math

import numpy as np

from .definition import Times, World, distinct

CURVED = 3.29  # |t| of the quadratic term beyond which it is kept (two-sided p < 0.001)
SMALLEST_GROUP = 50  # rows that a server's length group needs to stand by itself


def part_of(rows: list[dict], part: str, share: float) -> list[dict]:
    """The rows of one part of the time split: by arrival where every row has one, else in file order."""
    if part == "all":
        return rows
    if all("arrived_at" in row for row in rows):
        rows = sorted(rows, key=lambda row: row["arrived_at"])  # stable: ties keep the file's order
    cut = math.floor(share * len(rows) + 1e-9)
    return rows[:cut] if part == "tuning" else rows[cut:]


def seconds(row: dict, timeout: float) -> float:
    """A failed request never answered, and neither did one after the timeout."""
    answered = row["outcome"] == "ok" and row["ttft"] <= timeout
    return row["ttft"] if answered else math.inf


def fit(lengths, times) -> tuple[np.ndarray, float]:
    """Coefficients (constant first) of the line, or of the parabola where it is significant; and the t of its square."""
    l = np.asarray(lengths, float)
    y = np.asarray(times, float)
    scale = l.max()
    square = np.stack([np.ones_like(l), l / scale, (l / scale) ** 2], axis=1)
    t = 0.0
    if len(set(lengths)) >= 3 and len(l) > 3:
        found = np.linalg.lstsq(square, y, rcond=None)[0]
        variance = ((y - square @ found) ** 2).sum() / (len(l) - 3)
        t = float(found[2] / math.sqrt(variance * np.linalg.inv(square.T @ square)[2, 2]))
        falls = any(found[1] + 2 * found[2] * x < 0 for x in (l.min() / scale, 1.0))
        if abs(t) > CURVED and not falls:
            return found / scale ** np.arange(3), t
    return np.linalg.lstsq(square[:, :2], y, rcond=None)[0] / scale ** np.arange(2), t


def curve(coefficients, length: int) -> float:
    return float(sum(c * length**k for k, c in enumerate(coefficients)))


class Profile:
    """One part of a problem's rows, with what a held-out part takes over from the part before it."""

    def __init__(self, problem, part: str, like: "Profile | None" = None):
        self.problem = problem
        self.timeout = problem.timeout
        workload = part_of(problem.workload, part, problem.tuning_share)
        self.lengths = sorted({row["prompt_tokens"] for row in workload})
        self.requests = {l: sum(row["prompt_tokens"] == l for row in workload) for l in self.lengths}
        self.shares = {l: n / len(workload) for l, n in self.requests.items()}
        self.outputs = self._outputs(workload)
        self.answers = self._answers(workload)
        self._server(part_of(problem.server, part, problem.tuning_share) if problem.server else None, like)
        self._device(part_of(problem.device, part, problem.tuning_share) if problem.device else None, like)

    def _outputs(self, workload):
        known = [row for row in workload if row.get("output_tokens") is not None]
        if not known:
            return None
        def mean(rows):
            return sum(row["output_tokens"] for row in rows) / len(rows)
        own = {l: [row for row in known if row["prompt_tokens"] == l] for l in self.lengths}
        return {l: mean(own[l] or known) for l in self.lengths}

    def _answers(self, workload):
        known = [row for row in workload if row.get("output_tokens") is not None]
        def chances(rows):
            counts = collections.Counter(row["output_tokens"] for row in rows)
            return {tokens: count / len(rows) for tokens, count in sorted(counts.items())}
        if not known:
            return None
        own = {l: [row for row in known if row["prompt_tokens"] == l] for l in self.lengths}
        return {l: chances(own[l] or known) for l in self.lengths}

    def _server(self, rows, like):
        self.server_edges = [1]
        if rows is None:
            line = self.problem.server_formula
            self.server = lambda l: distinct([curve(line, l)])
            times = [curve(line, l) for l in self.lengths]
            self.pooled = distinct(times, [self.shares[l] for l in self.lengths])
            return
        times = np.array([seconds(row, self.timeout) for row in rows])
        self.pooled = distinct(times)
        asked = self.problem.server_groups
        if not asked:
            self.server = lambda l: self.pooled
            return
        prompts = np.array([row["prompt_tokens"] for row in rows])
        if like:
            self.server_edges = like.server_edges
        else:
            sizes = np.bincount(np.searchsorted(asked, prompts, side="right") - 1, minlength=len(asked))
            inside = 0
            for edge, size in zip(asked, sizes):
                if edge > 1 and size >= SMALLEST_GROUP and inside >= SMALLEST_GROUP:
                    self.server_edges.append(edge)
                    inside = 0
                inside += size
        edges = self.server_edges
        member = np.searchsorted(edges, prompts, side="right") - 1
        groups = [distinct(times[member == g]) if (member == g).any() else self.pooled for g in range(len(edges))]
        self.server = lambda l: groups[int(np.searchsorted(edges, l, side="right")) - 1]

    def _device(self, rows, like):
        if rows is None:
            self.fit, self.curvature = self.problem.device_formula, 0.0
            self.device = lambda l: distinct([curve(self.fit, l)])
            return
        times = [seconds(row, self.timeout) for row in rows]
        answered = [(row["prompt_tokens"], t) for row, t in zip(rows, times) if t < math.inf]
        self.fit, self.curvature = (like.fit, like.curvature) if like else fit(*zip(*answered))
        floor = min(t for _, t in answered)
        noise = [t - curve(self.fit, l) for l, t in answered] if self.problem.residuals else [0.0] * len(answered)
        failures = [math.inf] * (len(rows) - len(answered))
        self.device = lambda l: distinct([max(curve(self.fit, l) + r, floor) for r in noise] + failures)

    def world(self) -> World:
        p = self.problem
        return World(
            self.lengths, self.requests, self.shares, self.outputs, cached(self.server), cached(self.device), self.pooled, self.timeout,
            p.server_price, p.device_price, p.energy, p.per_joule, tuple(self.server_edges),
            getattr(p, "quality", None), self.answers)


def cached(times):
    """The same distribution is asked for again and again."""
    known: dict[int, Times] = {}
    def look(length: int) -> Times:
        if length not in known:
            known[length] = times(length)
        return known[length]
    return look


def bucket_edges(world: World, choice: dict) -> list[int]:
    """Where buckets begin: the first at 1, none without requests, cut where the server's distribution changes."""
    edges = {1}
    if choice["by"] == "exact":
        edges |= set(world.lengths)
    elif choice["by"] == "edges":
        edges |= set(choice["edges"])
    else:
        # For each k the first length before which k of `count` parts of the requests lie; a length is never split.
        total = sum(world.requests.values())
        before = {l: sum(n for other, n in world.requests.items() if other < l) for l in world.lengths}
        for k in range(1, choice["count"]):
            edges |= set([l for l in world.lengths if before[l] * choice["count"] >= k * total][:1])
    return sorted(edges | set(world.server_edges))
