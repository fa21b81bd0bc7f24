import Costs
import Distributions
import Profiles
import Serving
import Solvers

extension SolverBenchmarks {
    /// The general solver: `--objective` under the limits of `--limits`, `metric<=value` or `metric>=value` with commas.
    static func program(_ options: Options) throws -> Report {
        let world = try World(options)
        guard let objective = Metric(rawValue: options.text("objective", else: "ttft.mean")) else {
            throw UsageError(description: "no such objective")
        }
        let limits = try limits(options.text("limits", else: ""))
        let server = Empirical(sorted: world.sorted, horizon: World.timeout)
        let profile = world.profile(server)
        let costs = CostModel(
            server: PerToken(prefill: 0.14e-6, decode: 0.28e-6), deviceEnergy: PerToken(prefill: 0.025, decode: 0.155),
            moneyPerJoule: 5e-8)
        let program = DispatchProgram(
            worlds: [.init(profile: profile, buckets: world.buckets)], costs: costs, objective: objective,
            limits: limits)
        var answer: DispatchAnswer?
        let seconds = measure(options, ready: {}) {
            let found = program.solve()
            answer = found
            return found
        }
        return Report(
            seconds: seconds, objective: answer?.certificate.primal, bound: answer?.certificate.bound,
            lowerEdges: world.buckets.lowerEdges, evaluations: answer?.evaluations, rows: world.samples.count,
            mean: answer?.tieBreak?.primal, gap: answer?.tieBreak?.gap ?? answer?.certificate.gap,
            rounds: answer?.rounds)
    }

    private static func limits(_ text: String) throws -> [Limit] {
        try text.split(separator: ",").map { part in
            for (sign, isAtMost) in [("<=", true), (">=", false)] {
                let sides = part.split(separator: sign, maxSplits: 1)
                guard sides.count == 2, let metric = Metric(rawValue: String(sides[0])), let value = Double(sides[1])
                else { continue }
                return Limit(metric: metric, atMost: isAtMost ? value : nil, atLeast: isAtMost ? nil : value)
            }
            throw UsageError(description: "not a limit: \(part)")
        }
    }
}
