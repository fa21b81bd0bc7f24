internal import Costs
internal import Profiles
internal import Serving
public import Solvers

/// Every rule for a budget's margin, tuned on one part of the traces and judged on the other.
public struct RiskComparison: Sendable {
    /// One rule.
    public struct Row: Sendable {
        /// The rule.
        public let rule: RiskRule
        /// What it made of the budget; nil where no budget keeps the rule.
        public let tightened: BudgetRisk.Tightened?
        /// The plan's outcomes on the other part.
        public let judged: Outcomes?
    }

    /// The margin that `disco solve` would leave.
    public let study: RiskStudy
    /// Whether the later part was tuned on and the earlier one judged on.
    public let isReversed: Bool
    /// The rules: plain, bootstrap, each rolling window, both.
    public let rows: [Row]

    /// Compares the rules on `problem`.
    /// - Parameters:
    ///   - problem: The problem, with one limit on a prefill share and a split.
    ///   - profiles: Its traces' profiles, by the hour too.
    ///   - rollingHours: Lengths of rolling windows to try.
    ///   - isReversed: Tune on the later part and judge on the earlier.
    /// - Returns: One row a rule, with the margin that `confidence` asks for.
    /// - Throws: `StudyError` where the problem has no such limit or split, or no arrival times.
    public static func compare(
        _ problem: Problem, on profiles: StudyProfiles, rollingHours: [Int], isReversed: Bool
    ) throws(StudyError) -> RiskComparison {
        guard let limit = problem.prefillBudgets.first else {
            throw .unsupported("\(problem.path): limits: found no prefill share with at_most, which is what is at risk")
        }
        guard let earlier = profiles.tuning, let later = profiles.heldOut else {
            throw .unsupported("\(problem.path): split: found nothing held out, but rules are judged on what is")
        }
        let (tuned, other) = isReversed ? (later, earlier) : (earlier, later)
        let buckets = profiles.buckets(problem.workload.buckets, of: tuned)
        func solve(_ budget: Double) -> DispatchPlan? {
            DispatchProblem(profile: tuned, buckets: buckets, limited: limit.endpoint, budget: budget).solve().plan
        }
        let part: TracePart = isReversed ? .heldOut : .tuning
        let study = try RiskStudy.assess(
            problem, on: profiles, part: part, limited: limit.endpoint, budget: limit.budget, solve: solve)
        let judge = FirstTokenModel(other)
        let rules = [.plain, .bootstrap] + rollingHours.map { RiskRule.rolling(hours: $0) } + [.both]
        let rows = rules.map { rule in
            let tightened = rule == .both ? study.tightened : study.risk.tightened(under: rule, solve: solve)
            return Row(
                rule: rule, tightened: tightened,
                judged: tightened.map { judge.outcomes(of: $0.plan, costs: problem.costs, quantiles: [.ttftP99]) })
        }
        return RiskComparison(study: study, isReversed: isReversed, rows: rows)
    }

    /// The result for people.
    public func rendered() -> String {
        let share = Metric.prefillShare(of: study.risk.limited)
        let plain = rows.first?.judged?[.ttftMean]
        var table = [["rule", "budget", "| judged on the other part: share", "of the budget", "mean s", "cost ms"]]
        for row in rows {
            func number(_ value: Double?, _ decimals: Int) -> String {
                value.map { fixed($0, decimals: decimals) } ?? "-"
            }
            let used = row.judged?[share]
            let mean = row.judged?[.ttftMean]
            table.append([
                row.rule.name, number(row.tightened?.budget, 4), number(used, 4),
                number(used.map { $0 / study.risk.budget }, 2), number(mean, 3),
                number(mean.flatMap { mean in plain.map { 1000 * (mean - $0) } }, 1),
            ])
        }
        let direction = isReversed ? "later" : "earlier"
        return
            (["Tuned on the \(direction) part of the traces, judged on the other.", ""] + columns(table) + [""]
            + study.sentences).joined(separator: "\n") + "\n"
    }

    /// The result as JSON (schema/risk.schema.json).
    public var json: JSONValue {
        .object([
            "version": .integer(1),
            "limited": .string(Metric.prefillShare(of: study.risk.limited).rawValue),
            "tuned_on": .string(isReversed ? "later" : "earlier"),
            "risk": study.json,
            "rules": .array(
                rows.map { row in
                    .object([
                        "rule": .string(row.rule.name),
                        "effective_budget": .init(row.tightened?.budget),
                        "forecast": row.tightened?.forecast.json ?? .null,
                        "held_out": row.judged?.json ?? .null,
                    ])
                }),
        ])
    }
}

extension RiskRule {
    /// The rule's name in tables and JSON.
    public var name: String {
        switch self {
        case .plain: "plain"
        case .bootstrap: "bootstrap"
        case .rolling(let hours?): "rolling-\(hours)h"
        case .rolling(nil): "rolling"
        case .both: "both"
        }
    }
}

extension Problem {
    /// Its limits on prefill shares from above.
    var prefillBudgets: [(endpoint: Endpoint, budget: Double)] {
        limits.compactMap { limit in
            guard let atMost = limit.atMost else { return nil }
            switch limit.metric {
            case .devicePrefillShare: return (.device, atMost)
            case .serverPrefillShare: return (.server, atMost)
            default: return nil
            }
        }
    }
}
