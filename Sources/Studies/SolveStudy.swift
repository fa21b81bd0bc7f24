public import Costs
internal import LinearAlgebra
internal import Optimization
public import Profiles
public import Serving
public import Solvers
internal import Traces

/// The main job: a problem and its profiles in, the optimal policy with everything said about it out.
public struct SolveStudy: Sendable {
    /// A policy's outcomes on the data it was made from, and on data it was not.
    public struct Judgement: Sendable {
        /// The plan made from all rows.
        public let plan: DispatchPlan
        /// Its outcomes on all rows.
        public let expected: Outcomes
        /// Outcomes on the held-out rows of a plan made from the rows before them; nil where nothing is held out.
        public let heldOut: Outcomes?
        /// Names of the limits that `expected` breaks.
        public let brokenLimits: [Metric]
    }

    /// The problem.
    public let problem: Problem
    /// The profiles it was solved on.
    public let profiles: StudyProfiles
    /// The endpoint whose share is limited, and the limit; nil where nothing is limited.
    public let limit: ShareLimit?
    /// The buckets of the emitted policy, those without requests included.
    public let buckets: Buckets
    /// The optimum with its certificate.
    public let solution: DispatchSolution
    /// The optimum's outcomes.
    public let optimum: Judgement
    /// The baselines' outcomes, in the order of `Baseline.allCases`.
    public let baselines: [(baseline: Baseline, judgement: Judgement)]
    /// Mean TTFT that cutting lengths into these buckets costs against one bucket per length, in seconds, ≥ 0.
    public let partitionLoss: Double
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
    /// - Throws: `StudyError.unsupported` for objectives and limits that this version does not solve, `.infeasible` for
    ///   limits that exclude each other.
    public static func solve(
        _ problem: Problem, on profiles: StudyProfiles, progress: (String) -> Void = { _ in }
    ) throws(StudyError) -> SolveStudy {
        let limit = try shareLimit(of: problem)
        let costs = problem.costs
        let limited = limit?.endpoint ?? .device
        let budget = limit?.budget ?? 1
        func optimum(on profile: ServingProfile, _ buckets: Buckets) -> DispatchSolution {
            DispatchProblem(profile: profile, buckets: buckets, limited: limited, budget: budget).solve()
        }

        progress("solving")
        let buckets = profiles.buckets(problem.workload.buckets, of: profiles.all)
        let solution = optimum(on: profiles.all, buckets)
        guard let plan = solution.plan else {
            throw .infeasible("no policy keeps \(limited.rawValue).prefill_share at most \(budget)")
        }
        let model = FirstTokenModel(profiles.all)
        let heldOutModel = profiles.heldOut.map(FirstTokenModel.init)
        func judge(_ plan: DispatchPlan, tuned: DispatchPlan?) -> Judgement {
            let expected = model.outcomes(of: plan, costs: costs)
            let heldOut = tuned.flatMap { tuned in heldOutModel?.outcomes(of: tuned, costs: costs) }
            return Judgement(
                plan: plan, expected: expected, heldOut: heldOut,
                brokenLimits: problem.limits.filter { $0.isBroken(by: expected) }.map(\.metric))
        }
        let tunedPlan = profiles.tuning.flatMap { tuning in
            optimum(on: tuning, profiles.buckets(problem.workload.buckets, of: tuning)).plan
        }
        progress("judging the optimum and \(Baseline.allCases.count) baselines")
        let own = judge(plan, tuned: tunedPlan)
        let baselines = Baseline.allCases.map { baseline in
            func made(_ profile: ServingProfile) -> DispatchPlan {
                baseline.plan(profile, limited: limited, budget: budget, alpha: problem.discoAlpha)
            }
            return (baseline, judge(made(profiles.all), tuned: profiles.tuning.map(made)))
        }
        let exact = optimum(on: profiles.all, profiles.buckets(.exact, of: profiles.all))
        return SolveStudy(
            problem: problem, profiles: profiles, limit: limit, buckets: buckets, solution: solution, optimum: own,
            baselines: baselines, partitionLoss: max(0, solution.certificate.primal - exact.certificate.primal),
            regime: costs.regime?.rawValue,
            notes: profiles.notes + remarks(problem, profiles, costs) + bucketRemarks(own, baselines))
    }

    /// Checks that this version solves such a problem, before any trace is read.
    /// - Throws: `StudyError.unsupported` or `.infeasible`, as `solve` would.
    public static func checkIsSolvable(_ problem: Problem) throws(StudyError) { _ = try shareLimit(of: problem) }

    /// The one limit that this version solves under.
    static func shareLimit(of problem: Problem) throws(StudyError) -> ShareLimit? {
        guard problem.server.periods == nil else {
            throw .unsupported(
                """
                \(problem.path): endpoints.server.condition_on: this version profiles by hour_of_day (`disco profile`), but \
                does not solve by it
                """)
        }
        guard problem.objective == .ttftMean else {
            throw .unsupported(
                "\(problem.path): objective: found \(problem.objective.rawValue), but this version minimizes ttft.mean only"
            )
        }
        var shares: [ShareLimit] = []
        for limit in problem.limits {
            let endpoint: Endpoint? =
                switch limit.metric {
                case .devicePrefillShare: .device
                case .serverPrefillShare: .server
                default: nil
                }
            guard let endpoint, let atMost = limit.atMost, limit.atLeast == nil else {
                throw .unsupported(
                    """
                    \(problem.path): limits.\(limit.metric.rawValue): this version solves under one limit, \
                    device.prefill_share or server.prefill_share, with at_most
                    """)
            }
            // A share cannot exceed 1, so such a limit does not bind beside another.
            if atMost < 1 || problem.limits.count == 1 { shares.append(ShareLimit(endpoint: endpoint, budget: atMost)) }
        }
        if shares.count == 2 {
            let sum = shares[0].budget + shares[1].budget
            guard sum >= 1 else {
                throw .infeasible(
                    """
                    \(problem.path): limits: no policy keeps both \(shares[0].phrase) and \(shares[1].phrase): every request \
                    starts at least one endpoint, so the shares sum to 1 or more, and these to \(text(sum)). Nearest: \
                    \(shares[1].endpoint.rawValue).prefill_share at \(text(1 - shares[0].budget)), or \
                    \(shares[0].endpoint.rawValue).prefill_share at \(text(1 - shares[1].budget))
                    """)
            }
            throw .unsupported(
                "\(problem.path): limits: this version solves under one limit; leave out \(shares[0].phrase) or \(shares[1].phrase)"
            )
        }
        return shares.first
    }

    /// Baselines tell every length apart, so one may beat an optimum over coarse buckets.
    private static func bucketRemarks(
        _ optimum: Judgement, _ baselines: [(baseline: Baseline, judgement: Judgement)]
    ) -> [String] {
        guard let mean = optimum.expected[.ttftMean] else { return [] }
        let better = baselines.filter { entry in
            entry.judgement.brokenLimits.isEmpty && (entry.judgement.expected[.ttftMean] ?? mean) < mean * (1 - 1e-9)
        }
        guard !better.isEmpty else { return [] }
        let names = better.map(\.baseline.rawValue).joined(separator: ", ")
        return [
            """
            \(names) has a smaller mean, since it tells every length apart; more buckets, or buckets: {by: exact}, put the \
            optimum ahead again
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

extension SolveStudy.ShareLimit {
    /// The limit as a phrase.
    var phrase: String { "\(endpoint.rawValue).prefill_share at most \(text(budget))" }
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
