import Checking
import Costs
import Serving
import TestSupport
import Testing

/// `qoe.mean` and `goodput.smooth` in the dual function, and claims on them, against every pair of times and every action.
@Suite struct `Quality, checked` {
    private static let qualities = [Metric.qoeMean, .goodputSmooth]

    private func question(
        _ world: PairWorld, _ objective: Metric, _ limits: [Limit], edges: [Int] = [1, 4]
    ) -> DispatchQuestion {
        DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: edges)], costs: .sample, objective: objective, limits: limits,
            quality: .sample)
    }

    @Test(arguments: 1...40)
    func `the dual function is the least Lagrangian over every action, listed`(seed: Int) throws {
        var generator = SeededGenerator(seed: 5_000 + seed)
        let world = PairWorld(seed: seed)
        let edges = [1, 4]
        let objective = Self.qualities[seed % 2]
        // What grows with a wait without steps grows in all of them: then no action but those listed can be least.
        let other = Self.qualities[(seed + 1) % 2]
        let limits = [
            Limit(metric: .devicePrefillShare, atMost: 0.5), Limit(metric: .ttftMean, atMost: 2),
            Limit(metric: other, atLeast: 0.5), Limit(metric: .deviceAnswerShare, atMost: 0.4, atLeast: 0.1),
        ]
        let multipliers: [Metric: Double] = [
            .devicePrefillShare: .random(in: 0...2, using: &generator),
            .ttftMean: .random(in: 0...1, using: &generator),
            other: .random(in: -1...0, using: &generator), .deviceAnswerShare: .random(in: -1...1, using: &generator),
        ]
        var least = 0.0
        for (from, to) in [(1, 4), (4, Int.max)] {
            let actions = world.waits(late: [1]).flatMap { wait in
                Endpoint.allCases.map { Action(first: $0, otherAfter: wait) }
            }
            least += actions.reduce(Double.infinity) { least, action in
                min(
                    least,
                    world.mean(of: from..<to, { _ in action }) { length, event in
                        multipliers.reduce(-world.value(of: objective, length, event, .sample)) {
                            $0 + $1.value * world.value(of: $1.key, length, event, .sample)
                        }
                    })
            }
        }
        for (metric, multiplier) in multipliers {
            let limit = limits.first { $0.metric == metric }
            least -= multiplier * ((multiplier > 0 ? limit?.atMost : limit?.atLeast) ?? 0)
        }
        let check = CertificateCheck(
            question(world, objective, limits, edges: edges), plans: [DispatchPlan(everywhere: Mixture(.race))])
        let value = try #require(check.dualValue(multipliers: multipliers, tolerance: 1e-10))
        #expect(abs(value.proven - least) < 1e-6)
        #expect(abs(value.attained - least) < 1e-6)
        #expect(value.proven <= value.attained)
    }

    @Test(arguments: 1...12)
    func `a claim that is off is refused, one that holds is not`(seed: Int) throws {
        let world = PairWorld(seed: seed)
        for metric in Self.qualities {
            // Some action of the race's family is best without a limit: found by trying all.
            let plans = world.waits(late: [1]).flatMap { wait in
                Endpoint.allCases.map { DispatchPlan(everywhere: Mixture(Action(first: $0, otherAfter: wait))) }
            }
            func value(_ plan: DispatchPlan) -> Double {
                plan.mixtures[0].parts.reduce(0) { sum, part in
                    sum + world.mean({ _ in part.action }) { world.value(of: metric, $0, $1, .sample) }
                }
            }
            let one = DispatchQuestion(
                worlds: [World(world.profile, lowerEdges: [1])], costs: .sample, objective: metric, limits: [],
                quality: .sample)
            let best = try #require(plans.max { value($0) < value($1) })
            let primal = -value(best)
            func verdict(_ primal: Double, _ bound: Double, _ expected: Double) -> CertificateVerdict {
                CertificateCheck(one, plans: [best]).verdict(
                    on: .linear(
                        LinearClaim(
                            primal: primal, bound: bound, gap: max(0, primal - bound), scale: 1, multipliers: [:])
                    ), expected: [metric: expected])
            }
            let scale = plans.map(value).reduce(0) { max($0, -primal - $1) }
            if scale >= 1 {
                let held = verdict(primal, primal, -primal)
                #expect(held.isValid, "\(held.findings)")
            }
            #expect(!verdict(primal - 0.01, primal - 0.01, -primal).isValid)
            #expect(!verdict(primal, primal + 0.01, -primal).isValid)
            #expect(!verdict(primal, primal, -primal + 0.01).isValid)
        }
    }

    @Test func `without a reader or paces the data cannot tell`() {
        let world = PairWorld(seed: 3)
        var quality = QualitySettings.sample
        quality.readers = nil
        for (metric, known) in [(Metric.qoeMean, quality as QualitySettings?), (.goodputSmooth, nil)] {
            let question = DispatchQuestion(
                worlds: [World(world.profile, lowerEdges: [1])], objective: metric, limits: [], quality: known)
            let verdict = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(.race))]).verdict(
                on: .linear(LinearClaim(primal: 0, bound: 0, gap: 0, scale: 0, multipliers: [:])))
            #expect(!verdict.isValid && verdict.values.isEmpty)
        }
    }
}
