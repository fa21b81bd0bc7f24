extension PolicyTable {
    /// A bound on a metric, in the metric's own unit, with at least one side.
    public struct Limit: Sendable, Hashable {
        /// Upper bound; nil for none.
        public var atMost: Double?
        /// Lower bound; nil for none.
        public var atLeast: Double?

        /// A bound from above, from below or both.
        public init(atMost: Double? = nil, atLeast: Double? = nil) {
            self.atMost = atMost
            self.atLeast = atLeast
        }
    }

    /// The proof of how good the policy is, in the objective's unit.
    ///
    /// The problem is a minimization. Where the objective is to be maximized (``PolicyMetric/isMaximized(_:)``), `primal`
    /// and `bound` are those of its negative.
    public struct Certificate: Sendable, Hashable {
        /// What the solver can claim.
        public enum Status: String, Sendable, Hashable, CaseIterable {
            /// Keeps every limit, and the gap is at most 1e-6: nothing better exists.
            case optimal
            /// Keeps every limit; something better by at most gap · scale may exist.
            case feasible
        }

        /// What the solver can claim.
        public var status: Status
        /// The policy's objective value.
        public var primal: Double
        /// No policy that keeps the limits has a smaller objective value than this.
        public var bound: Double
        /// max(0, primal - bound) / scale, 0 if the scale is 0.
        public var gap: Double
        /// How much the choice is about: the requests' mean of (worst action's value - best action's value), ≥ 0.
        public var scale: Double
        /// What the optimum would gain by one unit more of a limit, by name of ``PolicyMetric``; objective per unit.
        ///
        /// A limit from above has one of at least 0, a limit from below one of at most 0: one unit more of it costs. A
        /// limit on a quantile of level q is the row P(TTFT > limit) ≤ 1 - q, and its unit is one of probability.
        public var multipliers: [String: Double]
        /// Why no smaller quantile can be had; nil where the objective is none, or its bound is not proved.
        public var tail: Tail?
        /// How good the policy is among those of the best quantile; nil where ties are not broken.
        public var tieBreak: TieBreak?

        /// A certificate.
        /// - Parameters:
        ///   - status: What the solver can claim.
        ///   - primal: The policy's objective value.
        ///   - bound: A lower bound on every policy's objective value.
        ///   - gap: (primal - bound) / scale, computed where nil.
        ///   - scale: The magnitude that tolerances are relative to, ≥ 0.
        ///   - multipliers: Objective per unit of each limit.
        ///   - tail: The proof of a quantile's bound.
        ///   - tieBreak: The proof of the mean among the policies of the best quantile.
        public init(
            status: Status, primal: Double, bound: Double, gap: Double? = nil, scale: Double = 1,
            multipliers: [String: Double] = [:], tail: Tail? = nil, tieBreak: TieBreak? = nil
        ) {
            self.status = status
            self.primal = primal
            self.bound = bound
            self.gap = gap ?? Self.gap(primal: primal, bound: bound, scale: scale)
            self.scale = scale
            self.multipliers = multipliers
            self.tail = tail
            self.tieBreak = tieBreak
        }

        /// The largest gap that may be called optimal, with any number of limits.
        static let largestOptimalGap = 1e-6

        /// max(0, primal - bound) / scale; 0 if the scale is 0.
        static func gap(primal: Double, bound: Double, scale: Double) -> Double {
            scale > 0 ? max(0, primal - bound) / scale : 0
        }
    }
}
