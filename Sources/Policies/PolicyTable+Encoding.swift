extension PolicyTable {
    /// The bytes whose SHA-256 is the table's id: all members but `id`, in the canonical form of RFC 8785.
    ///
    /// Members are sorted, numbers are the shortest that round-trip, as ECMAScript prints them, and there is no space:
    /// the same in every language that has a library for RFC 8785.
    /// - Precondition: Every number but a wait is finite (``violations()`` says so).
    /// - Complexity: O(*n*) in the number of bytes written.
    public func canonicalContent() -> [UInt8] { JSONWriter.canonical(.members(contentMembers)) }

    /// The table as a file: the canonical order of members, laid out for people, with a newline at the end.
    ///
    /// Equal tables give equal bytes, and ``decode(_:)`` gives the table back.
    /// - Precondition: Every number but a wait is finite (``violations()`` says so).
    /// - Complexity: O(*n*) in the number of bytes written.
    public func encoded() -> [UInt8] { JSONWriter.readable(json) }

    var json: JSONValue { .members(contentMembers + [("id", .string(id))]) }

    private var contentMembers: [(String, JSONValue)] {
        var decisions: [(String, JSONValue)] = []
        if periods.isEmpty || !buckets.isEmpty { decisions.append(("buckets", .array(buckets.map(\.json)))) }
        if !periods.isEmpty { decisions.append(("periods", .array(periods.map(\.json)))) }
        return decisions + [
            ("schema_version", .number(Double(Self.schemaVersion))),
            ("revision", .integer(revision)),
            ("as_of", .text(asOf)),
            ("valid_from", .text(validFrom)),
            ("valid_until", .text(validUntil)),
            ("provenance", provenance.json),
            ("units", units.json),
            ("endpoints", .members([("server", endpoints.server.json), ("device", endpoints.device.json)])),
            ("timeout", .number(timeout)),
            ("objective", .string(objective)),
            ("limits", .members(limits.map { ($0.key, $0.value.json) })),
            ("certificate", certificate?.json ?? .null),
            ("expected", .numbers(expected)),
            ("held_out", heldOut.map(JSONValue.numbers) ?? .null),
            ("guard", budgetGuard?.json ?? .null),
            (
                "fallback",
                .members([
                    ("server_missing", .members(fallback.serverMissing.members)),
                    ("device_missing", .members(fallback.deviceMissing.members)),
                ])
            ),
        ] + (solvedUnder.map { [("solved_under", .members($0.map { ($0.key, $0.value.json) }))] } ?? [])
            + (expectedIntervals.map { [("expected_intervals", $0.json)] } ?? [])
            + (readerTokensPerSecond.map { [("reader", .members([("tokens_per_second", .number($0))]))] } ?? [])
            + (rollout.map { [("rollout", $0.json)] } ?? [])
            + (maxExtraLoad.map { [("max_extra_load", .number($0))] } ?? [])
    }
}

/// The document of ``encoded()`` through anybody's encoder and decoder; the id needs ``canonicalContent()``.
extension PolicyTable: Codable {
    /// Reads a table as strictly as ``decode(_:)``, except that a decoder may hide members given twice.
    public init(from decoder: any Decoder) throws {
        try self.init(node: JSONNode(root: try JSONValue(from: decoder)))
    }

    /// Writes a table with the members of ``encoded()``.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

// MARK: - Parts

extension JSONValue {
    static func integer(_ value: Int) -> JSONValue { .number(Double(value)) }
    static func integer(_ value: Int?) -> JSONValue { value.map { .number(Double($0)) } ?? .null }
    static func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    static func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    /// Sorted when written, so that the dictionary's order does not matter.
    static func numbers(_ values: [String: Double]) -> JSONValue {
        .members(values.map { ($0.key, .number($0.value)) })
    }
    /// Seconds; `null` for never.
    static func wait(_ value: Double) -> JSONValue { value == .infinity ? .null : .number(value) }
}

extension PolicyTable.Provenance {
    fileprivate var json: JSONValue {
        .members([
            ("tool", .string(tool)), ("problem_sha256", .text(problemSHA256)), ("linear_algebra", .text(linearAlgebra)),
            ("traces", .array(traces.map(\.json))),
        ])
    }
}

extension PolicyTable.Trace {
    fileprivate var json: JSONValue {
        .members([
            ("role", .string(role.rawValue)), ("name", .string(name)), ("format", .string(format)),
            ("sha256", .string(sha256)), ("rows_in", .integer(rowsIn)), ("accepted", .integer(accepted)),
            ("filtered", .integer(filtered)), ("rejected", .integer(rejected)), ("first", .text(first)),
            ("last", .text(last)),
        ])
    }
}

extension PolicyTable.Units {
    fileprivate var json: JSONValue {
        .members([
            ("time", .string(Self.time)), ("length", .string(Self.length)), ("energy", .string(Self.energy)),
            ("money", .text(money)),
        ])
    }
}

extension PolicyTable.EndpointFacts {
    fileprivate var json: JSONValue {
        .members([
            ("model", .text(model)), ("tpot", .number(tpot)), ("price", price?.json ?? .null),
            ("energy", energy?.json ?? .null),
        ])
    }
}

extension PolicyTable.PerToken {
    fileprivate var json: JSONValue { .members([("prefill", .number(prefill)), ("decode", .number(decode))]) }
}

extension PolicyTable.Limit {
    fileprivate var json: JSONValue {
        .members(
            [("at_most", atMost), ("at_least", atLeast)].compactMap { side in side.1.map { (side.0, .number($0)) } })
    }
}

extension PolicyTable.Certificate {
    fileprivate var json: JSONValue {
        .members(
            [
                ("status", .string(status.rawValue)), ("primal", .number(primal)), ("bound", .number(bound)),
                ("gap", .number(gap)), ("scale", .number(scale)), ("multipliers", .numbers(multipliers)),
            ]
                + [("tail", tail?.json), ("tie_break", tieBreak?.json)].compactMap { part in part.1.map { (part.0, $0) }
                })
    }
}

extension PolicyTable.Action {
    fileprivate var members: [(String, JSONValue)] {
        [("server_wait", .wait(serverWait)), ("device_wait", .wait(deviceWait))]
    }
}

extension PolicyTable.Choice {
    fileprivate var json: JSONValue {
        .members(
            [("probability", .number(probability))] + action.members
                + (migration.map { [("migration", $0.json)] } ?? []))
    }
}

extension PolicyTable.Period {
    fileprivate var json: JSONValue {
        .members([
            ("hours", .array(hours.map { .integer($0) })), ("share", .number(share)),
            ("buckets", .array(buckets.map(\.json))),
        ])
    }
}

extension PolicyTable.Bucket {
    fileprivate var json: JSONValue {
        .members(
            [
                ("from", .integer(from)), ("to", .integer(to)),
                (
                    "actions",
                    .array(actions.map(\.json))
                ),
                (
                    "evidence",
                    .members([
                        ("requests", .integer(evidence.requests)), ("server_rows", .integer(evidence.serverRows)),
                        ("borrowed_from", .integer(evidence.borrowedFrom)),
                    ])
                ),
            ] + (migration.map { [("migration", $0.json)] } ?? []))
    }
}

extension PolicyTable.BudgetGuard {
    fileprivate var json: JSONValue {
        .members([("endpoint", .string(endpoint.rawValue)), ("budget", .number(budget))])
    }
}
