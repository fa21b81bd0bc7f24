import LinearAlgebra
import Solvers

extension SolverBenchmarks {
    /// Costs of `--policies` policies under `--lists` price lists of `--things` prices, from files of raw numbers: the cheapest of
    /// each list and the worst regret of each policy included.
    static func pricing(_ options: Options) throws -> Report {
        let (lists, policies, things) = (
            options.number("lists", else: 10_000), options.number("policies", else: 200),
            options.number("things", else: 12)
        )
        var prices = Matrix(rows: lists, columns: things)
        prices.elements = try numbers(options.text("prices"))
        var amounts = Matrix(rows: things, columns: policies)
        amounts.elements = try numbers(options.text("amounts"))
        var worst = 0.0
        let seconds = measure(options, ready: {}) { () -> PriceScenarios in
            let found = PriceScenarios(prices: prices, amounts: amounts)
            worst = found.worstRegret.max() ?? 0
            return found
        }
        return Report(seconds: seconds, objective: worst, rows: lists * policies)
    }
}
