"""Writes conformance/tables: small tables, each for the rules that its name says, under the ids that belong to their content."""
import copy
import hashlib
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent / "examples" / "python"))
import json  # noqa: E402

from disco_policy import canonical, read_json  # noqa: E402


def action(server_wait, device_wait, probability=1):
    return {"probability": probability, "server_wait": server_wait, "device_wait": device_wait}


def bucket(first, last, *actions, **more):
    return {"from": first, "to": last, "actions": list(actions),
            "evidence": {"requests": 0, "server_rows": 0, "borrowed_from": None}, **more}


def table(**members):
    base = {
        "schema_version": 1, "revision": 1, "as_of": None, "valid_from": None, "valid_until": None,
        "provenance": {"tool": "conformance", "problem_sha256": None, "linear_algebra": None, "traces": []},
        "units": {"time": "s", "length": "tokens", "energy": "J", "money": None},
        "endpoints": {name: {"model": None, "tpot": None, "price": None, "energy": None} for name in ("server", "device")},
        "timeout": 60, "objective": "ttft.mean", "limits": {}, "certificate": None, "expected": {"ttft.mean": 1},
        "held_out": None, "guard": None,
        "fallback": {"server_missing": {"server_wait": None, "device_wait": 0},
                     "device_missing": {"server_wait": 0, "device_wait": None}}}
    if "periods" not in members:
        base["buckets"] = [bucket(1, None, action(0, None))]
    return {**base, **members}


def identified(document):
    content = canonical(read_json(json.dumps({n: v for n, v in document.items() if n != "id"}).encode()))
    return {**document, "id": "sha256:" + hashlib.sha256(content).hexdigest()}


def hand_over(after, ahead):
    return {"after_tokens": after, "buffer_tokens": ahead, "expected_saving": 0}


MIGRATION = {"device_to_server": {"never": "dearer"}, "server_to_device": hand_over(24, 6.5)}
EDGES = [bucket(1, 1, action(0, 1)), bucket(2, 299, action(0, 2)), bucket(300, 2**53 - 2, action(0, 3)),
         bucket(2**53 - 1, None, action(0, 4))]
MIXED = [bucket(1, None, *(action(0, wait, 0.25) for wait in (0, 1, 2, None)))]
SHORT = [bucket(1, None, *(action(0, wait, 0.3333333333) for wait in (0, 1, 2)))]
DAY = [{"hours": [22, 23, 0, 1, 2, 3, 4, 5], "share": 0.25, "buckets": [bucket(1, None, action(0, 9))]},
       {"hours": list(range(6, 22)), "share": 0.75, "buckets": [bucket(1, 9, action(0, 1)), bucket(10, None, action(0, 2))]}]
DAY[0]["hours"].sort()
FIRST = [bucket(1, None, action(0, 1))]
SECOND = [bucket(1, None, action(0, 2))]
THIRD = [bucket(1, None, action(0, 3))]
TABLES = {
    "edges": table(buckets=EDGES),
    "mixture": table(buckets=MIXED),
    "sum-below-one": table(buckets=SHORT),
    "periods": table(periods=DAY),
    "hand-over": table(buckets=[bucket(1, 99, action(0, 1), migration=MIGRATION), bucket(100, None, action(0, 1))],
                       reader={"tokens_per_second": 5}),
    "hand-over-by-action": table(
        buckets=[bucket(1, None, {**action(0, 1, 0.5), "migration": {**MIGRATION, "server_to_device": hand_over(2, 0)}},
                        action(0, 2, 0.25), {**action(0, 3, 0.25), "migration": {n: {"never": "too-slow"} for n in MIGRATION}},
                        migration=MIGRATION)],
        reader={"tokens_per_second": 5}),
    "window": table(valid_from="2026-11-21T04:00:00Z", valid_until="2026-11-22T04:00:00.5Z"),
    "extra-load": table(max_extra_load=0.25),
    "revision-1": table(buckets=FIRST),
    "revision-2": table(buckets=SECOND, revision=2),
    "revision-2-other": table(buckets=THIRD, revision=2),
    "revision-2-of-1971": table(buckets=SECOND, revision=2, valid_from="1971-01-01T00:00:00Z"),
    "revision-1-until-1971": table(buckets=FIRST, valid_until="1971-01-01T00:00:00Z"),
    "revision-2-for-half": table(buckets=SECOND, revision=2, rollout={"percentage": 50, "salt": "salt"}),
    "revision-3-for-80-percent": table(buckets=THIRD, revision=3, rollout={"percentage": 80, "salt": "salt"}),
    "revision-3-for-none": table(buckets=THIRD, revision=3, rollout={"percentage": 0, "salt": "salt"}),
    "revision-3-for-all": table(buckets=THIRD, revision=3, rollout={"percentage": 100, "salt": "salt"}),
    "numbers": table(
        timeout=1e300, provenance={**table()["provenance"], "tool": "\u0000\"\\/é漢😀\u2028"},
        buckets=[bucket(1, None, action(0, 5e-324, 0.5), action(0, 123456789012345680000, 0.125), action(0.0, 1e-7, 0.375))]),
    "tie-of-shares": table(periods=[
        {"hours": list(range(12)), "share": 0.5, "buckets": FIRST}, {"hours": list(range(12, 24)), "share": 0.5, "buckets": SECOND}]),
}


def broken(change, base="edges"):
    document = copy.deepcopy(TABLES[base])
    change(document)
    return identified(document)


def set_(path, value):
    def change(document):
        *inner, last = path
        for name in inner:
            document = document[name]
        document[last] = value
    return change


REFUSED = {
    "unknown-version": set_(["schema_version"], 2),
    "unknown-member": set_(["surprise"], 1),
    "missing-member": lambda document: document.pop("guard"),
    "wrong-type": set_(["revision"], 1.5),
    "unknown-value": set_(["units", "time"], "ms"),
    "revision-range": set_(["revision"], 0),
    "timestamp-shape": set_(["valid_from"], "2026-11-21 04:00"),
    "span-order": lambda document: document.update(valid_from="2026-11-21T04:00:00Z", valid_until="2026-11-21T04:00:00Z"),
    "timeout-range": set_(["timeout"], 0),
    "buckets-empty": set_(["buckets"], []),
    "buckets-start": set_(["buckets", 0, "from"], 0),
    "buckets-end": set_(["buckets", 3, "to"], 2**53 - 1),
    "bucket-order": lambda document: document["buckets"].__setitem__(0, bucket(1, 0, action(0, 1))),
    "bucket-gap": set_(["buckets", 1, "from"], 3),
    "bucket-overlap": set_(["buckets", 1, "to"], 300),
    "mixture-empty": set_(["buckets", 0, "actions"], []),
    "probability-range": lambda document: document["buckets"][0].update(actions=[action(0, 1, 1), action(0, 1, 0)]),
    "mixture-sum": set_(["buckets", 0, "actions", 0, "probability"], 0.99),
    "wait-range": set_(["buckets", 0, "actions", 0, "device_wait"], -1),
    "wait-start": set_(["buckets", 0, "actions", 0, "server_wait"], 0.5),
    "wait-timeout": set_(["buckets", 0, "actions", 0, "device_wait"], 60),
    "rollout-percentage": set_(["rollout"], {"percentage": 101, "salt": "salt"}),
    "rollout-salt": set_(["rollout"], {"percentage": 10, "salt": ""}),
    "extra-load-range": set_(["max_extra_load"], 2),
    "fallback-action": set_(["fallback", "server_missing"], {"server_wait": 0, "device_wait": None}),
    "migration-reader": set_(["buckets", 0, "migration"], MIGRATION),
}


def main():
    folder = ROOT / "tables"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    documents = {name: identified(document) for name, document in TABLES.items()}
    documents |= {"refused-" + rule: broken(change) for rule, change in REFUSED.items()}
    for rule, hours in (("period-gap", list(range(6, 21))), ("period-overlap", list(range(5, 22)))):
        documents["refused-" + rule] = broken(set_(["periods", 1, "hours"], hours), "periods")
    documents["refused-id-matches"] = {**identified(TABLES["edges"]), "timeout": 61}
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=name == "numbers", indent=1)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
