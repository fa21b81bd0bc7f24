internal import Distributions
internal import LinearAlgebra
public import Profiles
public import Serving

/// What is asked of a budget beyond holding on the trace.
public struct RiskSettings: Sendable, Hashable {
    /// How sure the share is to stay within the budget in a future window, 0.5 ..< 1.
    public var confidence = 0.95
    /// The future window, in hours, ≥ 1.
    public var window = 24
    /// Resamples of the bootstrap.
    public var resamples = 1_000
    /// What its draws depend on.
    public var seed: UInt64 = 0
    /// Hours that are drawn together; nil takes the cube root of the trace's hours.
    public var blockLength: Int?
    /// How many budgets up to the one asked for the family is solved at, besides 0; ≥ 1.
    public var budgetsBelow = 48
    /// How many above it; ≥ 1.
    public var budgetsAbove = 16

    /// Settings.
    public init(confidence: Double = 0.95, window: Int = 24) {
        precondition(confidence >= 0.5 && confidence < 1, "a confidence of \(confidence)")
        precondition(window >= 1, "a window of \(window) hours")
        self.confidence = confidence
        self.window = window
    }
}

/// What must stay within the budget.
public enum RiskRule: Sendable, Hashable {
    /// The share over the whole trace.
    case plain
    /// The share in a resampled future window, at the level of confidence.
    case bootstrap
    /// The share in the worst of all rolling windows; of so many hours, or as `BudgetRisk.rollingWindow` has it.
    case rolling(hours: Int?)
    /// The stricter of `bootstrap` and `rolling(hours: nil)`.
    case both
}

/// Plans solved at many budgets, and what each would have done hour by hour: how sure a budget is to hold later.
///
/// The family is solved once. Resamples and rolling windows then only add up hours.
/// Source: derived, docs/maths/risk.md.
public struct BudgetRisk: Sendable {
    /// The largest share of prompt tokens that the limited endpoint may prefill.
    public let budget: Double
    /// The limited endpoint.
    public let limited: Endpoint
    /// What is asked.
    public let settings: RiskSettings
    /// The series that have a say in the share, of at least `minimalHours` each.
    public let series: [HourlyProfile.Series]
    /// The budgets that the family was solved at, ascending, with their plans.
    public let family: [(budget: Double, plan: DispatchPlan)]
    let model: HourlyModel
    let hourly: HourlyProfile
    private let forecasts: [Forecast]

    /// A series of fewer hours shows no drift.
    public static let minimalHours = 8
    /// A series of fewer days supports no level, since the day is its longest cycle; and a rolling window is at most
    /// this part of its series.
    public static let minimalPeriods = 8

    /// How a plan's share varies.
    public struct Forecast: Sendable, Hashable {
        /// Over the whole trace.
        public let share: Double
        /// In a future window, at the level of confidence.
        public let predicted: Double
        /// In the worst rolling window of the trace.
        public let worst: Double
    }

    /// A plan that keeps a rule, solved at a budget that may be smaller than the one asked for.
    public struct Tightened: Sendable {
        /// The rule that was kept.
        public let rule: RiskRule
        /// The largest budget found at which the optimum keeps the rule.
        public let budget: Double
        /// The optimum there.
        public let plan: DispatchPlan
        /// How its share varies.
        public let forecast: Forecast
    }

    /// Solves the family and sees how it fares hour by hour; nil where no trace that has a say in the share has arrival
    /// times over `minimalHours`, or no budget has a plan.
    /// - Parameters:
    ///   - profile: The world, all hours together.
    ///   - hourly: The same by the hour.
    ///   - limited: The endpoint whose prefill is limited.
    ///   - budget: The largest share, 0...1.
    ///   - settings: What is asked.
    ///   - solve: The optimum at a budget; nil where there is none.
    public init?(
        profile: ServingProfile, hourly: HourlyProfile, limited: Endpoint, budget: Double,
        settings: RiskSettings = RiskSettings(), solve: (Double) -> DispatchPlan?
    ) {
        let model = HourlyModel(profile, limited: limited)
        let series = hourly.series.filter { model.movesShare($0.role) && $0.requests.hours >= Self.minimalHours }
        let family = Self.budgets(around: budget, settings).compactMap { budget in solve(budget).map { (budget, $0) } }
        guard !series.isEmpty, !family.isEmpty else { return nil }
        self.budget = budget
        self.limited = limited
        self.settings = settings
        self.series = series
        self.model = model
        self.hourly = hourly
        self.family = family
        forecasts = Self.forecasts(family.map(\.1), model, series, settings, rolling: nil)
    }

    /// Evenly up to the budget, then evenly up to four times as much.
    private static func budgets(around budget: Double, _ settings: RiskSettings) -> [Double] {
        let (below, above) = (settings.budgetsBelow, settings.budgetsAbove)
        precondition(below >= 1 && above >= 1, "a family needs budgets on both sides")
        let top = max(budget, min(1, 4 * budget))
        let budgets =
            (0...below).map { $0 == below ? budget : budget * Double($0) / Double(below) }
            + (1...above).map { budget + (top - budget) * Double($0) / Double(above) }
        return budgets.reduce(into: []) { if $1 != $0.last { $0.append($1) } }
    }

    // MARK: - What the data supports

    /// Days that the shortest of the series covers.
    public var days: Double { series.map(\.requests.days).min() ?? 0 }

    /// The level that the data supports: the confidence asked for, or none on a trace of too few days.
    public var supportedLevel: Double? {
        days >= Double(Self.minimalPeriods) ? settings.confidence : nil
    }

    /// The rolling window for a series of `hours` hours, in hours: the largest divisor of `wanted` that fits eight times.
    ///
    /// A trace of fewer windows shows too little of how windows differ. The worst of windows that divide a longer one
    /// is at least as bad as its worst, so this errs to the safe side.
    public static func rollingWindow(_ wanted: Int, hours: Int) -> Int {
        let most = max(1, hours / minimalPeriods)
        return stride(from: min(wanted, most), through: 1, by: -1).first { wanted % $0 == 0 } ?? 1
    }

    /// The rolling window used, in hours: that of the shortest series.
    public var rollingHours: Int {
        series.map { Self.rollingWindow(settings.window, hours: $0.requests.hours) }.min() ?? settings.window
    }

    // MARK: - Rules

    /// How the shares of plans vary: much faster than one by one.
    public func forecasts(of plans: [DispatchPlan]) -> [Forecast] {
        Self.forecasts(plans, model, series, settings, rolling: nil)
    }

    /// How the share of a plan varies.
    public func forecast(of plan: DispatchPlan) -> Forecast {
        Self.forecasts([plan], model, series, settings, rolling: nil)[0]
    }

    /// The optimum at the largest budget, up to the one asked for, at which it keeps a rule.
    ///
    /// The largest of the family that does, then `refinements` halvings of the step to the next.
    /// - Parameters:
    ///   - rule: What must stay within the budget.
    ///   - refinements: Solves spent on the search between two of the family.
    ///   - solve: The optimum at a budget, as for the family.
    /// - Returns: nil where not even the tightest budget that has a plan keeps the rule.
    public func tightened(under rule: RiskRule, refinements: Int = 6, solve: (Double) -> DispatchPlan?) -> Tightened? {
        let plans = family.prefix { $0.budget <= budget }
        var known = Array(forecasts.prefix(plans.count))
        var hours: Int?
        if case .rolling(let own?) = rule {
            hours = own
            known = Self.forecasts(plans.map(\.plan), model, series, settings, rolling: own)
        }
        guard let last = plans.indices.last(where: { keeps(known[$0], rule) }) else { return nil }
        var best = Tightened(rule: rule, budget: plans[last].budget, plan: plans[last].plan, forecast: known[last])
        guard last + 1 < plans.count else { return best }
        var (low, high) = (plans[last].budget, plans[last + 1].budget)
        for _ in 0..<refinements {
            let middle = (low + high) / 2
            guard let plan = solve(middle) else { break }
            let forecast = Self.forecasts([plan], model, series, settings, rolling: hours)[0]
            if keeps(forecast, rule) {
                best = Tightened(rule: rule, budget: middle, plan: plan, forecast: forecast)
                low = middle
            } else {
                high = middle
            }
        }
        return best
    }

    private func keeps(_ forecast: Forecast, _ rule: RiskRule) -> Bool {
        let value =
            switch rule {
            case .plain: forecast.share
            case .bootstrap: forecast.predicted
            case .rolling: forecast.worst
            case .both: max(forecast.predicted, forecast.worst)
            }
        return value <= budget + 1e-9
    }

    // MARK: - Forecasts

    /// One forecast a plan: all of them share the resamples' counts.
    private static func forecasts(
        _ plans: [DispatchPlan], _ model: HourlyModel, _ series: [HourlyProfile.Series], _ settings: RiskSettings,
        rolling: Int?
    ) -> [Forecast] {
        let sums = model.prefilled(under: plans, in: series)
        let shares = plans.map { model.share(under: $0) }
        let means = sums.outcomes(orOf: shares)
        let factors = factors(sums, settings, window: settings.window)
        let worst = worstFactors(sums, settings, rolling)
        return plans.indices.map { p in
            let resampled = (0..<settings.resamples).map { min(1, factors[$0, p] * means[p]) }
            return Forecast(
                share: shares[p], predicted: resampled.predictiveSelection(settings.confidence),
                worst: min(1, means[p] * worst[p]))
        }
    }

    /// How much larger the outcome of each plan is in each resample than in all hours: one row a resample,
    /// one column a plan.
    ///
    /// Series are independent unless they are of one clock, whose hours are drawn together; each multiplies the outcome
    /// by its own factor.
    /// - Parameters:
    ///   - sums: Hourly sums, of one or more clocks.
    ///   - settings: How to resample.
    ///   - window: Hours in a resample; nil for as many as the series has.
    /// - Returns: Factors around 1.
    static func factors(_ sums: [ClockedSums], _ settings: RiskSettings, window: Int?) -> Matrix {
        var result = Matrix(rows: settings.resamples, columns: sums[0].sums.plans)
        for (k, clocked) in sums.enumerated() {
            let bootstrap = BlockBootstrap(
                units: clocked.sums.hours, blockLength: settings.blockLength, windowLength: window,
                seed: settings.seed &+ UInt64(clocked.clock))
            let own = clocked.sums.relativeRatios(bootstrap, resamples: settings.resamples)
            if k == 0 {
                result = own
            } else {
                for j in result.elements.indices { result.elements[j] *= own.elements[j] }
            }
        }
        return result
    }

    /// How much larger each plan's share is in the worst rolling window than in all hours.
    ///
    /// Sums of one clock are met in the same window; of different clocks, the worst alone counts.
    private static func worstFactors(_ sums: [ClockedSums], _ settings: RiskSettings, _ rolling: Int?) -> [Double] {
        var worst = [Double](repeating: 1, count: sums[0].sums.plans)
        for clock in Set(sums.map(\.clock)).sorted() {
            let members = sums.filter { $0.clock == clock }.map(\.sums)
            let hours = members[0].hours
            let length = min(rolling ?? rollingWindow(settings.window, hours: hours), hours)
            let weights = members.map { RollingWindow.sums(of: $0.weights, length: length) }
            let wholes = members.map(\.ratios)
            for plan in worst.indices {
                var factors = [Double](repeating: 1, count: hours - length + 1)
                for (member, (weights, whole)) in zip(members, zip(weights, wholes)) {
                    let tops = RollingWindow.sums(of: member.row(plan), length: length)
                    for start in factors.indices {
                        let weight = weights[start] * whole[plan]
                        factors[start] *= weight > 0 ? tops[start] / weight : 0
                    }
                }
                worst[plan] = max(worst[plan], factors.reduce(0, max))
            }
        }
        return worst
    }
}
