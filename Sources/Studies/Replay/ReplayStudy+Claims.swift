internal import Policies
internal import Replay
internal import Serving
internal import Traces

extension ReplayStudy {
    /// Where the replay finds other outcomes than the table claims, by more than sampling explains; a sentence each.
    static func disagreements(_ table: PolicyTable, _ problem: Problem, _ row: Row, _ options: Options) -> [String] {
        table.expected.keys.sorted().compactMap { name in
            guard let metric = Metric(rawValue: name), let claimed = table.expected[name] else { return nil }
            guard let value = row.outcomes[metric] else { return nil }
            // Measured against something else, quality is another number.
            if metric.isMaximized, options.metrics != problem.metrics { return nil }
            let error = row.outcomes.error(of: metric)
            if let level = metric.quantileLevel {
                guard !mayBe(claimed, the: level, of: row.outcomes) else { return nil }
            } else {
                // Of a single request nothing is known of the error.
                guard let error else { return nil }
                let slack = significance * error + allowance(metric, claimed, row.outcomes)
                guard abs(value - claimed) > slack else { return nil }
            }
            let found = (value: value, error: error ?? 0)
            return """
                the table claims \(name) \(metric.value(claimed)), the replay finds \(metric.value(found.value)) ± \
                \(metric.amount(found.error))\(metric.isMaximized ? "; the table counts one mean pace and no hand-overs" : "")
                """
        }
    }

    /// Whether a quantile may be what is claimed: between those at its level ± what a share of the requests may be off by.
    ///
    /// Unlike a standard error this holds where times tie, or leave gaps.
    private static func mayBe(_ claimed: Double, the level: Double, of outcomes: ReplayOutcomes) -> Bool {
        let requests = Double(max(1, outcomes.tally.requests))
        let off = significance * (level * (1 - level) / requests).squareRoot() + 1 / requests
        let bins = 2e-4 * claimed
        let isTooLow = outcomes.ttftQuantile(max(0, level - off)).map { claimed < $0 - bins } ?? false
        let isTooHigh = level + off < 1 && (outcomes.ttftQuantile(level + off).map { claimed > $0 + bins } ?? false)
        return !isTooLow && !isTooHigh
    }

    /// What may lie between a claim and a replay besides sampling: rounding, and for shares a request more or less.
    private static func allowance(_ metric: Metric, _ claimed: Double, _ outcomes: ReplayOutcomes) -> Double {
        switch metric {
        case .failedShare, .deviceAnswerShare, .devicePrefillShare, .serverPrefillShare:
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
