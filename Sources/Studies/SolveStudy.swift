public import Costs
internal import LinearAlgebra
public import Profiles
public import Serving
public import Solvers
internal import Traces

/// The main job: a problem and its profiles in, the optimal policy with everything said about it out.
public struct SolveStudy: Sendable {
    /// A policy's outcomes on the data it was made from, and on data it was not.
    public struct Judgement: Sendable {
        /// The plans made from all rows, one a world.
        public let plans: [DispatchPlan]
        /// Their outcomes on all rows.
        public let expected: Outcomes
        /// Outcomes on the held-out rows of plans made from the rows before them; nil where nothing is held out.
        public let heldOut: Outcomes?
        /// Names of the limits that `expected` breaks.
        public let brokenLimits: [Metric]
    }

    /// The problem.
    public let problem: Problem
    /// The profiles it was solved on.
    public let profiles: StudyProfiles
    /// The worlds of all rows: one, or one a period of the day.
    public let worlds: [StudyWorld]
    /// The buckets of the emitted policy, a world each, those without requests included.
    public let buckets: [Buckets]
    /// The limits it was solved under: the problem's, tightened where a confidence asks for it.
    public let limits: [Limit]
    /// The endpoint whose share is limited, and the limit; nil where nothing is limited.
    public let limit: ShareLimit?
    /// The optimum with its certificate.
    public let answer: DispatchAnswer
    /// The optimum's outcomes.
    public let optimum: Judgement
    /// The baselines' outcomes, in the order of `Baseline.allCases`.
    public let baselines: [(baseline: Baseline, judgement: Judgement)]
    /// What cutting lengths into these buckets costs against one bucket per length, in the objective's unit, ≥ 0; nil where
    /// solving for every length would take too long.
    public let partitionLoss: Double?
    /// Losses of other numbers of buckets; nil unless the problem asks for optimal buckets.
    public let bucketChoice: OptimalBuckets?
    /// When running responses are handed over; nil where nobody asks.
    public let migration: StudyMigration?
    /// How sure the budgets are to hold, one a tightened limit; empty without a confidence.
    public let risks: [RiskStudy]
    /// The deployment's regime by its prices; nil where a price is missing.
    public let regime: String?
    /// Remarks for the user.
    public let notes: [String]

    /// A limit on the share of prompt tokens that one endpoint prefills.
    public struct ShareLimit: Sendable, Equatable {
        /// The limited endpoint.
        public let endpoint: Endpoint
        /// The largest share, 0...1.
        public let budget: Double
    }

    /// Solves `problem` on `profiles`.
    /// - Parameters:
    ///   - problem: The problem.
    ///   - profiles: Its traces' profiles.
    ///   - progress: Called with a line for the user as each step begins.
    /// - Returns: The optimum, judged beside every baseline.
    /// - Throws: `StudyError.unsupported` for combinations that this version does not solve, `.infeasible` for limits that
    ///   exclude each other.
    public static func solve(
        _ problem: Problem, on profiles: StudyProfiles, progress: (String) -> Void = { _ in }
    ) throws(StudyError) -> SolveStudy {
        try checkIsSolvable(problem)
        try checkFigures(problem, profiles)
        progress("solving")
        let run = try SolveRun(problem, profiles, part: .all)
        var notes = profiles.notes
        var tuned: SolveRun?
        if profiles.tuning != nil {
            // What the earlier part cannot be solved for is no reason to refuse the problem.
            do {
                tuned = try SolveRun(problem, profiles, part: .tuning)
            } catch {
                notes.append("nothing is held out, since the tuning part has no policy: \(error)")
            }
        }
        progress("judging the optimum and \(Baseline.allCases.count) baselines")
        let costs = problem.costs
        let limit = problem.shareLimit
        let judge = WorldsModel(run.worlds.map { ($0.profile, $0.share) }, losses: run.losses)
        let heldOutWorlds = StudyWorld.heldOut(problem, profiles)
        let heldOutLosses = heldOutWorlds.compactMap { $0.losses(problem, profiles) }
        let heldOutJudge =
            heldOutWorlds.isEmpty
            ? nil
            : WorldsModel(
                heldOutWorlds.map { ($0.profile, $0.share) },
                losses: heldOutLosses.count == heldOutWorlds.count ? heldOutLosses : [])
        func judged(_ plans: [DispatchPlan], tuned: [DispatchPlan]?) -> Judgement {
            func outcomes(_ judge: WorldsModel, _ plans: [DispatchPlan]) -> Outcomes {
                judge.outcomes(
                    of: plans, costs: costs, transfer: problem.migration?.transfer ?? 0,
                    quantiles: problem.reportedQuantiles)
            }
            let expected = outcomes(judge, plans)
            let heldOut = tuned.flatMap { plans in heldOutJudge.map { outcomes($0, plans) } }
            return Judgement(
                plans: plans, expected: expected, heldOut: heldOut,
                brokenLimits: problem.limits.filter { $0.isBroken(by: expected) }.map(\.metric))
        }
        let own = judged(run.answer.plans, tuned: tuned?.answer.plans)
        let baselines = Baseline.allCases.map { baseline in
            // Who hedges hands over as well as those waits allow; who uses one endpoint alone has none to hand over to.
            let handOvers = baseline.usesOneEndpoint ? nil : profiles.handOvers(problem)
            func made(_ profile: ServingProfile) -> DispatchPlan {
                let plan = baseline.plan(
                    profile, limited: limit?.endpoint ?? .device, budget: limit?.budget ?? 1, alpha: problem.discoAlpha)
                guard let handOvers else { return plan }
                return plan.handingOver(in: profile, cutAt: run.buckets[0], costs: costs, handOvers)
            }
            let plan = made(profiles.all)
            let tunedPlan = tuned == nil ? nil : profiles.tuning.map(made)
            return (
                baseline,
                judged(
                    run.worlds.map { _ in plan }, tuned: tunedPlan.map { plan in heldOutWorlds.map { _ in plan } })
            )
        }
        let migration = StudyMigration(problem, profiles, worlds: run.worlds, plans: run.answer.plans)
        notes += migration?.notes ?? []
        let loss = run.partitionLoss()
        if loss == nil {
            notes.append("too many lengths to solve for each by itself: what buckets cost is not computed")
        }
        return SolveStudy(
            problem: problem, profiles: profiles, worlds: run.worlds, buckets: run.buckets, limits: run.limits,
            limit: limit,
            answer: run.answer, optimum: own, baselines: baselines, partitionLoss: loss, bucketChoice: run.bucketChoice,
            migration: migration, risks: run.risks, regime: costs.regime?.rawValue,
            notes: notes + remarks(problem, profiles, costs) + problem.qualityRemarks(plans: run.answer.plans)
                + bucketRemarks(problem, own, baselines))
    }

    /// Checks that this version solves such a problem, before any trace is read.
    /// - Throws: `StudyError.unsupported`, as `solve` would.
    public static func checkIsSolvable(_ problem: Problem) throws(StudyError) {
        guard problem.server.periods != nil else { return }
        if case .optimal = problem.workload.buckets {
            throw .unsupported(
                """
                \(problem.path): workload.buckets: by: optimal chooses one set of buckets and does not go with hour_of_day, \
                which has one a period; use by: quantile, or by: exact
                """)
        }
        if problem.confidence != nil {
            throw .unsupported(
                """
                \(problem.path): confidence: goes with one set of buckets for all day, not with hour_of_day; leave one of the \
                two out
                """)
        }
    }

    /// Refuses metrics that the data or the problem have no figures for.
    static func checkFigures(_ problem: Problem, _ profiles: StudyProfiles) throws(StudyError) {
        if let missing = problem.missingForQuality(profiles) { throw .unsupported(missing) }
        for metric in [problem.objective] + problem.limits.map(\.metric)
        where metric == .costMean || metric == .energyMean {
            guard profiles.all.workload.meanOutputTokens != nil else {
                throw .unsupported(
                    """
                    \(problem.path): \(metric.rawValue): needs output_tokens in the workload trace, since decoding costs too; map \
                    a column with columns: {output_tokens: ...}
                    """)
            }
            if metric == .costMean, problem.costs.regime == nil {
                throw .unsupported(
                    """
                    \(problem.path): cost.mean: needs endpoints.server.price, and at the device a price, or its energy with \
                    exchange.per_joule
                    """)
            }
        }
    }

    /// Baselines tell every length apart, so one may beat an optimum over coarse buckets.
    private static func bucketRemarks(
        _ problem: Problem, _ optimum: Judgement, _ baselines: [(baseline: Baseline, judgement: Judgement)]
    ) -> [String] {
        guard let value = optimum.expected[problem.objective] else { return [] }
        let isMaximized = problem.objective.isMaximized
        let better = baselines.filter { entry in
            let own = entry.judgement.expected[problem.objective] ?? value
            return entry.judgement.brokenLimits.isEmpty
                && (isMaximized ? own > value + 1e-9 * abs(value) : own < value * (1 - 1e-9))
        }
        let smaller = isMaximized ? "larger" : "smaller"
        guard !better.isEmpty else { return [] }
        let names = better.map(\.baseline.rawValue).joined(separator: ", ")
        if problem.confidence != nil || problem.isDeterministic {
            return ["\(names) has a \(smaller) \(problem.objective.rawValue), without the margin asked for here"]
        }
        return [
            """
            \(names) has a \(smaller) \(problem.objective == .ttftMean ? "mean" : problem.objective.rawValue), since it tells \
            every length apart; more buckets, or buckets: {by: exact}, put the optimum ahead again
            """
        ]
    }

    private static func remarks(_ problem: Problem, _ profiles: StudyProfiles, _ costs: CostModel) -> [String] {
        var notes: [String] = []
        if let evidence = profiles.evidence, evidence.speaksAgainstPooling, !profiles.isConditioned {
            let rho = evidence.rankCorrelation.map { text($0) } ?? "?"
            notes.append(
                """
                server TTFT goes with the prompt length (rank correlation \(rho)): a pooled distribution misleads; consider \
                condition_on: prompt_tokens
                """)
        }
        let device = profiles.all.device
        if device.fit.rSquared != nil, device.fit.perToken < 0 {
            notes.append("the device's TTFT falls with prompt length; is prompt_tokens what it should be?")
        } else if let t = device.fit.curvatureT, abs(t) > DeviceFit.curvatureThreshold, device.fit.perTokenSquared == 0
        {
            notes.append("the device trace is curved (t = \(text(t))), but its parabola would fall: a line is used")
        }
        if problem.validityDays != nil, problem.asOf == nil,
            !profiles.sources.contains(where: { $0.report.lastArrival != nil })
        {
            notes.append("table.valid_days has no effect: no trace has timestamps, and table.as_of is not given")
        }
        if let range = device.fit.lengthRange, let longest = profiles.all.workload.lengths.last,
            longest > range.upperBound
        {
            notes.append(
                "prompts reach \(longest) tokens; the device fit saw \(range.upperBound) at most and is extrapolated")
        }
        if device.residualsSeen > device.residuals.count {
            notes.append(
                "\(device.residualsSeen) device residuals are summarized by \(device.residuals.count) of equal mass")
        }
        if profiles.all.workload.meanOutputTokens == nil {
            notes.append("the workload has no output_tokens: cost.mean and energy.mean are left out")
        } else if costs.regime == nil {
            notes.append("cost.mean needs endpoints.server.price, and a device price or energy with exchange.per_joule")
        }
        return notes
    }
}

extension Problem.Limit {
    /// Whether `outcomes` break this limit by more than rounding (1e-9).
    func isBroken(by outcomes: Outcomes) -> Bool {
        guard let value = outcomes[metric] else { return false }
        return value > (atMost ?? .infinity) + 1e-9 || value < (atLeast ?? -.infinity) - 1e-9
    }
}

extension Problem {
    /// Prices and energies of the problem.
    public var costs: CostModel {
        CostModel(
            server: server.price.map { PerToken(prefill: $0.prefill, decode: $0.decode) },
            device: device.price.map { PerToken(prefill: $0.prefill, decode: $0.decode) },
            deviceEnergy: device.energy,
            moneyPerJoule: moneyPerJoule)
    }
}
