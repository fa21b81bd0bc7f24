public import Serving

/// What a check found: the numbers as recomputed, beside those claimed, and everything that is wrong.
public struct CertificateVerdict: Sendable {
    /// The policy's metrics, in their order: the objective, what is limited, what is claimed.
    public internal(set) var values: [Value] = []
    /// Proofs that were recomputed, in the order of the certificate.
    public internal(set) var proofs: [Proof] = []
    /// What is wrong, a sentence each; empty for a certificate that holds.
    public internal(set) var findings: [String] = []

    /// A verdict on nothing.
    public init() {}

    /// Whether nothing is wrong.
    public var isValid: Bool { findings.isEmpty }

    /// A metric of the policy.
    public struct Value: Sendable, Hashable {
        /// Which.
        public let metric: Metric
        /// As recomputed.
        public let recomputed: Enclosure
        /// As claimed; nil where it is not.
        public let claimed: Double?
        /// The limit on it, if any.
        public let limit: Limit?
    }

    /// A dual bound.
    public struct Proof: Sendable, Hashable {
        /// What is bounded: `ttft.mean`, or `P(ttft > 1.25)`.
        public let name: String
        /// What the certificate needs the bound to be.
        public let claimed: Double
        /// Value of the dual function.
        public let bound: DualValue
        /// By how much `claimed` may be above it.
        public let tolerance: Double
    }
}

/// A value of the dual function at given multipliers, as far as it is known.
public struct DualValue: Sendable, Hashable {
    /// It is at least this: no policy that keeps the limits has a smaller objective value.
    public let proven: Double
    /// It is at most this: some policy, limits priced but not kept, has it.
    public let attained: Double
}
