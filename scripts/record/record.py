#!/usr/bin/env python3
"""Records the three sample traces of data/traces against llama.cpp's server on this machine.

    python3 -m venv .tools/record
    .tools/record/bin/pip install -r scripts/record/requirements.txt
    .tools/record/bin/python scripts/record/record.py device      # SmolLM2-135M on one pinned core
    .tools/record/bin/python scripts/record/record.py server      # Gemma-3-270M, four slots, bursts
    .tools/record/bin/python scripts/record/record.py answers     # full-length answers, SmolLM2 with the same four slots
    .tools/record/bin/python scripts/record/record.py publish     # data/traces/*.parquet, figures, SHA-256

Run them one after the other: they would compete for the same cores. Each appends rows to .tools/recordings/<name>.jsonl and
continues there when it is started again. `server --trial 90` measures for 90 s into a file of its own, to see whether
the machine queues without drowning; `--gap` adapts the load to it.
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import prompts
from client import RunningServer, ServerSettings, post_json, serve, timed_stream

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".tools" / "recordings"

LENGTHS = [1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 90, 100, 112, 128, 144, 160, 180, 200,
           224, 250, 280, 310, 340, 370, 400, 430, 460, 490, 520, 550, 575, 600]
REPEATS = 10
SERVER_REQUESTS = 3600
LARGEST_BURST = 6
ANSWER_CAP = 512  # tokens


class Journal:
    """Rows appended as JSON lines, each handed to the system at once, so a kill loses the requests in flight and no more."""

    def __init__(self, name: str):
        WORK.mkdir(parents=True, exist_ok=True)
        self.path = WORK / f"{name}.jsonl"
        self.lock = threading.Lock()
        self.done: set[int] = set()
        if self.path.exists():
            content = self.path.read_bytes()
            complete = content[:content.rfind(b"\n") + 1]
            if len(complete) < len(content):
                os.truncate(self.path, len(complete))  # a kill cut the last row short; it will be asked again
            self.done = {json.loads(line)["index"] for line in complete.splitlines()}
        self.file = self.path.open("a")

    def add(self, index: int, row: dict) -> None:
        with self.lock:
            self.file.write(json.dumps({"index": index} | row) + "\n")
            self.file.flush()
            self.done.add(index)


def record_device() -> None:
    """Time to first token against exact prompt lengths, in shuffled order so that slow drifts do not follow length."""
    plan = [length for length in LENGTHS for _ in range(REPEATS)]
    prompts.generator("device-order", 0).shuffle(plan)
    journal = Journal("device")
    settings = ServerSettings("smollm2", threads=1, slots=1, context=2048, cores=(0,))
    os.sched_setaffinity(0, set(range(1, os.cpu_count())) or {0})  # the client stays off the model's core
    with RunningServer(settings, WORK / "device.log") as port:
        def body(index: int, length: int) -> dict:
            rng = prompts.generator("device", index)
            text = prompts.prose(rng, length + 40)
            tokens = post_json(port, "/tokenize", {"content": text, "add_special": False})["tokens"]
            start = rng.randrange(min(16, len(tokens) - length))  # or every one-token prompt would begin a sentence
            return {"prompt": tokens[start:start + length], "max_tokens": 8, "ignore_eos": True, "temperature": 0.8,
                    "seed": index}

        for warm_up in range(3):
            timed_stream(port, "/v1/completions", body(-1 - warm_up, 64), deadline=60)
        for index, length in enumerate(plan):
            if index not in journal.done:
                row = timed_stream(port, "/v1/completions", body(index, length), deadline=60)
                # A failed request has no usage record; the length it was sent with is known all the same.
                row["prompt_tokens"] = row["prompt_tokens"] or length
                journal.add(index, row)
                time.sleep(0.05)


def chat_body(purpose: str, index: int) -> dict:
    rng = prompts.generator(purpose, index)
    body = {"messages": [{"role": "user", "content": prompts.chat_prompt(rng)}], "temperature": 0.8, "seed": index}
    if purpose == "server":
        return body | {"max_tokens": rng.randint(12, 16), "ignore_eos": True}
    return body | {"max_tokens": ANSWER_CAP}


SERVER = ServerSettings("gemma3", threads=2, slots=4, context=8192, cores=(0, 1))
# The packaged Gemma is the pre-trained model, which never ended an answer: 16 of 16 in a trial ran into the cap.
# Lengths worth having need an instruction-tuned model, so the answers come from SmolLM2 behind the same server settings.
ANSWERS = replace(SERVER, model="smollm2")


def chat_request(port: int, journal: Journal, purpose: str, index: int, deadline: float) -> None:
    body = chat_body(purpose, index)
    row = timed_stream(port, "/v1/chat/completions", body, deadline)
    if row["prompt_tokens"] is None:
        # The usage record never came. The server's tokenizer still knows the length, so a failure keeps its prompt's size.
        try:
            templated = post_json(port, "/apply-template", {"messages": body["messages"]})["prompt"]
            tokens = post_json(port, "/tokenize", {"content": templated, "add_special": True, "parse_special": True})["tokens"]
            row["prompt_tokens"] = len(tokens)
        except (OSError, ValueError, KeyError):
            pass
    journal.add(index, row)


def record_server(gap: float, trial: float | None) -> None:
    """Bursts at exponential gaps on a fixed schedule: the next burst does not wait for the last (an open loop)."""
    rng = prompts.generator("server-bursts", 0)
    bursts: list[tuple[float, range]] = []
    at, first = 0.0, 0
    while first < SERVER_REQUESTS:
        size = min(rng.randint(1, LARGEST_BURST), SERVER_REQUESTS - first)
        bursts.append((at, range(first, first + size)))
        at, first = at + rng.expovariate(1.0) * gap, first + size
    journal = Journal("server-trial" if trial else "server")
    waiting = [(at, [i for i in members if i not in journal.done]) for at, members in bursts]
    waiting = [(at, members) for at, members in waiting if members]
    with RunningServer(SERVER, WORK / "server.log") as port:
        for warm_up in range(3):
            timed_stream(port, "/v1/chat/completions", chat_body("warm-up", warm_up) | {"max_tokens": 16}, deadline=30)
        begin, origin = time.perf_counter(), waiting[0][0] if waiting else 0.0
        threads: list[threading.Thread] = []
        for at, members in waiting:
            if trial and at - origin > trial:
                break
            time.sleep(max(0.0, begin + at - origin - time.perf_counter()))
            burst = [threading.Thread(target=chat_request, args=(port, journal, "server", i, 30.0)) for i in members]
            for thread in burst:
                thread.start()
            threads = [t for t in threads if t.is_alive()] + burst
        for thread in threads:
            thread.join()


def record_answers(minutes: float, at_least: int) -> None:
    """As many full-length answers as fit, four at a time: what the lengths of answers look like."""
    journal = Journal("answers")
    end = time.perf_counter() + 60 * minutes
    pending = iter(i for i in range(100_000) if i not in journal.done)
    lock = threading.Lock()

    def keep_busy(port: int) -> None:
        while True:
            with lock:
                if time.perf_counter() > end and len(journal.done) >= at_least:
                    return
                index = next(pending)
            chat_request(port, journal, "answers", index, deadline=120.0)

    with RunningServer(ANSWERS, WORK / "answers.log") as port:
        workers = [threading.Thread(target=keep_busy, args=(port,)) for _ in range(ANSWERS.slots)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("device", help="record the device trace")
    server = commands.add_parser("server", help="record the server trace")
    server.add_argument("--gap", type=float, default=1.7,
                        help="mean gap between bursts, s; 1.7 keeps a 2-core machine queueing without drowning")
    server.add_argument("--trial", type=float, help="stop after this many seconds, into server-trial.jsonl")
    answers = commands.add_parser("answers", help="record full-length answers")
    answers.add_argument("--minutes", type=float, default=14.0)
    answers.add_argument("--at-least", type=int, default=400)
    commands.add_parser("fit", help="print figures of what is recorded so far")
    commands.add_parser("publish", help="write data/traces/*.parquet")
    commands.add_parser("serve", help="(internal) run the model server").add_argument("settings")
    arguments = parser.parse_args()
    match arguments.command:
        case "device":
            record_device()
        case "server":
            record_server(arguments.gap, arguments.trial)
        case "answers":
            record_answers(arguments.minutes, arguments.at_least)
        case "serve":
            serve(ServerSettings(**json.loads(arguments.settings)), WORK)
        case "fit" | "publish":
            import publish

            publish.run(WORK, ROOT / "data" / "traces", write=arguments.command == "publish")


if __name__ == "__main__":
    main()
