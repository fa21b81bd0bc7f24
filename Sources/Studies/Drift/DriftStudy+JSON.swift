internal import Distributions
internal import Policies
internal import Serving

extension DriftStudy {
    /// The check as JSON (schema/check.schema.json).
    public var json: JSONValue {
        .object([
            "version": .integer(1),
            "policy_id": .string(table.id),
            "problem": .string(problem),
            "state": .string(state.rawValue),
            "holds": .bool(findings.isEmpty),
            "findings": .array(findings.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
            "limits": .object([
                "distance": .number(limits.distance), "level": .number(limits.level),
                "budget_use": .number(limits.budgetUse), "regret": .number(limits.regret),
            ]),
            "drift": .array(comparisons.map { $0.json(limits) }),
            "budgets": .array(budgets.map { json($0) }),
            "outcomes": .object(
                Dictionary(
                    uniqueKeysWithValues: outcomes.map {
                        ($0.metric.rawValue, .object(["then": .number($0.then), "now": .number($0.now)]))
                    })),
            "regret": regret.map {
                .object([
                    "metric": .string($0.metric.rawValue), "held": .number($0.held), "solved": .number($0.solved),
                    "loss": .number($0.loss), "share": .number($0.share),
                    "past": .bool(hasEnoughRows && $0.share > limits.regret),
                ])
            } ?? .null,
            "traces": .array(sources.map(\.json)),
        ])
    }

    private func json(_ budget: BudgetUse) -> JSONValue {
        .object([
            "metric": .string(budget.metric.rawValue), "bound": .number(budget.bound),
            "side": .string(budget.isAtLeast ? "at_least" : "at_most"), "then": .init(budget.then),
            "now": .number(budget.now), "standard_error": .init(budget.standardError), "use": .number(budget.use),
            "past": .bool(hasEnoughRows && budget.certainUse > limits.budgetUse),
        ])
    }
}

extension DriftComparison {
    /// The comparison as JSON.
    fileprivate func json(_ limits: DriftLimits) -> JSONValue {
        var members: [String: JSONValue] = [
            "then": then.json, "now": now.json, "distance": .init(test?.distance), "level": .init(test?.level),
            "adjusted_level": .init(level), "method": .init(test?.method.rawValue),
            "compared_up_to": .init(test?.comparedUpTo), "drifted": .bool(isDrifted(limits)), "from": .null,
            "to": .null, "period": .null,
        ]
        switch subject {
        case .server: members["what"] = .string("server.ttft")
        case .serverBucket(let from, let to, let period):
            members["what"] = .string("server.ttft")
            members["from"] = .integer(from)
            members["to"] = to.map { .integer($0) } ?? .null
            members["period"] = .init(period)
        case .device: members["what"] = .string("device.ttft")
        case .workload: members["what"] = .string("prompt_tokens")
        }
        return .object(members)
    }
}

extension DriftComparison.Side {
    /// The side as JSON.
    fileprivate var json: JSONValue { .object(["rows": .integer(rows), "median": .init(median)]) }
}
