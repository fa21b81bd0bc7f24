internal import Distributions
private import Serving
internal import Traces

/// Whether cancelling went with the prompt length, so that one product-limit estimate of all rows would be wrong.
///
/// That estimate needs the time at which a request is cancelled to say nothing of its TTFT. Where both go with the length it
/// does say something; then estimates are made within groups of lengths and mixed by the groups' requests. Where only one of
/// the two goes with it, all rows together are right too, and see further: long prompts are cancelled later.
/// Source: derived, docs/maths/censoring.md.
public struct CensoringStrata: Sendable, Equatable {
    /// The first length of each group compared, ascending.
    public let lowerEdges: [Int]
    /// Rows that were cancelled.
    public let cancelled: Int
    /// Whether the share of cancelled rows goes with the length (χ² of homogeneity, p < 0.001).
    public let cancellingGoesWithLength: Bool
    /// Whether the TTFT does (log-rank test, p < 0.001).
    public let timeGoesWithLength: Bool

    /// Whether estimates are to be made group by group.
    public var isNeeded: Bool { cancellingGoesWithLength && timeGoesWithLength }

    /// The comparison, with the groups' estimates mixed by their requests where groups are to be told apart; nil where none of
    /// the rows was cancelled.
    static func compare(
        _ rows: TraceRows, _ indices: [Int], timeout: Double
    ) -> (strata: CensoringStrata, pooled: Empirical?)? {
        let isCensored = indices.map { rows.isCensored[$0] }
        guard isCensored.contains(true) else { return nil }
        var edges = ServerProfile.groupEdges(rows, indices)
        // Rows without a length (0) are a group of their own.
        edges[0] = indices.reduce(1) { min($0, rows.promptTokens[$1]) }
        let groups = indices.map { edges.interval(holding: rows.promptTokens[$0]) }
        var members = [[Int]](repeating: [], count: edges.count)
        var hits = [Int](repeating: 0, count: edges.count)
        var totals = hits
        for (i, group) in zip(indices, groups) {
            members[group].append(i)
            totals[group] += rows.counts[i]
            if rows.isCensored[i] { hits[group] += rows.counts[i] }
        }
        let cancelling = homogeneity(of: hits, among: totals).isSignificant
        let times = logRank(
            values: indices.map { rows.ttft[$0] > timeout ? .infinity : rows.ttft[$0] }, isCensored: isCensored,
            counts: indices.map { rows.counts[$0] }, groups: groups)
        let strata = CensoringStrata(
            lowerEdges: edges, cancelled: hits.reduce(0, +), cancellingGoesWithLength: cancelling,
            timeGoesWithLength: times.isSignificant)
        guard strata.isNeeded else { return (strata, nil) }
        let estimates = members.map { KaplanMeier(rows, $0, timeout: timeout) }
        return (strata, Empirical(estimates, weights: totals.map(Double.init), unidentifiedAt: timeout))
    }
}

extension KaplanMeier {
    /// The product-limit estimate of the TTFT of the chosen rows.
    init(_ rows: TraceRows, _ chosen: [Int], timeout: Double) {
        self.init(
            values: chosen.map { rows.ttft[$0] }, isCensored: chosen.map { rows.isCensored[$0] },
            counts: chosen.map { rows.counts[$0] }, horizon: timeout)
    }
}

extension Empirical {
    /// The TTFT of the chosen rows: the product-limit estimate where any was cancelled, unidentified mass at the timeout.
    init(_ rows: TraceRows, _ chosen: [Int], timeout: Double) {
        if chosen.contains(where: { rows.isCensored[$0] }) {
            self.init(KaplanMeier(rows, chosen, timeout: timeout), unidentifiedAt: timeout)
        } else {
            self.init(values: chosen.map { rows.ttft[$0] }, counts: chosen.map { rows.counts[$0] }, horizon: timeout)
        }
    }
}
