#!/usr/bin/env python3
"""Feeds the loader of policy tables and the reader of problem files with millions of broken inputs, by libFuzzer.

Builds Tests/Fuzzer with coverage (in .build-fuzz), starts from Tests/FuzzingTests/Corpus, the fixtures, conformance/ and data/, and runs
each target until the time or the executions are used up. A crash, a broken property (Tests/Fuzzing), more than five seconds or a gibibyte
for one input stops it: the input is kept, its path printed, and the exit code is 1. `--keep` adds what reached new code to the
committed corpus, up to a limit.

The same seed on one core tries the same inputs, until the time is up.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".build-fuzz"  # and the names of further sanitizers
CORPUS = ROOT / "Tests" / "FuzzingTests" / "Corpus"
TARGETS = {
    "policies": dict(
        schema="policy", longest=20_000, suffix=".json",
        seeds=["Tests/PoliciesTests/Fixtures/*/*.json", "conformance/tables/*.json"]),
    "problems": dict(schema="problem", longest=8_000, suffix=".yaml", seeds=["data/*.yaml"]),
}
SECONDS_EACH, MEBIBYTES = 5, 1024
# Of the inputs of a corpus no more are committed than these.
KEPT_FILES, KEPT_BYTES = 120, 250_000


def build(sanitizers):
    environment = dict(os.environ, DISCO_FUZZING="1")
    # The order counts: with the address sanitizer last there is no coverage, silently.
    flags = [f"--sanitize={name}" for name in sanitizers + ["fuzzer"]]
    subprocess.run(
        ["swift", "build", "--scratch-path", SCRATCH, "-c", "release", "--product", "Fuzzer", *flags], cwd=ROOT, check=True,
        env=environment)
    return SCRATCH / "release" / "Fuzzer"


def dictionary(schema):
    """Names and words of a schema, as libFuzzer reads them."""
    words = set()

    def walk(node):
        if isinstance(node, dict):
            words.update(node.get("properties", {}))
            words.update(str(word) for word in node.get("enum", []))
            node = list(node.values())
        for child in node if isinstance(node, list) else []:
            walk(child)

    walk(json.loads((ROOT / "schema" / f"{schema}.schema.json").read_text()))
    path = SCRATCH / f"{schema}.dictionary"
    path.write_text("".join(f'"{word}"\n' for word in sorted(words) if '"' not in word and "\\" not in word))
    return path


def working_corpus(name, target):
    """The inputs to start from, each under the hash of its content."""
    folder = SCRATCH / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted((CORPUS / name).glob("*"))
    for pattern in target["seeds"]:
        files += sorted(ROOT.glob(pattern))
    for file in files:
        data = file.read_bytes()
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
    return folder


def run(fuzzer, name, arguments, log):
    environment = dict(os.environ, DISCO_FUZZ_TARGET=name, SWIFT_BACKTRACE="enable=no")
    with open(log, "wb") as output:
        return subprocess.run([fuzzer, *arguments], env=environment, stdout=output, stderr=output).returncode


def keep(fuzzer, name, target, folder):
    """Adds inputs of the least set that covers what the working corpus covers to the committed one."""
    least = SCRATCH / "least" / name
    shutil.rmtree(least, ignore_errors=True)
    least.mkdir(parents=True)
    run(fuzzer, name, ["-merge=1", f"-max_len={target['longest']}", least, folder], SCRATCH / f"{name}.merge.log")
    committed = CORPUS / name
    committed.mkdir(parents=True, exist_ok=True)
    names = {hashlib.sha1(file.read_bytes()).hexdigest() for file in committed.iterdir()}
    size, added = sum(file.stat().st_size for file in committed.iterdir()), 0
    found = sorted(
        (file for file in least.iterdir() if file.name not in names), key=lambda file: (file.stat().st_size, file.name))
    # Of every size some.
    room = max(0, KEPT_FILES - len(names))
    for file in found[::max(1, -(-len(found) // room))] if room else []:
        data = file.read_bytes()
        if size + len(data) > KEPT_BYTES:
            break
        (committed / (hashlib.sha1(data).hexdigest()[:12] + target["suffix"])).write_bytes(data)
        names.add(file.name)
        size, added = size + len(data), added + 1
    print(f"{name}: {added} inputs added to {committed.relative_to(ROOT)}, {len(names)} in all, {size:,} bytes")


def statistic(log, name):
    found = re.findall(rf"stat::{name}:\s+(\d+)", log)
    return int(found[-1]) if found else 0


def main():
    global SCRATCH
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=1, help="for each target (default 1)")
    parser.add_argument("--executions", type=int, default=-1, help="of each target at most (default: as the time allows)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=TARGETS, action="append", help="default: all")
    parser.add_argument("--sanitizer", action="append", default=[], choices=["address", "undefined"])
    parser.add_argument("--keep", action="store_true", help="add to the committed corpus")
    options = parser.parse_args()
    SCRATCH = SCRATCH.with_name("-".join([SCRATCH.name, *options.sanitizer]))
    fuzzer = build(options.sanitizer)
    failed = False
    for name in options.target or TARGETS:
        target, found = TARGETS[name], SCRATCH / "found"
        found.mkdir(exist_ok=True)
        folder, log = working_corpus(name, target), SCRATCH / f"{name}.log"
        code = run(fuzzer, name, [
            folder, f"-dict={dictionary(target['schema'])}", f"-max_len={target['longest']}", f"-seed={options.seed}",
            f"-max_total_time={int(options.minutes * 60)}", f"-runs={options.executions}", f"-timeout={SECONDS_EACH}",
            f"-rss_limit_mb={MEBIBYTES}", f"-artifact_prefix={found}/{name}-", "-print_final_stats=1", "-reload=0"], log)
        text = log.read_text(errors="replace")
        print(
            f"{name}: {statistic(text, 'number_of_executed_units'):,} executions, "
            f"{statistic(text, 'average_exec_per_sec'):,} a second, at most {statistic(text, 'peak_rss_mb')} MiB, "
            f"{len(list(folder.iterdir())):,} inputs of interest", flush=True)
        if code:
            failed = True
            kept = re.findall(r"Test unit written to (\S+)", text)
            print(f"{name}: stopped with {code}; the input is {kept[-1] if kept else '?'}, the reason in {log}", flush=True)
        elif options.keep:
            keep(fuzzer, name, target, folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
