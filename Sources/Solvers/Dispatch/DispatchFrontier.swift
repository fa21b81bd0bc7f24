internal import Optimization
public import Serving

/// The least mean TTFT at every budget, with the plans that reach it.
///
/// Convex, falling and piecewise linear in the budget. Source: derived, docs/maths/dispatch.md.
public struct DispatchFrontier: Sendable {
    /// Where the multiplier changes: budgets ascending from 0 to the last that binds.
    public struct Point: Sendable, Hashable {
        /// Largest share of prompt tokens that the limited endpoint prefills.
        public let budget: Double
        /// The least mean TTFT within it, in seconds.
        public let mean: Double
        /// Seconds of mean TTFT that one more unit of budget buys from here on; 0 at the last point.
        public let multiplier: Double
    }

    private let frontier: SingleLimitFrontier
    private let linear: LinearDispatch

    init(_ problem: DispatchProblem) {
        linear = LinearDispatch(problem)
        frontier = linear.program.frontier(value: linear.value)
    }

    /// The breakpoints, by ascending budget.
    public var points: [Point] {
        frontier.limits.indices.map { k in
            Point(
                budget: frontier.limits[k], mean: frontier.values[k],
                multiplier: k < frontier.multipliers.count ? frontier.multipliers[k] : 0)
        }
    }

    /// How many (bucket, wait) values were computed.
    public var evaluations: Int { frontier.evaluations }

    /// The least mean TTFT within a budget ≥ 0, in seconds, and what one more unit of it would buy.
    /// - Complexity: O(log *n*).
    public func point(at budget: Double) -> Point {
        guard let mean = frontier.value(at: budget), let multiplier = frontier.multiplier(at: budget) else {
            preconditionFailure("a share of \(budget)")
        }
        return Point(budget: budget, mean: mean, multiplier: multiplier)
    }

    /// The optimal plan within a budget ≥ 0.
    /// - Complexity: O(*n*) for the *n* breakpoints.
    public func plan(at budget: Double) -> DispatchPlan {
        guard let plan = frontier.choices(at: budget).flatMap(linear.plan) else {
            preconditionFailure("a share of \(budget)")
        }
        return plan
    }
}

extension DispatchProblem {
    /// The optimum at every budget at once; this problem's own budget does not count.
    /// - Complexity: O(*n*) for the *n* server times, then O(lengths · residuals) for each of the waits that can be optimal.
    public func frontier() -> DispatchFrontier { DispatchFrontier(self) }
}
