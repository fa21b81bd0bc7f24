import Checking
import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing
import Traces

/// Waits and hand-overs solved together, against every combination of them.
@Suite struct `Waits and hand-overs together` {
    @Test(arguments: 0..<60)
    func `the cheapest policy is the cheapest of all waits and hand-overs`(seed: Int) throws {
        let world = try JointWorld(seed: seed)
        let edges = seed.isMultiple(of: 3) ? [1, 4] : [1]
        let metric: Metric = seed % 4 == 3 ? .energyMean : .costMean
        let program = world.program(metric, edges: edges)
        let answer = program.solve()
        let least = zip(edges, edges.dropFirst().map { $0 - 1 } + [.max]).reduce(0) { sum, bucket in
            let options = world.options(from: bucket.0, to: bucket.1)
            return sum + (options.map { $0.value(metric) }.min() ?? 0)
        }
        check(answer, against: least, world, program)
    }

    @Test(arguments: 0..<60)
    func `the best mixture under a limit is that of all waits and hand-overs`(seed: Int) throws {
        let world = try JointWorld(seed: 1_000 + seed)
        let options = world.options(from: 1, to: .max)
        let (metric, limited): (Metric, Metric) =
            [(.costMean, .ttftMean), (.costMean, .energyMean), (.ttftMean, .costMean), (.energyMean, .costMean)][
                seed % 4]
        let usages = options.map { $0.value(limited) }
        let (low, high) = (usages.min() ?? 0, usages.max() ?? 0)
        let limit = low + [0.05, 0.3, 0.6][seed % 3] * (high - low)
        let program = world.program(metric, [Limit(metric: limited, atMost: limit)])
        let answer = program.solve()
        let least = leastMixture(options.map { ($0.value(metric), $0.value(limited)) }, limit: limit)
        check(answer, against: least, world, program)
    }

    @Test func `solving hand-overs after the waits is never better, and in some worlds worse by a thousandth`() throws {
        var worse = 0
        for seed in 0..<200 {
            let (together, after) = try apart(seed)
            #expect(together <= after + 1e-7 * max(1, abs(after)), "seed \(seed)")
            if after > together * 1.001 { worse += 1 }
        }
        #expect(worse >= 8)
    }

    /// The least cost, and that of the cheapest waits without hand-overs after their best hand-overs were added; under a
    /// limit on the mean.
    private func apart(_ seed: Int) throws -> (together: Double, after: Double) {
        let world = try JointWorld(seed: 3_000 + seed)
        let fast = world.program(.ttftMean).solve().certificate.primal
        let limits = seed.isMultiple(of: 2) ? [] : [Limit(metric: .ttftMean, atMost: 1.2 * fast)]
        let program = world.program(.costMean, limits, edges: [1, 4])
        let together = program.solve().certificate.primal
        let waits = world.program(.costMean, limits, edges: [1, 4], handsOver: false).solve()
        let settings = try #require(program.handOvers)
        let plan = waits.plans[0].handingOver(
            in: world.profile, cutAt: Buckets(edges: [1, 4]), costs: world.costs, settings)
        let outcomes = FirstTokenModel(world.profile).outcomes(
            of: plan, costs: world.costs, transfer: settings.rules.transfer, quantiles: [])
        return (together, outcomes[.costMean] ?? .nan)
    }

    /// A server of 0.25 s and a device of 0.5 s.
    ///
    /// The server costs 1 a prompt token and 3 an answer token, the device 1 an answer
    /// token. A mean of 0.375 s asks for one of two requests at the server.
    ///
    /// Without hand-overs the short answer (20, 3) is 26 dearer there, the long one (10, 100) 210. But the long one can move to
    /// the device after 3 tokens, at 2 / 8 + 0.5 = 3 / 4 s, and is then only 16 dearer.
    @Test func `a long answer begins at the dear endpoint because it will not stay there`() throws {
        var rows = TraceRows()
        rows.promptTokens = [10, 20]
        rows.outputTokens = [100, 3]
        rows.ttft = [1, 1]
        rows.hours = [TraceRows.noHour, TraceRows.noHour]
        rows.isCensored = [false, false]
        rows.isHeldOut = [false, false]
        rows.counts = [1, 1]
        let workload = try #require(WorkloadProfile(rows: rows, part: .all))
        let profile = ServingProfile(
            workload: workload, server: ServerProfile(pooled: Empirical(samples: [0.25])),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0), lengths: [10]), timeout: 60)
        let costs = CostModel(server: PerToken(prefill: 1, decode: 3), device: PerToken(prefill: 0, decode: 1))
        let settings = HandOverSettings(
            serverTPOT: 0.125, deviceTPOT: 0.125, readers: Readers(tokensPerSecond: 4))
        func program(_ handOvers: HandOverSettings?) -> DispatchProgram {
            DispatchProgram(
                worlds: [.init(profile: profile, buckets: .exact(workload))], costs: costs, objective: .costMean,
                limits: [Limit(metric: .ttftMean, atMost: 0.375)], handOvers: handOvers)
        }
        let together = program(settings).solve()
        #expect(abs(together.certificate.primal - (103.0 + 16) / 2) < 1e-9)
        #expect(together.plans[0].mixtures[0].parts[0].handOvers.fromServer == 3)
        let waits = program(nil).solve()
        #expect(abs(waits.certificate.primal - (103.0 + 26) / 2) < 1e-9)
        let after = waits.plans[0].handingOver(
            in: profile, cutAt: .exact(workload), costs: costs, settings)
        let outcomes = FirstTokenModel(profile).outcomes(of: after, costs: costs, quantiles: [])
        #expect(abs((outcomes[.costMean] ?? 0) - (103.0 + 26) / 2) < 1e-9)
    }

    @Test(arguments: 0..<30)
    func `several worlds, and lengths without known answers, pass the checker`(seed: Int) throws {
        let world = try JointWorld(seed: 5_000 + seed) { $0.prompt % 3 != 1 || $0.prompt == 1 }
        let other = try JointWorld(seed: 6_000 + seed)
        guard world.profile.workload.meanOutputTokens != nil else { return }
        let program = world.program(.costMean, edges: [1, 5], beside: other)
        let answer = program.solve()
        #expect(answer.status == .optimal)
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(verdict.findings)")
        let outcomes = WorldsModel(program.worlds.map { ($0.profile, $0.share) }).outcomes(
            of: answer.plans, costs: world.costs, transfer: world.world.rules.transfer, quantiles: [])
        let primal = answer.certificate.primal
        #expect(abs((outcomes[.costMean] ?? .nan) - primal) <= 1e-9 * max(1, abs(primal)))
    }

    @Test(arguments: 0..<30)
    func `without mixtures every limit is kept, and no mixture costs more`(seed: Int) throws {
        let world = try JointWorld(seed: 7_000 + seed)
        let fast = world.program(.ttftMean).solve().certificate.primal
        let limits = [
            Limit(metric: .ttftMean, atMost: 1.3 * fast), Limit(metric: .devicePrefillShare, atMost: 0.9),
        ]
        let mixed = world.program(.costMean, limits, edges: [1, 4]).solve()
        let program = world.program(.costMean, limits, edges: [1, 4], isDeterministic: true)
        let answer = program.solve()
        guard let plan = answer.plans.first else {
            let any = world.program(.ttftMean, limits, edges: [1, 4], isDeterministic: true).solve()
            #expect(any.plans.isEmpty, "one is there: \(any.plans)")
            return
        }
        #expect(plan.mixtures.allSatisfy { $0.parts.count == 1 })
        #expect(answer.certificate.primal >= mixed.certificate.primal - 1e-9 * abs(mixed.certificate.primal))
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(verdict.findings)")
    }

    @Test(arguments: 0..<60, [0x1p-20, 3.0, 1e6])
    func `invariant 4: multiplying all prices by k leaves waits and migration points as they are`(
        seed: Int, k: Double
    ) throws {
        var world = try JointWorld(seed: 4_000 + seed)
        let limit = Limit(metric: .ttftMean, atMost: 1.1 * world.program(.ttftMean).solve().certificate.primal)
        let plan = world.program(.costMean, [limit]).solve().plans[0]
        func scaled(_ price: PerToken?) -> PerToken? {
            price.map { PerToken(prefill: k * $0.prefill, decode: k * $0.decode) }
        }
        world.costs = CostModel(
            server: scaled(world.costs.server), device: scaled(world.costs.device),
            deviceEnergy: world.costs.deviceEnergy, moneyPerJoule: world.costs.moneyPerJoule.map { k * $0 })
        world.world.rules.transfer *= k
        let dear = world.program(.costMean, [limit]).solve().plans[0]
        for (one, other) in zip(plan.mixtures, dear.mixtures) {
            #expect(one.parts.map(\.handOvers) == other.parts.map(\.handOvers))
            for (a, b) in zip(one.parts, other.parts) {
                #expect(a.action == b.action && abs(a.probability - b.probability) < 1e-6)
            }
        }
    }

    private func check(_ answer: DispatchAnswer, against least: Double, _ world: JointWorld, _ program: DispatchProgram)
    {
        let certificate = answer.certificate
        let size = max(1, abs(least))
        #expect(certificate.bound <= least + 1e-9 * size)
        #expect(certificate.primal >= least - 1e-9 * size)
        #expect(answer.status == .optimal)
        #expect(abs(certificate.primal - least) <= 1e-6 * size)
        let outcomes = WorldsModel([(world.profile, 1)]).outcomes(
            of: answer.plans, costs: world.costs, transfer: world.world.rules.transfer, quantiles: [])
        #expect(abs((outcomes[program.objective] ?? .nan) - certificate.primal) <= 1e-9 * size)
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(verdict.findings)")
        for limit in program.limits {
            let most = (limit.atMost ?? .infinity) + 1e-9 * size
            #expect((outcomes[limit.metric] ?? .nan) <= most)
        }
    }
}
