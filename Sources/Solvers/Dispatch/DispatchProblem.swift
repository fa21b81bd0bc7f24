internal import Distributions
public import Optimization
public import Profiles
public import Serving

/// Minimize the mean TTFT while one endpoint prefills at most a share of all prompt tokens.
///
/// The limited endpoint comes second: the other is started at once, and per bucket we choose the mixture of waits after
/// which the limited one is started too. Starting it first would use its whole share and could not be faster than the
/// race, so nothing is lost. Without a limit the race is optimal.
/// Source: DiSCo (arXiv 2502.11417), budget constraint; the exact solution is derived, docs/maths/dispatch.md.
public struct DispatchProblem: Sendable {
    /// The world.
    public let profile: ServingProfile
    /// Which lengths share an action.
    ///
    /// Each bucket has requests.
    public let buckets: Buckets
    /// The endpoint whose prefill is limited.
    public let limited: Endpoint
    /// Largest share of prompt tokens that it may prefill, ≥ 0.
    public let budget: Double

    /// A problem; buckets without requests are joined to a neighbour.
    public init(profile: ServingProfile, buckets: Buckets, limited: Endpoint, budget: Double) {
        precondition(budget >= 0, "a share of \(budget)")
        self.profile = profile
        self.buckets = buckets.occupied(in: profile.workload)
        self.limited = limited
        self.budget = budget
    }

    /// The optimal policy, with its certificate.
    ///
    /// Values of waits are computed only where the Lagrangian may need them: a few a bucket.
    /// - Complexity: O(*n*) for the *n* server times, then a few evaluations of O(lengths · residuals).
    public func solve() -> DispatchSolution {
        let linear = LinearDispatch(self)
        let solution = linear.program.solve(value: linear.value)
        return DispatchSolution(plan: linear.plan(solution.choices), certificate: solution)
    }

    /// Usage curves, shared by buckets wherever the first endpoint's times are the same for all their lengths.
    fileprivate func curves(_ ranges: [Range<Int>]) -> (curves: [UsageCurve], ofBucket: [Int]) {
        let lengths = profile.workload.lengths
        if limited == .server {
            return (ranges.map { WaitCurve.curve(of: .device, in: profile, range: $0) }, Array(ranges.indices))
        }
        var curves: [UsageCurve] = []
        var known: [Int: Int] = [:]
        let ofBucket = ranges.map { range in
            let group = profile.server.group(of: lengths[range.lowerBound])
            let isAlike = profile.server.group(of: lengths[range.upperBound - 1]) == group
            if isAlike, let curve = known[group] { return curve }
            curves.append(
                isAlike
                    ? WaitCurve.curve(of: profile.server.groups[group], timeout: profile.timeout)
                    : WaitCurve.curve(of: .server, in: profile, range: range))
            if isAlike { known[group] = curves.count - 1 }
            return curves.count - 1
        }
        return (curves, ofBucket)
    }
}

/// A dispatch problem as a linear program over mixtures of waits.
struct LinearDispatch {
    let program: SingleLimitProblem
    private let problem: DispatchProblem
    private let model: FirstTokenModel
    private let ranges: [Range<Int>]
    private let requests: Double

    init(_ problem: DispatchProblem) {
        let workload = problem.profile.workload
        let ranges = problem.buckets.ranges(in: workload)
        requests = Double(workload.requests)
        let tokens = requests * workload.meanPromptTokens
        let (curves, curveOfBucket) = problem.curves(ranges)
        let weights = ranges.map { range in
            range.reduce(0.0) { $0 + Double(workload.lengths[$1] * workload.counts[$1]) } / tokens
        }
        self.problem = problem
        self.ranges = ranges
        model = FirstTokenModel(problem.profile)
        program = SingleLimitProblem(
            curves: curves, curveOfGroup: curveOfBucket, weights: weights, limit: problem.budget)
    }

    /// What the requests of a bucket add to the mean TTFT under the wait of a vertex.
    func value(bucket: Int, vertex: Int) -> Double {
        let workload = problem.profile.workload
        let range = ranges[bucket]
        let means = model.meanTTFT(promptTokens: workload.lengths[range], under: action(bucket, vertex))
        var sum = 0.0
        for (i, mean) in zip(range, means) { sum += Double(workload.counts[i]) * mean }
        return sum / requests
    }

    private func action(_ bucket: Int, _ vertex: Int) -> Action {
        let wait = WaitCurve.wait(program.curves[program.curveOfGroup[bucket]], vertex)
        return Action(first: problem.limited.other, otherAfter: wait)
    }

    /// The plan of a mixture of vertices a bucket; nil of none.
    func plan(_ choices: [[SingleLimitSolution.Choice]]) -> DispatchPlan? {
        guard !choices.isEmpty else { return nil }
        let mixtures = choices.enumerated().map { bucket, choices in
            Mixture(choices.map { .init(probability: $0.probability, action: action(bucket, $0.vertex)) })
        }
        return DispatchPlan(lowerEdges: problem.buckets.lowerEdges, mixtures: mixtures)
    }
}

/// A policy and how far from optimal it can be.
public struct DispatchSolution: Sendable {
    /// What to do per bucket; nil where no policy keeps the limit.
    public let plan: DispatchPlan?
    /// Primal value, dual bound, multiplier (seconds of mean TTFT per unit of share) and gap.
    public let certificate: SingleLimitSolution
}
