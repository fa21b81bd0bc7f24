import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

@Suite struct `Dispatch frontier` {
    @Test(arguments: 1...40)
    func `agrees with the solve at random budgets, and its plans do what it says`(seed: Int) throws {
        let world = TinyWorld(seed: seed)
        var generator = SeededGenerator(seed: seed)
        let buckets = seed.isMultiple(of: 3) ? Buckets(edges: [1, 3]) : .exact(world.profile.workload)
        for limited in Endpoint.allCases {
            func problem(_ budget: Double) -> DispatchProblem {
                DispatchProblem(profile: world.profile, buckets: buckets, limited: limited, budget: budget)
            }
            let frontier = problem(0).frontier()
            for budget in [0, 1] + (0..<10).map({ _ in Double.random(in: 0...1, using: &generator) }) {
                let point = frontier.point(at: budget)
                #expect(abs(point.mean - problem(budget).solve().certificate.primal) < 1e-12)
                let outcomes = FirstTokenModel(world.profile).outcomes(
                    of: frontier.plan(at: budget), costs: CostModel(server: nil), quantiles: [])
                #expect(try #require(outcomes[.prefillShare(of: limited)]) <= budget + 1e-12)
                #expect(abs(try #require(outcomes[.ttftMean]) - point.mean) < 1e-12)
            }
        }
    }

    @Test(arguments: [(1, false), (2, true), (3, false)])
    func `agrees with the solve to the last digits on thousands of samples and many buckets`(seed: Int, isExact: Bool)
        throws
    {
        var generator = SeededGenerator(seed: seed)
        let times = (0..<5_000).map { _ in
            0.3 + 2 * Double.random(in: 0...1, using: &generator) / Double.random(in: 0.1...1, using: &generator)
        }
        let prompts = (0..<3_000).map { _ in
            1 + Int(200 * Double.random(in: 0...1, using: &generator) / Double.random(in: 0.2...1, using: &generator))
        }
        let workload = WorkloadProfile(promptTokens: prompts)
        let profile = ServingProfile(
            workload: workload, server: ServerProfile(pooled: Empirical(samples: times, horizon: 20)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.1, perToken: 0.004), lengths: workload.lengths),
            timeout: 20)
        for limited in Endpoint.allCases {
            func problem(_ budget: Double) -> DispatchProblem {
                DispatchProblem(
                    profile: profile, buckets: isExact ? .exact(workload) : .quantile(count: 64, of: workload),
                    limited: limited, budget: budget)
            }
            let frontier = problem(0).frontier()
            for _ in 0..<12 {
                let budget = Double.random(in: 0...1, using: &generator)
                let solution = problem(budget).solve()
                let point = frontier.point(at: budget)
                #expect(abs(point.mean - solution.certificate.primal) < 1e-12)
                #expect(point.multiplier >= 0)
            }
            let points = frontier.points
            #expect(points.first?.budget == 0 && points.last?.multiplier == 0)
            for (a, b) in zip(points, points.dropFirst()) {
                #expect(b.budget > a.budget && b.mean <= a.mean && b.multiplier <= a.multiplier)
            }
        }
    }
}
