import Checking
import Costs
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

@Suite struct `Solvers' certificates` {
    @Test(arguments: 1...40)
    func `the exact optimum under one limit passes the checker, and a tampered one does not`(seed: Int) {
        let world = TinyWorld(seed: seed, hasNoise: seed % 3 != 0, canFail: seed % 4 != 0)
        var generator = SeededGenerator(seed: seed)
        for limited in Endpoint.allCases {
            let budget = [0, 1, Double.random(in: 0...1, using: &generator)][seed % 3]
            let buckets = seed.isMultiple(of: 2) ? Buckets.exact(world.profile.workload) : Buckets(edges: [1, 3])
            let problem = DispatchProblem(profile: world.profile, buckets: buckets, limited: limited, budget: budget)
            let solution = problem.solve()
            let verdict = problem.verdict(on: solution)
            #expect(verdict.isValid, "\(verdict.findings)")
            guard budget > 1e-3, solution.certificate.multiplier > 0 else { continue }
            let tighter = DispatchProblem(
                profile: world.profile, buckets: buckets, limited: limited, budget: budget - 1e-6)
            #expect(!tighter.verdict(on: solution).isValid)
        }
    }

    @Test(arguments: 1...30, [Metric.ttftMean, .deviceAnswerShare, .serverPrefillShare])
    func `a linear objective under several limits passes the checker`(seed: Int, objective: Metric) {
        let program = program(seed: seed, objective)
        let answer = program.solve()
        guard !answer.plans.isEmpty else { return }
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(program.limits): \(verdict.findings)")
        #expect((verdict.proofs.first?.bound.proven ?? .infinity) <= answer.certificate.primal + 1e-9)
    }

    @Test(arguments: 1...12, [Metric.ttftP50, .ttftP90])
    func `a quantile under several limits passes the checker`(seed: Int, objective: Metric) {
        let program = program(seed: seed, objective)
        let answer = program.solve()
        guard !answer.plans.isEmpty else { return }
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(program.limits): \(verdict.findings)")
    }

    private func program(seed: Int, _ objective: Metric) -> DispatchProgram {
        let world = TinyWorld(seed: seed)
        var generator = SeededGenerator(seed: 100 + seed)
        let candidates: [Limit] = [
            Limit(metric: .devicePrefillShare, atMost: Double.random(in: 0.3...1, using: &generator)),
            Limit(metric: .serverPrefillShare, atMost: Double.random(in: 0.6...1, using: &generator)),
            Limit(metric: .deviceAnswerShare, atLeast: Double.random(in: 0...0.3, using: &generator)),
            Limit(metric: .failedShare, atMost: Double.random(in: 0.1...0.5, using: &generator)),
            Limit(metric: .ttftMean, atMost: Double.random(in: 2...4, using: &generator)),
            Limit(metric: .ttftP50, atMost: Double.random(in: 1...4, using: &generator)),
        ]
        let limits = candidates.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
        return DispatchProgram(
            worlds: [.init(profile: world.profile, buckets: Buckets(edges: [1, 4]))], costs: CostModel(server: nil),
            objective: objective, limits: limits)
    }
}
