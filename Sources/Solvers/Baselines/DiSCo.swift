internal import Distributions
public import Profiles
public import Serving

/// The two policies of the DiSCo paper, which are heuristics for one regime each.
public enum DiSCo {
    /// DiSCo-D, for a limited device: a wait that protects the tail, then no wait for the shortest prompts.
    ///
    /// w_tail is the smallest server time t with F(t) ≥ 1 − min(α, b), never if there is none. What is left of the budget
    /// (b − α) E[l] lets prompts start the device at once, from the shortest up, each length l taking (1 − α) l p(l); the
    /// length that no longer fits takes the smallest server time w with (P(S > w) − α) l p(l) within what is left.
    /// Source: arXiv 2502.11417, delay-based dispatch, as reported; the boundary length is derived (docs/maths/baselines.md).
    /// - Parameters:
    ///   - profile: Prompt lengths and the pooled server distribution.
    ///   - budget: b, the share of prompt tokens the device may prefill, ≥ 0.
    ///   - alpha: α, the share of requests that the tail wait serves, 0 ... 1.
    /// - Returns: At most three intervals of lengths: at once, the boundary's wait, the tail's wait.
    /// - Complexity: O(lengths + log *n*).
    public static func deviceConstrained(_ profile: ServingProfile, budget: Double, alpha: Double) -> DispatchPlan {
        let server = profile.server.pooled
        func plan(_ steps: [(from: Int, wait: Double)]) -> DispatchPlan {
            DispatchPlan(
                lowerEdges: steps.map(\.from),
                mixtures: steps.map { Mixture(Action(first: .server, otherAfter: $0.wait)) })
        }
        let tail = server.seenQuantile(max(0, 1 - min(alpha, budget)))
        let workload = profile.workload
        let meanTokens = workload.meanPromptTokens
        let tolerance = 1e-12 * meanTokens
        guard budget > alpha else { return plan([(1, tail)]) }
        var left = (budget - alpha) * meanTokens
        let total = Double(workload.requests)
        for (i, length) in workload.lengths.enumerated() {
            let tokens = Double(length * workload.counts[i]) / total
            if (1 - alpha) * tokens <= left + tolerance {
                left -= (1 - alpha) * tokens
                continue
            }
            // P(S > w) ≤ α + left / tokens is F(w) ≥ 1 minus that.
            let boundary = min(tail, server.seenQuantile(max(0, 1 - alpha - max(0, left) / tokens)))
            var steps: [(Int, Double)] = i > 0 ? [(1, 0)] : []
            steps.append((i > 0 ? length : 1, boundary))
            if i + 1 < workload.lengths.count, boundary != tail { steps.append((workload.lengths[i + 1], tail)) }
            return plan(steps)
        }
        return plan([(1, 0)])
    }

    /// DiSCo-S, for a limited server: short prompts on the device alone, longer ones race.
    ///
    /// The threshold is the smallest length such that prompts of at least that length hold at most a share b of all prompt
    /// tokens; infinite if even the longest do not fit.
    /// Source: arXiv 2502.11417, length-threshold dispatch, as reported.
    /// - Complexity: O(lengths).
    public static func serverConstrained(_ profile: ServingProfile, budget: Double) -> DispatchPlan {
        let workload = profile.workload
        let all = Double(zip(workload.lengths, workload.counts).reduce(0) { $0 + $1.0 * $1.1 })
        var used = 0.0
        var threshold: Int?
        for i in workload.lengths.indices.reversed() {
            used += Double(workload.lengths[i] * workload.counts[i])
            guard used <= (budget + 1e-12) * all else { break }
            threshold = workload.lengths[i]
        }
        guard let threshold else { return DispatchPlan(everywhere: Mixture(.only(.device))) }
        if threshold == workload.lengths[0] { return DispatchPlan(everywhere: Mixture(.race)) }
        return DispatchPlan(lowerEdges: [1, threshold], mixtures: [Mixture(.only(.device)), Mixture(.race)])
    }
}
