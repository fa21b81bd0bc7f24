public import Policies
internal import Profiles
internal import Serving

/// Two policy tables on one problem's traces: how the outcomes move.
public struct PolicyComparison: Sendable {
    /// The problem file's path.
    public let problem: String
    /// What each metric is under the older and the newer table, recomputed from all rows; in the order of the metrics.
    public let outcomes: [(metric: String, older: Double, newer: Double)]
    /// What stands in the way of a comparison, a sentence each.
    public let notes: [String]

    /// Recomputes the outcomes of both tables, whatever problem they were made from.
    /// - Parameters:
    ///   - older: A table without violations.
    ///   - newer: Another one.
    ///   - problem: The problem.
    ///   - profiles: Its traces' profiles.
    public init(_ older: PolicyTable, _ newer: PolicyTable, on problem: Problem, _ profiles: StudyProfiles) {
        self.problem = problem.path
        var notes: [String] = []
        let metrics = Set(older.expected.keys).union(newer.expected.keys).compactMap(Metric.init(rawValue:))
        func values(_ table: PolicyTable, _ name: String) -> [Metric: Double] {
            let worlds = StudyWorld.of(.all, profiles)
            let sets = table.periods.isEmpty ? [table.buckets] : table.periods.map(\.buckets)
            guard table.fits(worlds) else {
                notes.append("the \(name) table has \(sets.count) sets of buckets for other hours than the problem's")
                return [:]
            }
            if table.timeout != problem.timeout {
                notes.append(
                    "the \(name) table's timeout is \(table.timeout) s; recomputed under the problem's \(problem.timeout) s"
                )
            }
            let outcomes = PolicyOutcomes(
                sets.map(PolicyCheck.plan), in: worlds, metrics, problem, handOvers: profiles.handOvers(problem),
                quality: profiles.quality(problem))
            return Dictionary(
                outcomes.metrics.compactMap { metric in outcomes[metric].map { (metric, $0) } },
                uniquingKeysWith: { first, _ in first })
        }
        let (before, after) = (values(older, "older"), values(newer, "newer"))
        outcomes = before.keys.sorted().compactMap { metric in
            after[metric].map { (metric.rawValue, before[metric] ?? $0, $0) }
        }
        self.notes = notes
    }

    /// The comparison for people.
    /// - Returns: Lines that end in a newline.
    public func rendered() -> String {
        var rows = [["on \(problem)", "old", "new", "change"]]
        for (metric, older, newer) in outcomes {
            let change = newer - older
            rows.append([
                metric, text(older, digits: 6), text(newer, digits: 6),
                (change > 0 ? "+" : "") + text(change, digits: 3),
            ])
        }
        let lines = outcomes.isEmpty ? [] : columns(rows, leftAligned: [0])
        return (lines + notes.map { "note: \($0)" }).joined(separator: "\n") + "\n"
    }
}
