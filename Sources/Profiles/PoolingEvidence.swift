internal import Distributions
public import Traces

/// Whether the server's TTFT goes with the prompt length, so that one pooled distribution would be wrong.
public struct PoolingEvidence: Sendable, Equatable {
    /// The TTFT of one group of prompt lengths.
    public struct Group: Sendable, Equatable {
        /// Shortest prompt of the group, in tokens.
        public let from: Int
        /// Number of requests.
        public let requests: Int
        /// How many of them were cancelled before they answered.
        public let cancelled: Int
        /// Median TTFT in seconds; infinite where most failed, or were cancelled before anything was seen there.
        public let p50: Double
        /// 99th percentile in seconds; infinite where over 1 % failed, or were cancelled before anything was seen there.
        public let p99: Double
    }

    /// Spearman's rank correlation between length group and TTFT (failures rank last); nil with one group.
    public let rankCorrelation: Double?
    /// The groups, by length: doublings, or those conditioned on.
    public let groups: [Group]

    /// The evidence in all rows; nil where rows carry no length.
    public init?(rows: TraceRows) {
        let known = rows.counts.indices.filter { rows.promptTokens[$0] > 0 }
        guard !known.isEmpty else { return nil }
        let members = Dictionary(grouping: known) { rows.promptTokens[$0] }
        groups = members.sorted { $0.key < $1.key }.map { from, indices in
            let own = Empirical(rows, indices, timeout: .greatestFiniteMagnitude)
            return Group(
                from: from, requests: own.observations, cancelled: own.censoring?.observations ?? 0,
                p50: own.seenQuantile(0.5), p99: own.seenQuantile(0.99))
        }
        let lengths = known.map { Double(rows.promptTokens[$0]) }
        let times = known.map { rows.ttft[$0] }
        let counts = known.map { rows.counts[$0] }
        let isCensored = known.map { rows.isCensored[$0] }
        rankCorrelation =
            isCensored.contains(true)
            ? Distributions.rankCorrelation(lengths, times, isCensored: isCensored, counts: counts)
            : Distributions.rankCorrelation(lengths, times, counts: counts)
    }

    /// Requests behind the evidence.
    public var requests: Int { groups.reduce(0) { $0 + $1.requests } }

    /// Largest over smallest median of the groups with enough rows to have one.
    public var medianRatio: Double {
        let medians = groups.filter {
            $0.requests >= ServerProfile.minimalGroupRows && ($0.cancelled == 0 || $0.p50.isFinite)
        }.map(\.p50)
        guard let least = medians.min(), let most = medians.max() else { return 1 }
        return least == most ? 1 : most / least
    }

    /// Whether pooling looks wrong: a relation that chance does not explain (|ρ|√(n − 1) > 3.29) and that matters, with a
    /// rank correlation of at least 0.2 or medians more than a quarter apart.
    ///
    /// Source: docs/maths/fit.md.
    public var speaksAgainstPooling: Bool {
        guard let rho = rankCorrelation else { return false }
        let isCertain = abs(rho) * Double(max(0, requests - 1)).squareRoot() > 3.29
        return isCertain && (abs(rho) >= 0.2 || medianRatio > 1.25)
    }
}
