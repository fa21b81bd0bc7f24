/// Groups of choices, asked for the plan (one choice a group) that is cheapest at given prices.
///
/// Choices are numbered within their group as they are found; a number stays valid. Usages are Σ over groups.
public protocol PlanSource {
    /// Number of groups, ≥ 1.
    var groups: Int { get }
    /// Number of limits.
    var limits: Int { get }
    /// Σ_g (greatest − least value seen): what the choice is about.
    var spread: Double { get }
    /// What sums of values may be off by; differences this small mean nothing.
    var rounding: Double { get }

    /// The cheapest plan at `weight` · value + `prices` · usage.
    /// - Parameters:
    ///   - weight: Factor on the value, 0 or 1.
    ///   - prices: One a limit, ≥ 0.
    ///   - tolerance: By how much all groups together may miss the cheapest; in the Lagrangian's unit.
    /// - Returns: A choice a group, and a number that no plan's Lagrangian is below.
    mutating func cheapest(weight: Double, prices: [Double], tolerance: Double) -> (plan: [Int], bound: Double)

    /// What a choice of a group adds to the value and to each limit's usage.
    func outcome(group: Int, choice: Int) -> (value: Double, usage: [Double])
}

extension PlanSource {
    /// Nothing to speak of, unless a source knows better.
    public var rounding: Double { 0 }

    /// What the choice is about, never 0: the unit of penalties.
    fileprivate var unit: Double { spread > rounding ? spread : max(1, rounding) }
}

/// A linear program over mixtures with several coupling limits.
///
///     minimize   Σ_g Σ_k x_gk value_g(k)
///     subject to Σ_g Σ_k x_gk usage_g,r(k) ≤ limit_r for each limit r,   Σ_k x_gk = 1,   x ≥ 0
///
/// Solved through its Lagrangian dual: a small master program over whole plans gives prices, the source gives the plan
/// that is cheapest at these prices and a bound, and the plan joins the master until the bound meets its value.
/// Source: Kelley (1960), Dantzig and Wolfe (1960); as used here derived, docs/maths/limits.md.
public struct CoupledProgram: Sendable {
    /// Largest usage of each limit.
    public let limits: [Double]
    /// The size of each limit's usage; what tolerances are relative to.
    public let scales: [Double]
    /// Relative gap to stop at.
    public var tolerance = 1e-10
    /// Rounds to stop after.
    public var maximalRounds = 2_000

    /// Usages may exceed a limit by this share of its scale: rounding of sums.
    public static let feasibility = 1e-12
    /// Largest relative gap that may be called optimal.
    public static let optimalGap = 1e-6

    /// A program under the given limits.
    public init(limits: [Double], scales: [Double]) {
        precondition(limits.count == scales.count && scales.allSatisfy { $0 > 0 }, "each limit needs a scale")
        self.limits = limits
        self.scales = scales
    }

    /// When a solve may end before it is optimal: as soon as it is known on which side of a value the optimum lies.
    public struct Target: Sendable {
        /// Stop at a primal value of at most this.
        public var reached: Double
        /// Stop at a bound above this.
        public var missed: Double

        /// A target.
        public init(reached: Double, missed: Double) {
            self.reached = reached
            self.missed = missed
        }
    }

    /// The optimum, with its certificate.
    /// - Parameters:
    ///   - source: The groups and their choices.
    ///   - plans: Plans to begin with, such as those of a similar problem.
    ///   - target: When it may end early.
    /// - Returns: Mixtures with primal value, bound and prices; status `.infeasible` with the prices that prove it.
    /// - Complexity: One call of the source and O(limits · plans) a round.
    public func solve<Source: PlanSource>(
        _ source: inout Source, startingWith plans: [[Int]] = [], until target: Target? = nil
    ) -> CoupledSolution {
        var columns = PlanColumns(limits: limits, scales: scales)
        for plan in plans { columns.add(plan, source) }
        if columns.plans.isEmpty {
            columns.add(source.cheapest(weight: 1, prices: limits.map { _ in 0 }, tolerance: 0).plan, source)
        }
        var rounds = 0
        if let proof = findFeasible(&source, &columns, &rounds) {
            return CoupledSolution(
                status: rounds < maximalRounds ? .infeasible : .iterationLimit, mixtures: [], primal: .infinity,
                bound: .infinity, prices: proof, usage: [], scale: source.spread, rounds: rounds, plans: columns.plans)
        }
        return optimize(&source, &columns, &rounds, target)
    }

    /// Adds plans until some mixture of them keeps all limits; nil then, else prices that prove that none does.
    private func findFeasible<Source: PlanSource>(
        _ source: inout Source, _ columns: inout PlanColumns, _ rounds: inout Int
    ) -> [Double]? {
        let enough = Self.feasibility
        while true {
            let master = columns.leastExcess()
            if master.objective <= enough { return nil }
            let prices = zip(master.prices, scales).map { $0 / $1 }
            let answer = source.cheapest(weight: 0, prices: prices, tolerance: 0.1 * max(enough, master.objective))
            rounds += 1
            let limitCost = zip(prices, limits).reduce(0) { $0 + $1.0 * $1.1 }
            let isStuck = columns.contains(answer.plan)
            if answer.bound - limitCost > enough || isStuck || rounds >= maximalRounds { return prices }
            columns.add(answer.plan, source)
        }
    }

    private func optimize<Source: PlanSource>(
        _ source: inout Source, _ columns: inout PlanColumns, _ rounds: inout Int, _ target: Target?
    ) -> CoupledSolution {
        var bound = -Double.infinity
        var prices = limits.map { _ in 0.0 }
        var rounding = 0.0
        var penalty = 1e3
        var slack = 1e-2
        var master = columns.leastValue(penalty: penalty * source.unit)
        var status = SolveStatus.iterationLimit
        while rounds < maximalRounds {
            rounds += 1
            let spread = source.spread
            let own = zip(master.prices, scales).map { $0 / $1 }
            let answer = source.cheapest(weight: 1, prices: own, tolerance: slack * spread)
            let dual = answer.bound - zip(own, limits).reduce(0) { $0 + $1.0 * $1.1 }
            // Large prices, paid and given back, leave their rounding.
            rounding = source.rounding + 4e-15 * zip(own, limits).reduce(0) { $0 + abs($1.0 * $1.1) }
            if dual > bound { (bound, prices) = (dual, own) }
            let isWithin = master.excess.allSatisfy { $0 <= Self.feasibility }
            if isWithin, master.objective - bound <= tolerance * spread + rounding {
                status = .optimal
                break
            }
            if let target, isWithin && master.objective <= target.reached || bound > target.missed { break }
            let isNew = !columns.contains(answer.plan)
            if isNew { columns.add(answer.plan, source) }
            if !isNew || dual > master.objective - 2 * slack * spread {
                // Nothing better at these prices within the slack: look closer, or make excess dearer, or end.
                if slack > 1e-3 * tolerance {
                    slack *= 0.1
                } else if !isWithin && penalty < 1e12 {
                    penalty *= 100
                } else if !isNew {
                    break
                }
            }
            master = columns.leastValue(penalty: penalty * source.unit)
        }
        let mixtures = vertex(columns.mixtures(master.weights, groups: source.groups), source)
        var primal = 0.0
        var usage = limits.map { _ in 0.0 }
        for (g, mixture) in mixtures.enumerated() {
            for (choice, probability) in mixture {
                let outcome = source.outcome(group: g, choice: choice)
                primal += probability * outcome.value
                for k in usage.indices { usage[k] += probability * outcome.usage[k] }
            }
        }
        let isKept = zip(zip(usage, limits), scales).allSatisfy { ($0.0 - $0.1) / $1 <= 1e3 * Self.feasibility }
        guard isKept else {
            return CoupledSolution(
                status: .iterationLimit, mixtures: [], primal: .infinity, bound: bound, prices: prices, usage: [],
                scale: source.spread, rounds: rounds, plans: columns.plans)
        }
        if status == .iterationLimit, primal - bound <= Self.optimalGap * source.spread + rounding {
            status = .optimal
        }
        return CoupledSolution(
            status: status, mixtures: mixtures, primal: primal, bound: min(bound, primal), prices: prices, usage: usage,
            scale: source.spread, rounds: rounds, plans: columns.plans)
    }

    private func vertex<Source: PlanSource>(_ mixtures: [GroupMixture], _ source: Source) -> [GroupMixture] {
        reducedToVertex(mixtures, rows: limits.count) { group, choice in
            let outcome = source.outcome(group: group, choice: choice)
            return (outcome.value, zip(outcome.usage, scales).map { $0 / $1 })
        }
    }
}

/// What is known of the optimum of a `CoupledProgram`.
public struct CoupledSolution: Sendable {
    /// Whether it is optimal.
    public let status: SolveStatus
    /// For each group its mixture, with at most one extra choice a limit in all; empty where infeasible.
    public let mixtures: [GroupMixture]
    /// Value of the mixtures; infinite where infeasible.
    public let primal: Double
    /// No mixture that keeps the limits has a smaller value.
    public let bound: Double
    /// Prices of the limits, ≥ 0: the bound is the Lagrangian's least value at them, or the proof that no mixture fits.
    public let prices: [Double]
    /// Usage of each limit.
    public let usage: [Double]
    /// Σ_g (greatest − least value): what the choice is about.
    public let scale: Double
    /// How many times the source was asked.
    public let rounds: Int
    /// The plans found on the way.
    public let plans: [[Int]]

    /// (primal − bound) / scale; 0 where the scale is 0.
    public var gap: Double { scale > 0 ? (primal - bound) / scale : 0 }
}

/// The plans of a solve, with their totals, and the master program over them.
private struct PlanColumns {
    private(set) var plans: [[Int]] = []
    private var values: [Double] = []
    private var known: Set<[Int]> = []
    private var master: MasterProgram
    private let scales: [Double]

    init(limits: [Double], scales: [Double]) {
        self.scales = scales
        master = MasterProgram(limits: zip(limits, scales).map { $0 / $1 }, penalties: limits.map { _ in 1 })
    }

    func contains(_ plan: [Int]) -> Bool { known.contains(plan) }

    /// Adds a plan; usages are scaled here, so that the master's numbers are all about 1.
    mutating func add<Source: PlanSource>(_ plan: [Int], _ source: Source) {
        guard known.insert(plan).inserted else { return }
        var value = 0.0
        var usage = scales.map { _ in 0.0 }
        for (g, choice) in plan.enumerated() {
            let outcome = source.outcome(group: g, choice: choice)
            value += outcome.value
            for k in usage.indices { usage[k] += outcome.usage[k] }
        }
        plans.append(plan)
        values.append(value)
        master.add(cost: 0, usage: zip(usage, scales).map { $0 / $1 })
    }

    mutating func leastExcess() -> MasterProgram.Solution {
        master.price(costs: values.map { _ in 0 }, penalties: scales.map { _ in 1 })
        return master.minimize()
    }

    mutating func leastValue(penalty: Double) -> MasterProgram.Solution {
        master.price(costs: values, penalties: scales.map { _ in penalty })
        return master.minimize()
    }

    /// The mixture of each group that weights of whole plans amount to.
    func mixtures(_ weights: [(plan: Int, weight: Double)], groups: Int) -> [GroupMixture] {
        (0..<groups).map { g in
            var mixture: GroupMixture = []
            for (plan, weight) in weights where weight > 0 {
                let choice = plans[plan][g]
                if let at = mixture.firstIndex(where: { $0.choice == choice }) {
                    mixture[at].probability += weight
                } else {
                    mixture.append((choice, weight))
                }
            }
            return mixture
        }
    }
}
