"""The data that ours and the competitors work on: files of raw numbers, and a CSV trace. Seeded, so always the same."""

import csv
import math
import pathlib

import numpy as np

# Three lognormals of the shape of a DeepSeek chat API log (3,159 requests): p50 1.14 s, p99 6.5 s, 3 % over 5 s.
WEIGHTS = [0.7445, 0.2229, 0.0326]
MEDIANS = [math.exp(0.0985), math.exp(0.3613), math.exp(1.8863)]
SPREADS = [0.1272, 0.2947, 0.1681]


def server_times(count: int, trace: pathlib.Path | None) -> np.ndarray:
    """Times to first token in seconds: drawn from the mixture, or from a trace with 5 % of noise."""
    random = np.random.default_rng(count)
    if trace is None:
        part = random.choice(len(WEIGHTS), count, p=WEIGHTS)
        return np.array(MEDIANS)[part] * np.exp(np.array(SPREADS)[part] * random.standard_normal(count))
    with trace.open() as file:
        seen = np.array([float(row["first_token_latency_ms"]) / 1000 for row in csv.DictReader(file)])
    return random.choice(seen, count) * np.exp(0.05 * random.standard_normal(count))


def prompts(count: int) -> np.ndarray:
    """Prompt lengths like a chat's: median 60 tokens, 1 ... 2,000."""
    random = np.random.default_rng(count)
    return np.clip(np.rint(60 * np.exp(1.1 * random.standard_normal(count))), 1, 2000).astype(np.int64)


def outputs(count: int, longest: int) -> np.ndarray:
    """Answer lengths: median 300 tokens, 1 ... `longest`."""
    random = np.random.default_rng(count + 1)
    return np.clip(np.rint(300 * np.exp(random.standard_normal(count))), 1, longest).astype(np.int64)


def write_trace(path: pathlib.Path, rows: int, trace: pathlib.Path | None) -> None:
    """A CSV trace with times to the millisecond and prompt lengths."""
    times = np.maximum(1, np.rint(1000 * server_times(rows, trace))).astype(int)
    lengths = prompts(rows)
    with path.open("w") as file:
        file.write("ttft,prompt_tokens\n")
        file.writelines(f"{t // 1000}.{t % 1000:03},{l}\n" for t, l in zip(times.tolist(), lengths.tolist()))
