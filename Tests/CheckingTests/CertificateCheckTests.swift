import Checking
import Costs
import Serving
import TestSupport
import Testing

/// A policy that is optimal by construction, with its certificate: whatever minimizes the Lagrangian at some prices is
/// optimal under the limits that it just uses up.
private struct Certified {
    var question: DispatchQuestion
    var plan: DispatchPlan
    var claim: LinearClaim
    var expected: [Metric: Double]

    init(_ world: PairWorld, objective: Metric = .ttftMean, prices: [Metric: Double]) {
        let edges = [1, 3, 5]
        let waits = world.waits(late: [1.5])
        var mixtures: [Mixture] = []
        for (from, to) in zip(edges, edges.dropFirst() + [Int.max]) {
            var best: (value: Double, action: Action) = (.infinity, .race)
            for wait in waits {
                for first in Endpoint.allCases {
                    let action = Action(first: first, otherAfter: wait)
                    let value = world.mean(of: from..<to, { _ in action }) { length, event in
                        prices.reduce(world.value(of: objective, length, event, .sample)) {
                            $0 + $1.value * Self.value(world, $1.key, length, event)
                        }
                    }
                    if value < best.value - 1e-12 { best = (value, action) }
                }
            }
            mixtures.append(Mixture(best.action))
        }
        plan = DispatchPlan(lowerEdges: edges, mixtures: mixtures)
        func value(_ metric: Metric) -> Double {
            world.mean({ length in mixtures[edges.lastIndex { $0 <= length } ?? 0].parts[0].action }) {
                Self.value(world, metric, $0, $1)
            }
        }
        // A quantile's own row is P(T > 1.5) against 1 - level, so it fits where the share is just that.
        let limits = prices.filter { $0.key.quantileLevel == nil }.map { metric, price in
            Limit(metric: metric, atMost: price > 0 ? value(metric) : nil, atLeast: price > 0 ? nil : value(metric))
        }
        let primal = value(objective)
        question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: edges)], costs: .sample, objective: objective,
            limits: limits.sorted { $0.metric.rawValue < $1.metric.rawValue })
        claim = LinearClaim(primal: primal, bound: primal, gap: 0, scale: 0, multipliers: prices)
        expected = Dictionary(uniqueKeysWithValues: Metric.linear.map { ($0, value($0)) })
    }

    private static func value(_ world: PairWorld, _ metric: Metric, _ length: Int, _ event: PairWorld.Event) -> Double {
        metric.quantileLevel == nil
            ? world.value(of: metric, length, event, .sample) : event.ttft > 1.5 ? 1 : 0
    }

    func verdict() -> CertificateVerdict {
        CertificateCheck(question, plans: [plan]).verdict(on: .linear(claim), expected: expected)
    }
}

/// What may be wrong with a table.
private enum Mutation: CaseIterable {
    case primalTooSmall, primalTooLarge, boundTooLarge, boundAbovePrimal, gapTooSmall, scaleTooLarge, priceTooLarge
    case priceTurned, priceOfNoLimit, priceNotANumber, budgetTooSmall, expectedWrong, otherWaits, otherProbability
}

/// A world where every length has two of everything.
private let world = PairWorld(
    prompts: [1, 2, 2, 4, 6, 7], server: [[0.25, 0.5, 1, 2.25, .infinity], [0.75, 0.5, 3]], edges: [1, 4],
    device: [0.375, 0.5, 1.25, .infinity], perToken: 0.125, timeout: 4)

@Suite struct `Certificate check` {
    @Test(arguments: 1...25)
    func `what is optimal by construction passes`(seed: Int) {
        var generator = SeededGenerator(seed: 3_000 + seed)
        var prices: [Metric: Double] = [:]
        for metric in Metric.linear where Bool.random(using: &generator) && metric != .ttftMean {
            prices[metric] = Double.random(in: -0.5...2, using: &generator)
        }
        let objective: Metric = seed.isMultiple(of: 3) ? .costMean : .ttftMean
        prices[objective] = nil
        let verdict = Certified(PairWorld(seed: seed), objective: objective, prices: prices).verdict()
        #expect(verdict.isValid, "\(verdict.findings)")
        #expect(verdict.proofs.count == 1)
    }

    @Test(arguments: Mutation.allCases)
    fileprivate func `a table that was tampered with is caught`(mutation: Mutation) {
        var certified = Certified(world, prices: [.devicePrefillShare: 0.75, .deviceAnswerShare: -0.25])
        #expect(certified.verdict().isValid, "\(certified.verdict().findings)")
        let share = certified.expected[.devicePrefillShare] ?? 0
        switch mutation {
        case .primalTooSmall: certified.claim.primal -= 1e-6
        case .primalTooLarge: certified.claim.primal += 1e-6
        case .boundTooLarge:
            certified.claim.primal += 1e-5
            certified.claim.bound += 1e-5
        case .boundAbovePrimal: certified.claim.bound += 1e-5
        case .gapTooSmall:
            certified.claim.scale = 0.5
            certified.claim.bound -= 0.1
        case .scaleTooLarge: certified.claim.scale = 4.5
        case .priceTooLarge: certified.claim.multipliers[.devicePrefillShare] = 1.5
        case .priceTurned: certified.claim.multipliers[.devicePrefillShare] = -0.75
        case .priceOfNoLimit: certified.claim.multipliers[.failedShare] = 0.1
        case .priceNotANumber: certified.claim.multipliers[.deviceAnswerShare] = .nan
        case .budgetTooSmall:
            certified.question = DispatchQuestion(
                worlds: certified.question.worlds, costs: .sample,
                objective: .ttftMean,
                limits: [
                    Limit(metric: .devicePrefillShare, atMost: share - 1e-6),
                    Limit(metric: .deviceAnswerShare, atLeast: certified.expected[.deviceAnswerShare]),
                ])
        case .expectedWrong: certified.expected[.energyMean, default: 0] += 1e-6
        case .otherWaits:
            certified.plan = DispatchPlan(
                lowerEdges: [1, 3, 5],
                mixtures: certified.plan.mixtures.dropLast() + [Mixture(Action(serverWait: 0.125, deviceWait: 0))])
        case .otherProbability:
            certified.plan = DispatchPlan(
                lowerEdges: [1, 3, 5],
                mixtures: certified.plan.mixtures.dropLast() + [
                    Mixture(
                        certified.plan.mixtures[2].parts[0].action, share: 0.999,
                        else: Action(serverWait: 0.125, deviceWait: 0))
                ])
        }
        let verdict = certified.verdict()
        #expect(!verdict.isValid)
    }

    @Test(arguments: 1...30)
    func `without limits the race has the least quantile and of those the least mean`(seed: Int) throws {
        let world = PairWorld(seed: seed)
        let metric: Metric = seed.isMultiple(of: 2) ? .ttftP90 : .ttftP50
        let level = try #require(metric.quantileLevel)
        let question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: [1, 3])], objective: metric, limits: [])
        let check = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(.race))])
        let times = Set(world.server.values.flatMap { $0 } + world.device.values.flatMap { $0 }).filter { $0 < 4 }
        let quantile =
            times.sorted().first { t in
                world.mean({ _ in .race }) { $1.ttft > t ? 1 : 0 } <= 1 - level + 1e-12
            } ?? 4
        let mean = world.mean({ _ in .race }) { $1.ttft }
        var claim = QuantileClaim(
            primal: quantile, bound: quantile, tail: .init(time: quantile.nextDown, multipliers: [:]),
            tieBreak: LinearClaim(primal: mean, bound: mean, gap: 0, scale: 0, multipliers: [:]))
        let verdict = check.verdict(on: .quantile(claim), expected: [metric: quantile])
        #expect(verdict.isValid, "\(verdict.findings)")
        #expect(verdict.proofs.count == 2)
        func isCaught(_ change: (inout QuantileClaim) -> Void) -> Bool {
            var changed = claim
            change(&changed)
            return !check.verdict(on: .quantile(changed)).isValid
        }
        #expect(isCaught { $0.tail = nil })
        #expect(isCaught { $0.tail?.time = quantile })
        #expect(isCaught { $0.bound = quantile.nextUp })
        #expect(isCaught { $0.primal = quantile * 0.999 })
        #expect(isCaught { $0.primal = quantile * 1.001 })
        #expect(isCaught { $0.tail?.multipliers = [.failedShare: 1] })
        #expect(isCaught { $0.tieBreak?.bound += 1e-3 })
        #expect(isCaught { $0.tieBreak?.primal -= 1e-3 })
        claim.bound = quantile / 2
        #expect(check.verdict(on: .quantile(claim)).isValid, "a weaker bound is true too")
    }

    @Test func `a tail under a budget is proven as far as the dual goes, and no further`() throws {
        // A fifth of the server's answers is slow; the device may see a twentieth of the prompts.
        let world = PairWorld(
            prompts: [1], server: [[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 2, 3]], device: [1], perToken: 0, timeout: 4
        )
        let limits = [Limit(metric: .devicePrefillShare, atMost: 0.05)]
        let question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: [1])], objective: .ttftP90, limits: limits)
        // Waiting 2 s starts the device for the slowest tenth; half of those may be. It answers at 3 s, too late to help.
        // Waiting 0.5 s starts it for a fifth, a quarter of which may be: P(T > 1.5) = 0.2 - 0.05 = 0.15 > 0.1.
        let plan = DispatchPlan(
            everywhere: Mixture(Action(serverWait: 0, deviceWait: 0.5), share: 0.25, else: .only(.server)))
        let check = CertificateCheck(question, plans: [plan])
        func verdict(_ time: Double, _ price: Double) -> CertificateVerdict {
            check.verdict(
                on: .quantile(
                    QuantileClaim(
                        primal: 2, bound: time.nextUp,
                        tail: .init(time: time, multipliers: [.devicePrefillShare: price]))))
        }
        let good = verdict(2.0.nextDown, 1)
        #expect(good.isValid, "\(good.findings)")
        #expect(abs(try #require(good.proofs.first).bound.proven - 0.15) < 1e-9)
        #expect(!verdict(2, 1).isValid)
        #expect(!verdict(2.0.nextDown, 0).isValid)
        #expect(!verdict(2.0.nextDown, 5).isValid)
    }
}
