internal import Serving

/// Two results side by side, with the conditions under which that is a failure.
public struct ResultComparison: Sendable {
    /// One metric.
    public struct Row: Sendable {
        /// Its name.
        public let metric: String
        /// Its value in the first result; nil where it has none.
        public let older: Double?
        /// Its value in the second result.
        public let newer: Double?

        /// newer − older; nil where one is missing.
        public var change: Double? { older.flatMap { older in newer.map { $0 - older } } }
    }

    /// The results.
    public let older: ResultFile
    /// See `older`.
    public let newer: ResultFile
    /// Outcomes on all rows, in the order of metrics.
    public let expected: [Row]
    /// Outcomes on held-out rows; empty where a result has none.
    public let heldOut: [Row]
    /// The conditions that hold, each with what was found, or that cannot be judged.
    public let failures: [String]
    /// Conditions asked about.
    public let gates: [Gate]

    /// Compares two results.
    public init(_ older: ResultFile, _ newer: ResultFile, failingIf gates: [Gate] = []) {
        self.older = older
        self.newer = newer
        self.gates = gates
        func rows(_ one: [String: Double], _ other: [String: Double]) -> [Row] {
            let names = Set(one.keys).union(other.keys)
            let known = names.compactMap(Metric.init(rawValue:)).sorted().map(\.rawValue)
            return (known + names.filter { Metric(rawValue: $0) == nil }.sorted()).map {
                Row(metric: $0, older: one[$0], newer: other[$0])
            }
        }
        let expected = rows(older.expected, newer.expected)
        self.expected = expected
        heldOut = older.heldOut.flatMap { one in newer.heldOut.map { rows(one, $0) } } ?? []
        failures = gates.compactMap { gate in
            let row = expected.first { $0.metric == gate.metric }
            switch gate.fails(row?.older, row?.newer) {
            case false?: return nil
            case true?:
                let change = row?.older.flatMap { older in row?.newer.map { Self.change(older, $0) } }
                return "\(gate.text): found \(text(row?.newer ?? .nan, digits: 6))\(change.map { " (\($0))" } ?? "")"
            case nil: return "\(gate.text): cannot be judged, since a result has no \(gate.metric)"
            }
        }
    }

    private static func change(_ older: Double, _ newer: Double) -> String {
        let sign = newer > older ? "+" : ""
        guard older != 0 else { return "\(sign)\(text(newer - older))" }
        return "\(sign)\(fixed(100 * (newer - older) / older, decimals: 1)) %"
    }

    /// The comparison for people.
    public func rendered() -> String {
        func table(_ title: String, _ rows: [Row]) -> [String] {
            let lines = rows.map { row in
                [
                    row.metric, row.older.map { text($0, digits: 4) } ?? "-",
                    row.newer.map { text($0, digits: 4) } ?? "-",
                    row.older.flatMap { older in row.newer.map { Self.change(older, $0) } } ?? "",
                ]
            }
            return columns([[title, "A", "B", "change"]] + lines)
        }
        var lines = ["A: \(older.path) (\(older.metric))", "B: \(newer.path) (\(newer.metric))", ""]
        lines += table("all rows", expected)
        if !heldOut.isEmpty { lines += [""] + table("held out", heldOut) }
        if !gates.isEmpty {
            lines += ["", "\(gates.count - failures.count) of \(gates.count) conditions are kept."]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The comparison as JSON (schema/compare.schema.json).
    public var json: JSONValue {
        func rows(_ rows: [Row]) -> JSONValue {
            .array(
                rows.map {
                    .object([
                        "metric": .string($0.metric), "a": .init($0.older), "b": .init($0.newer),
                        "change": .init($0.change),
                    ])
                })
        }
        func side(_ file: ResultFile) -> JSONValue {
            .object(["path": .string(file.path), "metric": .string(file.metric)])
        }
        return .object([
            "version": .integer(1), "a": side(older), "b": side(newer), "expected": rows(expected),
            "held_out": rows(heldOut), "conditions": .array(gates.map { .string($0.text) }),
            "failures": .array(failures.map { .string($0) }),
        ])
    }
}
