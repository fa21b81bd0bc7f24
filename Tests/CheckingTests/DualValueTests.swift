import Checking
import Costs
import Distributions
import Profiles
import Serving
import TestSupport
import Testing

/// min over all actions, listed, of a bucket's Lagrangian; summed over buckets.
private func bruteForce(
    _ worlds: [(world: PairWorld, share: Double)], edges: [Int], late: [Double],
    _ lagrangian: (PairWorld, Int, PairWorld.Event) -> Double
) -> Double {
    var sum = 0.0
    for (world, share) in worlds {
        for (from, to) in zip(edges, edges.dropFirst() + [Int.max]) {
            let actions = world.waits(late: late).flatMap { wait in
                Endpoint.allCases.map { Action(first: $0, otherAfter: wait) }
            }
            let values: [Double] = actions.map { action in
                world.mean(of: from..<to, { _ in action }) { lagrangian(world, $0, $1) }
            }
            sum += share * (values.min() ?? 0)
        }
    }
    return sum
}

@Suite struct `Dual value` {
    @Test(arguments: 1...60)
    func `is the least Lagrangian over every action, listed, for prices of any sign on every metric`(seed: Int) throws {
        var generator = SeededGenerator(seed: 1_000 + seed)
        let worlds =
            seed % 3 == 0
            ? [(PairWorld(seed: seed), 0.375), (PairWorld(seed: seed + 500), 0.625)] : [(PairWorld(seed: seed), 1.0)]
        let edges = seed.isMultiple(of: 5) ? [1] : [1, 3, 5]
        let meanPrompt = worlds.reduce(0) { $0 + $1.1 * $1.0.profile.workload.meanPromptTokens }
        var limits: [Limit] = []
        var multipliers: [Metric: Double] = [:]
        for metric in Metric.linear + [.ttftP50, .ttftP99] where Bool.random(using: &generator) {
            let level = Double(Int.random(in: 1...28, using: &generator)) / 8
            limits.append(Limit(metric: metric, atMost: level, atLeast: level / 2))
            let price = Double.random(in: -2...2, using: &generator)
            // Prices of a few per second, token, share or joule weigh about alike.
            multipliers[metric] = metric == .costMean || metric == .energyMean ? price / 8 : price
        }
        let objective = Metric.linear[seed % Metric.linear.count]
        let question = DispatchQuestion(
            worlds: worlds.map { World($0.0.profile, lowerEdges: edges, share: $0.1) }, costs: .sample,
            objective: objective, limits: limits)
        var constant = 0.0
        var late: [(time: Double, price: Double)] = []
        for limit in limits {
            let price = multipliers[limit.metric] ?? 0
            let value = (price > 0 ? limit.atMost : limit.atLeast) ?? 0
            if let level = limit.metric.quantileLevel {
                late.append((price > 0 ? value : value.nextDown, price))
                constant -= price * (price > 0 ? 1 - level : 1 - level + 2e-12)
            } else {
                constant -= price * value
            }
        }
        let least = bruteForce(worlds.map { ($0.0, $0.1) }, edges: edges, late: late.map(\.time)) {
            world, length, event in
            var sum = 0.0
            for metric in Metric.linear {
                let price = (metric == objective ? 1 : 0) + (multipliers[metric] ?? 0)
                // Shares are of the prompt tokens of all worlds together.
                let scale =
                    metric == .devicePrefillShare || metric == .serverPrefillShare
                    ? world.profile.workload.meanPromptTokens / meanPrompt : 1
                sum += price * scale * world.value(of: metric, length, event, .sample)
            }
            for (time, price) in late where event.ttft > time { sum += price }
            return sum
        }
        let check = CertificateCheck(
            question, plans: worlds.map { _ in DispatchPlan(everywhere: Mixture(.race)) })
        let value = try #require(check.dualValue(multipliers: multipliers, tolerance: 1e-13))
        #expect(abs(value.proven - least - constant) < 1e-10)
        #expect(abs(value.attained - least - constant) < 1e-10)
        #expect(value.proven <= value.attained)
        let rough = try #require(check.dualValue(multipliers: multipliers, tolerance: 0.05))
        #expect(rough.proven <= least + constant + 1e-10 && rough.attained >= least + constant - 1e-10)
        #expect(rough.attained - rough.proven <= 0.05 + 1e-12)
    }

    @Test(arguments: 1...30)
    func `invariant 5: no policy that keeps its limits is below it, whatever the multipliers`(seed: Int) throws {
        var generator = SeededGenerator(seed: 2_000 + seed)
        let world = PairWorld(seed: seed)
        let waits = world.waits(late: [1])
        func action() -> Action {
            Action(
                first: Bool.random(using: &generator) ? .server : .device,
                otherAfter: waits.randomElement(using: &generator) ?? 0)
        }
        let plan = DispatchPlan(
            lowerEdges: [1, 4],
            mixtures: (0..<2).map { _ in
                Mixture(action(), share: Double.random(in: 0...1, using: &generator), else: action())
            })
        func verdict(_ limits: [Limit]) -> CertificateCheck {
            CertificateCheck(
                DispatchQuestion(
                    worlds: [World(world.profile, lowerEdges: [1, 4])], costs: .sample, objective: .ttftMean,
                    limits: limits), plans: [plan])
        }
        let open = verdict((Metric.linear + [.ttftP90]).map { Limit(metric: $0, atMost: 1e9, atLeast: -1e9) }).verdict(
            on: nil)
        let limits = open.values.map {
            Limit(metric: $0.metric, atMost: $0.recomputed.high + 1e-12, atLeast: $0.recomputed.low - 1e-12)
        }
        let check = verdict(limits)
        #expect(check.verdict(on: nil).isValid)
        let mean = try #require(open.values.first { $0.metric == .ttftMean }?.recomputed.low)
        for _ in 0..<5 {
            let multipliers = Dictionary(
                uniqueKeysWithValues: limits.map { ($0.metric, Double.random(in: -3...3, using: &generator)) })
            let value = try #require(check.dualValue(multipliers: multipliers, tolerance: 1e-9))
            #expect(value.proven <= mean + 1e-9)
        }
    }

    @Test(arguments: [false, true])
    func `a large group: no wait tried at random is below the proof, and the proof is near`(whoWins: Bool) throws {
        var generator = SeededGenerator(seed: 7)
        let server = (0..<400).map { _ in 0.2 / Double.random(in: 0.01...1, using: &generator) }
        let device = (0..<8).map { _ in Double.random(in: 0.3...0.6, using: &generator) }
        let world = PairWorld(
            prompts: (1...12).flatMap { Array(repeating: $0 * 18, count: 1 + $0 % 3) }, server: [server],
            device: device,
            perToken: 0.007, timeout: 15)
        let limits = [
            Limit(metric: .devicePrefillShare, atMost: 0.2), Limit(metric: .deviceAnswerShare, atLeast: 0.3),
            Limit(metric: .ttftP95, atMost: 2),
        ]
        let multipliers: [Metric: Double] =
            whoWins
            ? [.devicePrefillShare: 2, .deviceAnswerShare: -0.5, .ttftP95: 1.5] : [.devicePrefillShare: 0.9]
        let question = DispatchQuestion(
            worlds: [World(world.profile, lowerEdges: [1, 60, 120])], objective: .ttftMean, limits: limits)
        let check = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(.race))])
        let value = try #require(check.dualValue(multipliers: multipliers, tolerance: 1e-6))
        #expect(value.attained - value.proven <= 1e-6)
        for _ in 0..<20 {
            let wait =
                Bool.random(using: &generator)
                ? server.randomElement(using: &generator) ?? 0 : Double.random(in: 0...3, using: &generator)
            let action = Action(first: Bool.random(using: &generator) ? .server : .device, otherAfter: wait)
            let tried = CertificateCheck(question, plans: [DispatchPlan(everywhere: Mixture(action))])
            let values = tried.verdict(on: nil).values
            func find(_ metric: Metric) throws -> Double {
                try #require(values.first { $0.metric == metric }?.recomputed.low)
            }
            let late = world.mean({ _ in action }) { $1.ttft > 2 ? 1 : 0 }
            let lagrangian =
                try find(.ttftMean) + (multipliers[.devicePrefillShare] ?? 0) * (try find(.devicePrefillShare) - 0.2)
                + (multipliers[.deviceAnswerShare] ?? 0) * (try find(.deviceAnswerShare) - 0.3)
                + (multipliers[.ttftP95] ?? 0) * (late - 0.05)
            #expect(value.proven <= lagrangian + 1e-9)
        }
    }
}
