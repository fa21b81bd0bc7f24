public import Costs
public import Optimization
public import Profiles
public import Serving

/// Any objective under any number of limits, over mixtures of waits of either endpoint.
///
/// What is minimized and limited is a mean over requests (TTFT, cost, energy, shares) or a TTFT quantile. Exact:
/// the answer comes with a lower bound, and says so where no policy keeps the limits.
/// Source: derived, docs/maths/limits.md.
public struct DispatchProgram: Sendable {
    /// A part of all requests with its own distributions, such as a period of the day.
    public struct World: Sendable {
        /// Prompt lengths and TTFT of this part.
        public let profile: ServingProfile
        /// Which lengths share an action.
        ///
        /// Each bucket has requests.
        public let buckets: Buckets
        /// Its share of all requests, above 0...1; all worlds' shares sum to 1.
        public let share: Double
        /// What late first tokens cost readers; nil where nobody asks for quality.
        public let losses: StreamLosses?

        /// A part of all requests; buckets without requests are joined to a neighbour.
        public init(profile: ServingProfile, buckets: Buckets, share: Double = 1, losses: StreamLosses? = nil) {
            self.profile = profile
            self.losses = losses
            self.buckets = buckets.occupied(in: profile.workload)
            self.share = share
        }
    }

    /// The parts; one unless conditioned on the time of day.
    public let worlds: [World]
    /// Prices and energies.
    public let costs: CostModel
    /// What is minimized.
    public let objective: Metric
    /// What it is minimized under.
    public let limits: [Limit]
    /// Whether each bucket takes one action for certain.
    public let isDeterministic: Bool
    /// What hand-overs of running responses depend on; nil where responses stay where they are.
    public let handOvers: HandOverSettings?

    /// A program.
    /// - Precondition: at least one world, all with one timeout; prices where a metric needs them.
    public init(
        worlds: [World], costs: CostModel, objective: Metric, limits: [Limit], isDeterministic: Bool = false,
        handOvers: HandOverSettings? = nil
    ) {
        precondition(!worlds.isEmpty, "a program needs a world")
        precondition(worlds.allSatisfy { $0.profile.timeout == worlds[0].profile.timeout }, "worlds share one timeout")
        self.worlds = worlds
        self.costs = costs
        self.objective = objective
        self.limits = limits
        self.isDeterministic = isDeterministic
        self.handOvers = handOvers
    }

    var timeout: Double { worlds[0].profile.timeout }

    /// E[l] over all requests, in tokens.
    var meanPromptTokens: Double { worlds.reduce(0) { $0 + $1.share * $1.profile.workload.meanPromptTokens } }

    /// The buckets of all worlds, one after the other.
    var bucketTerms: [BucketTerms] {
        worlds.enumerated().flatMap { number, world in
            world.buckets.ranges(in: world.profile.workload).map {
                BucketTerms(world.profile, world: number, range: $0, share: world.share, losses: world.losses)
            }
        }
    }

    /// The optimal policy with its certificate, or the limits that no policy keeps together.
    /// - Complexity: Some tens of rounds over the buckets; for a quantile some tens of such solves.
    public func solve() -> DispatchAnswer {
        var answer = solveWaits()
        answer.plans = withHandOvers(answer.plans)
        return answer
    }

    /// The optimal waits, with hand-overs where cost or energy is minimized or limited.
    private func solveWaits() -> DispatchAnswer {
        if objective.quantileLevel != nil { return leastQuantile() }
        if let problem = shareLimited { return DispatchAnswer(problem.solve(), limited: problem.limited) }
        guard let row = row(objective) else {
            preconditionFailure("\(objective.rawValue) needs what the data cannot tell")
        }
        let answer = minimize(row, LimitRows(self))
        guard answer.solution.status != .infeasible else { return .infeasible(conflicts()) }
        var certificate = answer.certificate
        // No metric is below 0 but by rounding.
        if certificate.primal < 0 { (certificate.primal, certificate.bound) = (0, min(0, certificate.bound)) }
        // What is maximized: the negative is minimized.
        if objective.isMaximized {
            certificate.primal -= best(objective)
            certificate.bound -= best(objective)
        }
        return DispatchAnswer(
            status: answer.status, plans: plans(answer.mixtures), certificate: certificate, tail: nil,
            tieBreak: nil, conflicts: [], rounds: answer.solution.rounds, evaluations: answer.evaluations)
    }

    /// The program as a problem of mean TTFT under one limit on a prefill share from above, which has a solver of its own.
    var shareLimited: DispatchProblem? {
        guard objective == .ttftMean, worlds.count == 1, !isDeterministic else { return nil }
        let rows = LimitRows(self).rows
        guard rows.count <= 1, rows.allSatisfy({ !$0.isAtLeast && $0.bound >= 0 }) else { return nil }
        guard let row = rows.first else {
            // A limit that cannot bind still says which endpoint comes second.
            let isServer = limits.contains { $0.metric == .serverPrefillShare && $0.atMost != nil }
            return DispatchProblem(
                profile: worlds[0].profile, buckets: worlds[0].buckets, limited: isServer ? .server : .device, budget: 1
            )
        }
        for endpoint in Endpoint.allCases where row.metric == .prefillShare(of: endpoint) {
            return DispatchProblem(
                profile: worlds[0].profile, buckets: worlds[0].buckets, limited: endpoint, budget: row.bound)
        }
        return nil
    }

    /// Whether a solve takes milliseconds even with a bucket for each of thousands of lengths.
    ///
    /// Not where it matters who answers, since waits then have to be searched closely in each bucket, and not for a
    /// quantile, which takes tens of solves.
    public var isQuick: Bool {
        if shareLimited != nil { return true }
        let answers: Set<Metric> = [
            .deviceAnswerShare, .failedShare, .costMean, .energyMean, .qoeMean, .goodputSmooth,
        ]
        let named = [objective] + limits.map(\.metric)
        return !isDeterministic && objective.quantileLevel == nil && named.allSatisfy { !answers.contains($0) }
    }

    /// The row of a metric that is a mean; nil for a quantile or where the data cannot tell it.
    ///
    /// Of a metric that is maximized it is the row of `best` less the metric.
    func row(_ metric: Metric, tails: Int = 0) -> OutcomeRow? {
        var row = OutcomeRow(
            metric, meanPromptTokens: meanPromptTokens, costs: costs, transfer: handOvers?.rules.transfer ?? 0,
            tails: tails)
        guard metric.isMaximized else { return row }
        let losses = worlds.compactMap(\.losses)
        guard losses.count == worlds.count else { return nil }
        if metric == .qoeMean {
            guard losses.allSatisfy({ $0.qoe != nil }) else { return nil }
            if losses.contains(where: { $0.qoe?.winnerMatters == true }) { row?.winnerLosses.qoe = 1 }
        } else {
            // One rate for all worlds: that of all requests.
            row?.losses.goodput = losses[0].rate
            if losses.contains(where: \.goodput.winnerMatters) { row?.winnerLosses.goodput = losses[0].rate }
        }
        return row
    }

    /// The value of a metric that is maximized if every first token came at once.
    func best(_ metric: Metric) -> Double {
        switch metric {
        case .qoeMean: 1
        case .goodputSmooth:
            worlds.reduce(0) { $0 + $1.share * ($1.losses.map { $0.outputTokens * $0.rate } ?? 0) }
        default: preconditionFailure("\(metric.rawValue) is minimized")
        }
    }

    /// The plans, a world each, that mixtures a bucket amount to.
    func plans(_ mixtures: [Mixture]) -> [DispatchPlan] {
        guard !mixtures.isEmpty else { return [] }
        var start = 0
        return worlds.map { world in
            let edges = world.buckets.lowerEdges
            defer { start += edges.count }
            return DispatchPlan(lowerEdges: edges, mixtures: Array(mixtures[start..<start + edges.count]))
        }
    }
}

/// What a program's solve found.
public struct DispatchAnswer: Sendable {
    /// How good a policy is, and why it cannot be much better.
    public struct Certificate: Sendable, Equatable {
        /// The policy's value of what is minimized: the negative of a metric that is maximized.
        public var primal: Double
        /// No policy that keeps the limits has a smaller value.
        public var bound: Double
        /// Σ over buckets of (worst − best action's value): what the choice is about.
        public var scale: Double
        /// What one more unit of each limit would save, ≥ 0 for `at_most` and ≤ 0 for `at_least`.
        ///
        /// A quantile's limit is P(T > t) ≤ 1 − level: its unit is probability.
        public var multipliers: [Metric: Double]

        /// (primal − bound) / scale; 0 where the scale is 0.
        public var gap: Double { scale > 0 ? max(0, primal - bound) / scale : 0 }

        /// A certificate.
        public init(primal: Double, bound: Double, scale: Double, multipliers: [Metric: Double]) {
            self.primal = primal
            self.bound = bound
            self.scale = scale
            self.multipliers = multipliers
        }
    }

    /// Why no policy has a smaller quantile: at `time` none that keeps the limits has a smaller share of later requests.
    public struct TailProof: Sendable, Equatable {
        /// In seconds; the quantile is greater.
        public var time: Double
        /// No policy has P(T > `time`) below this, which is above 1 − level.
        public var bound: Double
        /// Probability that one more unit of each limit would take off.
        public var multipliers: [Metric: Double]
    }

    /// A limit that cannot be kept together with others.
    public struct Conflict: Sendable, Equatable {
        /// The limit, with one side only.
        public var limit: Limit
        /// The nearest value that its metric can take while the other limits in conflict are kept; nil where unknown.
        public var nearest: Double?
    }

    /// Whether it is optimal.
    public var status: SolveStatus
    /// The policy, a plan a world; empty where infeasible.
    public var plans: [DispatchPlan]
    /// How good it is, in the objective's unit.
    public var certificate: Certificate
    /// For a quantile: the proof of its bound; nil where the bound is 0.
    public var tail: TailProof?
    /// For a quantile: among policies of least quantile this one has the least mean TTFT.
    public var tieBreak: Certificate?
    /// Where infeasible: limits of which all but any one can be kept.
    public var conflicts: [Conflict]
    /// Rounds of the dual search, all solves together.
    public var rounds: Int
    /// Waits valued, all solves together.
    public var evaluations: Int

    /// An answer.
    init(
        status: SolveStatus, plans: [DispatchPlan], certificate: Certificate, tail: TailProof?, tieBreak: Certificate?,
        conflicts: [Conflict], rounds: Int, evaluations: Int
    ) {
        self.status = status
        self.plans = plans
        self.certificate = certificate
        self.tail = tail
        self.tieBreak = tieBreak
        self.conflicts = conflicts
        self.rounds = rounds
        self.evaluations = evaluations
    }

    /// The answer of the solver for one share limit.
    init(_ solution: DispatchSolution, limited: Endpoint) {
        let found = solution.certificate
        self.init(
            status: found.status, plans: solution.plan.map { [$0] } ?? [],
            certificate: Certificate(
                primal: found.primal, bound: found.bound, scale: found.scale,
                multipliers: found.multiplier > 0 ? [.prefillShare(of: limited): found.multiplier] : [:]), tail: nil,
            tieBreak: nil, conflicts: [], rounds: found.rounds, evaluations: found.evaluations)
    }

    static func infeasible(_ conflicts: [Conflict]) -> DispatchAnswer {
        DispatchAnswer(
            status: .infeasible, plans: [],
            certificate: Certificate(primal: .infinity, bound: .infinity, scale: 0, multipliers: [:]), tail: nil,
            tieBreak: nil, conflicts: conflicts, rounds: 0, evaluations: 0)
    }
}
