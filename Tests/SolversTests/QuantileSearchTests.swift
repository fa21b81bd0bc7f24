import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

@Suite struct `Quantile search` {
    /// A quantile under a limit on another: every time can be reached by waits of its own, so that stepping from one double
    /// to the next would go on for years.
    @Test(.timeLimit(.minutes(5)), arguments: 1...2)
    func `the least p90 under limits on share and p99 is found in few rounds, and nothing below it is possible`(
        seed: Int
    )
        throws
    {
        var generator = SeededGenerator(seed: seed)
        let times = (0..<100).map { _ in
            0.5 + Double.random(in: 0...1, using: &generator) / Double.random(in: 0.05...1, using: &generator)
        }
        let prompts = (0..<40).map { _ in Int.random(in: 1...250, using: &generator) }
        let workload = WorkloadProfile(promptTokens: prompts)
        let profile = ServingProfile(
            workload: workload, server: ServerProfile(pooled: Empirical(samples: times, horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.148, perToken: 0.00668), lengths: workload.lengths),
            timeout: 60)
        func answer(_ objective: Metric, _ limits: [Limit]) -> DispatchAnswer {
            DispatchProgram(
                worlds: [.init(profile: profile, buckets: .quantile(count: 4, of: workload))],
                costs: CostModel(server: nil), objective: objective, limits: limits
            ).solve()
        }
        let share = Limit(metric: .devicePrefillShare, atMost: 0.3)
        let p99 = answer(.ttftP99, [share]).certificate.primal
        let tail = Limit(metric: .ttftP99, atMost: 1.1 * p99)
        let best = answer(.ttftP90, [share, tail])
        #expect(best.status == .optimal && best.certificate.gap <= 1e-9)
        #expect(best.rounds < 5_000)
        let reached = Limit(metric: .ttftP90, atMost: best.certificate.primal)
        #expect(answer(.ttftMean, [share, tail, reached]).status == .optimal)
        let missed = Limit(metric: .ttftP90, atMost: best.certificate.bound.nextDown)
        #expect(answer(.ttftMean, [share, tail, missed]).status == .infeasible)
    }

    @Test func `no quantile is beyond the timeout, even if everything fails`() {
        for problem in NamedProblem.all where problem.name.hasPrefix("both") {
            for objective in [Metric.ttftMean, .ttftP95] {
                let limit = Limit(metric: .ttftP95, atLeast: problem.profile.timeout.nextUp)
                let answer = DispatchProgram(
                    worlds: problem.worlds, costs: NamedProblem.costs, objective: objective, limits: [limit]
                ).solve()
                #expect(answer.status == .infeasible && answer.conflicts.map(\.limit) == [limit], "\(problem)")
            }
        }
    }
}
