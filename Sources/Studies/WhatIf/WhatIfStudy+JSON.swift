internal import Serving
internal import Solvers

extension WhatIfStudy {
    /// The study as JSON (schema/whatif.schema.json).
    public var json: JSONValue {
        var kind = "scenarios"
        var vary: [JSONValue] = []
        if case .sweep(let variations) = question {
            kind = "sweep"
            vary = variations.map {
                .object(["path": .string($0.path), "values": .array($0.values.map { .string($0) })])
            }
        }
        return .object([
            "version": .integer(1), "kind": .string(kind), "problem": .string(problem.path),
            "metric": .string(problem.objective.rawValue), "resolved": .bool(resolves), "vary": .array(vary),
            "points": .array(points.map(json)), "regret": regret?.json ?? .null,
        ])
    }

    private func json(_ point: WhatIf.Point) -> JSONValue {
        let held = zip(candidates, point.held).map { candidate, judged in
            JSONValue.object([
                "name": .string(candidate.name), "expected": judged.outcomes.json,
                "broken_limits": .array(judged.brokenLimits.map { .string($0.rawValue) }),
            ])
        }
        let sign: Double = point.objective.isMaximized ? -1 : 1
        return .object([
            "name": .string(point.scenario.name),
            "settings": .object(
                Dictionary(
                    point.scenario.settings.map { ($0.path, .string($0.value)) }, uniquingKeysWith: { _, last in last })
            ),
            "metric": .string(point.objective.rawValue),
            "status": .string(point.optimum != nil ? "optimal" : point.infeasible != nil ? "infeasible" : "held"),
            "reason": .init(point.infeasible),
            // What is maximized is told in its own sign.
            "objective": .init(point.optimum.map { sign * $0.certificate.primal }),
            "bound": .init(point.optimum.map { sign * $0.certificate.bound }),
            "gap": .init(point.optimum?.certificate.gap),
            "multipliers": point.optimum?.certificate.multipliers.json ?? .null,
            "expected": point.optimum?.outcomes.json ?? .null, "held": .array(held),
        ])
    }
}

extension RegretTable {
    /// The table as JSON.
    var json: JSONValue {
        .object([
            "scenarios": .array(scenarios.map { .string($0) }), "best": .array(best.map { .init($0) }),
            "policies": .array(
                rows.map { row in
                    .object([
                        "name": .string(row.name), "regrets": .array(row.regrets.map { .init($0) }),
                        "worst": .number(row.worst), "keeps_limits": .bool(row.keepsLimits),
                    ])
                }), "choice": .init(choice?.name),
        ])
    }
}

extension Tornado {
    /// The bars as JSON (schema/whatif.schema.json).
    public var json: JSONValue {
        func end(_ end: End) -> JSONValue {
            .object(["number": .number(end.number), "value": .init(end.value), "reason": .init(end.reason)])
        }
        return .object([
            "version": .integer(1), "kind": .string("tornado"), "metric": .string(objective.rawValue),
            "share": .number(share), "base": .number(base),
            "bars": .array(
                bars.map { bar in
                    .object([
                        "path": .string(bar.number.path), "number": .number(bar.number.value), "low": end(bar.low),
                        "high": end(bar.high), "swing": .number(bar.swing(around: base)),
                    ])
                }), "unmoved": .array(unmoved.map { .string($0) }),
        ])
    }
}

extension BreakEven {
    /// The result as JSON (schema/whatif.schema.json).
    public var json: JSONValue {
        func end(_ value: Double, _ standings: (Standing, Standing), _ lead: Lead) -> JSONValue {
            .object([
                "at": .number(value), "first": .init(standings.0.value), "second": .init(standings.1.value),
                "first_keeps_limits": .bool(standings.0.keepsLimits),
                "second_keeps_limits": .bool(standings.1.keepsLimits), "lead": .string(lead.rawValue),
            ])
        }
        return .object([
            "version": .integer(1), "kind": .string("break_even"), "metric": .string(objective.rawValue),
            "path": .string(path), "first": .string(names.0), "second": .string(names.1),
            "from": end(range.lowerBound, endValues[0], ends.0), "to": end(range.upperBound, endValues[1], ends.1),
            "changes": .array(
                changes.map {
                    .object([
                        "at": .number($0.value), "below": .string($0.below.rawValue),
                        "above": .string($0.above.rawValue),
                    ])
                }),
        ])
    }
}
