import Costs
import Policies
import Profiles
import Replay
import Scheduling
import Serving
import Solvers
import TestSupport
import Testing

/// Invariant 6: formula and replay agree within sampling error.
@Suite struct AgreementTests {
    private static let requests = 4000

    @Test(arguments: 0..<200)
    func `invariant 6: the solvers' formulas and the replay agree within 4 standard errors`(seed: Int) throws {
        let world = AgreementWorld(seed: seed)
        let model = FirstTokenModel(world.profile)
        let formula = model.outcomes(of: world.plan, costs: world.costs, quantiles: [])
        let replay = Replay(world.replayed, ReplayPolicy(world.plan), seed: seed)
        let outcomes = replay.outcomes(requests: Self.requests)
        func expect(_ metric: Metric, error: Double?, slack: Double = 0) throws {
            let expected = try #require(formula[metric])
            let found = try #require(outcomes[metric])
            // Of a share, one request is the least that there can be.
            #expect(
                abs(found - expected) <= 4 * (error ?? 0) + slack + 1e-9 * max(1, abs(expected)),
                "\(metric.rawValue): formula \(expected), replay \(found) ± \(error ?? 0)")
        }
        let one = 1 / Double(Self.requests)
        try expect(.ttftMean, error: outcomes.ttftMeanError, slack: world.profile.timeout * one)
        for endpoint in [Endpoint.server, .device] {
            try expect(.prefillShare(of: endpoint), error: outcomes.prefillShareError(of: endpoint), slack: one)
        }
        for metric in [Metric.deviceAnswerShare, .failedShare] {
            try expect(metric, error: outcomes.shareError(formula[metric] ?? 0), slack: one)
        }
        try expect(.costMean, error: outcomes.costMeanError)
        // Energy in place of money, for its standard error.
        if seed.isMultiple(of: 8) {
            let energies = CostModel(
                server: PerToken(prefill: 0, decode: 0), deviceEnergy: world.costs.deviceEnergy, moneyPerJoule: 1)
            let drawn = Replay(world.replayed.priced(energies), ReplayPolicy(world.plan), seed: seed)
            try expect(.energyMean, error: drawn.outcomes(requests: Self.requests).costMeanError)
        }
        // A quantile of the replay is one of the formula, at a level that is off by what sampling allows.
        for metric in Metric.reportedQuantiles {
            let level = try #require(metric.quantileLevel)
            let found = try #require(outcomes[metric])
            let error = 4 * (level * (1 - level) / Double(Self.requests)).squareRoot() + one
            // P(T > t) just above the bin, and just below it.
            if found < world.profile.timeout {
                #expect(late(model, world, found * (1 + 1e-9)) <= 1 - level + error, "\(metric.rawValue) \(found)")
            }
            #expect(late(model, world, found * (1 - 2e-4)) >= 1 - level - error, "\(metric.rawValue) \(found)")
        }
    }

    @Test(arguments: 0..<80)
    func `QoE and smooth goodput by formula are those of the replay within 4 standard errors`(seed: Int) throws {
        let world = AgreementWorld(seed: seed)
        // Paces on either side of the readers' and of the deadlines'.
        let paces = [(0.02, 0.05), (0.02, 0.4), (0.6, 0.1), (0.3, 0.3)][seed % 4]
        let readers =
            seed.isMultiple(of: 3)
            ? Readers([.init(share: 0.75, tokensPerSecond: 4), .init(share: 0.25, tokensPerSecond: 8)])
            : Readers(tokensPerSecond: 5)
        let metrics = MetricSettings(
            ttftTarget: [0.5, 1, 2][seed % 3], deadlineOffset: [0, 0.75][seed % 2],
            deadlineTokensPerSecond: [5, 2, 10][seed % 3], alpha: 1.5)
        let quality = QualitySettings(
            serverTPOT: paces.0, deviceTPOT: paces.1, readers: readers, metrics: metrics, requestsPerSecond: 0.5)
        let losses = try #require(StreamLosses(world.profile, quality))
        let formula = FirstTokenModel(world.profile).outcomes(
            of: world.plan, costs: world.costs, losses: losses, quantiles: [])
        let plain = world.replayed
        let streamed = ReplayWorld(
            promptTokens: plain.promptTokens, outputTokens: plain.outputTokens, weights: plain.weights,
            server: plain.server, device: plain.device,
            paces: ReplayWorld.Paces(server: .constant(paces.0), device: .constant(paces.1)), timeout: plain.timeout,
            costs: plain.costs, readers: readers, requestsPerSecond: 0.5)
        let outcomes = Replay(streamed, ReplayPolicy(world.plan), seed: seed, settings: metrics)
            .outcomes(requests: Self.requests)
        for metric in [Metric.qoeMean, .goodputSmooth] {
            let expected = try #require(formula[metric])
            let found = try #require(outcomes[metric])
            let error = try #require(outcomes.error(of: metric))
            // One request more or less may fail, or be of use.
            let one =
                (metric == .qoeMean ? 1 : 0.5 * (1.5 * metrics.deadlineTokensPerSecond * 4 + 40))
                / Double(Self.requests)
            #expect(
                abs(found - expected) <= 4 * error + one + 1e-6 * max(1, abs(expected)),
                "\(metric.rawValue): formula \(expected), replay \(found) ± \(error)")
        }
    }

    private func late(_ model: FirstTokenModel, _ world: AgreementWorld, _ t: Double) -> Double {
        let workload = world.profile.workload
        var late = 0.0
        for (length, count) in zip(workload.lengths, workload.counts) {
            for part in world.plan.mixture(promptTokens: length).parts {
                late +=
                    Double(count) * part.probability
                    * model.survival(promptTokens: length, under: part.action, at: t)
            }
        }
        return late / Double(workload.requests)
    }

    @Test(arguments: 1..<20)
    func `the cost of a hand-over after i tokens is J(i)`(i: Int) throws {
        let rows = [(3, 0), (3, 7), (10, 19), (25, 5), (40, 30), (8, 12)]
        let (source, target) = (PerToken(prefill: 3, decode: 2), PerToken(prefill: 0.5, decode: 0.25))
        let transfer = 1.5
        let world = ReplayWorld(
            promptTokens: rows.map(\.0), outputTokens: rows.map(\.1),
            server: ReplayWorld.ServerTimes(TimeSamples([0.5, 1])),
            device: ReplayWorld.DeviceTimes { 0.01 * Double($0) },
            paces: ReplayWorld.Paces(server: .constant(0.02), device: .constant(0.05)), timeout: 60,
            costs: CostModel(server: source, device: target), readers: Readers(tokensPerSecond: 4), transfer: transfer)
        let never = [PolicyTable.Choice(probability: 1, serverWait: 0, deviceWait: .infinity)]
        let policy = ReplayPolicy([
            ReplayPolicy.Bucket(
                from: 1, choices: never, fromServer: Migration(afterTokens: i, bufferTokens: 0), fromDevice: nil)
        ])
        let outcomes = Replay(world, policy, seed: i).outcomes(requests: 20_000)
        var cost = 0.0
        for (l, o) in rows {
            cost += source.prefill * Double(l) + source.decode * Double(min(o, i))
            if o > i { cost += target.prefill * Double(l + i) + transfer + target.decode * Double(o - i) }
        }
        let found = try #require(outcomes.costMean)
        let error = try #require(outcomes.costMeanError)
        #expect(abs(found - cost / Double(rows.count)) <= 4 * error)
        // A continuation is charged, and is no start of the dispatch.
        #expect(outcomes.prefillShare(of: .device) == 0)
        #expect(outcomes.prefillShare(of: .server) == 1)
    }
}

extension ReplayWorld {
    /// The same world at other prices.
    func priced(_ costs: CostModel) -> ReplayWorld {
        ReplayWorld(
            promptTokens: promptTokens, outputTokens: outputTokens, weights: weights, server: server, device: device,
            paces: paces, timeout: timeout, costs: costs, readers: readers, network: network, transfer: transfer,
            requestsPerSecond: requestsPerSecond, loserCharge: loserCharge)
    }
}
