import Checking
import Costs
import FoundationEssentials
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

#if DEBUG
    private let runsContract = ProcessInfo.processInfo.environment["DISCO_CONTRACT"] != nil
#else
    private let runsContract = true
#endif

/// What every solver owes on every named problem, whatever is asked of it.
///
/// Five minutes without optimization, twenty seconds with: `make contract` runs it in debug, too.
@Suite(.enabled(if: runsContract, "in debug it takes minutes: make contract"))
struct `Contract` {
    static let objectives: [Metric] = [
        .ttftMean, .costMean, .energyMean, .failedShare, .deviceAnswerShare, .ttftP50, .ttftP95,
    ]

    /// Limits that some policy keeps: those of a mixture of plain actions, with a little room.
    private func limits(_ problem: NamedProblem, seed: Int, count: Int) -> [Limit] {
        var generator = SeededGenerator(seed: seed)
        let actions = [
            Action.race, .only(.server), .only(.device), Action(first: .server, otherAfter: 0.5),
            Action(first: .device, otherAfter: 0.5),
        ]
        let shares = (0..<2).map { _ in Double.random(in: 0...1, using: &generator) }
        let chosen = (0..<3).map { _ in actions[Int.random(in: 0..<actions.count, using: &generator)] }
        let mixture = Mixture([
            .init(probability: shares[0], action: chosen[0]),
            .init(probability: (1 - shares[0]) * shares[1], action: chosen[1]),
            .init(probability: (1 - shares[0]) * (1 - shares[1]), action: chosen[2]),
        ])
        let outcomes = outcomes(problem, problem.worlds.map { _ in DispatchPlan(everywhere: mixture) })
        let metrics: [Metric] = [
            .devicePrefillShare, .serverPrefillShare, .ttftMean, .energyMean, .costMean, .deviceAnswerShare, .ttftP90,
        ].shuffled(using: &generator)
        return metrics.prefix(count).compactMap { metric in
            guard let value = outcomes[metric] else { return nil }
            let room = 0.01 * (metric.quantileLevel != nil || metric == .ttftMean ? max(value, 1e-6) : value)
            return Bool.random(using: &generator) || metric.quantileLevel != nil
                ? Limit(metric: metric, atMost: value + room) : Limit(metric: metric, atLeast: value - room)
        }
    }

    private func outcomes(
        _ problem: NamedProblem, _ plans: [DispatchPlan], for program: DispatchProgram? = nil
    ) -> Outcomes {
        let named = program.map { [$0.objective] + $0.limits.map(\.metric) } ?? []
        let quantiles = Set(Metric.reportedQuantiles + named.filter { $0.quantileLevel != nil })
        return WorldsModel(problem.worlds.map { ($0.profile, $0.share) })
            .outcomes(of: plans, costs: NamedProblem.costs, quantiles: quantiles.sorted())
    }

    private func program(
        _ problem: NamedProblem, _ objective: Metric, _ limits: [Limit], isDeterministic: Bool = false
    ) -> DispatchProgram {
        DispatchProgram(
            worlds: problem.worlds, costs: NamedProblem.costs, objective: objective, limits: limits,
            isDeterministic: isDeterministic)
    }

    /// primal >= bound, a gap of an optimum, limits kept, outcomes as said, few mixtures, and the checker's word.
    private func expectKept(
        _ answer: DispatchAnswer, of program: DispatchProgram, on problem: NamedProblem,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let what = Comment(rawValue: "\(problem), \(program.objective.rawValue) under \(program.limits)")
        guard !answer.plans.isEmpty else {
            Issue.record("no policy, \(answer.conflicts): \(what)", sourceLocation: sourceLocation)
            return
        }
        let certificate = answer.certificate
        #expect(certificate.primal >= certificate.bound, what, sourceLocation: sourceLocation)
        if !program.isDeterministic {
            #expect(answer.status == .optimal, what, sourceLocation: sourceLocation)
            #expect(certificate.gap <= 1e-6, what, sourceLocation: sourceLocation)
            #expect(answer.tieBreak.map { $0.gap <= 1e-6 } ?? true, what, sourceLocation: sourceLocation)
        }
        let found = outcomes(problem, answer.plans, for: program)
        let value = found[program.objective] ?? .nan
        #expect(
            abs(value - certificate.primal) <= 1e-9 * max(1e-5, abs(value)), what, sourceLocation: sourceLocation)
        for limit in program.limits {
            let own = found[limit.metric] ?? .nan
            let room = 1e-10 * max(abs(own), limit.metric.quantileLevel == nil ? 1e-3 : 0)
            #expect(
                own <= (limit.atMost ?? .infinity) + room && own >= (limit.atLeast ?? -.infinity) - room,
                "\(limit) broken: \(own); \(what)", sourceLocation: sourceLocation)
        }
        let extra = answer.plans.flatMap(\.mixtures).reduce(0) { $0 + $1.parts.count - 1 }
        let rows = program.limits.count + (program.objective.quantileLevel == nil ? 0 : 1)
        #expect(extra <= (program.isDeterministic ? 0 : rows), what, sourceLocation: sourceLocation)
        if !program.isDeterministic {
            let verdict = program.verdict(on: answer)
            #expect(verdict.isValid, "\(verdict.findings); \(what)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: NamedProblem.all, objectives)
    func `every objective, without limits and under one to three`(problem: NamedProblem, objective: Metric) {
        for count in 0...3 {
            let program = program(problem, objective, limits(problem, seed: count, count: count))
            expectKept(program.solve(), of: program, on: problem)
        }
    }

    @Test(arguments: NamedProblem.all, [Metric.ttftMean, .costMean, .ttftP90])
    func `without mixtures`(problem: NamedProblem, objective: Metric) {
        for count in 0...1 {
            let limits = limits(problem, seed: 3 + count, count: count)
            let mixed = program(problem, objective, limits).solve()
            let program = program(problem, objective, limits, isDeterministic: true)
            let answer = program.solve()
            // One limit with a single bucket may be out of reach of single actions.
            guard !answer.plans.isEmpty || count == 0 else { continue }
            expectKept(answer, of: program, on: problem)
            #expect(answer.certificate.primal >= mixed.certificate.primal * (1 - 1e-9) - 1e-12)
        }
    }

    @Test(arguments: NamedProblem.all, [Metric.ttftMean, .ttftP95])
    func `invariant 3: a looser limit is never worse, from a budget of 0 to 1`(problem: NamedProblem, objective: Metric)
    {
        for metric in [Metric.devicePrefillShare, .serverPrefillShare] {
            var last = Double.infinity
            for budget in [0, 0.05, 0.3, 0.6, 1] {
                let program = program(problem, objective, [Limit(metric: metric, atMost: budget)])
                let answer = program.solve()
                expectKept(answer, of: program, on: problem)
                #expect(answer.certificate.primal <= last * (1 + 1e-9), "\(problem): \(metric.rawValue) \(budget)")
                last = answer.certificate.primal
            }
        }
    }

    @Test(arguments: NamedProblem.all) func `invariant 3: one limit fewer is never worse`(problem: NamedProblem) {
        for objective in [Metric.ttftMean, .costMean] {
            let limits = limits(problem, seed: 7, count: 3)
            let values = (0...limits.count).map {
                program(problem, objective, Array(limits.prefix($0))).solve().certificate
            }
            #expect(zip(values, values.dropFirst()).allSatisfy { $0.bound <= $1.primal + 1e-12 * $1.primal })
            #expect(
                zip(values, values.dropFirst()).allSatisfy {
                    $0.primal <= $1.primal + 1e-6 * max($0.scale, $1.scale) + 1e-12 * $1.primal
                })
        }
    }

    @Test(arguments: NamedProblem.all) func `the solver of one limit agrees with the general one`(problem: NamedProblem)
    {
        guard problem.worlds.count == 1 else { return }
        for limited in Endpoint.allCases {
            for budget in [0, 0.2, 0.7, 1] {
                let special = DispatchProblem(
                    profile: problem.profile, buckets: problem.worlds[0].buckets, limited: limited, budget: budget)
                let solution = special.solve()
                let verdict = special.verdict(on: solution)
                #expect(verdict.isValid, "\(problem), \(limited), \(budget): \(verdict.findings)")
                // A second limit that binds nothing sends the question to the general solver.
                let general = program(
                    problem, .ttftMean,
                    [
                        Limit(metric: .prefillShare(of: limited), atMost: budget),
                        Limit(metric: .ttftMean, atMost: 2 * problem.profile.timeout),
                    ])
                let answer = general.solve()
                expectKept(answer, of: general, on: problem)
                #expect(
                    abs(answer.certificate.primal - solution.certificate.primal)
                        <= 1e-9 * max(1e-3, answer.certificate.scale), "\(problem), \(limited), \(budget)")
            }
        }
    }

    @Test(arguments: NamedProblem.all) func `no baseline that keeps the limit is better`(problem: NamedProblem) {
        guard problem.worlds.count == 1 else { return }
        let workload = problem.profile.workload
        let exact = NamedProblem("exact", worlds: [.init(profile: problem.profile, buckets: .exact(workload))])
        for limited in Endpoint.allCases {
            let limit = Limit(metric: .prefillShare(of: limited), atMost: 0.25)
            for objective in [Metric.ttftMean, .ttftP95] {
                let best = program(exact, objective, [limit]).solve().certificate.primal
                for baseline in Baseline.allCases {
                    let plan = baseline.plan(problem.profile, limited: limited, budget: 0.25, alpha: 0.05)
                    let found = outcomes(exact, [plan])
                    guard (found[limit.metric] ?? 1) <= 0.25 + 1e-9 else { continue }
                    #expect(
                        best <= (found[objective] ?? 0) * (1 + 1e-8), "\(problem): \(baseline) \(objective.rawValue)")
                }
            }
        }
    }

    @Test func `invariant 4: prices times a thousand leave the waits as they are`() {
        for problem in NamedProblem.all {
            let limits = [Limit(metric: .devicePrefillShare, atMost: 0.4), Limit(metric: .ttftMean, atMost: 40)]
            func plans(_ factor: Double) -> [DispatchPlan] {
                func scaled(_ price: PerToken?) -> PerToken? {
                    price.map { PerToken(prefill: factor * $0.prefill, decode: factor * $0.decode) }
                }
                let costs = NamedProblem.costs
                return DispatchProgram(
                    worlds: problem.worlds,
                    costs: CostModel(
                        server: scaled(costs.server), device: scaled(costs.device), deviceEnergy: costs.deviceEnergy,
                        moneyPerJoule: costs.moneyPerJoule.map { factor * $0 }), objective: .costMean, limits: limits
                ).solve().plans
            }
            // A power of two: exact in every product.
            let (once, often) = (plans(1), plans(1024))
            #expect(
                once.map { $0.mixtures.map { $0.parts.map(\.action) } }
                    == often.map { $0.mixtures.map { $0.parts.map(\.action) } }, "\(problem)")
        }
    }

    @Test(arguments: [Metric.ttftMean, .costMean, .ttftP90])
    func `invariant 4: every row twice leaves the waits as they are`(objective: Metric) {
        let server = [0.25, 0.5, 0.5, 1, 4, .infinity]
        let device = [0.5, 0.75, 0.75, 1.5]
        let prompts = [(4, 10), (8, 50), (16, 20), (40, 100)]
        func twice<Element>(_ values: [Element]) -> [Element] { values + values }
        func plans(_ isTwice: Bool) -> [DispatchPlan] {
            let problem = NamedProblem(
                "", prompts: isTwice ? twice(prompts) : prompts, server: [isTwice ? twice(server) : server],
                device: isTwice ? twice(device) : device, perToken: 0.03125)
            return program(
                problem, objective,
                [Limit(metric: .devicePrefillShare, atMost: 0.5), Limit(metric: .deviceAnswerShare, atMost: 0.45)]
            ).solve().plans
        }
        let actions = [plans(false), plans(true)].map { $0.flatMap { $0.mixtures.map { $0.parts.map(\.action) } } }
        #expect(!actions[0].isEmpty && actions[0] == actions[1])
    }

    // MARK: Worked by hand

    @Test func `the cheapest mean under two limits, worked by hand`() {
        // Device: 1 s for 10 tokens, 2 s for 30; server 1 s or 3 s. Server alone: 2 s. Device after 1 s starts in half of
        // the cases: 10 tokens: (1 + 2) / 2 = 1.5 s, uses 0.125 of the device's share; 30 tokens: (1 + 3) / 2 = 2, no gain.
        // Race: 10 tokens 1 s, uses 0.25; 30 tokens (1 + 2) / 2 = 1.5 s, uses 0.75. Gains a unit: 0.25 / 0.125 = 2 and
        // 0.25 / 0.125 = 2 for the 10s (each is half the requests), 0.25 / 0.75 = 1/3 for the 30s.
        let problem = NamedProblem.handChecked
        let program = program(
            problem, .ttftMean,
            [Limit(metric: .devicePrefillShare, atMost: 0.4), Limit(metric: .failedShare, atMost: 0.5)])
        let answer = program.solve()
        // 2 - 0.5 for the 10s, then 0.15 of share at 1/3.
        #expect(abs(answer.certificate.primal - 1.45) < 1e-9)
        #expect(abs((answer.certificate.multipliers[.devicePrefillShare] ?? 0) - 1.0 / 3) < 1e-6)
    }

    @Test func `the least energy for a mean, worked by hand`() {
        // The device answers a 10 for 0.025 · 10 + 0.155 · 10 = 1.8 J. A mean of 1.75 s needs half of what the 10s can
        // save: 0.5 s of the mean. After 1 s the device starts in half of the cases and answers all of those, at 2 s
        // instead of 3: 0.9 J for 0.5 s a request. At once the server wins the tie at 1 s: 0.25 + 0.775 = 1.025 J for 1 s.
        // Of all requests: 0.5125 J save 0.5 s, so 0.25625 J save 0.25 s.
        let program = program(.handChecked, .energyMean, [Limit(metric: .ttftMean, atMost: 1.75)])
        let answer = program.solve()
        #expect(abs(answer.certificate.primal - 0.25625) < 1e-6)
        #expect(abs((answer.certificate.multipliers[.ttftMean] ?? 0) - 1.025) < 1e-5)
    }

    @Test func `the least median and its mean, worked by hand`() {
        // Without the device half of all requests take 1 s: a median of 1 s, P(T > 1) = 1/2 = 1 − q, whatever the rest do.
        // The mean then decides: as under the limit alone, 2 − 0.5 = 1.5 at a share of 0.25.
        let answer = program(
            .handChecked, .ttftP50, [Limit(metric: .devicePrefillShare, atMost: 0.25)]
        ).solve()
        #expect(answer.certificate.primal == 1)
        #expect(abs((answer.tieBreak?.primal ?? 0) - 1.5) < 1e-9)
    }

    @Test func `limits that exclude each other are named with the nearest values, worked by hand`() {
        // The mean is 2 s without the device and 1.25 s with all of it; a share of 0.25 brings it to 1.5 s.
        let program = program(
            .handChecked, .energyMean,
            [
                Limit(metric: .devicePrefillShare, atMost: 0.25), Limit(metric: .ttftMean, atMost: 1.375),
                Limit(metric: .failedShare, atMost: 0.1),
            ])
        let answer = program.solve()
        #expect(answer.status == .infeasible && answer.plans.isEmpty)
        let conflicts = Dictionary(uniqueKeysWithValues: answer.conflicts.map { ($0.limit.metric, $0.nearest ?? .nan) })
        #expect(conflicts.keys.sorted() == [.ttftMean, .devicePrefillShare])
        // 0.125 s below 1.5 at 1/3 s a unit of share: 0.25 + 0.375.
        #expect(abs((conflicts[.ttftMean] ?? 0) - 1.5) < 1e-9)
        #expect(abs((conflicts[.devicePrefillShare] ?? 0) - 0.625) < 1e-9)
    }

    @Test func `a tail reached only just after a wait, at least`() throws {
        // p97.5 at least 47.7 s where only failures of the server take as long: the device has to come too late for some.
        let problem = NamedProblem(
            "late", prompts: [(8, 10), (44, 10)], server: [[0.671875, 1.078125, 1.96875, .infinity]],
            device: [0.296875],
            perToken: 0.01)
        let program = program(
            problem, .ttftMean, [Limit(metric: try #require(Metric(rawValue: "ttft.p97.5")), atLeast: 47.7)])
        expectKept(program.solve(), of: program, on: problem)
    }

    @Test func `a least quantile that the mean holds back is any number, and found`() {
        let program = program(
            NamedProblem.all[7], .ttftP95,
            [
                Limit(metric: .ttftMean, atMost: 1.2), Limit(metric: .energyMean, atMost: 6),
                Limit(metric: .devicePrefillShare, atMost: 0.5),
            ])
        let answer = program.solve()
        expectKept(answer, of: program, on: NamedProblem.all[7])
    }
}
