"""What every check of one seeded problem needs: runs of disco, comparisons, findings."""

import json
import math
import pathlib
import subprocess

TOLERANCE = 1e-9
PATIENCE = 20  # seconds for one solve, of which a hundredth should do


def deviation(found: float, wanted: float) -> float:
    """Relative to numbers above 1, absolute below: times of milliseconds and shares are not blown up."""
    return abs(found - wanted) / max(1.0, abs(wanted))


class Check:
    """One problem's findings."""

    def __init__(self, disco: str, seed: int, folder: pathlib.Path):
        self.disco, self.folder = disco, folder
        self.problem = self.made(seed)
        self.faults: list[str] = []
        self.worst = 0.0
        self.was_brute_forced = False

    def made(self, seed: int):
        """The problem of a seed."""
        raise NotImplementedError

    def run(self):
        """Solves the problem and notes every fault."""
        raise NotImplementedError

    def near(self, what: str, found, wanted: float):
        off = math.inf if found is None else deviation(found, wanted)
        self.worst = max(self.worst, off)
        if not off <= TOLERANCE:
            self.faults.append(f"{what}: disco says {found}, the definition {wanted}")

    def holds(self, what: str, is_true: bool):
        if not is_true:
            self.faults.append(what)

    def same_outcomes(self, what: str, found, wanted: dict[str, float]):
        metrics = {name: value for name, value in (found or {}).items() if name not in ("held_out", "breaks")}
        if metrics.keys() != wanted.keys():
            self.faults.append(f"{what}: has {sorted(metrics)}, wanted {sorted(wanted)}")
        for name in metrics.keys() & wanted.keys():
            self.near(f"{what} {name}", metrics[name], wanted[name])

    def solve(self, part: str, name: str | None = None) -> dict:
        folder = self.folder / (name or part)
        folder.mkdir()
        path = self.problem.write(folder, part)
        run = subprocess.run([self.disco, "solve", path, "--json"], capture_output=True, text=True, timeout=PATIENCE)
        (folder / "result.json").write_text(run.stdout)
        if run.returncode != 0:
            raise RuntimeError(f"disco ends with {run.returncode}: {run.stderr.strip()}")
        return json.loads(run.stdout)


def plan_of(result: dict) -> list:
    """The emitted policy; never is null."""
    def wait(value):
        return math.inf if value is None else value
    return [
        (b["from"], [(a["probability"], wait(a["server_wait"]), wait(a["device_wait"])) for a in b["actions"]])
        for b in result["buckets"]]
