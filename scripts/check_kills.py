#!/usr/bin/env python3
"""Kills `disco solve -o policy.json` at random moments and checks what is left: the old table or the new one, never a part.

A third of the kills fall anywhere in the run, a third near its end, and a third within two milliseconds of the moment when the file
under way appears beside its place. The runs write one of two tables in turn, so that the old and the new one differ. After each kill
the table must be, byte for byte, the one from before or the one being written; at most one file under way may lie beside it; and in
the end one run that is let be must leave neither that nor a folder in TMPDIR. Exits with 1 if anything else is found.
"""
import argparse
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

PROBLEM = """\
version: 1
workload:
  trace: prompts.csv
  buckets: {by: exact}
endpoints:
  server: {trace: server.csv}
  device: {ttft: {intercept: 0.1, per_token: 0.01}}
limits:
  device.prefill_share: {at_most: 0.2}
split: none
"""


def make_problem(folder, generator):
    (folder / "problem.yaml").write_text(PROBLEM)
    lengths = "".join(f"{generator.randint(10, 400)}\n" for _ in range(2_000))
    (folder / "prompts.csv").write_text("prompt_tokens\n" + lengths)
    times = "".join(f"{generator.lognormvariate(-1, 0.5):.3f}\n" for _ in range(200))
    (folder / "server.csv").write_text("ttft\n" + times)


def parts(folder):
    return [name for name in os.listdir(folder) if name.startswith(".disco-part-")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--disco", default=".build/release/disco")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    disco, generator = (ROOT / options.disco).resolve(), random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        work = folder / "tmp"
        work.mkdir()
        make_problem(folder, generator)
        table = folder / "policy.json"

        def start(revision):
            return subprocess.Popen(
                [disco, "solve", "problem.yaml", "-o", "policy.json", "--set", f"table.revision={revision}"], cwd=folder,
                env=dict(os.environ, TMPDIR=str(work)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        tables, lengths = {}, []
        for revision in [1, 2] * 5:
            began = time.monotonic()
            if start(revision).wait() != 0:
                print("the problem is not solved", file=sys.stderr)
                return 1
            lengths.append(time.monotonic() - began)
            tables.setdefault(revision, table.read_bytes())
        length, held, wrong = statistics.median(lengths), 2, []
        counts = dict.fromkeys(["old", "new", "late", "under way", "most parts", "most folders"], 0)
        for kill in range(options.kills):
            revision = 3 - held
            way = kill % 3
            process = start(revision)
            if way == 2:
                deadline = time.monotonic() + 4 * length
                while not parts(folder) and process.poll() is None and time.monotonic() < deadline:
                    pass
                time.sleep(generator.uniform(0, 0.002))
            else:
                low, high = (0, 1.1) if way == 0 else (0.8, 1.1)
                time.sleep(generator.uniform(low, high) * length)
            counts["late"] += process.poll() is not None
            process.send_signal(signal.SIGKILL)
            process.wait()
            found = table.read_bytes()
            if found == tables[revision]:
                held = revision
                counts["new"] += 1
            elif found == tables[held]:
                counts["old"] += 1
            else:
                wrong.append(f"kill {kill}: a table of {len(found)} bytes that is neither the old nor the new one")
            left = len(parts(folder))
            counts["under way"] += left > 0
            counts["most parts"] = max(counts["most parts"], left)
            counts["most folders"] = max(counts["most folders"], len(os.listdir(work)))
            if left > 1:
                wrong.append(f"kill {kill}: {left} files under way left")
        if start(3 - held).wait() != 0 or parts(folder) or os.listdir(work):
            wrong.append(f"left after a whole run: {parts(folder) + os.listdir(work)}")
        print(
            f"{options.kills} kills of a run of {length * 1000:.0f} ms (seed {options.seed}): {counts['old']} left the old table, "
            f"{counts['new']} the new one; {counts['under way']} a file under way, at most {counts['most parts']} at once; "
            f"at most {counts['most folders']} folders for work; {counts['late']} runs were over before the kill")
        print("\n".join(wrong[:20]) if wrong else "nothing else was ever found")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
