import Costs
import Distributions
import Profiles
import Serving
import Solvers
import Traces

extension SolverBenchmarks {
    /// Migration points of `--buckets` buckets, answers of `--outputs` tokens; `--dear` server or device decodes at the higher
    /// price and hands over.
    ///
    /// `--stage` points: both directions of every bucket, requests grouped already. joint: the cheapest policy with a mean TTFT of
    /// at most `--mean`, waits and hand-overs together; waits: without hand-overs.
    static func migrating(_ options: Options) throws -> Report {
        let world = try World(options)
        let outputs: [Int] = try numbers(options.text("outputs"))
        let workload = try workload(world.prompts, outputs)
        let profile = ServingProfile(
            workload: workload,
            server: ServerProfile(pooled: Empirical(samples: world.samples, horizon: World.timeout)),
            device: world.device, timeout: World.timeout)
        let buckets = Buckets.quantile(count: world.bucketCount, of: workload)
        let (dear, cheap) = (PerToken(prefill: 1e-7, decode: 1e-6), PerToken(prefill: 1e-8, decode: 1e-7))
        let isServerDear = options.text("dear", else: "server") == "server"
        let costs = CostModel(server: isServerDear ? dear : cheap, device: isServerDear ? cheap : dear)
        let settings = HandOverSettings(
            serverTPOT: 0.02, deviceTPOT: 0.05, readers: Readers(tokensPerSecond: 4.8),
            rules: MigrationRules(epsilon: isServerDear ? 0.01 : 0.05))
        let stage = options.text("stage", else: "points")
        if stage != "points" {
            let program = DispatchProgram(
                worlds: [.init(profile: profile, buckets: buckets)], costs: costs, objective: .costMean,
                limits: [Limit(metric: .ttftMean, atMost: Double(options.text("mean", else: "0.6")) ?? 0.6)],
                handOvers: stage == "joint" ? settings : nil)
            var answer: DispatchAnswer?
            let seconds = measure(options, ready: {}) { () -> DispatchAnswer in
                let found = program.solve()
                answer = found
                return found
            }
            return Report(
                seconds: seconds, objective: answer?.certificate.primal, bound: answer?.certificate.bound,
                evaluations: answer?.evaluations, rows: world.prompts.count, gap: answer?.certificate.gap,
                rounds: answer?.rounds)
        }
        let problem = MigrationProblem(profile: profile, costs: costs, settings: settings)
        let requests = BucketRequests.each(of: workload, in: buckets.ranges(in: workload))
        let mixture = Mixture(Action(serverWait: 0, deviceWait: 0.25))
        var points: [Int] = []
        let seconds = measure(options, ready: {}) { () -> [MigrationDecision] in
            let found = requests.flatMap { requests in
                Endpoint.allCases.map { problem.decision(from: $0, for: requests, under: mixture) }
            }
            points = found.compactMap { $0.point?.afterTokens }
            return found
        }
        return Report(seconds: seconds, lowerEdges: buckets.lowerEdges, rows: outputs.count, afterTokens: points)
    }

    private static func workload(_ prompts: [Int], _ outputs: [Int]) throws -> WorkloadProfile {
        var rows = TraceRows()
        let pairs = zip(prompts, outputs).sorted { $0 < $1 }
        rows.promptTokens = pairs.map(\.0)
        rows.outputTokens = pairs.map(\.1)
        rows.ttft = pairs.map { _ in 1 }
        rows.hours = pairs.map { _ in TraceRows.noHour }
        rows.isCensored = pairs.map { _ in false }
        rows.isHeldOut = pairs.map { _ in false }
        rows.counts = pairs.map { _ in 1 }
        guard let workload = WorkloadProfile(rows: rows, part: .all) else {
            throw UsageError(description: "there are no prompts")
        }
        return workload
    }
}
