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
        /// Median TTFT in seconds; infinite where most failed.
        public let p50: Double
        /// 99th percentile in seconds; infinite where over 1 % failed.
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
            let own = Empirical(values: indices.map { rows.ttft[$0] }, counts: indices.map { rows.counts[$0] })
            return Group(from: from, requests: own.observations, p50: own.quantile(0.5), p99: own.quantile(0.99))
        }
        rankCorrelation = Distributions.rankCorrelation(
            known.map { Double(rows.promptTokens[$0]) }, known.map { rows.ttft[$0] },
            counts: known.map { rows.counts[$0] })
    }

    /// Requests behind the evidence.
    public var requests: Int { groups.reduce(0) { $0 + $1.requests } }

    /// Whether pooling looks wrong: a rank correlation of at least 0.2 that chance does not explain (|ρ|√(n − 1) > 3.29).
    public var speaksAgainstPooling: Bool {
        guard let rho = rankCorrelation else { return false }
        return abs(rho) >= 0.2 && abs(rho) * Double(max(0, requests - 1)).squareRoot() > 3.29
    }
}
