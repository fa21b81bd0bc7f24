/// A linear program over mixtures with one coupling limit, whose groups choose along usage curves.
///
///     minimize   Σ_g Σ_k x_gk v_g(k)
///     subject to Σ_g weight_g Σ_k x_gk usage_g(k) ≤ limit,   Σ_k x_gk = 1,   x ≥ 0
///
/// v_g must be concave in the position of k (and is asked for only where it can matter: it may be dear to compute).
/// Source: derived, docs/maths/dispatch.md.
public struct SingleLimitProblem: Sendable {
    /// The distinct usage curves.
    public let curves: [UsageCurve]
    /// For each group, which curve it follows.
    public let curveOfGroup: [Int]
    /// For each group, the factor on its usage, > 0.
    public let weights: [Double]
    /// Largest total usage.
    public let limit: Double

    /// A problem.
    /// - Precondition: as many weights as groups, curve numbers in range.
    public init(curves: [UsageCurve], curveOfGroup: [Int], weights: [Double], limit: Double) {
        precondition(curveOfGroup.count == weights.count && !weights.isEmpty, "each group needs a curve and a weight")
        precondition(curveOfGroup.allSatisfy(curves.indices.contains), "a group follows a curve that is not there")
        self.curves = curves
        self.curveOfGroup = curveOfGroup
        self.weights = weights
        self.limit = limit
    }
}

/// What is true of a problem, as far as the solver found out.
public enum SolveStatus: String, Sendable, Equatable {
    /// Solved; the gap says how exactly.
    case optimal
    /// Keeps every limit; something better by at most the gap may exist.
    case feasible
    /// No choice keeps the limit.
    case infeasible
    /// Stopped before the bound was tight; primal and bound are still valid.
    case iterationLimit = "iteration_limit"
}

/// A solution with its certificate.
public struct SingleLimitSolution: Sendable, Equatable {
    /// A vertex and the probability with which its group takes it.
    public struct Choice: Sendable, Equatable {
        /// Index into the group's usage curve.
        public let vertex: Int
        /// 0 < probability ≤ 1.
        public let probability: Double

        /// A choice.
        public init(vertex: Int, probability: Double) {
            self.vertex = vertex
            self.probability = probability
        }
    }

    /// Whether it is optimal.
    public let status: SolveStatus
    /// For each group its mixture; at most one group has two entries.
    ///
    /// Empty where infeasible.
    public let choices: [[Choice]]
    /// Value of `choices`; infinite where infeasible.
    public let primal: Double
    /// No mixture is better than this (the Lagrangian dual at `multiplier`).
    public let bound: Double
    /// What one more unit of the limit would save.
    public let multiplier: Double
    /// Total usage of `choices`.
    public let usage: Double
    /// Σ_g (max v_g − min v_g): what the choice is about.
    public let scale: Double
    /// How many values v_g(k) were computed.
    public let evaluations: Int
    /// How many multipliers were tried.
    public let rounds: Int

    /// (primal − bound) / scale; 0 where the scale is 0.
    public var gap: Double { scale > 0 ? (primal - bound) / scale : 0 }
}
