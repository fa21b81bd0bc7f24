public import Serving

/// What a check of drift lets pass.
public struct DriftLimits: Sendable, Equatable {
    /// Largest distance of two distributions, 0...1.
    public var distance = 0.1
    /// A distance counts only where chance explains it with at most this probability, all comparisons together.
    public var level = 0.01
    /// Largest part of a limit that the policy may use on the new rows; 1 is the limit itself.
    public var budgetUse = 1.0
    /// Largest loss in the objective against solving anew, as a share of what solving anew attains.
    public var regret = 0.05

    /// Limits.
    public init(distance: Double = 0.1, level: Double = 0.01, budgetUse: Double = 1, regret: Double = 0.05) {
        self.distance = distance
        self.level = level
        self.budgetUse = budgetUse
        self.regret = regret
    }
}

/// One side of one of the policy's limits, and what the policy does to it.
public struct BudgetUse: Sendable, Equatable {
    /// What is limited.
    public let metric: Metric
    /// The bound.
    public let bound: Double
    /// Whether the metric must be at least the bound; else at most.
    public let isAtLeast: Bool
    /// The metric on the rows that the problem names; nil where they cannot tell.
    public let then: Double?
    /// The metric on the new rows.
    public let now: Double
    /// The standard error of `now` that the new rows leave; nil where they are too few to tell.
    public let standardError: Double?

    /// A limit's side, and what became of it.
    public init(
        metric: Metric, bound: Double, isAtLeast: Bool = false, then: Double? = nil, now: Double,
        standardError: Double? = nil
    ) {
        self.metric = metric
        self.bound = bound
        self.isAtLeast = isAtLeast
        self.then = then
        self.now = now
        self.standardError = standardError
    }

    /// Standard errors by which a limit must be exceeded: chance does so once in 270 limits that bind.
    public static let significance = 3.0

    /// The part of the limit that is used: metric / bound, or bound / metric for a limit from below.
    ///
    /// It exceeds 1 exactly where the limit is broken; infinite where the bound is 0, or the metric of a limit from below is.
    public var use: Double { use(now) }

    /// The part that is used by as much as chance does not explain.
    public var certainUse: Double {
        let slack = Self.significance * (standardError ?? 0)
        return use(isAtLeast ? now + slack : max(0, now - slack))
    }

    /// The standard error of `use`, by its slope; nil where that of `now` is.
    public var useError: Double? {
        guard let standardError, use.isFinite else { return nil }
        guard standardError > 0 else { return 0 }
        return isAtLeast ? use * standardError / now : standardError / bound
    }

    /// Whether the limit is broken on the new rows, by more than rounding.
    public var isBroken: Bool { use > 1 }

    private func use(_ value: Double) -> Double {
        // What rounding explains is no excess.
        let tolerance = 1e-9 * max(1, abs(bound))
        let isKept = isAtLeast ? value >= bound - tolerance : value <= bound + tolerance
        let (part, whole) = isAtLeast ? (bound, value) : (value, bound)
        let ratio = whole > 0 ? part / whole : part > 0 ? .infinity : 0
        return isKept ? min(1, ratio) : max(ratio, 1.0.nextUp)
    }
}
