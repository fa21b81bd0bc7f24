#!/usr/bin/env python3
"""Checks schema/policy.schema.json against the fixtures of Tests/PoliciesTests.

Every valid fixture must pass, every invalid/schema-*.json must fail; invalid/rule-*.json break rules that a schema
cannot state, so they must pass and are listed. Exits with 1 on any disagreement, and if an object of the schema
is open or a member has no description.
"""
import json
import pathlib
import sys

from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Tests" / "PoliciesTests" / "Fixtures"


def gaps(node, path="#"):
    """Places where the schema leaves something open or unexplained."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from gaps(item, f"{path}/{index}")
    if not isinstance(node, dict):
        return
    if "properties" in node and node.get("additionalProperties") is not False:
        yield f"{path}: additionalProperties is not false"
    for name, member in node.get("properties", {}).items():
        if isinstance(member, dict) and not member.get("description"):
            yield f"{path}/properties/{name}: no description"
    for name, child in node.items():
        yield from gaps(child, f"{path}/{name}")


def main():
    schema = json.loads((ROOT / "schema" / "policy.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    complaints = list(gaps(schema))
    beyond = []
    files = sorted(FIXTURES.glob("*/*.json"))
    if not files:
        complaints.append(f"no fixtures in {FIXTURES.relative_to(ROOT)}")
    for file in files:
        errors = [error.json_path + ": " + error.message for error in validator.iter_errors(json.loads(file.read_text()))]
        wants_failure = file.parent.name == "invalid" and file.name.startswith("schema-")
        if file.parent.name == "invalid" and not file.name.startswith(("schema-", "rule-")):
            complaints.append(f"{file.name}: neither schema- nor rule-")
        if wants_failure and not errors:
            complaints.append(f"{file.name}: the schema accepts it")
        if not wants_failure and errors:
            complaints.append(f"{file.name}: the schema refuses it: {errors[0]}")
        if file.name.startswith("rule-"):
            beyond.append(file.stem.removeprefix("rule-"))
    print(f"{len(files)} fixtures; beyond the schema: {', '.join(beyond)}")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
