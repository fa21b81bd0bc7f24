import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers

extension SolverBenchmarks {
    /// The general solver: `--objective` under the limits of `--limits`, `metric<=value` or `metric>=value` with commas.
    ///
    /// From the server times, ascending already, on.
    static func program(_ options: Options) throws -> Report {
        let world = try World(options)
        let (sorted, buckets) = (world.sorted, world.buckets)
        func profile(_ times: consuming [Double]) -> ServingProfile {
            ServingProfile(
                workload: world.workload,
                server: ServerProfile(pooled: Empirical(sorted: times, horizon: World.timeout)),
                device: world.device, timeout: World.timeout)
        }
        // Of its options nothing is read while the clock runs.
        let model = try program(profile(sorted), buckets, options)
        var answer: DispatchAnswer?
        let seconds = measure(options, ready: { sorted.map { $0 } }) { (times: consuming [Double]) in
            let found = DispatchProgram(
                worlds: [.init(profile: profile(times), buckets: buckets)], costs: model.costs,
                objective: model.objective, limits: model.limits
            ).solve()
            answer = found
            return found
        }
        guard answer?.status != .infeasible else { throw UsageError(description: "no policy keeps these limits") }
        return Report(
            seconds: seconds, objective: answer?.certificate.primal, bound: answer?.certificate.bound,
            lowerEdges: world.buckets.lowerEdges, evaluations: answer?.evaluations, rows: world.samples.count,
            mean: answer?.tieBreak?.primal, gap: answer?.tieBreak?.gap ?? answer?.certificate.gap,
            rounds: answer?.rounds,
            binding: answer?.certificate.multipliers.values.count { $0 != 0 })
    }

    /// The program that the options name.
    static func program(_ profile: ServingProfile, _ buckets: Buckets, _ options: Options) throws -> DispatchProgram {
        guard let objective = Metric(rawValue: options.text("objective", else: "ttft.mean")) else {
            throw UsageError(description: "no such objective")
        }
        let costs = CostModel(
            server: PerToken(prefill: 0.14e-6, decode: 0.28e-6), deviceEnergy: PerToken(prefill: 0.025, decode: 0.155),
            moneyPerJoule: 5e-8)
        return DispatchProgram(
            worlds: [.init(profile: profile, buckets: buckets)], costs: costs, objective: objective,
            limits: try limits(options.text("limits", else: "")))
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
