import Checking
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

/// QoE and smooth goodput by formula, against streams told token by token.
@Suite struct QualityTests {
    @Test func `hand-computed: two tokens, one second late`() {
        // TTFT* = 1, r = 2: due at 1 and 1.5, read at 2 and 2.5. Late by 1 + 1, of (2.5 − 1) + (2.5 − 1.5).
        let metrics = MetricSettings()
        #expect(metrics.qoeLoss(first: 2, tokens: 2, gap: 0.1, reader: 2) == 0.8)
        #expect(metrics.qoeLoss(first: 1, tokens: 2, gap: 0.1, reader: 2) == 0)
        // The second token comes at 2, half a second late, of (2 − 1) + (2 − 1.5).
        #expect(abs(metrics.qoeLoss(first: 1, tokens: 2, gap: 1, reader: 2) - 0.5 / 1.5) < 1e-15)
        // One token is on time, or of no use; none is never late.
        #expect(metrics.qoeLoss(first: 1, tokens: 1, gap: 1, reader: 2) == 0)
        #expect(metrics.qoeLoss(first: 1.5, tokens: 1, gap: 1, reader: 2) == 1)
        #expect(metrics.qoeLoss(first: 50, tokens: 0, gap: 1, reader: 2) == 0)
        // Due at 0.2 and 0.4: the first token at 1 is 0.8 late; at a pace of one a second, the second is 1.6 late.
        #expect(abs(metrics.idle(first: 1, tokens: 2, gap: 0.1) - 0.8) < 1e-15)
        #expect(abs(metrics.idle(first: 1, tokens: 2, gap: 1) - 1.6) < 1e-15)
        #expect(metrics.idle(first: 50, tokens: 0, gap: 1) == 0)
    }

    @Test(arguments: 0..<300)
    func `closed forms are those of the tokens, and grow with the first token`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let metrics = MetricSettings(
            ttftTarget: .random(in: 0...2, using: &generator), deadlineOffset: .random(in: 0...1, using: &generator),
            deadlineTokensPerSecond: .random(in: 1...10, using: &generator), alpha: 1)
        let tokens = [0, 1, 2, 3, 7, 60][seed % 6]
        let pace = Double.random(in: 0.5...20, using: &generator)
        let gap = Double.random(in: 0.001...(seed.isMultiple(of: 2) ? 0.1 : 1.5), using: &generator)
        var last = (qoe: -1.0, idle: -1.0)
        for step in 0...150 {
            let first = Double(step) / 40 + 1e-3
            let stream = streamedTokenByToken(
                first: first, tokens: tokens, gap: gap, pace: pace, metrics, timeout: 60)
            let qoe = metrics.qoeLoss(first: first, tokens: tokens, gap: gap, reader: pace)
            let idle = metrics.idle(first: first, tokens: tokens, gap: gap)
            #expect(abs(qoe - (1 - stream.qoe)) < 1e-10)
            #expect(abs(metrics.benefit(tokens: tokens, idle: idle, timeout: 60) - stream.benefit) < 1e-9)
            #expect(qoe >= last.qoe - 1e-14 && idle >= last.idle)
            last = (qoe, idle)
        }
    }

    @Test(arguments: 0..<30)
    func `both metrics of every action are those of its streams`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        #expect(world.losses.measuredError < 2e-7)
        let actions = world.actions()
        for (k, action) in actions.enumerated() where k % 3 == seed % 3 {
            let expected = world.values(action)
            let found = world.outcomes(action)
            let qoe = try #require(found[.qoeMean])
            let goodput = try #require(found[.goodputSmooth])
            #expect(abs(qoe - (expected[.qoeMean] ?? 0)) < 2e-7, "\(action)")
            let exact = expected[.goodputSmooth] ?? 0
            #expect(abs(goodput - exact) < 1e-9 * max(1, abs(exact)), "\(action)")
        }
    }

    @Test(arguments: 0..<12)
    func `a later start of the second endpoint never helps readers`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        // Where it does not matter who answers; else the slower stream may be worth waiting for.
        let quality = QualitySettings(
            serverTPOT: 0.01, deviceTPOT: 0.02, readers: world.quality.readers, metrics: world.quality.metrics)
        let losses = try #require(StreamLosses(world.profile, quality))
        for first in [Endpoint.server, .device] {
            var last = (qoe: Double.infinity, goodput: Double.infinity)
            for step in 0...150 {
                let action = Action(first: first, otherAfter: step == 150 ? .infinity : Double(step) / 16)
                let found = FirstTokenModel(world.profile).outcomes(
                    of: DispatchPlan(everywhere: Mixture(action)), costs: world.joint.costs, losses: losses,
                    quantiles: [])
                let (qoe, goodput) = (try #require(found[.qoeMean]), try #require(found[.goodputSmooth]))
                #expect(qoe <= last.qoe + 1e-12 && goodput <= last.goodput + 1e-9)
                last = (qoe, goodput)
            }
        }
    }

    @Test func `without answer lengths there is no quality, without readers no QoE`() throws {
        let world = try QualityWorld(seed: 1)
        let unknown = ServingProfile(
            workload: WorkloadProfile(promptTokens: world.profile.workload.lengths), server: world.profile.server,
            device: world.profile.device, timeout: world.profile.timeout)
        #expect(StreamLosses(unknown, world.quality) == nil)
        var quality = world.quality
        quality.readers = nil
        let losses = try #require(StreamLosses(world.profile, quality))
        let outcomes = FirstTokenModel(world.profile).outcomes(
            of: DispatchPlan(everywhere: Mixture(.race)), costs: world.joint.costs, losses: losses, quantiles: [])
        #expect(outcomes[.qoeMean] == nil)
        #expect(outcomes[.goodputSmooth] != nil)
    }
}
