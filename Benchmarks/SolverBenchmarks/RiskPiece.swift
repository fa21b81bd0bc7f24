import Distributions
import LinearAlgebra
import Profiles
import Serving
import Solvers
import Traces

extension SolverBenchmarks {
    /// Forecasts for `--plans` plans from 1,000 block resamples, the server's times spread evenly over `--hours`.
    ///
    /// `--stage` all: from dated requests to forecasts, rolling windows included; bootstrap: from hourly sums to the
    /// shares at the level, that is counts, product and selection.
    static func forecasting(_ options: Options) throws -> Report {
        let world = try World(options)
        let hours = options.number("hours", else: 168)
        let count = world.samples.count
        var rows = TraceRows()
        rows.ttft = world.samples
        rows.hours = world.samples.indices.map { $0 * hours / count }
        rows.promptTokens = world.samples.map { _ in 0 }
        rows.outputTokens = world.samples.map { _ in -1 }
        rows.counts = world.samples.map { _ in 1 }
        rows.isCensored = world.samples.map { _ in false }
        rows.isHeldOut = rows.isCensored
        let requests = try HourlyRequests(rows: rows, timeout: World.timeout)
        let profile = world.profile(Empirical(samples: world.samples, horizon: World.timeout))
        let buckets = world.buckets
        var settings = RiskSettings()
        settings.budgetsAbove = 32
        settings.budgetsBelow = options.number("plans", else: 128) - 1 - settings.budgetsAbove
        let risk = BudgetRisk(
            profile: profile,
            hourly: HourlyProfile(series: [.init(role: .server, clock: 0, requests: requests)]),
            limited: .device, budget: world.budget, settings: settings
        ) { budget in
            DispatchProblem(profile: profile, buckets: buckets, limited: .device, budget: budget).solve().plan
        }
        guard let risk else { throw UsageError(description: "--hours \(hours) are too few") }
        let plans = risk.family.map(\.plan)
        if options.text("stage", else: "all") == "all" {
            return Report(seconds: measure(options, ready: {}) { risk.forecasts(of: plans) }, rows: count)
        }
        var sums = Matrix(rows: requests.hours, columns: plans.count + 1)
        for i in sums.elements.indices { sums.elements[i] = world.samples[i % count] }
        let bootstrap = BlockBootstrap(units: requests.hours, windowLength: settings.window, seed: 0)
        let seconds = measure(options, ready: {}) {
            var counts = Matrix(rows: settings.resamples, columns: requests.hours)
            counts.elements = bootstrap.counts(resamples: 0..<settings.resamples)
            let totals = product(counts, sums)
            return plans.indices.map { plan in
                let column = (0..<settings.resamples).map { totals[$0, plan] / totals[$0, plans.count] }
                return column.predictiveSelection(settings.confidence)
            }
        }
        return Report(seconds: seconds, rows: count)
    }
}
