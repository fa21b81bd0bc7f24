internal import Distributions
internal import Policies
internal import Serving

extension DriftStudy {
    /// Most buckets that are printed; of more, those with the least levels.
    private static let printedBuckets = 32

    /// The check for people, within 80 columns where names allow; findings are not among it.
    /// - Returns: Lines that end in a newline.
    public func rendered() -> String {
        var lines = [
            "policy \(table.id.prefix(19))..., revision \(table.revision), \(state.rawValue), for \(problem)", "",
        ]
        if !comparisons.isEmpty { lines += comparisonLines + [""] }
        if !budgets.isEmpty {
            lines += columns([["limit", "bound", "then", "now", "use", ""]] + budgets.map(row)) + [""]
        }
        if !outcomes.isEmpty {
            lines += columns(
                [["outcome", "then", "now", "change"]]
                    + outcomes.map { metric, then, now in
                        let change = text(now - then)
                        return [
                            metric.rawValue, text(then, digits: 4), text(now, digits: 4),
                            now > then ? "+" + change : change,
                        ]
                    })
            lines.append("")
        }
        if let regret {
            lines += regretLines(regret) + [""]
        }
        lines += notes.map { "note: \($0)" }
        lines.append(
            """
            let pass: distance \(limits.distance.asGiven), or a level above \(limits.level.asGiven); use \
            \(limits.budgetUse.asGiven); regret \(limits.regret.asGiven)
            """)
        return lines.joined(separator: "\n") + "\n"
    }

    private func regretLines(_ regret: Regret) -> [String] {
        let share = regret.share.isFinite ? "\(text(100 * regret.share)) %" : "all of it"
        return columns([
            ["regret", "held", "solved anew", "loss", "", ""],
            [
                regret.metric.rawValue, text(regret.held, digits: 4), text(regret.solved, digits: 4), text(regret.loss),
                share,
                hasEnoughRows && regret.share > limits.regret ? "PAST" : "",
            ],
        ])
    }

    private var comparisonLines: [String] {
        var rows = [["drift", "then", "now", "p50", "p50 now", "distance", "level", ""]]
        let buckets = comparisons.indices.filter { comparisons[$0].isBucket }
        let worst = buckets.sorted { (comparisons[$0].level ?? 2, $0) < (comparisons[$1].level ?? 2, $1) }
            .prefix(Self.printedBuckets)
        // Buckets that cannot be compared at all are told of in a note.
        let shown = buckets.contains { comparisons[$0].test != nil } ? Set(worst) : []
        for (index, comparison) in comparisons.enumerated() where !comparison.isBucket || shown.contains(index) {
            rows.append(row(comparison))
        }
        var lines = columns(rows)
        if !shown.isEmpty, shown.count < buckets.count {
            lines.append("and \(buckets.count - shown.count) more buckets, none of which differs more surely (--json)")
        }
        return lines
    }

    private func row(_ comparison: DriftComparison) -> [String] {
        func median(_ value: Double?) -> String {
            guard let value else { return "-" }
            guard value.isFinite else { return "never" }
            return comparison.subject == .workload ? text(value) : "\(text(value)) s"
        }
        return [
            comparison.label, "\(comparison.then.rows)", "\(comparison.now.rows)", median(comparison.then.median),
            median(comparison.now.median), comparison.test.map { fixed($0.distance, decimals: 3) } ?? "-",
            comparison.level.map { text($0, digits: 2) } ?? "-", comparison.isDrifted(limits) ? "DRIFTED" : "",
        ]
    }

    private func row(_ budget: BudgetUse) -> [String] {
        let error = budget.useError.map { " ± \(text($0, digits: 2))" } ?? ""
        return [
            budget.metric.rawValue, "at \(budget.isAtLeast ? "least" : "most") \(budget.bound.asGiven)",
            budget.then.map { text($0, digits: 4) } ?? "-", text(budget.now, digits: 4), text(budget.use) + error,
            hasEnoughRows && budget.certainUse > limits.budgetUse ? "PAST" : "",
        ]
    }
}

extension DriftComparison {
    /// Whether it is of one bucket.
    var isBucket: Bool { if case .serverBucket = subject { true } else { false } }

    /// The first cell of its row.
    fileprivate var label: String {
        switch subject {
        case .serverBucket: "  " + name.dropFirst("server TTFT, ".count)
        case .device: "device TTFT less its line"
        default: name
        }
    }
}
