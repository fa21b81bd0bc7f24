import Checking
import Costs
import Serving
import TestSupport
import Testing

@Suite struct `Policy values` {
    @Test(arguments: 1...60)
    func `agree with the definition, pair by pair, for mixtures of any actions`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let world = PairWorld(seed: seed)
        let waits = world.waits(late: [1, 2.5])
        for _ in 0..<5 {
            let parts = (0..<2).map { _ in
                Action(
                    first: Bool.random(using: &generator) ? .server : .device,
                    otherAfter: waits.randomElement(using: &generator) ?? 0)
            }
            let plan = DispatchPlan(everywhere: Mixture(parts[0], share: 0.25, else: parts[1]))
            let question = DispatchQuestion(
                worlds: [World(world.profile, lowerEdges: [1])], costs: .sample, objective: .ttftMean,
                limits: Metric.reported.map { Limit(metric: $0, atMost: 1e9) }, quality: .sample)
            let verdict = CertificateCheck(question, plans: [plan]).verdict(on: nil)
            #expect(verdict.values.map(\.metric) == Metric.reported)
            func mean(_ value: (Int, PairWorld.Event) -> Double) -> Double {
                0.25 * world.mean({ _ in parts[0] }, value) + 0.75 * world.mean({ _ in parts[1] }, value)
            }
            for value in verdict.values {
                if let level = value.metric.quantileLevel {
                    let quantile = value.recomputed.high
                    #expect(mean { $1.ttft > quantile ? 1 : 0 } <= 1 - level + 1e-12)
                    #expect(mean { $1.ttft >= value.recomputed.low ? 1 : 0 } > 1 - level - 1e-12)
                } else {
                    let defined = mean { world.value(of: value.metric, $0, $1, .sample) }
                    // The neighbours of a tie lie within the freedom of rounding.
                    let slack = value.metric == .qoeMean ? 2e-7 : 1e-9
                    #expect(value.recomputed.low <= defined + slack && value.recomputed.high >= defined - slack)
                    #expect(
                        value.recomputed.high - value.recomputed.low <= 1 || value.metric == .costMean
                            || value.metric == .energyMean || value.metric == .goodputSmooth)
                }
            }
        }
    }

    @Test func `a tie goes to the endpoint that was started first, to the server where both were`() throws {
        let world = PairWorld(prompts: [1], server: [[1.5]], device: [0.5], perToken: 0, timeout: 4)
        func share(_ action: Action) throws -> Enclosure {
            let question = DispatchQuestion(
                worlds: [World(world.profile, lowerEdges: [1])], objective: .deviceAnswerShare, limits: [])
            let verdict = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(action))]).verdict(
                on: nil)
            return try #require(verdict.values.first?.recomputed)
        }
        // 1 + 0.5 = 1.5: as doubles a tie, so either answer is within the freedom of rounding.
        #expect(try share(Action(serverWait: 0, deviceWait: 1)).low == 0)
        #expect(try share(Action(serverWait: 0, deviceWait: 0.875)).low == 1)
        #expect(try share(Action(serverWait: 0, deviceWait: 1.125)).high == 0)
        let race = PairWorld(prompts: [1], server: [[0.5]], device: [0.5], perToken: 0, timeout: 4)
        let question = DispatchQuestion(
            worlds: [World(race.profile, lowerEdges: [1])], objective: .deviceAnswerShare, limits: [])
        let verdict = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(.race))]).verdict(on: nil)
        #expect(verdict.values.first?.recomputed.high == 0)
    }

    @Test func `where everything fails the mean and every quantile are the timeout`() throws {
        let world = PairWorld(
            prompts: [2, 3], server: [[.infinity, 9]], device: [5, .infinity], perToken: 1, timeout: 4)
        let question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: [1])], objective: .ttftMean,
            limits: [Limit(metric: .ttftP50, atMost: 4), Limit(metric: .failedShare, atLeast: 1)])
        for action in [Action.race, .only(.server), .only(.device), Action(serverWait: 2, deviceWait: 0)] {
            let verdict = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(action))]).verdict(
                on: .linear(LinearClaim(primal: 4, bound: 4, gap: 0, scale: 0, multipliers: [:])))
            #expect(verdict.isValid, "\(verdict.findings)")
            #expect(verdict.values.map(\.recomputed.low) == [4, 4, 1])
        }
    }

    @Test func `a metric whose price is missing is a finding, not a zero`() {
        let world = PairWorld(seed: 3)
        let question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: [1])], objective: .costMean, limits: [])
        let verdict = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(.race))]).verdict(
            on: .linear(LinearClaim(primal: 0, bound: 0, gap: 0, scale: 0, multipliers: [:])))
        #expect(!verdict.isValid && verdict.values.isEmpty)
    }
}
