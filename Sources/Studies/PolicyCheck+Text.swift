internal import Checking
internal import Policies
internal import Serving

extension PolicyCheck {
    /// The check for people: each number as recomputed beside the claim, each bound, notes; findings are not among it.
    /// - Returns: Lines that end in a newline.
    public func rendered() -> String {
        var rows = [["", "recomputed", "claimed", "limit"]]
        for value in verdict.values {
            let sides = [
                value.limit?.atMost.map { "at most \(text($0, digits: 6))" },
                value.limit?.atLeast.map { "at least \(text($0, digits: 6))" },
            ]
            rows.append([
                value.metric.rawValue, Self.words(value.recomputed),
                value.claimed.map { text($0, digits: 6) } ?? "-",
                sides.compactMap { $0 }.joined(separator: ", "),
            ])
        }
        for proof in verdict.proofs {
            let isObjective = proof.name == table.objective
            // The certificate is that of a minimization; what is maximized is told in its own sign.
            let sign: Double = isObjective && PolicyMetric.isMaximized(proof.name) ? -1 : 1
            rows.append([
                isObjective ? "bound" : "bound of \(proof.name)", text(sign * proof.bound.proven, digits: 6),
                text(sign * proof.claimed, digits: 6), "",
            ])
        }
        return (columns(rows, leftAligned: [0, 3]) + notes.map { "note: \($0)" }).joined(separator: "\n") + "\n"
    }

    /// One number, or both ends where rounding decides a tie.
    private static func words(_ value: Enclosure) -> String {
        let (low, high) = (text(value.low, digits: 6), text(value.high, digits: 6))
        return low == high ? low : "\(low)...\(high)"
    }

    /// The check as JSON (schema/validate.schema.json).
    public func json() -> JSONValue {
        .object([
            "version": .integer(1),
            "policy_id": .string(table.id),
            "problem": .string(problem),
            "valid": .bool(findings.isEmpty),
            "findings": .array(findings.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
            "values": .object(
                Dictionary(
                    uniqueKeysWithValues: verdict.values.map { value in
                        (
                            value.metric.rawValue,
                            .object([
                                "low": .number(value.recomputed.low), "high": .number(value.recomputed.high),
                                "claimed": .init(value.claimed), "at_most": .init(value.limit?.atMost),
                                "at_least": .init(value.limit?.atLeast),
                            ])
                        )
                    })),
            "bounds": .array(
                verdict.proofs.map {
                    .object([
                        "name": .string($0.name), "claimed": .number($0.claimed), "proven": .number($0.bound.proven),
                        "attained": .number($0.bound.attained), "tolerance": .number($0.tolerance),
                    ])
                }),
        ])
    }
}
