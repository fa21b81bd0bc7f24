import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

/// The least mean that mixtures of all deterministic plans reach within a usage: the lower hull of every plan's
/// (usage, mean), each plan picking any candidate action for every bucket.
private func bruteForce(_ world: TinyWorld, _ buckets: Buckets, _ limited: Endpoint, _ budget: Double) -> Double {
    let workload = world.profile.workload
    let total = Double(workload.requests)
    let ranges = buckets.occupied(in: workload).ranges(in: workload)
    let perBucket: [[(x: Double, y: Double)]] = ranges.map { range in
        world.actions.map { action in
            var point = (x: 0.0, y: 0.0)
            for i in range {
                let weight = Double(workload.counts[i]) / total
                let length = workload.lengths[i]
                point.y += weight * world.mean(length, action) { $0.ttft }
                let started = world.mean(length, action) {
                    (limited == .server ? $0.serverStarted : $0.deviceStarted) ? 1 : 0
                }
                point.x += weight * Double(length) * started / workload.meanPromptTokens
            }
            return point
        }
    }
    let plans = perBucket.reduce([(x: 0.0, y: 0.0)]) { plans, bucket in
        plans.flatMap { plan in bucket.map { (x: plan.x + $0.x, y: plan.y + $0.y) } }
    }
    var best = Double.infinity
    for a in plans where a.x <= budget + 1e-12 {
        best = min(best, a.y)
        for b in plans where b.x > budget && b.y < a.y {
            let share = (budget - a.x) / (b.x - a.x)
            best = min(best, a.y + share * (b.y - a.y))
        }
    }
    return best
}

@Suite struct `Dispatch problem` {
    @Test(arguments: 1...40)
    func `invariant 5: no mixture of any plans of a tiny problem is better, and primal is at least the bound`(seed: Int)
        throws
    {
        let world = TinyWorld(seed: seed)
        var generator = SeededGenerator(seed: seed)
        for limited in [Endpoint.device, .server] {
            let budget = [0, 1, Double.random(in: 0...1, using: &generator)][seed % 3]
            let buckets = seed.isMultiple(of: 2) ? Buckets.exact(world.profile.workload) : Buckets(edges: [1, 3])
            let problem = DispatchProblem(profile: world.profile, buckets: buckets, limited: limited, budget: budget)
            let solution = problem.solve()
            #expect(abs(solution.certificate.primal - bruteForce(world, buckets, limited, budget)) < 1e-10)
            try expectCertified(solution, of: problem)
        }
    }

    @Test(arguments: 1...10)
    func `invariant 3: a looser limit and finer buckets never make the mean worse`(seed: Int) {
        let world = TinyWorld(seed: seed)
        let exact = Buckets.exact(world.profile.workload)
        for limited in Endpoint.allCases {
            func mean(_ buckets: Buckets, _ budget: Double) -> Double {
                DispatchProblem(profile: world.profile, buckets: buckets, limited: limited, budget: budget).solve()
                    .certificate.primal
            }
            let means = stride(from: 0.0, through: 1, by: 0.125).map { mean(exact, $0) }
            #expect(zip(means, means.dropFirst()).allSatisfy { $1 <= $0 + 1e-12 })
            #expect(mean(exact, 0.3) <= mean(Buckets(edges: [1]), 0.3) + 1e-12)
        }
    }

    @Test func `invariant 4: duplicating every row leaves the waits as they are`() throws {
        let samples = [0.5, 1, 1.5, 4, 9]
        let prompts = [5, 9, 9, 30]
        func plan(_ times: Int) throws -> DispatchPlan? {
            let profile = ServingProfile(
                workload: WorkloadProfile(promptTokens: Array(repeating: prompts, count: times).flatMap { $0 }),
                server: ServerProfile(
                    pooled: Empirical(samples: Array(repeating: samples, count: times).flatMap { $0 }, horizon: 60)),
                device: try DeviceProfile(fit: DeviceFit(intercept: 0.2, perToken: 0.05), lengths: [5, 9, 30]),
                timeout: 60)
            return DispatchProblem(
                profile: profile, buckets: .exact(profile.workload), limited: .device, budget: 0.25
            ).solve().plan
        }
        let (once, thrice) = (try #require(try plan(1)), try #require(try plan(3)))
        #expect(once.mixtures.map { $0.parts.map(\.action) } == thrice.mixtures.map { $0.parts.map(\.action) })
    }

    @Test func `a server that always fails is answered by the device within the budget`() throws {
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: [10, 10]),
            server: ServerProfile(pooled: Empirical(samples: [.infinity], horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 1, perToken: 0), lengths: [10]), timeout: 60)
        let solution = DispatchProblem(
            profile: profile, buckets: .exact(profile.workload), limited: .device, budget: 0.5
        ).solve()
        #expect(abs(solution.certificate.primal - 30.5) < 1e-9)  // half in 1 s, half at the timeout
    }

    @Test func `times from a microsecond to eleven days keep a tight certificate`() throws {
        let samples = (-6...6).map { exponent in
            (0..<abs(exponent)).reduce(1.0) { v, _ in exponent < 0 ? v / 10 : v * 10 }
        }
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: [1, 100, 10_000]),
            server: ServerProfile(pooled: Empirical(samples: samples, horizon: 1e6)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 1e-6, perToken: 1e-3), lengths: [1, 100, 10_000]),
            timeout: 1e6)
        for limited in Endpoint.allCases {
            let problem = DispatchProblem(
                profile: profile, buckets: .exact(profile.workload), limited: limited, budget: 0.37)
            try expectCertified(problem.solve(), of: problem)
        }
    }
}

/// Fails unless the solution keeps its budget, is as good as it says, and no better than its bound.
func expectCertified(
    _ solution: DispatchSolution, of problem: DispatchProblem, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let plan = try #require(solution.plan, sourceLocation: sourceLocation)
    let outcomes = FirstTokenModel(problem.profile).outcomes(of: plan, costs: CostModel(server: nil), quantiles: [])
    let share = try #require(outcomes[.prefillShare(of: problem.limited)], sourceLocation: sourceLocation)
    let mean = try #require(outcomes[.ttftMean], sourceLocation: sourceLocation)
    let certificate = solution.certificate
    #expect(share <= problem.budget + 1e-9, sourceLocation: sourceLocation)
    #expect(abs(mean - certificate.primal) <= 1e-9 * max(1, mean), sourceLocation: sourceLocation)
    #expect(certificate.bound <= certificate.primal + 1e-9 * max(1, certificate.scale), sourceLocation: sourceLocation)
    #expect(abs(certificate.gap) <= 1e-9, sourceLocation: sourceLocation)
    #expect(plan.mixtures.count { $0.parts.count > 1 } <= 1, sourceLocation: sourceLocation)
}
