internal import Distributions
internal import Optimization
internal import Profiles
internal import Serving

/// SingleR: start the second endpoint once, after one delay d, with one probability q, for all requests alike.
///
/// The best of its kind under the budget: with P(first > d) ≥ b the probability is q = b / P(first > d), and the mean is least
/// where the saving per start is largest; with P(first > d) ≤ b, q = 1 and the smallest such d is best.
/// Source: Kaler, He, Elnikety (SPAA 2017); the search is derived, docs/maths/baselines.md.
enum SingleR {
    /// The plan.
    /// - Complexity: O(*n*) and a few evaluations of O(lengths · residuals).
    static func plan(_ profile: ServingProfile, limited: Endpoint, budget: Double) -> DispatchPlan {
        let first = limited.other
        let model = FirstTokenModel(profile)
        let workload = profile.workload
        let everything = WaitCurve.distribution(of: first, in: profile, range: workload.lengths.indices)
        let inner = everything.rank(profile.timeout.nextDown)
        let total = Double(workload.requests)
        func mean(after wait: Double) -> Double {
            let action = Action(first: first, otherAfter: wait)
            let means = model.meanTTFT(promptTokens: workload.lengths[...], under: action)
            return zip(means, workload.counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total
        }
        guard budget > 0 else { return DispatchPlan(everywhere: Mixture(.only(first))) }
        if budget >= 1 - 1e-12 { return DispatchPlan(everywhere: Mixture(.race)) }

        // Support points 1 ... frequent have P(first > d) ≥ b; the next one is the smallest with less.
        var frequent = 0
        while frequent < inner && everything.survival[frequent + 1] >= budget { frequent += 1 }
        func point(_ i: Int) -> (x: Double, y: Double) {
            i == 0 ? (0, 1) : i <= frequent ? (everything.support[i - 1], everything.survival[i]) : (profile.timeout, 0)
        }
        let curve = WaitCurve.curve(count: frequent + 2, point)
        let vertex = curve.vertexOfLargestRatio { mean(after: WaitCurve.wait(curve, $0)) }
        let wait = WaitCurve.wait(curve, vertex)
        let share = curve.usage[vertex] > 0 ? min(1, budget / curve.usage[vertex]) : 0
        let sometimes = Mixture(Action(first: first, otherAfter: wait), share: share, else: .only(first))
        let never = mean(after: .infinity)
        let sometimesMean = share * mean(after: wait) + (1 - share) * never
        if frequent < inner {
            let always = everything.support[frequent]
            if mean(after: always) < sometimesMean {
                return DispatchPlan(everywhere: Mixture(Action(first: first, otherAfter: always)))
            }
        }
        return DispatchPlan(everywhere: sometimes)
    }
}
