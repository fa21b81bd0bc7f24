public import Serving
internal import Solvers

/// Fixed policies under every scenario: what each one loses to the scenario's own optimum, and who loses least at worst.
public struct RegretTable: Sendable {
    /// One policy.
    public struct Row: Sendable {
        /// Its name.
        public let name: String
        /// What it loses under each scenario, in the objective's unit; nil where the scenario has no optimum.
        public let regrets: [Double?]
        /// The limits that it breaks under each scenario.
        public let brokenLimits: [[Metric]]

        /// The largest loss.
        public var worst: Double { regrets.compactMap(\.self).max() ?? 0 }
        /// Whether it keeps the limits of every scenario that has an optimum.
        public var keepsLimits: Bool { zip(regrets, brokenLimits).allSatisfy { $0 == nil || $1.isEmpty } }
    }

    /// The scenarios' names.
    public let scenarios: [String]
    /// What is minimized.
    public let objective: Metric
    /// The best value under each scenario; nil where no policy keeps the limits.
    public let best: [Double?]
    /// The policies, in the order given.
    public let rows: [Row]
    /// The policy of least worst regret among those that keep the limits of all scenarios that have an optimum; nil where none does.
    public let choice: Row?

    /// The table of points that were solved anew with `candidates` held.
    public init(_ points: [WhatIf.Point], holding candidates: [WhatIf.Candidate]) {
        scenarios = points.map(\.scenario.name)
        objective = points.first?.objective ?? .ttftMean
        best = points.map { $0.optimum?.outcomes[$0.objective] }
        rows = candidates.enumerated().map { index, candidate in
            Row(
                name: candidate.name,
                regrets: points.map { point in
                    guard let best = point.optimum?.outcomes[point.objective],
                        let own = point.held[index].outcomes[point.objective]
                    else { return nil }
                    let regret = point.objective.isMaximized ? best - own : own - best
                    // What rounding leaves of nothing is nothing.
                    return abs(regret) <= 1e-9 * max(abs(best), abs(own)) ? 0 : regret
                }, brokenLimits: points.map { $0.held[index].brokenLimits })
        }
        // Of equal ones the first: a rounding must not choose.
        var choice: Row?
        for row in rows where row.keepsLimits && best.contains(where: { $0 != nil }) {
            if let held = choice, row.worst >= held.worst - 1e-12 * abs(held.worst) { continue }
            choice = row
        }
        self.choice = choice
    }
}
