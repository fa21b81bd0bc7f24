#!/usr/bin/env python3
"""Checks the schemas in schema/ against what the project writes and reads.

policy: every valid fixture of Tests/PoliciesTests and good table of conformance/ must pass, every invalid/schema-*.json must fail; invalid/rule-*.json
break rules that a schema cannot state, so they must pass and are listed. problem: the example that disco prints, those of
data/ and of docs/problem-file.md, and small generated problems must pass; each known mistake must fail. solve, validate,
profile, ingest and whatif: the program's own output on the generated problems and their traces must pass, and must show what the schema
provides for; risk likewise, on a problem with arrival times, and replay and check on the tables solved. All but problem must leave no object open and no member without a description. What a trace report is stands
in three schemas and must be the same in each. Exits with 1 on any disagreement.
"""
import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml
from jsonschema import Draft202012Validator

from reference.problems import Problem

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests" / "PoliciesTests" / "Fixtures"
SEEDS = range(8)  # every combination of limit and kind of device once
BUILDS = [ROOT / ".build" / kind / "disco" for kind in ("release", "debug")]


class PlainLoader(yaml.SafeLoader):
    """YAML as disco reads it (1.2): a date is text, 1e-8 a number."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def errors(schema: Draft202012Validator, document) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in schema.iter_errors(document)]


def gaps(node, path="#"):
    """Places where the schema leaves something open or unexplained."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from gaps(item, f"{path}/{index}")
    if not isinstance(node, dict):
        return
    # The branches of a choice only narrow the object around them.
    is_branch = re.search(r"/(anyOf|oneOf|allOf)/\d+$", path)
    if "properties" in node and node.get("additionalProperties") is not False and not is_branch:
        yield f"{path}: additionalProperties is not false"
    for name, member in node.get("properties", {}).items():
        if isinstance(member, dict) and not member.get("description"):
            yield f"{path}/properties/{name}: no description"
    for name, child in node.items():
        yield from gaps(child, f"{path}/{name}")


def policy_complaints():
    schema = validator("policy")
    yield from gaps(schema.schema)
    beyond = []
    files = sorted(FIXTURES.glob("*/*.json"))
    if not files:
        yield f"no fixtures in {FIXTURES.relative_to(ROOT)}"
    for file in files:
        found = errors(schema, json.loads(file.read_text()))
        wants_failure = file.parent.name == "invalid" and file.name.startswith("schema-")
        if file.parent.name == "invalid" and not file.name.startswith(("schema-", "rule-")):
            yield f"{file.name}: neither schema- nor rule-"
        if wants_failure and not found:
            yield f"{file.name}: the schema accepts it"
        if not wants_failure and found:
            yield f"{file.name}: the schema refuses it: {found[0]}"
        if file.name.startswith("rule-"):
            beyond.append(file.stem.removeprefix("rule-"))
    tables = [p for p in sorted((ROOT / "conformance" / "tables").glob("*.json")) if not p.name.startswith("refused-")]
    for file in tables:
        yield from (f"conformance/tables/{file.name}: the schema refuses it: {e}" for e in errors(schema, json.loads(file.read_text()))[:1])
    print(f"policy: {len(files)} fixtures and {len(tables)} tables of conformance/; beyond the schema: {', '.join(beyond)}")


def at(document, path: str, value):
    """A copy of `document` with one member, named by its path, changed or added."""
    changed = copy.deepcopy(document)
    node = changed
    *inner, last = path.split("/")
    for name in inner:
        node = node[int(name)] if isinstance(node, list) else node[name]
    node[last] = value
    return changed


def problem_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("problem")
    printed = subprocess.run([disco, "solve", "--example"], check=True, capture_output=True, text=True).stdout
    page = (ROOT / "docs" / "problem-file.md").read_text()
    documents = {"disco solve --example": printed}
    documents |= {f"docs/problem-file.md, example {i}": y for i, y in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.S))}
    documents |= {str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / "data").glob("*.yaml"))}
    example = yaml.load(printed, PlainLoader)
    for kind, folder in {"prices": "prices", "device": "devices"}.items():
        files = sorted((ROOT / "data" / folder).glob("*.yaml"))
        yield from () if files else [f"data/{folder} has no files"]
        for file in files:
            content = yaml.load(file.read_text(), PlainLoader)
            yield from (f"{file.relative_to(ROOT)}: {e}" for e in errors(validator(kind), content))
            yield from laxity_complaints(kind, validator(kind), content, {"surprise": 1, "version": 2, "source": ""})
    listed = {"list": "prices/deepseek.yaml", "model": "deepseek-flash peak"}
    documents["a profiled device"] = json.dumps(at(example, "endpoints/device", {"profile": "a.yaml"}))
    documents["a listed price"] = json.dumps(at(at(example, "endpoints/server/price", listed), "endpoints/device/profile", "a.yaml"))
    wants = at(at(at(example, "objective", "ttft.p0.1"), "limits/ttft.p97.5", {"at_most": 2}), "deterministic", True)
    documents["a deterministic problem of any percentile"] = json.dumps(wants)
    crowd = [{"share": 0.8, "tokens_per_second": 4}, {"share": 0.2, "tokens_per_second": 5}]
    documents["a population of readers"] = json.dumps(at(example, "reader", {"population": crowd}))
    rules = {"network": 0.05, "transfer": 0, "epsilon": 0.02, "allow_stall": True}
    documents |= {f"migration: {wish}": json.dumps(at(example, "migration", wish)) for wish in ("none", None, {}, rules)}
    documents |= {f"generated problem {p.parent.name}": p.read_text() for p in generated}
    for name, text in documents.items():
        yield from (f"{name}: the problem schema refuses it: {e}" for e in errors(schema, yaml.load(text, PlainLoader))[:1])
    mistakes = {
        "a list without a model": at(example, "endpoints/server/price", {"list": "a.yaml"}),
        "a model without a list": at(example, "endpoints/server/price", {"prefill": 1, "decode": 1, "model": "a"}),
        "an unknown field": at(example, "objectve", "ttft.mean"), "an unknown metric": at(example, "objective", "ttft.p100"),
        "needless zeros": at(example, "limits/ttft.p97.50", {"at_most": 2}),
        "yes for true": at(example, "deterministic", "yes"),
        "version 2": at(example, "version", 2), "a share of 2": at(example, "limits/device.prefill_share/at_most", 2),
        "a number in quotes": at(example, "endpoints/device/tpot", "0.084"),
        "both trace and ttft": at(example, "endpoints/device/trace", "device.csv"),
        "a period at hour 24": at(example, "endpoints/server/condition_on", {"hour_of_day": [0, 24]}),
        "a reader of two kinds": at(example, "reader", {"tokens_per_second": 4, "population": crowd}),
        "no readers": at(example, "reader", {"population": []}), "half a reader": at(example, "reader", {"population": [{"share": 1}]}),
        "an epsilon of 0": at(example, "migration", {"epsilon": 0}), "migration: off": at(example, "migration", "off"),
        "one period": at(example, "endpoints/server/condition_on", {"hour_of_day": [8]}),
        "hours at the device": at(example, "endpoints/device/condition_on", "hour_of_day"),
        "no workload": {k: v for k, v in example.items() if k != "workload"},
    }
    yield from (f"the problem schema accepts {name}" for name, wrong in mistakes.items() if not errors(schema, wrong))
    print(f"problem: {len(documents)} files pass, {len(mistakes)} mistakes are refused")


def output_complaints(schema: Draft202012Validator, commands: dict[str, list], results: list):
    """Runs each command with --json; the outputs go to `results`."""
    for name, command in commands.items():
        run = subprocess.run([*command, "--json"], capture_output=True, text=True)
        if run.returncode != 0:
            yield f"{name}: disco ends with {run.returncode}: {run.stderr.strip()}"
            continue
        results.append(json.loads(run.stdout))
        yield from (f"{name}: the schema refuses the output: {e}" for e in errors(schema, results[-1])[:3])


def laxity_complaints(name: str, schema: Draft202012Validator, document, mistakes: dict):
    for path, value in mistakes.items():
        if not errors(schema, at(document, path, value)):
            yield f"the {name} schema accepts {path} = {value}"


def hourly_trace(path: pathlib.Path) -> pathlib.Path:
    """Two days of server rows with a slow evening; the last row has no arrival."""
    path.write_text("arrived_at,prompt_tokens,ttft\n" + "".join(
        f"2025-01-{1 + i // 96:02}T{i // 4 % 24:02}:{i % 4 * 15:02}:00Z,{i % 50 + 1},{1 + i % 7 / 8 + 2 * (i // 4 % 24 >= 16)}\n"
        for i in range(192)) + ",1,1\n")
    return path


def hand_over_settings(problem: pathlib.Path) -> list[str]:
    """Settings under which responses move from the server to the device, the reader waiting; writes their workload."""
    trace = problem.with_name("answers.csv")
    trace.write_text("prompt_tokens,output_tokens\n" + "".join(f"{1 + i % 50},{i}\n" for i in range(200)))
    wishes = ["reader.tokens_per_second=2", "endpoints.server.tpot=0.02", "endpoints.device={ttft: {intercept: 0.1}, tpot: 1, "
              "price: {prefill: 0, decode: 0}}", "endpoints.server.price={prefill: 1, decode: 1}", "migration.allow_stall=true",
              f"workload.trace={trace}"]
    return [word for wish in wishes for word in ("--set", wish)]


def solve_complaints(disco: str, generated: list[pathlib.Path]):
    schema, policies = validator("solve"), validator("policy")
    yield from gaps(schema.schema)
    results = []
    tables = {path: path.with_name("policy.json") for path in generated}
    yield from output_complaints(
        schema, {f"solve {p.parent.name}": [disco, "solve", p, "-o", table] for p, table in tables.items()}, results)
    for path, table in tables.items():
        found = errors(policies, json.loads(table.read_text())) if table.exists() else []
        yield from (f"solve {path.parent.name}: the policy schema refuses the table: {e}" for e in found[:3])
    by_hour, table = generated[0], generated[0].with_name("policy-by-hour.json")
    server = f"{{trace: {hourly_trace(by_hour.with_name('hourly.csv'))}, condition_on: {{hour_of_day: [0, 16]}}}}"
    by_period = []
    yield from output_complaints(
        schema, {"solve by hour": [disco, "solve", by_hour, "-o", table, "--set", f"endpoints.server={server}"]}, by_period)
    for result in by_period:
        if len(result["periods"]) != 2 or len(json.loads(table.read_text())["periods"]) != 2:
            yield "solve by hour: not two periods"
        yield from (f"solve by hour: the policy schema refuses the table: {e}"
                    for e in errors(policies, json.loads(table.read_text()))[:3])
        yield from laxity_complaints("solve", schema, result, {"periods/0/share": 2, "periods": [], "periods/0/hours": [24]})
    moves, table = [], generated[0].with_name("policy-hand-over.json")
    yield from output_complaints(schema, {"solve with hand-overs": [
        disco, "solve", generated[0], "-o", table, *hand_over_settings(generated[0])]}, moves)
    for result in moves:
        first = result["buckets"][0]["migration"]
        if not first["server_to_device"].get("stall") or first["device_to_server"] != {"never": "dearer"}:
            yield f"solve with hand-overs: {first}"
        yield from (f"solve with hand-overs: the policy schema refuses the table: {e}"
                    for e in errors(policies, json.loads(table.read_text()))[:3])
        yield from laxity_complaints("solve", schema, result, {
            "buckets/0/migration/surprise": 1, "buckets/0/migration/server_to_device/after_tokens": 0,
            "buckets/0/migration/device_to_server/never": "no", "buckets/0/migration/device_to_server/stall": 1})
    mistakes = {"surprise": 1, "expected/surprise": 1, "objective": None, "buckets/0/from": 0}
    for result in results[-1:]:
        yield from laxity_complaints("solve", schema, result, mistakes)
    print(f"solve: output of {len(results)} problems was checked")


def profile_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("profile")
    yield from gaps(schema.schema)
    commands = {f"profile {p.parent.name}": [disco, "profile", p] for p in generated}
    traced = next(p for p in generated if p.with_name("device.csv").exists())
    pair = traced.with_name("pair.csv")
    pair.write_text("prompt_tokens,ttft\n5,0.5\n9,0.75\n")
    hourly = hourly_trace(traced.with_name("hourly.csv"))
    for name, condition in {"no periods": "none", "chosen periods": "hour_of_day",
                            "given periods": "{hour_of_day: [0, 16], prompt_tokens: auto}"}.items():
        commands[f"profile with {name}"] = [
            disco, "profile", traced, "--set", f"endpoints.server={{trace: {hourly}, condition_on: {condition}}}"]
    commands["profile of two rows"] = [disco, "profile", traced, "--set", f"endpoints.device.trace.path={pair}"]
    raced = traced.with_name("raced.csv")
    raced.write_text("prompt_tokens,ttft,outcome\n" + "".join(
        f"{l},{0.1 * l},{'ok' if l < 40 else 'cancelled'}\n" for l in range(1, 60)))
    commands["profile of a log with cancelled requests"] = [disco, "profile", traced] + [
        word for name in ("server", "device") for word in ("--set", f"endpoints.{name}.trace.path={raced}")]
    results = []
    yield from output_complaints(schema, commands, results)
    shown = {
        "a device formula": lambda r: r["device"]["r_squared"] is None,
        "a device trace": lambda r: r["device"]["r_squared"] is not None,
        "a parabola": lambda r: len(r["device"]["standard_errors"]) == 3,
        "a fit without standard errors": lambda r: None in r["device"]["standard_errors"],
        "a pooled server": lambda r: not r["server"]["groups"], "a conditioned server": lambda r: r["server"]["groups"],
        "cancelled rows": lambda r: r["server"]["pooled"]["unidentified_share"] and r["device"]["cancelled"],
        "a server with failures": lambda r: r["server"]["pooled"]["p99.9"] is None,
        "evidence": lambda r: r["server"]["evidence"], "no evidence": lambda r: not r["server"]["evidence"],
        "hours": lambda r: r["server"]["hours"], "no hours": lambda r: r["server"]["hours"] is None,
        "periods": lambda r: r["server"]["hours"] and len(r["server"]["hours"]["periods"]) > 1,
        "hours without periods": lambda r: r["server"]["hours"] and not r["server"]["hours"]["periods"],
        "a bucket without requests": lambda r: any(not b["requests"] for b in r["workload"]["buckets"]),
        "rejected rows": lambda r: any(t["rejections"] for t in r["traces"]), "a note": lambda r: r["notes"],
    }
    yield from (f"no profile has {name}" for name, holds in shown.items() if not any(map(holds, results)))
    mistakes = {
        "surprise": 1, "workload/surprise": 1, "workload/buckets/0/surprise": 1, "server/pooled/surprise": 1,
        "device/residual_quantiles/p98": 1, "traces/0/surprise": 1, "device/floor": None, "workload/buckets/0/from": 0,
    }
    for result in results[-1:]:
        yield from laxity_complaints("profile", schema, result, mistakes)
    for result in [r for r in results if r["server"]["hours"] and r["server"]["hours"]["periods"]][:1]:
        mistakes = {"server/hours/surprise": 1, "server/hours/verdict": "yes", "server/hours/periods/0/share": 2,
                    "server/hours/periods/0/surprise": 1, "server/hours/by_hour/0/hours": [24]}
        yield from laxity_complaints("profile", schema, result, mistakes)
    print(f"profile: output of {len(results)} problems was checked")


def ingest_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("ingest")
    yield from gaps(schema.schema)
    dated = generated[0].with_name("dated.csv")
    dated.write_text("arrived_at,ttft,outcome,region\n2025-02-11T08:00:00Z,0.5,,iad\n2025-02-11T08:00:01Z,2,cancelled,\n"
                     "2025-02-11T08:00:02Z,soon,,\n2025-02-11T08:00:03Z,-1,,\n2025-02-11T08:00:04Z,,,\n")
    traces = [dated, *(p.with_name(f"{n}.csv") for p in generated for n in ("workload", "server", "device"))]
    commands = {
        f"ingest {p.parent.name}/{p.name}": [disco, "ingest", p, "-o", p.with_suffix(".jsonl"), "--max-rejected", "0.5"]
        for p in traces if p.exists()}
    results = []
    yield from output_complaints(schema, commands, results)
    shown = ["cancelled", "failed", "first_arrival", "ignored_columns", "notes", "rejections"]
    yield from (f"no trace report has {name}" for name in shown if not any(r[name] for r in results))
    for result in [r for r in results if r["rejections"]][:1]:
        mistakes = {"surprise": 1, "rejections/0/surprise": 1, "rows_in": -1, "format": "csv", "sha256": ""}
        yield from laxity_complaints("ingest", schema, result, mistakes)
    print(f"ingest: reports on {len(results)} traces were checked")


def risk_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("risk")
    yield from gaps(schema.schema)
    folder = generated[0].parent
    (folder / "hours.csv").write_text("arrived_at,ttft\n" + "".join(
        f"{1800 * i},{0.4 + (i * i * 37) % 700 / 1000 + (4 if i % 48 > 40 and i % 3 == 0 else 0)}\n" for i in range(48 * 20)))
    (folder / "lengths.csv").write_text("prompt_tokens\n" + "".join(f"{5 + i * 7 % 50}\n" for i in range(100)))
    problem = folder / "risk.yaml"
    problem.write_text(json.dumps({
        "version": 1, "workload": {"trace": "lengths.csv"}, "limits": {"device.prefill_share": {"at_most": 0.05}},
        "endpoints": {"server": {"trace": "hours.csv"}, "device": {"ttft": {"intercept": 0.1, "per_token": 0.01}}}}))
    results = []
    commands = {"risk": [disco, "risk", problem], "risk, reversed": [disco, "risk", problem, "--reverse"]}
    yield from output_complaints(schema, commands, results)
    shown = {
        "a level": lambda r: r["risk"]["level"] is not None, "no level": lambda r: r["risk"]["level"] is None,
        "a margin": lambda r: r["risk"]["decided_by"] != "plain", "a steady trace": lambda r: r["risk"]["steady"],
    }
    yield from (f"no risk has {name}" for name, holds in shown.items() if results and not any(map(holds, results)))
    mistakes = {"surprise": 1, "risk/surprise": 1, "rules/0/surprise": 1, "risk/optimum/share": 2, "rules/0/rule": "bold"}
    for result in results[-1:]:
        yield from laxity_complaints("risk", schema, result, mistakes)
    print(f"risk: output of {len(results)} problems was checked")


def whatif_complaints(disco: str, generated: list[pathlib.Path]):
    schema, scenarios = validator("whatif"), validator("scenarios")
    yield from gaps(schema.schema)
    document = {"version": 1, "scenarios": [
        {"name": "longer", "traffic": {"prompt_times": 2, "mix": [{"from": 10, "to": 50, "times": 3}, {"times": 0.5}]}},
        {"name": "later", "set": {"timeout": 5, "limits.ttft.p50.at_most": 1e-9}}]}
    path = generated[0].parent / "scenarios.json"
    path.write_text(json.dumps(document))
    yield from (f"scenarios: {error}" for error in errors(scenarios, document))
    yield from laxity_complaints("scenarios", scenarios, document, {
        "surprise": 1, "version": 2, "scenarios/0/surprise": 1, "scenarios/0/name": "", "scenarios/0/traffic/mix/0/times": -1,
        "scenarios/1/outage": {"endpoint": "phone", "share": 0.1}})
    problem = generated[2]
    asked = {"sweep": ["--vary", "timeout=1,60"], "grid": ["--vary", "timeout=5,60", "--vary", "disco.alpha=0,0.1"],
             "held": ["--vary", "timeout=5,60", "--held-only"], "scenarios": ["--scenarios", path], "tornado": ["--tornado", "0.2"],
             "tie": ["--break-even", "timeout=1..60", "--between", "optimum,device-only"]}
    results = []
    yield from output_complaints(schema, {name: [disco, "whatif", problem, *words] for name, words in asked.items()}, results)
    shown = {"an infeasible point": lambda r: any(p["reason"] for p in r.get("points", [])),
             "a broken limit": lambda r: any(h["broken_limits"] for p in r.get("points", []) for h in p["held"]),
             "regret": lambda r: r.get("regret"), "bars": lambda r: r.get("bars")}
    yield from (f"no whatif has {name}" for name, holds in shown.items() if results and not any(map(holds, results)))
    for result in [r for r in results if r["kind"] == "scenarios"]:
        mistakes = {"surprise": 1, "kind": "sweeps", "points/0/status": "fine", "points/0/held/0/surprise": 1, "regret/choice": 1}
        yield from laxity_complaints("whatif", schema, result, mistakes)
    print(f"whatif: output of {len(results)} questions was checked")


def cost_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("cost")
    yield from gaps(schema.schema)
    example = ROOT / "data" / "example.yaml"
    results = []
    commands = {"cost": [disco, "cost", example, "--battery", "15"], "cost of energy alone": [
        disco, "cost", example, "--set", "endpoints.server.price=null", "--set", "exchange=null"]}
    yield from output_complaints(schema, commands, results)
    for result in results[:1]:
        mistakes = {"surprise": 1, "policies/0/surprise": 1, "policies/0/saving": 2, "requests_per_month": 0, "policies": []}
        yield from laxity_complaints("cost", schema, result, mistakes)
    print(f"cost: output of {len(results)} problems was checked")


def compare_complaints(disco: str, generated: list[pathlib.Path]):
    schema = validator("compare")
    yield from gaps(schema.schema)
    example = ROOT / "data" / "example.yaml"
    table, result = generated[0].with_name("compared.json"), generated[0].with_name("solved.json")
    result.write_text(subprocess.run(
        [disco, "solve", example, "-o", table, "--json"], check=True, capture_output=True, text=True).stdout)
    results = []
    commands = {"compare": [disco, "compare", result, table, "--fail-if", "ttft.p99 > +5%"]}
    yield from output_complaints(schema, commands, results)
    for result in results[:1]:
        yield from laxity_complaints("compare", schema, result, {"surprise": 1, "expected/0/surprise": 1, "a/path": ""})
    print(f"compare: output of {len(results)} pairs was checked")


def validate_complaints(disco: str, generated: list[pathlib.Path]):
    """On the tables that solve_complaints left beside the problems."""
    schema = validator("validate")
    yield from gaps(schema.schema)
    results = []
    yield from output_complaints(
        schema, {f"validate {p.parent.name}": [disco, "policy", "validate", p.with_name("policy.json"), "--problem", p]
                 for p in generated}, results)
    for result in results[-1:]:
        mistakes = {"surprise": 1, "values/surprise": {}, "values/ttft.mean/low": None, "bounds/0/surprise": 1, "valid": 1}
        yield from laxity_complaints("validate", schema, result, mistakes)
    print(f"validate: checks of {len(results)} tables were checked")


def replay_complaints(disco: str, generated: list[pathlib.Path]):
    """On the tables that solve_complaints left beside the problems."""
    schema = validator("replay")
    yield from gaps(schema.schema)
    few = ["--requests", "500"]
    commands = {f"replay {p.parent.name}": [disco, "replay", p.with_name("policy.json"), p, *few] for p in generated[:4]}
    commands["replay with hand-overs"] = [
        disco, "replay", generated[0].with_name("policy-hand-over.json"), generated[0], *few, *hand_over_settings(generated[0])]
    results = []
    yield from output_complaints(schema, commands, results)
    shown = {
        "a hand-over": lambda r: any(p["without_hand_overs"] for p in r["policies"]),
        "no hand-over": lambda r: not any(p["without_hand_overs"] for p in r["policies"]),
        "a broken limit": lambda r: any(p["breaks"] for p in r["policies"]),
        "quality": lambda r: "qoe.mean" in r["policies"][0]["outcomes"], "a note": lambda r: r["notes"],
    }
    yield from (f"no replay has {name}" for name, holds in shown.items() if results and not any(map(holds, results)))
    mistakes = {"surprise": 1, "settings/surprise": 1, "policies/0/surprise": 1, "policies/0/outcomes/surprise": 1,
                "policies/0/outcomes/failed_share": 2, "policies/0/standard_errors/surprise": 1, "policies": [], "seed": 0.5}
    for result in results[-1:]:
        yield from laxity_complaints("replay", schema, result, mistakes)
    print(f"replay: output of {len(results)} problems was checked")


def check_complaints(disco: str, generated: list[pathlib.Path]):
    """On the tables that solve_complaints left beside the problems, with the problems' own traces and with slower ones."""
    schema = validator("check")
    yield from gaps(schema.schema)
    results, codes = [], set()
    for path in generated:
        roles = {name: path.with_name(f"{name}.csv") for name in ("server", "device", "workload")}
        slow = path.with_name("slow.csv")
        head, *lines = roles["server"].read_text().splitlines()
        place = head.split(",").index("ttft")
        cells = [line.split(",") for line in lines]
        # As often as it takes for budgets to be judged.
        slow.write_text("\n".join([head] + 20 * [
            ",".join(c[:place] + [str(3 * float(c[place])) if c[place] else ""] + c[place + 1:]) for c in cells]) + "\n")
        free = path.with_name("policy-free.json")
        subprocess.run([disco, "solve", path, "-o", free, "--set", "limits={}"], capture_output=True)
        own = [f"--traces={name}={file}" for name, file in roles.items() if file.exists()]
        for name, command in {
            "as it was": own, "a slow server": [f"--traces=server={slow}"],
            "another question": [*own, "--set", "timeout=7"], "no limits": [*own, "--set", "limits={}"]}.items():
            table = free if name == "no limits" else path.with_name("policy.json")
            run = subprocess.run([disco, "check", table, path, "--json", *command], capture_output=True, text=True)
            codes.add(run.returncode)
            if run.returncode not in (0, 4):
                yield f"check {path.parent.name}, {name}: disco ends with {run.returncode}: {run.stderr.strip()}"
                continue
            results.append(json.loads(run.stdout))
            if (run.returncode == 0) != results[-1]["holds"] or results[-1]["holds"] == bool(results[-1]["findings"]):
                yield f"check {path.parent.name}, {name}: exit code {run.returncode}, findings {results[-1]['findings']}"
            yield from (f"check {path.parent.name}, {name}: the schema refuses the output: {e}" for e in errors(schema, results[-1])[:3])
    shown = {
        "a bucket": lambda r: any(d["from"] for d in r["drift"]), "an exact level": lambda r: any(d["method"] == "exact" for d in r["drift"]),
        "a drift": lambda r: any(d["drifted"] for d in r["drift"]), "a device": lambda r: any(d["what"] == "device.ttft" for d in r["drift"]),
        "a limit that is past": lambda r: any(b["past"] for b in r["budgets"]), "no limit": lambda r: r["outcomes"] and not r["budgets"],
        "another question": lambda r: not r["outcomes"] and r["findings"], "a regret": lambda r: r["regret"],
    }
    yield from (f"no check has {name}" for name, holds in shown.items() if not any(map(holds, results)))
    mistakes = {"surprise": 1, "drift/0/surprise": 1, "drift/0/distance": 2, "outcomes/surprise": {"then": 1, "now": 1},
                "outcomes/ttft.mean/then": None, "state": "OLD", "limits/level": 2, "regret/surprise": 1}
    for result in [r for r in results if r["regret"]][:1]:
        yield from laxity_complaints("check", schema, result, mistakes)
    for result in [r for r in results if r["budgets"]][:1]:
        yield from laxity_complaints("check", schema, result, {"budgets/0/surprise": 1, "budgets/0/side": "above"})
    print(f"check: output of {len(results)} checks was checked")


def report_complaints():
    """solve, profile, replay and check share the trace report word for word; ingest has it with words of its own and without a role."""
    solve, profile, ingest, replay, check = (
        validator(name).schema for name in ("solve", "profile", "ingest", "replay", "check"))
    def told(trace):
        return {n: {k: v for k, v in member.items() if k != "description"}
                for n, member in trace["properties"].items() if n != "role"}
    for schema in (profile, replay, check):
        if schema["$defs"]["trace"] != solve["$defs"]["trace"]:
            yield f"{schema['$id']} and the solve schema differ in $defs/trace"
    if told(ingest) != told(solve["$defs"]["trace"]):
        yield "the ingest schema differs from $defs/trace of the solve schema"
    for schema in (profile, ingest, replay, check):
        if schema["$defs"]["rejection"] != solve["$defs"]["rejection"]:
            yield f"{schema['$id']} and the solve schema differ in $defs/rejection"


def generate(folder: pathlib.Path) -> list[pathlib.Path]:
    """Small problems; one of them has rows that are rejected, one holds nothing out."""
    paths = []
    for seed in SEEDS:
        place = folder / str(seed)
        place.mkdir()
        paths.append(Problem(seed).write(place, "all" if seed else "tuning"))
    workload = paths[1].with_name("workload.csv")
    workload.write_text(workload.read_text() + ("0" + "," * workload.read_text().split("\n")[0].count(",") + "\n") * 2)
    document = json.loads(paths[1].read_text())
    document["workload"]["trace"]["max_rejected"] = 0.5
    paths[1].write_text(json.dumps(document))
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", help="the built program (default: that of .build, release before debug)")
    disco = parser.parse_args().disco or next((str(p) for p in BUILDS if p.exists()), None)
    if disco is None:
        print("disco is not built: swift build --product disco", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="disco-schema-") as folder:
        generated = generate(pathlib.Path(folder))
        complaints = [
            *policy_complaints(), *problem_complaints(disco, generated), *solve_complaints(disco, generated), *validate_complaints(disco, generated),
            *profile_complaints(disco, generated), *ingest_complaints(disco, generated),
            *risk_complaints(disco, generated), *whatif_complaints(disco, generated), *cost_complaints(disco, generated), *compare_complaints(disco, generated),
            *replay_complaints(disco, generated), *check_complaints(disco, generated), *report_complaints()]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
