import Distributions
import LinearAlgebra
import Profiles
import Serving
import Solvers
import Traces

extension SolverBenchmarks {
    /// The product of two square matrices of `--order`: what the processor can multiply at best.
    static func multiplying(_ options: Options) -> Report {
        let order = options.number("order", else: 1_024)
        let (a, b) = (matrix(order, order), matrix(order, order))
        let seconds = measure(options, ready: {}) { product(a, b) }
        return Report(seconds: seconds, rows: order)
    }

    /// How sure `--plans` policies are to keep their budgets: `--resamples` moving-block resamples of `--hours` hours.
    ///
    /// With `--stage gemms` only the two matrix products: hourly counts into hourly sums of each plan, and these into
    /// resamples. Else all that `BudgetRisk` does, the solves left out: hourly counts, both products, the resamples'
    /// draws, their order and the worst rolling window.
    static func resampling(_ options: Options) throws -> Report {
        let plans = options.number("plans", else: 128)
        let resamples = options.number("resamples", else: 1_000)
        let hours = options.number("hours", else: 336)
        if options.text("stage", else: "risk") == "gemms" {
            let keys = options.number("keys", else: 100)
            let (table, counts) = (matrix(plans + 1, keys), matrix(keys, hours))
            let draws = matrix(hours, resamples)
            let seconds = measure(options, ready: {}) { product(product(table, counts), draws) }
            return Report(seconds: seconds, hours: hours, keys: keys)
        }
        let world = try World(options)
        let profile = world.profile(Empirical(sorted: world.sorted, horizon: World.timeout))
        let frontier = world.problem(profile, world.buckets).frontier()
        let hourly = try hourly(world.samples, hours)
        var settings = RiskSettings()
        settings.resamples = resamples
        settings.budgetsBelow = plans * 3 / 4
        settings.budgetsAbove = plans - 1 - settings.budgetsBelow
        var known: [Double: DispatchPlan] = [:]
        func solved(_ budget: Double) -> DispatchPlan? {
            if let plan = known[budget] { return plan }
            known[budget] = frontier.plan(at: budget)
            return known[budget]
        }
        var risk: BudgetRisk?
        let seconds = measure(options, ready: {}) {
            let found = BudgetRisk(
                profile: profile, hourly: hourly, limited: world.limited, budget: world.budget, settings: settings,
                solve: solved)
            risk = found
            return found
        }
        let waits = Set(
            risk?.family.flatMap { $0.plan.mixtures.flatMap { $0.parts.map { $0.action.deviceWait } } } ?? [])
        return Report(
            seconds: seconds, rows: world.samples.count, hours: hours, keys: waits.count,
            plans: risk?.family.count)
    }

    /// The samples as a server's trace, evenly over hours.
    private static func hourly(_ samples: [Double], _ hours: Int) throws -> HourlyProfile {
        var rows = TraceRows()
        rows.promptTokens = Array(repeating: 1, count: samples.count)
        rows.ttft = samples
        rows.outputTokens = Array(repeating: -1, count: samples.count)
        rows.hours = samples.indices.map { $0 * hours / samples.count }
        rows.isCensored = Array(repeating: false, count: samples.count)
        rows.isHeldOut = Array(repeating: false, count: samples.count)
        rows.counts = Array(repeating: 1, count: samples.count)
        let requests = try HourlyRequests(rows: rows, timeout: World.timeout)
        return HourlyProfile(series: [.init(role: .server, clock: 0, requests: requests)])
    }

    /// A matrix of numbers between 0 and 1.
    private static func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        var result = Matrix(rows: rows, columns: columns)
        for i in result.elements.indices { result.elements[i] = Double(i &* 7_919 % 1_009) / 1_009 }
        return result
    }
}
