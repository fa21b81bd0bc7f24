#!/usr/bin/env python3
"""Writes docs/results.md: the optimum beside every baseline, on real traces, at five budgets in both regimes.

Every number in the document, those in its sentences included, is computed here from `disco solve --json`. A section
whose traces are missing is skipped, by name, and keeps the text it has.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable

from results import paper, tails
from results.sentences import overall, reading
from results.tables import certificates, comparison

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGETS = [0.02, 0.05, 0.1, 0.2, 0.5]
REGIMES = ["device", "server"]
DEEPSEEK = "traces/deepseek_api/deepseek_streaming_clean.csv"
AZURE = "traces/azure_2023/AzureLLMInferenceTrace_conv.csv"
# What server-only must give on the DeepSeek trace, whatever the workload: (mean, p99) in seconds.
CHECK = (1.381, 6.50)


@dataclasses.dataclass(frozen=True)
class Section:
    """A workload beside a pair of endpoints."""

    name: str
    title: str
    about: str
    needs: list[str]  # files: in the shared folder, or of the project (data/...)
    problem: Callable[[], dict | None]  # None: data/example.yaml
    is_deepseek: bool = False


def deepseek(workload: dict) -> dict:
    """The DeepSeek API beside a phone (Llama-3.2-3B, iPhone), for the prompts of `workload`."""
    return {
        "version": 1,
        "workload": {"trace": workload, "buckets": {"by": "quantile", "count": 32}},
        "endpoints": {
            "server": {
                "trace": {"path": shared(DEEPSEEK), "columns": {"ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"}}
            },
            "device": {"ttft": {"intercept": 0.148, "per_token": 0.00668}},
        },
    }


PHONE = "The server is the DeepSeek chat API (3,159 requests in 69 h), pooled; the device is D(l) = 0.148 + 0.00668 l s"
SECTIONS = [
    Section(
        "deepseek-chat", "DeepSeek API, chat-like prompts",
        f"{PHONE}; prompt lengths are those of the project's own server trace (chat-like). 32 quantile buckets.",
        [DEEPSEEK, "data/traces/server.parquet"],
        lambda: deepseek({"path": str(ROOT / "data/traces/server.parquet")}), True),
    Section(
        "deepseek-azure", "DeepSeek API, Azure conversation prompts",
        f"{PHONE}; prompt lengths are those of the Azure 2023 conversation trace up to 512 tokens. 32 quantile buckets.",
        [DEEPSEEK, AZURE],
        lambda: deepseek({"path": shared(AZURE), "format": "azure", "where": "ContextTokens <= 512"}), True),
    Section(
        "recorded", "The project's own traces",
        "`data/example.yaml`: server, device and prompts as the project recorded them (data/traces/README.md).",
        ["data/example.yaml", "data/traces/server.parquet", "data/traces/device.parquet", "data/traces/answers.parquet"],
        lambda: None),
]


def shared(path: str) -> str | None:
    """A file of the shared folder: that of DISCO_SHARED, else a folder `shared` beside the project or one of its parents."""
    named = os.environ.get("DISCO_SHARED")
    places = [pathlib.Path(named)] if named else [parent / "shared" for parent in ROOT.parents]
    return next((str(p / path) for p in places if (p / path).exists()), None)


def missing(section: Section) -> list[str]:
    return [n for n in section.needs if not ((ROOT / n).exists() if n.startswith("data/") else shared(n))]


def solve(disco: str, section: Section, folder: pathlib.Path) -> dict[tuple[str, float], dict]:
    """The section's results by regime and budget."""
    problem = section.problem()
    path = ROOT / "data/example.yaml"
    if problem:
        path = folder / f"{section.name}.yaml"
        path.write_text(json.dumps(problem))  # JSON is YAML
    results = {}
    for regime in REGIMES:
        for budget in BUDGETS:
            limits = f"limits={{{regime}.prefill_share: {{at_most: {budget}}}}}"
            own, exact = (run(disco, path, limits, *more) for more in ([], ["workload.buckets={by: exact}"]))
            if abs(own["objective"] - own["partition"]["loss"] - exact["objective"]) > 1e-9:
                raise SystemExit(f"{section.name}, b = {budget}: the partition loss is not the distance to exact buckets")
            results[regime, budget] = own | {"exact": exact}
    return results


def tail_section(disco: str, folder: pathlib.Path) -> str:
    """Best mean and best p99 for chat-like prompts, and questions with other limits."""
    section = SECTIONS[0]
    path = folder / f"{section.name}-tails.yaml"
    path.write_text(json.dumps(section.problem()))
    found = tails.questions(lambda *settings: run(disco, path, *settings), BUDGETS)
    about = (
        "Same endpoints and prompts as above, limited device, 32 quantile buckets unless said. The optimum above has the least mean; a tail may be worth "
        "more. Below: the policy with the least p99 within the budget, and the least mean among all policies that have it.")
    return "\n".join([f"## Best mean or best p99: {section.title}", "", *textwrap.wrap(about, 118), "", *tails.written(found)]).rstrip()


def paper_section(disco: str, folder: pathlib.Path) -> str:
    """The tables of the DiSCo paper."""
    problem, table = folder / "paper.yaml", folder / "paper.json"

    def solve(world: dict, *settings: str) -> dict:
        problem.write_text(json.dumps(world))
        made.clear()
        made.extend(settings)
        return run(disco, problem, *settings, more=["-o", str(table)])

    def replay(world: dict) -> list[dict]:
        """On the table of the last solve, by the same settings."""
        problem.write_text(json.dumps(world))
        words = [word for setting in made for word in ("--set", setting)]
        done = subprocess.run([disco, "replay", table, problem, "--requests", "20000", "--json", *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{problem.name}: disco replay ends with {done.returncode}:\n{done.stderr}")
        return json.loads(done.stdout)["policies"]

    made: list[str] = []
    return "\n".join(paper.written(str(ROOT / "data/traces/answers.parquet"), shared, solve, replay))


def run(disco: str, problem: pathlib.Path, *settings: str, more: list[str] = []) -> dict:
    arguments = [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run([disco, "solve", problem, "--json", *arguments, *more], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{problem.name}: disco ends with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def check(section: Section, results: dict) -> str:
    """The figures that this trace is known to give; without them the rest is not worth reading."""
    found = next(iter(results.values()))["baselines"]["server-only"]
    mean, p99 = found["ttft.mean"], found["ttft.p99"]
    if abs(mean - CHECK[0]) > 0.0005 or abs(p99 - CHECK[1]) > 0.005:
        raise SystemExit(f"{section.name}: server-only gives mean {mean} s and p99 {p99} s, known are {CHECK}")
    return f" Sanity check: server-only gives a mean of {mean:.3f} s and a p99 of {p99:.2f} s, as known for this trace."


def written(section: Section, results: dict) -> str:
    """A section's text."""
    about = section.about + (check(section, results) if section.is_deepseek else "")
    lines = [f"## {section.title}", "", *textwrap.wrap(about, 118), ""]
    for regime in REGIMES:
        own = {b: results[regime, b] for b in BUDGETS}
        lines += [f"### Limited {regime} (`{regime}.prefill_share` at most b)", ""]
        lines += reading(regime, own) + [""]
        lines += comparison(regime, own) + [""] + certificates(regime, own) + [""]
    return "\n".join(lines).rstrip()


def block(name: str, text: str) -> str:
    return f"<!-- begin {name} -->\n{text}\n<!-- end {name} -->"


def kept(old: str, name: str) -> str | None:
    """What the document has for a section that cannot be made now."""
    found = re.search(rf"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", old, re.S)
    return found and found[1]


HEAD = """# Results

What the optimum is worth beside the policies that people use today, on recorded traces. Everything here is made by one command,

    make results

which runs `disco solve` for every table and computes the sentences, too. How to read the tables:

- mean and p99 are of the TTFT, in seconds; share is the limited endpoint's share of all prompt tokens; b the largest allowed.
- *Held out*: a policy made from the first 70 % of each trace, judged on the rest. The other columns are of the policy made from all
  rows, judged on the same rows.
- `*` breaks the limit on the rows that the policy was made from; `!` exceeds it on held-out rows. A policy that breaks the limit is not a
  competitor, however fast.
- The optimum has the least *mean* that the limit allows, one action (or mixture) a bucket. Baselines tell every length apart, so
  one may be better than it: the row *exact buckets* is the optimum over all policies, whatever their buckets. What buckets cost against it
  (the partition loss) stands below each table beside the certificate.
- single-r, stoch-s and stoch-d are tuned to b; server-only, device-only, race and fixed-hedge know no budget and stand first."""


def speed() -> str:
    """The last run of `make bench`, its headings one level down; its own first heading gives way to ours."""
    page = ROOT / "docs" / "benchmarks.md"
    if not page.exists():
        return "Not measured yet: run `make bench`, then `make results`."
    text = page.read_text().split("\n", 1)[1].strip()
    return re.sub(r"^#", "##", text, flags=re.M)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", required=True, help="the built program")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ROOT / "docs" / "results.md")
    options = parser.parse_args()
    disco = str(pathlib.Path(options.disco).resolve())
    old = options.output.read_text() if options.output.exists() else ""
    blocks, made = [], {}
    with tempfile.TemporaryDirectory(prefix="disco-results-") as folder:
        for section in SECTIONS:
            gone = missing(section)
            if not gone:
                made[section.title] = solve(disco, section, pathlib.Path(folder))
                blocks.append(block(section.name, written(section, made[section.title])))
                if section is SECTIONS[0]:
                    blocks.append(block(f"{section.name}-tails", tail_section(disco, pathlib.Path(folder))))
                continue
            print(f"skipped {section.name}: no {', '.join(gone)}; its old text stays", file=sys.stderr)
            text = kept(old, section.name)
            blocks.append(block(section.name, text if text else f"## {section.title}\n\nNot made yet."))
            if section is SECTIONS[0] and (text := kept(old, f"{section.name}-tails")):
                blocks.append(block(f"{section.name}-tails", text))
        gone = [path for path, *_ in paper.SERVICES.values() if not shared(path)]
        if gone:
            print(f"skipped the paper's evaluation: no {', '.join(sorted(set(gone)))}; its old text stays", file=sys.stderr)
        text = (kept(old, "paper") or "## The paper's evaluation\n\nNot made yet.") if gone else paper_section(disco, pathlib.Path(folder))
        blocks.append(block("paper", text))
    # The summary speaks of all sections: it is remade with all of them or not at all.
    summary = "\n".join(overall(made)) if len(made) == len(SECTIONS) else kept(old, "summary") or "Not made yet."
    tail = speed()
    options.output.write_text(
        "\n\n".join([HEAD, block("summary", "## In short\n\n" + summary.removeprefix("## In short\n\n")), *blocks, "## Speed", tail]) + "\n")
    print(f"wrote {options.output.name}: {len(made)} of {len(SECTIONS)} sections made", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
