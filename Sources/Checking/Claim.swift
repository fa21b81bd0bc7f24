public import Serving

/// What a certificate says of a policy.
public enum Claim: Sendable, Hashable {
    /// Of an objective that is linear in the mixtures: a mean, a cost, a share.
    case linear(LinearClaim)
    /// Of a quantile of TTFT.
    case quantile(QuantileClaim)
}

/// A certificate of an objective that is linear in the mixtures.
public struct LinearClaim: Sendable, Hashable {
    /// The policy's objective value.
    public var primal: Double
    /// No policy that keeps the limits has less.
    public var bound: Double
    /// (primal − bound) / scale, 0 if the scale is 0; negative counts as 0.
    public var gap: Double
    /// Σ over buckets of share · (greatest − least objective value over competing actions).
    public var scale: Double
    /// A price per unit of each limited metric: ≥ 0 prices `atMost`, ≤ 0 prices `atLeast`.
    public var multipliers: [Metric: Double]

    /// A claim.
    public init(primal: Double, bound: Double, gap: Double, scale: Double, multipliers: [Metric: Double]) {
        self.primal = primal
        self.bound = bound
        self.gap = gap
        self.scale = scale
        self.multipliers = multipliers
    }
}

/// A certificate of a quantile of TTFT.
public struct QuantileClaim: Sendable, Hashable {
    /// The policy's quantile, in seconds.
    public var primal: Double
    /// No policy that keeps the limits has a smaller quantile.
    public var bound: Double
    /// (primal − bound) / scale, as in `LinearClaim`; nil where it is not claimed.
    public var gap: Double?
    /// What the gap is relative to; nil where it is not claimed.
    public var scale: Double?
    /// The proof: no policy has P(min(T, timeout) > time) ≤ 1 − level.
    public var tail: Tail?
    /// That of the policies with this quantile none has a smaller mean: a claim on `ttft.mean` with one more limit, the
    /// quantile at most `primal`; nil where it is not claimed.
    public var tieBreak: LinearClaim?

    /// A time, and multipliers that prove it too early for the quantile.
    public struct Tail: Sendable, Hashable {
        /// In seconds; `bound` is at most the next double.
        public var time: Double
        /// No policy that keeps the limits has a smaller P(T > time); nil claims only what the proof needs.
        public var bound: Double?
        /// As in `LinearClaim`, in units of P(T > time).
        public var multipliers: [Metric: Double]

        /// A time and its multipliers.
        public init(time: Double, bound: Double? = nil, multipliers: [Metric: Double]) {
            self.time = time
            self.bound = bound
            self.multipliers = multipliers
        }
    }

    /// A claim.
    public init(
        primal: Double, bound: Double, gap: Double? = nil, scale: Double? = nil, tail: Tail?,
        tieBreak: LinearClaim? = nil
    ) {
        self.primal = primal
        self.bound = bound
        self.gap = gap
        self.scale = scale
        self.tail = tail
        self.tieBreak = tieBreak
    }
}
