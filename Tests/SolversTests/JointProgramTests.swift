import Checking
import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

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

    /// Where lengths have several distributions of server times the gap may stay open; never wrong.
    private func check(_ answer: DispatchAnswer, against least: Double, _ world: JointWorld, _ program: DispatchProgram)
    {
        let certificate = answer.certificate
        let size = max(1, abs(least))
        #expect(certificate.bound <= least + 1e-9 * size)
        #expect(certificate.primal >= least - 1e-9 * size)
        if world.world.server.count == 1 {
            #expect(answer.status == .optimal)
            #expect(abs(certificate.primal - least) <= 1e-6 * size)
        }
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
