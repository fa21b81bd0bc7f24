"""Random problems, small enough to enumerate, and their files as disco reads them."""

import csv
import json
import pathlib

import numpy as np

from .profiles import CURVED, Profile, part_of, seconds

DEVICES = ["formula", "straight trace", "curved trace", "noiseless trace"]


class Problem:
    """One seeded problem. `family` says what kind; everything else follows from the seed."""

    tuning_share = 0.7
    is_split = True

    def __init__(self, seed: int):
        self.seed = seed
        rng = self.rng = np.random.default_rng([seed, 20250211])
        self.limited = ["device", "server"][seed % 2]
        self.device_kind = DEVICES[seed // 2 % 4]
        self.family = f"{self.limited} limit, device by {self.device_kind}"
        self.is_tiny = seed % 3 == 0
        self.timeout = float(rng.choice([60.0, 8.0, 3.0]))
        # The ends of the budget's range come by turns, so that every family meets them.
        budgets = [0.0, 1.0, float(rng.choice([0.02, 0.05])), 0.2, float(rng.uniform(0, 1)), float(rng.uniform(0, 0.3))]
        self.budget = None if seed % 23 == 22 else budgets[(seed // 2 + seed // 12) % len(budgets)]
        self.alpha = float(rng.choice([0.05, 0.05, 0.01, 0.2]))
        self.workload = self._workload()
        self._server()
        self._device()
        self.buckets = self._buckets()
        self.server_price = (1.4e-7, 2.8e-7) if rng.random() < 0.8 else None
        self.device_price = (3e-8, 1e-7) if rng.random() < 0.3 else None
        self.energy = (0.025, 0.155) if rng.random() < 0.8 else None
        self.per_joule = 5e-8 if rng.random() < 0.8 else None

    def _workload(self):
        count = 3 if self.is_tiny else int(self.rng.integers(4, 9))
        pool = np.arange(1, 16) * 4 if self.device_kind == "formula" else np.arange(5, 300)
        lengths = self.rng.choice(pool, count, replace=False)
        weights = self.rng.dirichlet(np.full(count, 2.0))
        rows = []
        for l in [*lengths, *self.rng.choice(lengths, int(self.rng.integers(20, 60)), p=weights)]:
            row = {"prompt_tokens": int(l)}
            if self.rng.random() < 0.8:
                row["output_tokens"] = int(self.rng.integers(0, 400))
            rows.append(row)
        if self.rng.random() < 0.15:
            rows = [{"prompt_tokens": row["prompt_tokens"]} for row in rows]
        self.rng.shuffle(rows)
        return rows

    def _server(self):
        """A trace with ties, failures and times after the timeout; sometimes by length, rarely a formula."""
        rng = self.rng
        self.server = self.server_formula = self.server_groups = None
        kind = rng.random()
        if kind < 0.1:
            self.server_formula = [0.375, 1 / 256]
            return
        lengths = sorted({row["prompt_tokens"] for row in self.workload})
        if kind < 0.4 and not self.is_tiny:
            # Two groups that stand by themselves, and one of too few rows, which joins the shorter one.
            middle, high = lengths[len(lengths) // 2], lengths[-1]
            self.server_groups = [1, middle, high] if middle < high else [1, middle]
            sizes = [95, 95, 12][: len(self.server_groups)]
        else:
            sizes = [int(rng.integers(3, 7)) if self.is_tiny else int(rng.integers(8, 60))]
        failing, slow = rng.choice([0, 0, 0.03, 0.15]), rng.choice([0, 0.05])
        has_arrivals = rng.random() < 0.5
        self.server = []
        for g, size in enumerate(sizes):
            times = 0.25 + rng.lognormal(-0.5 + 0.3 * g, 0.8, size)
            # On a grid of binary fractions sums are exact, so a tie of server and device is one in every arithmetic.
            times = np.ceil(times * 64) / 64 if self.device_kind == "formula" else np.round(times, 6)
            again = rng.random(size) < 0.3
            times[again] = rng.choice(times, int(again.sum()))
            for t in times:
                row = {"ttft": float(t), "outcome": "ok"}
                if rng.random() < slow:
                    row["ttft"] = self.timeout + 1.5
                if rng.random() < failing:
                    row = {"outcome": "failed"}
                if self.server_groups:
                    upper = [*self.server_groups[1:], 400][g]
                    row["prompt_tokens"] = int(rng.integers(self.server_groups[g], max(upper, self.server_groups[g] + 1)))
                self.server.append(row)
        rng.shuffle(self.server)
        if has_arrivals:
            for row, at in zip(self.server, rng.permutation(len(self.server))):
                row["arrived_at"] = float(at)

    def _device(self):
        rng = self.rng
        self.device = self.device_formula = None
        self.residuals = self.device_kind != "noiseless trace"
        if self.device_kind == "formula":
            self.device_formula = [float(rng.integers(8, 64)) / 64, 1 / float(rng.choice([64, 128, 1024]))]
            if rng.random() < 0.3:
                self.device_formula.append(1 / 16384)
            return
        failing = rng.choice([0, 0, 0.1])
        for _ in range(1000):
            size = 8 if self.is_tiny else int(rng.integers(12, 24))
            lengths = rng.integers(5, 300, size)
            square = 4e-5 if self.device_kind == "curved trace" else 0.0
            times = 0.15 + 0.006 * lengths + square * lengths**2 + rng.gamma(2, 0.02, size)
            self.device = [
                {"prompt_tokens": int(l), "outcome": "failed"} if rng.random() < failing
                else {"prompt_tokens": int(l), "ttft": round(float(t), 6), "outcome": "ok"}
                for l, t in zip(lengths, times)]
            if self._is_clear():
                return
        raise ArithmeticError(f"seed {self.seed}: no device trace that is plainly straight or curved")

    def _is_clear(self):
        """Whether both the whole trace and its first part are plainly straight or plainly curved, and the rest answers."""
        for part, needed in [("tuning", 4), ("held_out", 1)]:
            rows = part_of(self.device, part, self.tuning_share)
            if len({row["prompt_tokens"] for row in rows if seconds(row, self.timeout) < np.inf}) < needed:
                return False
        for part in ("all", "tuning"):
            profile = Profile(self, part)
            if self.device_kind == "curved trace":
                if not (len(profile.fit) == 3 and abs(profile.curvature) > 3 * CURVED):
                    return False
            elif abs(profile.curvature) > 0.7 * CURVED:
                return False
        return True

    def _buckets(self):
        lengths = sorted({row["prompt_tokens"] for row in self.workload})
        kind = self.rng.choice(["exact", "quantile", "edges"])
        if kind == "quantile":
            return {"by": "quantile", "count": int(self.rng.integers(1, 6))}
        if kind == "edges":
            # Some edges fall between lengths, some leave a bucket without requests.
            return {"by": "edges", "edges": sorted({int(e) for e in self.rng.choice([*lengths, 2, 70, 350], 3)})}
        return {"by": "exact"}

    # MARK: Files

    def endpoint(self, name: str) -> dict:
        """Further fields of an endpoint."""
        return {}

    def task(self) -> dict:
        """What is minimized under which limits, as fields of the problem file."""
        if self.budget is None:
            return {}
        return {"limits": {f"{self.limited}.prefill_share": {"at_most": self.budget}}}

    def write(self, folder: pathlib.Path, part: str = "all") -> pathlib.Path:
        """Writes the traces and the problem file; of one part of the split, or of all rows."""
        endpoints = {}
        for name, rows, formula in [
            ("server", self.server, self.server_formula), ("device", self.device, self.device_formula)]:
            if rows is None:
                names = ["intercept", "per_token", "per_token_squared"]
                endpoints[name] = {"ttft": dict(zip(names, formula))}
            else:
                write_csv(folder / f"{name}.csv", part_of(rows, part, self.tuning_share))
                endpoints[name] = {"trace": {"path": f"{name}.csv", "format": "canonical"}}
        write_csv(folder / "workload.csv", part_of(self.workload, part, self.tuning_share))
        if self.server_groups:
            endpoints["server"]["condition_on"] = {"prompt_tokens": self.server_groups}
        if self.device and not self.residuals:
            endpoints["device"]["residuals"] = "none"
        for name, price in [("server", self.server_price), ("device", self.device_price)]:
            if price:
                endpoints[name]["price"] = {
                    "prefill": price[0] * 1e6, "decode": price[1] * 1e6, "per_tokens": 1000000, "currency": "USD"}
        if self.energy:
            endpoints["device"]["energy"] = dict(zip(["prefill", "decode"], self.energy))
        for name in endpoints:
            endpoints[name] |= self.endpoint(name)
        document = {
            "version": 1,
            "workload": {"trace": {"path": "workload.csv", "format": "canonical"}, "buckets": self.buckets},
            "endpoints": endpoints, "timeout": self.timeout, "disco": {"alpha": self.alpha},
            "split": {"tuning_share": self.tuning_share} if part == "all" and self.is_split else "none",
        }
        if self.per_joule is not None:
            document["exchange"] = {"per_joule": self.per_joule}
        document |= self.task()
        path = folder / "problem.yaml"
        path.write_text(json.dumps(document, indent=2) + "\n")  # JSON is YAML
        return path


def write_csv(path: pathlib.Path, rows: list[dict]):
    names = [n for n in ("arrived_at", "prompt_tokens", "output_tokens", "ttft", "outcome") if any(n in r for r in rows)]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
