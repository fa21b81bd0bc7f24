internal import Policies
internal import Replay
internal import Serving
internal import Traces

extension ReplayStudy {
    /// Where the replay finds other outcomes than the table claims, by more than sampling explains; a sentence each.
    static func disagreements(_ table: PolicyTable, _ row: Row) -> [String] {
        table.expected.keys.sorted().compactMap { name in
            guard let metric = Metric(rawValue: name), let claimed = table.expected[name] else { return nil }
            guard let value = row.outcomes[metric] else { return nil }
            let found = (value: value, error: row.outcomes.error(of: metric) ?? 0)
            let slack = significance * found.error + allowance(metric, claimed, row.outcomes)
            guard abs(found.value - claimed) > slack else { return nil }
            return """
                the table claims \(name) \(metric.value(claimed)), the replay finds \(metric.value(found.value)) ± \
                \(metric.amount(found.error))
                """
        }
    }

    /// What may lie between a claim and a replay besides sampling: the bins of quantiles, rounding, a request more or less.
    private static func allowance(_ metric: Metric, _ claimed: Double, _ outcomes: ReplayOutcomes) -> Double {
        switch metric {
        case .ttftQuantile: 2e-4 * claimed
        case .failedShare, .deviceAnswerShare:
            significance * (outcomes.shareError(claimed) ?? 0) + 1 / Double(max(1, outcomes.tally.requests))
        default: 1e-9 * max(1, abs(claimed))
        }
    }

    /// Traces that are others than those the table was made from.
    static func otherTraces(_ table: PolicyTable, _ profiles: StudyProfiles) -> [String] {
        table.provenance.traces.compactMap { trace in
            let read = profiles.sources.first { $0.role == trace.role.rawValue }
            guard let read, read.report.sha256 != trace.sha256 else { return nil }
            return "the table was made from another \(trace.role.rawValue) trace (\(trace.sha256.prefix(12))...)"
        }
    }
}
