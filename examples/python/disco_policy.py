"""Loads policy tables of `disco` and decides by them: one file, standard library only, Python 3.9 or later. Copy it.

    store = PolicyStore()
    store.offer(open("policy.json", "rb").read())        # raises Refusal and keeps the table it has
    decision = store.decision(212, request_id, at=time.time())
    # decision.server_wait, decision.device_wait: seconds from the request's arrival, math.inf for never

The rules are those of docs/policy-loading.md, and conformance/ holds the cases that any loader must pass. What a table claims about
itself (outcomes, certificate, intervals) is checked for its shape alone: no decision depends on it, and the id says that nobody has
changed it since.
"""
import bisect
import hashlib
import json
import math
import os
import re
import threading
from dataclasses import dataclass
from typing import Optional, Union

NEVER = math.inf
LARGEST = 2**53 - 1
MAX_BYTES, MAX_DEPTH, MAX_VALUES, MAX_MEMBERS, MAX_BUCKETS = 16 << 20, 16, 2_000_000, 64, 1_000_000


class Refusal(Exception):
    """Why a table was refused: the rule it breaks, and where."""

    def __init__(self, rule: str, path: str, sentence: str):
        super().__init__(f"{path}: {sentence} [{rule}]")
        self.rule, self.path = rule, path


# MARK: JSON

def read_json(data: bytes):
    """The document in `data`, all numbers as floats; hostile bytes cost bounded time and memory."""
    if len(data) > MAX_BYTES:
        raise Refusal("too-large", "$", f"{len(data)} bytes; a policy table has at most {MAX_BYTES}")
    # Sizes first, on the bytes, so that no parser meets a document that is too deep or has too many values.
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', data, flags=re.S)
    depth = 0
    for bracket in re.findall(rb"[\[\]{}]", bare):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Refusal("too-deep", "$", f"values nest more than {MAX_DEPTH} deep")
    values = 1 + bare.count(b",") + len(re.findall(rb"\[(?!\s*\])|\{(?!\s*\})", bare))
    if values > MAX_VALUES:
        raise Refusal("too-many-values", "$", f"more than {MAX_VALUES} values")

    def number(text):
        value = float(text) if len(text) <= 1_000 else math.inf
        if math.isinf(value):
            raise Refusal("number-overflow", "$", f"the number {text[:40]} is beyond every double")
        return value

    def members(pairs):
        result = dict(pairs)
        if len(result) < len(pairs):
            names = [name for name, _ in pairs]
            raise Refusal("duplicate-member", "$", f"member {next(n for n in names if names.count(n) > 1)!r} is given twice")
        if len(pairs) > MAX_MEMBERS:
            raise Refusal("too-many-values", "$", f"an object with {len(pairs)} members; at most {MAX_MEMBERS}")
        return result

    def word(text):
        raise ValueError(f"{text} is no JSON")

    try:
        text = data.decode("utf-8")
        document = json.loads(text, parse_int=number, parse_float=number, parse_constant=word, object_pairs_hook=members)
        if "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        raise Refusal("not-json", "$", f"not JSON: {error}") from None
    return document


def canonical(value) -> bytes:
    """The bytes of RFC 8785: members sorted by UTF-16 code units, numbers as ECMAScript prints them, no space."""
    parts = []

    def put(value):
        if isinstance(value, float):
            parts.append(number_text(value))
        elif isinstance(value, dict):
            parts.append("{")
            for index, name in enumerate(sorted(value, key=lambda name: name.encode("utf-16-be"))):
                parts.append(("," if index else "") + json.dumps(name, ensure_ascii=False) + ":")
                put(value[name])
            parts.append("}")
        elif isinstance(value, list):
            parts.append("[")
            for index, element in enumerate(value):
                if index:
                    parts.append(",")
                put(element)
            parts.append("]")
        else:
            parts.append(json.dumps(value, ensure_ascii=False))

    put(value)
    return "".join(parts).encode("utf-8")


def number_text(value: float) -> str:
    """The shortest digits that give the double back, laid out as ECMAScript does."""
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    sign, count = "-" if value < 0 else "", len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    return f"{sign}{digits[0]}{'.' + digits[1:] if count > 1 else ''}e{'+' if point > 0 else '-'}{abs(point - 1)}"


# MARK: Shape

class Word(tuple):
    """One of these texts."""


class Each:
    """An array of a shape, or with `named` an object with any names."""

    def __init__(self, shape, named=False):
        self.shape, self.named = shape, named


class Maybe:
    """A shape, or null."""

    def __init__(self, shape):
        self.shape = shape


class Either:
    """A shape if the object has `member`, another one if not."""

    def __init__(self, member, there, absent):
        self.member, self.there, self.absent = member, there, absent


NUMBER, WHOLE, TEXT, TRUTH = float, int, str, bool
ENDPOINT = Word(("server", "device"))
STATUS = Word(("optimal", "feasible"))
WAITS = {"server_wait": Maybe(NUMBER), "device_wait": Maybe(NUMBER)}
PER_TOKEN = Maybe({"prefill": NUMBER, "decode": NUMBER})
FACTS = {"model": Maybe(TEXT), "tpot": Maybe(NUMBER), "price": PER_TOKEN, "energy": PER_TOKEN}
# A name with a question mark may be left out.
LIMITS = Each({"at_most?": NUMBER, "at_least?": NUMBER}, named=True)
NUMBERS = Each(NUMBER, named=True)
MIGRATION = Either(
    "never",
    {"never": Word(("dearer", "too-slow", "reader-too-fast", "target-fails", "no-output-lengths", "tpot-unknown", "price-unknown"))},
    {"after_tokens": WHOLE, "buffer_tokens": NUMBER, "expected_saving": NUMBER, "stall?": NUMBER})
MIGRATIONS = {"device_to_server": MIGRATION, "server_to_device": MIGRATION}
BUCKETS = Each({
    "from": WHOLE, "to": Maybe(WHOLE), "actions": Each({"probability": NUMBER, **WAITS, "migration?": MIGRATIONS}),
    "evidence": {"requests": WHOLE, "server_rows": WHOLE, "borrowed_from": Maybe(WHOLE)}, "migration?": MIGRATIONS})
CERTIFICATE = {
    "status": STATUS, "primal": NUMBER, "bound": NUMBER, "gap": NUMBER, "scale": NUMBER, "multipliers": NUMBERS,
    "tail?": {"time": NUMBER, "bound": NUMBER, "multipliers": NUMBERS},
    "tie_break?": {"metric": Word(("ttft.mean",)), "status": STATUS, "primal": NUMBER, "bound": NUMBER, "gap": NUMBER,
                   "scale": NUMBER, "multipliers": NUMBERS}}
HEAD = {
    "schema_version": NUMBER, "id": TEXT, "revision": WHOLE, "as_of": Maybe(TEXT), "valid_from": Maybe(TEXT),
    "valid_until": Maybe(TEXT),
    "provenance": {
        "tool": TEXT, "problem_sha256": Maybe(TEXT), "linear_algebra": Maybe(TEXT),
        "traces": Each({
            "role": Word(("workload", "server", "device")), "name": TEXT, "format": TEXT, "sha256": TEXT, "rows_in": WHOLE,
            "accepted": WHOLE, "filtered": WHOLE, "rejected": WHOLE, "first": Maybe(TEXT), "last": Maybe(TEXT)})},
    "units": {"time": Word(("s",)), "length": Word(("tokens",)), "energy": Word(("J",)), "money": Maybe(TEXT)},
    "endpoints": {"server": FACTS, "device": FACTS}, "timeout": NUMBER, "objective": TEXT, "limits": LIMITS,
    "solved_under?": LIMITS, "certificate": Maybe(CERTIFICATE), "expected": NUMBERS, "held_out": Maybe(NUMBERS),
    "expected_intervals?": {
        "confidence": NUMBER, "claimed": TRUTH, "window_hours": WHOLE,
        "outcomes": Each({"low": NUMBER, "high": NUMBER}, named=True)},
    "guard": Maybe({"endpoint": ENDPOINT, "budget": NUMBER}), "reader?": {"tokens_per_second": NUMBER},
    "fallback": {"server_missing": WAITS, "device_missing": WAITS},
    "rollout?": {"percentage": NUMBER, "salt": TEXT}, "max_extra_load?": NUMBER}
TABLE = Either(
    "periods", {**HEAD, "periods": Each({"hours": Each(WHOLE), "share": NUMBER, "buckets": BUCKETS})},
    {**HEAD, "buckets": BUCKETS})


def check_shape(value, shape, path: str):
    """Every object has the members it must have and no others, and every value its type."""
    if isinstance(shape, Maybe):
        if value is None:
            return
        shape = shape.shape
    if isinstance(shape, Either):
        shape = shape.there if isinstance(value, dict) and shape.member in value else shape.absent
    if isinstance(shape, dict):
        wanted = {name.rstrip("?"): part for name, part in shape.items()}
        if not isinstance(value, dict):
            raise Refusal("wrong-type", path, "wanted an object")
        for name in value:
            if name not in wanted:
                raise Refusal("unknown-member", path, f"unknown member {name!r}")
        for name, part in shape.items():
            if name in value:
                check_shape(value[name], part, f"{path}.{name}")
            elif name.endswith("?"):
                if name[:-1] in value:
                    check_shape(value[name[:-1]], part, f"{path}.{name[:-1]}")
            else:
                raise Refusal("missing-member", path, f"member {name!r} is missing")
    elif isinstance(shape, Each):
        if not isinstance(value, dict if shape.named else list):
            raise Refusal("wrong-type", path, "wanted an object" if shape.named else "wanted an array")
        for name, part in value.items() if shape.named else enumerate(value):
            check_shape(part, shape.shape, f"{path}[{name!r}]")
    elif isinstance(shape, Word):
        if not isinstance(value, str):
            raise Refusal("wrong-type", path, "wanted a text")
        if value not in shape:
            raise Refusal("unknown-value", path, f"unknown value {value[:40]!r}; valid: {', '.join(shape)}")
    elif shape is WHOLE:
        if not isinstance(value, float) or abs(value) > LARGEST or value != int(value):
            raise Refusal("wrong-type", path, "wanted a whole number up to 2^53 - 1")
    elif not isinstance(value, shape):
        raise Refusal("wrong-type", path, {NUMBER: "wanted a number", TEXT: "wanted a text"}.get(shape, "wanted true or false"))


# MARK: Rules

def require(holds: bool, rule: str, path: str, sentence: str):
    if not holds:
        raise Refusal(rule, path, sentence)


SHA256 = re.compile(r"[0-9a-f]{64}")
TIMESTAMP = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?Z", re.A)


def timestamp(text: Optional[str], path: str):
    """Year, month, day, hour, minute, second, nanosecond; None for None."""
    if text is None:
        return None
    match = TIMESTAMP.fullmatch(text)
    require(match is not None, "timestamp-shape", path, f"found {text[:40]!r}, wanted UTC as in \"2026-11-21T04:00:00Z\"")
    return (*map(int, match.groups()[:6]), int((match[7] or "").ljust(9, "0")))


def seconds_since_1970(fields) -> float:
    """Proleptic Gregorian, without leap seconds; a day that its month does not have counts on."""
    year, month, day, hour, minute, second, nanosecond = fields
    year -= month <= 2
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719_469
    return float(days * 86_400 + hour * 3_600 + minute * 60 + second) + nanosecond / 1e9


def check_span(first, last, path: str, may_be_empty: bool):
    if first is not None and last is not None:
        require(first < last or may_be_empty and first == last, "span-order", path, "it ends before it begins")


def check_table(table: dict):
    require(table["id"].startswith("sha256:") and SHA256.fullmatch(table["id"][7:]) is not None, "id-shape", "$.id",
            "wanted sha256: and 64 lowercase hexadecimal digits")
    require(table["revision"] >= 1, "revision-range", "$.revision", "wanted at least 1")
    timestamp(table["as_of"], "$.as_of")
    check_span(timestamp(table["valid_from"], "$.valid_from"), timestamp(table["valid_until"], "$.valid_until"),
               "$.valid_until", False)
    provenance, money = table["provenance"], table["units"]["money"]
    for text in [provenance["problem_sha256"]] + [trace["sha256"] for trace in provenance["traces"]]:
        require(text is None or SHA256.fullmatch(text) is not None, "hash-shape", "$.provenance",
                "wanted 64 lowercase hexadecimal digits")
    for index, trace in enumerate(provenance["traces"]):
        path = f"$.provenance.traces[{index}]"
        counts = [trace[name] for name in ("rows_in", "accepted", "filtered", "rejected")]
        require(min(counts) >= 0, "count-range", path, "wanted counts of at least 0")
        require(counts[0] == sum(map(int, counts[1:])), "rows-conserved", path, "rows in are not accepted + filtered + rejected")
        check_span(timestamp(trace["first"], path), timestamp(trace["last"], path), path, True)
    require(table["timeout"] > 0, "timeout-range", "$.timeout", "wanted more than 0 s")
    require(money is None or re.fullmatch("[A-Z]{3}", money) is not None, "currency-shape", "$.units.money",
            "wanted an ISO 4217 code such as USD")
    for name, facts in table["endpoints"].items():
        path = f"$.endpoints.{name}"
        require(facts["tpot"] is None or facts["tpot"] > 0, "rate-range", path + ".tpot", "wanted more than 0 s")
        for rate in (facts["price"], facts["energy"]):
            require(rate is None or min(rate.values()) >= 0, "rate-range", path, "wanted at least 0 per token")
        require(facts["price"] is None or money is not None, "price-without-currency", path + ".price",
                "a price is given, but $.units.money names no currency")
    if "reader" in table:
        require(table["reader"]["tokens_per_second"] > 0, "reader-range", "$.reader", "wanted more than 0 tokens per second")
    if "rollout" in table:
        require(0 <= table["rollout"]["percentage"] <= 100, "rollout-percentage", "$.rollout.percentage", "wanted 0 ... 100")
        require(table["rollout"]["salt"] != "", "rollout-salt", "$.rollout.salt", "wanted a text that is not empty")
    require(0 <= table.get("max_extra_load", 0) <= 1, "extra-load-range", "$.max_extra_load", "wanted a share of 0 ... 1")
    require(table["guard"] is None or 0 <= table["guard"]["budget"] <= 1, "guard-budget", "$.guard.budget", "wanted 0 ... 1")
    for name, waits in (("server_missing", (None, 0)), ("device_missing", (0, None))):
        action = table["fallback"][name]
        require((action["server_wait"], action["device_wait"]) == waits, "fallback-action", f"$.fallback.{name}",
                "wanted the endpoint that is left at 0 and the other never")
    if "periods" in table:
        check_periods(table["periods"])
    sets = [period["buckets"] for period in table["periods"]] if "periods" in table else [table["buckets"]]
    require(sum(map(len, sets)) <= MAX_BUCKETS, "too-many-buckets", "$", f"wanted at most {MAX_BUCKETS} buckets")
    for index, buckets in enumerate(sets):
        check_buckets(buckets, table, f"$.periods[{index}].buckets" if "periods" in table else "$.buckets")


def check_periods(periods: list):
    owner = {}
    require(periods != [], "buckets-empty", "$.periods", "wanted at least one period")
    for index, period in enumerate(periods):
        hours, path = period["hours"], f"$.periods[{index}].hours"
        require(hours != [] and all(a < b for a, b in zip(hours, hours[1:])), "period-hours", path,
                "wanted at least one hour, ascending")
        for hour in hours:
            require(0 <= hour <= 23, "period-hour-range", path, "wanted hours of the day, 0 ... 23")
            require(owner.setdefault(hour, index) == index, "period-overlap", path, f"hour {hour} is in two periods")
        require(0 <= period["share"] <= 1, "period-share-range", path, "wanted a share of 0 ... 1")
    require(len(owner) == 24, "period-gap", "$.periods", "some hours are in no period")
    total = 0.0
    for period in periods:
        total += period["share"]
    require(abs(total - 1) <= 1e-9, "period-share-sum", "$.periods", f"the shares sum to {total}, wanted 1")


def check_buckets(buckets: list, table: dict, path: str):
    require(buckets != [], "buckets-empty", path, "wanted at least one bucket")
    require(buckets[0]["from"] == 1, "buckets-start", path, "wanted the first bucket to begin at 1")
    starts = {bucket["from"] for bucket in buckets}
    for index, bucket in enumerate(buckets):
        place, first, end = f"{path}[{index}]", bucket["from"], bucket["to"]
        require((end is None) == (index == len(buckets) - 1), "buckets-end", place + ".to", "the last bucket has no end, and no other")
        require(first >= 0 and (end is None or end >= 0), "count-range", place, "wanted lengths of at least 0")
        if end is not None:
            require(first <= end, "bucket-order", place, f"the bucket begins at {first} and ends at {end}")
            require(buckets[index + 1]["from"] <= end + 1, "bucket-gap", place, f"lengths after {end} belong to no bucket")
            require(buckets[index + 1]["from"] > end, "bucket-overlap", place, f"length {end} is in two buckets")
        require(bucket["actions"] != [], "mixture-empty", place, "wanted at least one action")
        total = 0.0
        for choice in bucket["actions"]:
            total += choice["probability"]
            require(0 < choice["probability"] <= 1, "probability-range", place, "wanted more than 0 and at most 1")
            waits = [choice["server_wait"], choice["device_wait"]]
            finite = [wait for wait in waits if wait is not None]
            require(all(wait >= 0 for wait in finite), "wait-range", place, "wanted waits of at least 0 s, or null for never")
            require(all(wait < table["timeout"] for wait in finite), "wait-timeout", place, "wanted waits below the timeout")
            require(0 in finite, "wait-start", place, "wanted one endpoint at 0")
        require(abs(total - 1) <= 1e-9, "mixture-sum", place, f"the probabilities sum to {total}, wanted 1")
        evidence = bucket["evidence"]
        require(min(evidence["requests"], evidence["server_rows"]) >= 0, "count-range", place, "wanted counts of at least 0")
        source = evidence["borrowed_from"]
        require(source is None or source != first and source in starts, "borrowed-from", place,
                "wanted the first length of another bucket")
        for holder in (bucket, *bucket["actions"]):
            check_migrations(holder.get("migration"), table, place)


def check_migrations(migrations: Optional[dict], table: dict, path: str):
    for migration in (migrations or {}).values():
        if "never" not in migration:
            require("reader" in table, "migration-reader", path, "a hand-over needs the reader's pace")
            amounts = [migration["buffer_tokens"], migration.get("stall", 0)]
            require(migration["after_tokens"] >= 0, "count-range", path, "wanted a token at least")
            require(migration["after_tokens"] >= 1 and min(amounts) >= 0, "migration-range", path, "wanted amounts of at least 0")


# MARK: Draws

MASK = 2**64 - 1


def request_hash(text: Union[str, bytes], seed: int = 0) -> int:
    """The stable hash of docs/policy-loading.md."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    h = seed ^ 0x9E3779B97F4A7C15
    for place in range(0, len(data), 8):
        h = (h ^ int.from_bytes(data[place:place + 8], "little")) * 0x9FB21C651E98DF25 & MASK
        h ^= h >> 32
    h ^= len(data)
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9 & MASK
    h = (h ^ h >> 27) * 0x94D049BB133111EB & MASK
    return h ^ h >> 31


def draw(request_id: str, salt: Optional[str] = None) -> float:
    """A number in [0, 1): of the mixture, or with a salt of a rollout."""
    return (request_hash(request_id, 0 if salt is None else request_hash(salt, 1)) >> 11) * 2.0**-53


# MARK: Look-up

@dataclass(frozen=True)
class Decision:
    """Waits in seconds from the request's arrival, math.inf for never, and what they rest on."""
    server_wait: float
    device_wait: float
    basis: str  # "mixture" or "fallback"
    state: str  # "READY" or "STALE"; "ERROR" before the table's validity
    revision: int


class Policy:
    """One table, read and validated; it never changes."""

    def __init__(self, data: bytes):
        document = read_json(data)
        if not isinstance(document, dict):
            raise Refusal("wrong-type", "$", "wanted an object")
        require("schema_version" in document, "missing-member", "$", "member 'schema_version' is missing")
        require(isinstance(document["schema_version"], float), "wrong-type", "$.schema_version", "wanted a whole number")
        require(document["schema_version"] == 1, "unknown-version", "$.schema_version", "known: 1")
        require(not ("buckets" in document and "periods" in document), "buckets-or-periods", "$", "wanted one of the two")
        check_shape(document, TABLE, "$")
        check_table(document)
        content = canonical({name: value for name, value in document.items() if name != "id"})
        require(document["id"] == "sha256:" + hashlib.sha256(content).hexdigest(), "id-matches", "$.id",
                "the table was changed after it was made")
        self.document, self.id, self.revision = document, document["id"], int(document["revision"])
        bounds = [timestamp(document[name], "$") for name in ("valid_from", "valid_until")]
        self.valid_from = -math.inf if bounds[0] is None else seconds_since_1970(bounds[0])
        self.valid_until = math.inf if bounds[1] is None else seconds_since_1970(bounds[1])
        self.timeout, self.max_extra_load = document["timeout"], document.get("max_extra_load")
        self.pace = document.get("reader", {}).get("tokens_per_second")
        rollout = document.get("rollout")
        self.rollout_share = 1.0 if rollout is None else rollout["percentage"] / 100
        self._salt_seed = None if rollout is None else request_hash(rollout["salt"], 1)
        if "periods" in document:
            periods = document["periods"]
            sets = [(p["buckets"], [b["from"] for b in p["buckets"]]) for p in periods]
            busiest = max(range(len(periods)), key=lambda index: (periods[index]["share"], -index))
            of_hour = {hour: index for index, period in enumerate(periods) for hour in period["hours"]}
            self._sets = [sets[of_hour[hour]] for hour in range(24)] + [sets[busiest]]
        else:
            self._sets = [(document["buckets"], [b["from"] for b in document["buckets"]])] * 25

    def state(self, at: Optional[float] = None) -> str:
        at = usable(at)
        if at is None:
            return "READY"
        return "ERROR" if at < self.valid_from else "READY" if at < self.valid_until else "STALE"

    def decision(self, prompt_tokens: int, request_id: str, server: bool = True, device: bool = True,
                 at: Optional[float] = None) -> Decision:
        """What a request does; `server` and `device` say who can be used now, `at` is its arrival in seconds since 1970."""
        state = self.state(at)
        if not (server and device):
            return Decision(0.0 if server else NEVER, NEVER if server or not device else 0.0, "fallback", state, self.revision)
        choice, _ = self._choice(prompt_tokens, request_id, at)
        waits = [NEVER if wait is None else wait for wait in (choice["server_wait"], choice["device_wait"])]
        return Decision(*waits, "mixture", state, self.revision)

    def hand_over(self, source: str, prompt_tokens: int, request_id: str, server: bool = True, device: bool = True,
                  at: Optional[float] = None) -> Optional[dict]:
        """When a response that `source` streams goes to the other endpoint: after_tokens, buffer_tokens; None for never."""
        if not (server and device):
            return None
        choice, bucket = self._choice(prompt_tokens, request_id, at)
        migrations = choice.get("migration", bucket.get("migration"))
        migration = migrations and migrations["device_to_server" if source == "device" else "server_to_device"]
        return None if migration is None or "never" in migration else migration

    def migration(self, after: int, seconds_since_first: float, source: str, prompt_tokens: int, request_id: str,
                  server: bool = True, device: bool = True, at: Optional[float] = None) -> Optional[str]:
        """Who takes over after `after` tokens were delivered, the last one so many seconds after the first; None to stay."""
        hand_over = self.hand_over(source, prompt_tokens, request_id, server, device, at)
        if self.pace is None or hand_over is None or after < hand_over["after_tokens"]:
            return None
        ahead = max(0.0, after - self.pace * seconds_since_first)
        if not ahead >= hand_over["buffer_tokens"] - 1e-9:
            return None
        return "device" if source == "server" else "server"

    def rolls_out_to(self, request_id: str) -> bool:
        return self.rollout_share >= 1 or (request_hash(request_id, self._salt_seed) >> 11) * 2.0**-53 < self.rollout_share

    def _choice(self, prompt_tokens: int, request_id: str, at: Optional[float]):
        at = usable(at)
        buckets, starts = self._sets[24 if at is None else hour_of_day(at)]
        bucket = buckets[bisect.bisect_right(starts, min(max(prompt_tokens, 1), LARGEST)) - 1]
        choices = bucket["actions"]
        if len(choices) > 1:
            drawn, total = draw(request_id), 0.0
            for choice in choices[:-1]:
                total += choice["probability"]
                if total > drawn:
                    return choice, bucket
        return choices[-1], bucket


def usable(at: Optional[float]) -> Optional[float]:
    """A time that calendars know; anything else counts as no clock."""
    return at if at is not None and abs(at) <= 1e15 else None


def hour_of_day(at: float) -> int:
    """The hour (UTC) of a time in seconds since 1970."""
    return min(23, math.floor((at - math.floor(at / 86_400) * 86_400) / 3_600))


def allows_second_start(max_extra_load: Optional[float], requests: int, second_starts: int, slack: float = 1.0) -> bool:
    """Whether one more second endpoint may be started: second_starts + 1 <= max_extra_load * requests + slack."""
    return max_extra_load is None or second_starts + 1 <= max_extra_load * requests + slack


# MARK: Holding tables

class PolicyStore:
    """The newest table and, for its rollout, the last one before it that was for all requests."""

    def __init__(self):
        self.newest: Optional[Policy] = None
        self.before: Optional[Policy] = None
        self.last_refusal: Optional[Refusal] = None
        self._lock = threading.Lock()

    def offer(self, data: bytes, roll_back: bool = False) -> str:
        """Takes a table that is good and no older than the one held: "loaded" or "unchanged"; else raises Refusal."""
        with self._lock:
            try:
                acceptance = self._take(Policy(data), roll_back)
                self.last_refusal = None
                return acceptance
            except Refusal as refusal:
                self.last_refusal = refusal
                raise

    def _take(self, offered: Policy, roll_back: bool) -> str:
        newest, before = self.newest, self.before
        if newest is not None:
            if offered.id == newest.id:
                return "unchanged"
            if offered.revision <= newest.revision:
                require(roll_back or offered.revision < newest.revision, "revision-taken", "$.revision",
                        f"another table of revision {offered.revision} is held")
                require(roll_back, "older-revision", "$.revision", f"found {offered.revision}, but {newest.revision} is held")
                before = None
            elif newest.rollout_share >= 1:
                before = newest
        self.newest, self.before = offered, before
        return "loaded"

    def policy(self, request_id: str, at: Optional[float] = None) -> Optional[Policy]:
        """The table for a request that arrives, to be kept as long as it runs; None where there is none."""
        newest, before = self.newest, self.before
        if newest is None:
            return None
        if newest.state(at) == "ERROR":
            return before if before is not None and before.state(at) != "ERROR" else None
        if before is not None and before.state(at) == "READY" and not newest.rolls_out_to(request_id):
            return before
        return newest

    def decision(self, prompt_tokens: int, request_id: str, server: bool = True, device: bool = True,
                 at: Optional[float] = None) -> Optional[Decision]:
        """What a request does; None where no table can say (ERROR): then do what you did without one."""
        policy = self.policy(request_id, at)
        return policy and policy.decision(prompt_tokens, request_id, server, device, at)

    def state(self, at: Optional[float] = None) -> str:
        """READY, STALE or ERROR, of the newest table whose validity has begun."""
        newest, before = self.newest, self.before
        state = "ERROR" if newest is None else newest.state(at)
        return before.state(at) if state == "ERROR" and before is not None else state


class PolicyFile:
    """A file that is offered to a store whenever it has changed; call `refresh` as often as you like to look."""

    def __init__(self, path: str, store: Optional[PolicyStore] = None):
        self.path, self.store, self._stamp = path, store or PolicyStore(), None

    def refresh(self, roll_back: bool = False) -> str:
        """"loaded", "unchanged", or "refused" (see store.last_refusal). Raises OSError if the file cannot be read."""
        stat = os.stat(self.path)
        stamp = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if stamp == self._stamp and not roll_back:
            return "unchanged"
        with open(self.path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        self._stamp = stamp
        try:
            return self.store.offer(data, roll_back)
        except Refusal:
            return "refused"
