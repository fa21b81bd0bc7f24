internal import Costs
public import Policies
internal import Profiles
public import Serving
public import Solvers
public import Traces

/// Answers what-if questions about one problem: solves it anew under each scenario, and judges policies that are held fixed.
///
/// Each trace is read once, and profiled once for all scenarios that leave it as it is.
public actor WhatIf {
    /// The problem as it is, under the settings of the command line.
    public nonisolated let base: Problem
    /// The numbers that the problem file states.
    public nonisolated let stated: [ProblemFile.StatedNumber]

    private let path: String
    private let overrides: [String]
    private let duckdb: DuckDBProgram
    private let progress: @Sendable (String) -> Void
    private let cache = TraceCache()
    private var profiled: [(key: Problem, change: WorldChange, profiles: StudyProfiles)] = []

    /// Questions about the problem at `path`.
    /// - Throws: `ProblemError` with all that is wrong.
    public init(
        path: String, overrides: [String] = [], duckdb: DuckDBProgram,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ProblemError) {
        self.path = path
        self.overrides = overrides
        self.duckdb = duckdb
        self.progress = progress
        base = try ProblemFile.read(path: path, overrides: overrides)
        stated = try ProblemFile.numbers(path: path, overrides: overrides)
    }

    /// A policy that is held fixed.
    public struct Candidate: Sendable {
        /// Its name.
        public let name: String
        /// What it does, one plan for all worlds or one each.
        public let plans: [DispatchPlan]
    }

    /// A policy under a scenario.
    public struct Judged: Sendable {
        /// One number per metric that the data can tell.
        public let outcomes: Outcomes
        /// Limits of the scenario that it breaks.
        public let brokenLimits: [Metric]
    }

    /// What is best under a scenario.
    public struct Optimum: Sendable {
        /// Its plans, one a world.
        public let plans: [DispatchPlan]
        /// Its outcomes.
        public let outcomes: Outcomes
        /// Value, bound, gap and what limits cost.
        public let certificate: DispatchAnswer.Certificate
    }

    /// A scenario with all that was asked about it.
    public struct Point: Sendable {
        /// The scenario.
        public let scenario: Scenario
        /// What is minimized under it.
        public let objective: Metric
        /// The optimum; nil where none was asked for or no policy keeps the limits.
        public let optimum: Optimum?
        /// Why no policy keeps the limits; nil where one does.
        public let infeasible: String?
        /// Each candidate, in their order.
        public private(set) var held: [Judged]

        /// The same point with other candidates.
        func holding(_ held: [Judged]) -> Point {
            var point = self
            point.held = held
            return point
        }
    }

    /// A scenario's problem on its profiles.
    struct Case: Sendable {
        let scenario: Scenario
        let problem: Problem
        let profiles: StudyProfiles
    }

    /// Solves under each scenario, and judges the candidates.
    /// - Parameters:
    ///   - scenarios: The scenarios.
    ///   - candidates: Policies held fixed.
    ///   - resolves: Whether each scenario is solved anew.
    /// - Returns: A point a scenario, in their order, whatever the number of cores.
    /// - Throws: `ProblemError` for a setting that cannot be, `StudyError` for what cannot be solved; a scenario whose limits exclude
    ///   each other is no error.
    public func points(
        _ scenarios: [Scenario], holding candidates: [Candidate] = [], resolves: Bool = true
    ) async throws -> [Point] {
        var cases: [Case] = []
        for (number, scenario) in scenarios.enumerated() {
            if number % 100 == 99 { progress("preparing scenario \(number + 1) of \(scenarios.count)") }
            cases.append(try await prepare(scenario))
        }
        progress("\(resolves ? "solving" : "judging") \(scenarios.count) scenarios")
        return try await withThrowingTaskGroup(of: (Int, Point).self) { group in
            for (number, one) in cases.enumerated() {
                group.addTask { (number, try Self.point(one, holding: candidates, resolves: resolves)) }
            }
            var points: [Int: Point] = [:]
            for try await (number, point) in group { points[number] = point }
            return cases.indices.compactMap { points[$0] }
        }
    }

    /// What came of reading the traces, and remarks on them.
    public func traces() async throws -> (sources: [StudyProfiles.Source], notes: [String]) {
        let profiles = try await prepare(Scenario(name: "base")).profiles
        return (profiles.sources, profiles.notes)
    }

    /// Refuses a scenario whose settings no problem can have, or that leaves no request.
    /// - Throws: `QuestionError` (65) with the scenario's name.
    func check(_ scenario: Scenario) async throws {
        do {
            _ = try await prepare(scenario)
        } catch let error as ProblemError {
            throw QuestionError.badData("scenario \(scenario.name): \(error)")
        } catch StudyError.profile(.empty, _) where !scenario.change.mixes.isEmpty {
            throw QuestionError.badData("scenario \(scenario.name): traffic.mix: found no requests left, wanted some")
        }
    }

    /// The problem and the profiles under a scenario.
    func prepare(_ scenario: Scenario) async throws -> Case {
        var problem = try ProblemFile.read(path: path, overrides: overrides + scenario.settings.map(\.text))
        // Nothing is judged on held-out rows here: all figures are of all rows.
        problem.tuningShare = nil
        try SolveStudy.checkIsSolvable(problem)
        let key = problem.profiled
        if let known = profiled.first(where: { $0.key == key && $0.change == scenario.change }) {
            return Case(scenario: scenario, problem: problem, profiles: known.profiles)
        }
        try scenario.change.check(problem)
        let profiles = try await StudyProfiles.load(
            problem, duckdb: duckdb, cache: cache, change: scenario.change, progress: progress)
        profiled.append((key, scenario.change, profiles))
        return Case(scenario: scenario, problem: problem, profiles: profiles)
    }

    /// One scenario: solved anew, and the candidates judged.
    static func point(
        _ one: Case, holding candidates: [Candidate], resolves: Bool
    ) throws(StudyError) -> Point {
        let worlds = StudyWorld.of(.all, one.profiles)
        let losses = worlds.compactMap { $0.losses(one.problem, one.profiles) }
        let judge = WorldsModel(worlds.map { ($0.profile, $0.share) }, losses: losses)
        func outcomes(_ plans: [DispatchPlan]) -> Outcomes {
            judge.outcomes(
                of: plans.count == 1 ? worlds.map { _ in plans[0] } : plans, costs: one.problem.costs,
                transfer: one.problem.migration?.transfer ?? 0, quantiles: one.problem.reportedQuantiles)
        }
        var optimum: Optimum?
        var infeasible: String?
        if resolves {
            try SolveStudy.checkFigures(one.problem, one.profiles)
            do {
                let run = try SolveRun(one.problem, one.profiles, part: .all, losses: losses)
                optimum = Optimum(
                    plans: run.answer.plans, outcomes: outcomes(run.answer.plans), certificate: run.answer.certificate)
            } catch .infeasible(let why) {
                infeasible = why
            }
        }
        for candidate in candidates where candidate.plans.count != 1 && candidate.plans.count != worlds.count {
            throw .unsupported(
                """
                \(one.problem.path): \(candidate.name) has \(candidate.plans.count) sets of buckets by the hour of the day; under \
                \(one.scenario.name) the day has \(worlds.count) periods
                """)
        }
        let held = candidates.map { candidate in
            let own = outcomes(candidate.plans)
            return Judged(
                outcomes: own, brokenLimits: one.problem.limits.filter { $0.isBroken(by: own) }.map(\.metric))
        }
        return Point(
            scenario: one.scenario, objective: one.problem.objective, optimum: optimum, infeasible: infeasible,
            held: held)
    }

    /// The optimum of the problem as it is.
    /// - Throws: `StudyError.infeasible` where there is none.
    public func today() async throws -> Candidate {
        let point = try await points([Scenario(name: "base")])[0]
        guard let optimum = point.optimum else {
            throw StudyError.infeasible(point.infeasible ?? "\(path): no optimum")
        }
        return Candidate(name: WhatIfStudy.today, plans: optimum.plans)
    }

    /// A baseline made for the problem as it is.
    public func candidate(_ baseline: Baseline) async throws -> Candidate {
        let one = try await prepare(Scenario(name: "base"))
        let limit = one.problem.shareLimit
        let plan = baseline.plan(
            one.profiles.all, limited: limit?.endpoint ?? .device, budget: limit?.budget ?? 1,
            alpha: one.problem.discoAlpha)
        return Candidate(name: baseline.rawValue, plans: [plan])
    }

    /// A policy table.
    /// - Throws: `StudyError.unsupported` where it is for other hours of the day than the problem.
    public func candidate(_ table: PolicyTable, name: String) async throws -> Candidate {
        let one = try await prepare(Scenario(name: "base"))
        guard table.fits(StudyWorld.of(.all, one.profiles)) else {
            throw StudyError.unsupported(
                "\(name): has bucket sets for other hours of the day than \(path) (endpoints.server.condition_on)")
        }
        let sets = table.periods.isEmpty ? [table.buckets] : table.periods.map(\.buckets)
        return Candidate(name: name, plans: sets.map(PolicyCheck.plan))
    }
}

extension Problem {
    /// What of a problem its profiles depend on.
    fileprivate var profiled: Problem {
        var key = self
        (key.server.price, key.server.tpot, key.device.price, key.device.tpot) = (nil, nil, nil, nil)
        (key.device.energy, key.moneyPerJoule, key.readers, key.migration) = (nil, nil, nil, nil)
        (key.metrics, key.objective, key.limits, key.isDeterministic) = (MetricSettings(), .ttftMean, [], false)
        (key.discoAlpha, key.asOf, key.validityDays, key.revision) = (0, nil, nil, 1)
        (key.rollout, key.maxExtraLoad, key.sha256) = (nil, nil, "")
        key.workload.buckets = .exact
        return key
    }
}

extension WorldChange {
    /// Refuses what the problem has no traces for.
    fileprivate func check(_ problem: Problem) throws(StudyError) {
        for outage in outages {
            let source = outage.endpoint == .server ? problem.server.ttft : problem.device.ttft
            if case .trace = source { continue }
            throw .unsupported(
                """
                \(problem.path): outage of the \(outage.endpoint.rawValue): its times are a formula, which has no failures; give it a \
                trace
                """)
        }
    }
}
