#!/usr/bin/env python3
"""Holds the Python loader to conformance/, and compares it with the Swift one on random tables and requests.

The cases of conformance/cases.json are the same that Tests/PoliciesTests runs. Then random tables, good and broken in one place, are
offered to both loaders in the same order, and random requests are decided between the offers: no answer may differ, to the bit.
Fixtures of the schema's tests are refused by Python for the reason in their name, unless it is one that no decision depends on.
Exits with 1 on any difference.
"""
import argparse
import copy
import json
import math
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples" / "python"), str(ROOT / "conformance")]

import disco_policy  # noqa: E402
import make_tables  # noqa: E402

FIXTURES = ROOT / "Tests" / "PoliciesTests" / "Fixtures"
# Of what a table claims about itself; loaders need not know them.
CLAIMS = {
    "metric-known", "limit-empty", "limit-order", "objective-reported", "limit-reported", "limit-kept", "outcome-range",
    "scale-range", "bound-below-primal", "gap-consistent", "optimal-gap", "multiplier-limit", "multiplier-sign", "tail-objective",
    "tail-missing", "tail-time", "tail-bound", "tail-proof", "tie-break-objective", "solved-under-strict", "interval-level",
    "interval-window", "interval-order"}


# MARK: Cases

def offer(store, data: bytes, roll_back=False) -> str:
    try:
        return store.offer(data, roll_back)
    except disco_policy.Refusal as refusal:
        return refusal.rule


def answer(store, step: dict):
    if "offer" in step:
        return offer(store, (ROOT / "conformance" / step["offer"]).read_bytes(), step.get("roll_back", False))
    if "offer_text" in step:
        return offer(store, step["offer_text"].encode())
    if "offer_repeated" in step:
        parts = step["offer_repeated"]
        return offer(store, (parts["before"] + parts["part"] * parts["times"] + parts["after"]).encode())
    if "decide" in step:
        decision = store.decision(**step["decide"])
        return decision and {**vars(decision), "server_wait": finite(decision.server_wait), "device_wait": finite(decision.device_wait)}
    if "hand_over" in step:
        asked = step["hand_over"]
        policy = store.policy(asked["request_id"], asked.get("at"))
        found = policy and policy.hand_over(**asked)
        return found and {name: found[name] for name in ("after_tokens", "buffer_tokens")}
    if "migrate" in step:
        asked = step["migrate"]
        policy = store.policy(asked["request_id"], asked.get("at"))
        return policy and policy.migration(**asked)
    if "state" in step:
        return store.state(**step["state"])
    if "draw" in step:
        return disco_policy.draw(**step["draw"])
    return disco_policy.allows_second_start(**step["second_start"])


def finite(wait: float):
    return None if wait == math.inf else wait


def case_complaints():
    cases = json.loads((ROOT / "conformance" / "cases.json").read_text(encoding="utf-8"))
    for case in cases:
        store = disco_policy.PolicyStore()
        for index, step in enumerate(case["steps"]):
            found = answer(store, step)
            if found != step["want"]:
                yield f"{case['name']}, step {index}: {step}, found {found}"
    print(f"conformance: {len(cases)} cases, {sum(len(case['steps']) for case in cases)} steps")


def fixture_complaints():
    files = sorted(FIXTURES.glob("*/*.json"))
    for file in files:
        rule = file.stem.split(".")[0].split("-", 1)[1] if file.parent.name == "invalid" else "id-matches"
        allowed = {"id-matches"} if rule in CLAIMS else {rule}
        if file.stem == "rule-bucket-order":
            allowed = {"bucket-order", "bucket-gap"}  # one edit that cannot but break both
        found = offer(disco_policy.PolicyStore(), file.read_bytes())
        if found not in allowed | ({rule} & CLAIMS):
            yield f"{file.name}: Python says {found}"
    print(f"conformance: {len(files)} fixtures")


# MARK: Random tables

def random_wait(rng):
    return rng.choice([None, 0, rng.uniform(0, 59), rng.randint(1, 59), 2.0**-rng.randint(1, 60)])


def random_migration(rng, chance: float):
    if rng.random() >= chance:
        return {}
    return {"migration": {
        name: rng.choice([{"never": "dearer"}, make_tables.hand_over(rng.randint(1, 300), rng.choice([0, rng.uniform(0, 30)]))])
        for name in ("device_to_server", "server_to_device")}}


def random_buckets(rng):
    edges = {max(2, rng.getrandbits(rng.randint(1, 53)) - rng.randint(0, 1)) for _ in range(rng.choice([0, 1, 3, 10, 40]))}
    starts = sorted({1} | {edge for edge in edges if edge < 2**53})
    buckets = []
    for index, start in enumerate(starts):
        weights = [rng.uniform(0.01, 1) for _ in range(rng.choice([1, 1, 2, 2, 3, 6]))]
        actions = []
        for weight in weights:
            waits = [0, random_wait(rng)]
            rng.shuffle(waits)
            actions.append({**make_tables.action(*waits, 1 if len(weights) == 1 else weight / math.fsum(weights)),
                            **random_migration(rng, 0.25)})
        more = random_migration(rng, 0.5)
        buckets.append(make_tables.bucket(start, starts[index + 1] - 1 if index + 1 < len(starts) else None, *actions, **more))
    return buckets


def random_table(rng, revision: int):
    members = {"revision": revision, "reader": {"tokens_per_second": rng.uniform(1, 20)}}
    for name, chance in (("valid_from", 0.3), ("valid_until", 0.4)):
        if rng.random() < chance:
            members[name] = "{}-{:02}-{:02}T{:02}:00:00{}Z".format(
                rng.choice([1969, 1970, 1999, 2000]) + (name == "valid_until") * rng.choice([5, 30]), rng.randint(1, 12),
                rng.randint(1, 31), rng.randint(0, 23), rng.choice(["", ".5", ".123456789"]))
    if rng.random() < 0.5:
        members["rollout"] = {"percentage": rng.choice([0, 100, rng.uniform(0, 100), 50]), "salt": rng.choice(["a", "salt", "漢" * 9])}
    if rng.random() < 0.4:
        hours = list(range(24))
        rng.shuffle(hours)
        cut = rng.randint(1, 23)
        share = rng.choice([0.5, rng.random()])
        members["periods"] = [
            {"hours": sorted(part), "share": part_share, "buckets": random_buckets(rng)}
            for part, part_share in ((hours[:cut], share), (hours[cut:], 1 - share))]
    else:
        members["buckets"] = random_buckets(rng)
    return make_tables.table(**members)


def places(value, path=()):
    yield path
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(part, path + (name,))


def mutated(rng, document):
    """One value replaced, removed or doubled; what no decision depends on stays."""
    changed = copy.deepcopy(document)
    kept = {"objective", "expected", "limits", "held_out", "id"}
    choices = [path for path in places(changed) if path and path[0] not in kept]
    *inner, last = rng.choice(choices)
    node = changed
    for name in inner:
        node = node[name]
    old = node[last]
    near = [old + 1, old - 1, -old, old * 0.999, old / 2] if isinstance(old, (int, float)) and not isinstance(old, bool) else []
    values = [None, 0, 1, -1, 0.5, 60, 1e308, 2**53 - 1, 2**53, "", "text", "2026-02-30T00:00:00Z", True, [], {}, *near, *near]
    how = rng.random()
    if how < 0.1 and isinstance(node, dict):
        del node[last]
    elif how < 0.2 and isinstance(node, list):
        node.insert(last, copy.deepcopy(node[last]))
    elif how < 0.25 and isinstance(old, dict):
        old["surprise"] = 1
    else:
        node[last] = rng.choice(values)
    return changed


def damaged(rng, data: bytes) -> bytes:
    """A byte changed, lost or added, or the end lost."""
    place = rng.randrange(len(data))
    how = rng.random()
    if how < 0.3:
        return data[:place]
    return data[:place] + (b"" if how < 0.5 else bytes([rng.randrange(256)])) + data[place + (how < 0.8):]


# MARK: Comparison

def bits(value: float) -> str:
    return f"{struct.unpack('>Q', struct.pack('>d', value))[0]:x}"


def random_request(rng):
    tokens = rng.choice([rng.randint(-5, 400), rng.getrandbits(rng.randint(1, 53)), rng.randint(-2**63, 2**63 - 1)])
    kind = rng.random()
    if kind < 0.5:
        name = "-".join(f"{rng.getrandbits(bits):0{bits // 4}x}" for bits in (32, 16, 16, 16, 48))
    elif kind < 0.8:
        name = str(rng.randint(0, 10**rng.randint(1, 20)))
    else:
        name = "".join(chr(rng.choice([rng.randint(0, 127), rng.randint(0xA0, 0xD7FF), rng.randint(0x10000, 0x10FFFF)]))
                       for _ in range(rng.randint(0, 40)))
    at = rng.choice([None, rng.uniform(-1e9, 3e9), float(rng.randint(-(10**9), 3 * 10**9)), rng.uniform(-1e17, 1e17)])
    return tokens, name, rng.random() < 0.9, rng.random() < 0.9, at


def python_answer(store, tokens, name, server, device, at) -> str:
    policy = store.policy(name, at)
    if policy is None:
        return f"none {store.state(at)}"
    decision = store.decision(tokens, name, server, device, at)
    parts = [bits(decision.server_wait), bits(decision.device_wait), decision.basis, decision.state, str(decision.revision),
             store.state(at)]
    for source in ("server", "device"):
        point = policy.hand_over(source, tokens, name, server, device, at)
        following = policy.migration(tokens, tokens / 8, source, tokens, name, server, device, at)
        parts.append((f"{int(point['after_tokens'])},{bits(point['buffer_tokens'])}" if point else "-") + f",{following or '-'}")
    return " ".join(parts)


def random_complaints(runner: str, count: int, seed: int):
    rng = random.Random(seed)
    store, asked, found, tally = disco_policy.PolicyStore(), [], [], {}
    with tempfile.TemporaryDirectory(prefix="disco-conformance-") as folder:
        offers, revision = max(1, count // 25), 0
        for number in range(offers):
            revision += rng.random() < 0.9
            document = random_table(rng, max(1, revision - (rng.randint(0, 3) if rng.random() < 0.2 else 0)))
            kind = rng.random()
            document = mutated(rng, document) if kind < 0.5 else document
            try:
                document = make_tables.identified(document)
            except disco_policy.Refusal:
                document["id"] = ""
            data = json.dumps(document, ensure_ascii=rng.random() < 0.5).encode()
            data = damaged(rng, data) if kind > 0.9 else data
            path = pathlib.Path(folder) / f"{number}.json"
            path.write_bytes(data)
            roll_back = rng.random() < 0.1
            asked.append(f"offer\t{path}\t{int(roll_back)}")
            found.append(offer(store, data, roll_back))
            tally[found[-1]] = tally.get(found[-1], 0) + 1
            for _ in range(count // offers - 1):
                tokens, name, server, device, at = request = random_request(rng)
                asked.append(f"decide\t{tokens}\tx{name.encode().hex()}\t{int(server)}{int(device)}\t{'-' if at is None else repr(at)}")
                found.append(python_answer(store, *request))
        output = subprocess.run([runner], input="\n".join(asked) + "\n", capture_output=True, text=True)
    answers = output.stdout.splitlines()
    if output.returncode != 0 or len(answers) != len(asked):
        yield f"the Swift loader ended with {output.returncode} after {len(answers)} of {len(asked)} answers: {output.stderr[-500:]}"
    differences = [(q, a, b) for q, a, b in zip(asked, found, answers) if a != b]
    # A table that breaks several rules may be refused for any of them.
    taken = {"loaded", "unchanged"}
    differences = [d for d in differences if not (d[0].startswith("offer") and d[1] not in taken and d[2] not in taken)]
    for question, python, swift in differences[:10]:
        yield f"seed {seed}: {question!r}: Python says {python}, Swift {swift}"
    if differences:
        yield f"seed {seed}: {len(differences)} differences"
    kinds = ", ".join(f"{name} {times}" for name, times in sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:6])
    print(f"conformance: {len(asked)} random inputs, {offers} of them tables ({kinds}, ...), {len(differences)} differences")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runner", default=str(ROOT / ".build" / "release" / "ConformanceRunner"))
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    complaints = [*case_complaints(), *fixture_complaints(),
                  *random_complaints(arguments.runner, arguments.inputs, arguments.seed)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
