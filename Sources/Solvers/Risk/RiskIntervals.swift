internal import Distributions
internal import LinearAlgebra
internal import Profiles
internal import Serving

/// A range that holds the middle `confidence` of resamples.
public struct RiskInterval: Sendable, Hashable {
    /// Its lower end.
    public let low: Double
    /// Its upper end.
    public let high: Double

    /// The middle part of ascending values.
    init(ascending values: [Double], level: Double) {
        let high = values.predictiveQuantile((1 + level) / 2)
        // The mirror image of the upper rank.
        let rank = Int(((1 - level) / 2 * Double(values.count + 1) + 1e-9).rounded(.down))
        self.low = min(high, values[min(max(rank, 1), values.count) - 1])
        self.high = high
    }
}

/// How far a plan's outcomes, and its waits, may be off.
public struct RiskIntervals: Sendable, Hashable {
    /// The wait of the limited endpoint in one bucket.
    public struct Wait: Sendable, Hashable {
        /// The bucket's first length, in tokens.
        public let from: Int
        /// Waits in seconds; infinite for never.
        public let seconds: RiskInterval
    }

    /// The limited endpoint's prefill share in a future window.
    public let share: RiskInterval
    /// The mean TTFT in a future window, in seconds.
    public let ttftMean: RiskInterval
    /// The waits that other traces as long as this one would have led to, bucket by bucket.
    public let waits: [Wait]
}

extension BudgetRisk {
    /// Intervals for a plan of the budget it was solved at.
    ///
    /// Share and TTFT are those of resampled future windows. For the waits each resample is as long as the trace; nothing
    /// is solved again: the resample takes the largest budget of the family whose share on it stays within the plan's.
    public func intervals(of tightened: Tightened) -> RiskIntervals {
        let plan = tightened.plan
        let level = settings.confidence
        func interval(_ sums: [ClockedSums], around pairs: Double, atMost cap: Double) -> RiskInterval {
            let value = sums.outcomes(orOf: [pairs])[0]
            let factors = Self.factors(sums, settings, window: settings.window)
            let values = (0..<settings.resamples).map { min(cap, factors[$0, 0] * value) }
            return RiskInterval(ascending: values.sorted(), level: level)
        }
        let share = interval(model.prefilled(under: [plan], in: series), around: tightened.forecast.share, atMost: 1)
        // Every series moves the TTFT, those without a say in the share included.
        let moving = hourly.series.filter { $0.requests.hours >= Self.minimalHours }
        let mean = interval(
            model.waited(under: [plan], in: moving), around: model.meanTTFT(under: plan), atMost: model.profile.timeout)
        return RiskIntervals(share: share, ttftMean: mean, waits: waits(of: tightened, level: level))
    }

    private func waits(of tightened: Tightened, level: Double) -> [RiskIntervals.Wait] {
        let plans = family.map(\.plan)
        let sums = model.prefilled(under: plans, in: series)
        let shares = sums.outcomes(orOf: plans.map { model.share(under: $0) })
        let factors = Self.factors(sums, settings, window: nil)
        let picked = (0..<settings.resamples).map { r in
            plans.indices.last { shares[$0] * factors[r, $0] <= tightened.budget + 1e-9 } ?? 0
        }
        var times = [Int](repeating: 0, count: plans.count)
        for p in picked { times[p] += 1 }
        return tightened.plan.lowerEdges.map { edge in
            var waits: [Double] = []
            for (p, plan) in plans.enumerated() where times[p] > 0 {
                let wait = plan.mixture(promptTokens: edge).likeliestWait(of: limited)
                waits += Array(repeating: wait, count: times[p])
            }
            return .init(from: edge, seconds: RiskInterval(ascending: waits.sorted(), level: level))
        }
    }
}

extension HourlyModel {
    /// The mean TTFT over all requests, capped at the timeout, in seconds.
    func meanTTFT(under plan: DispatchPlan) -> Double {
        let workload = profile.workload
        var sum = 0.0
        for (range, mixture) in plan.runs(over: workload.lengths) {
            for part in mixture.parts {
                let means = model.meanTTFT(promptTokens: workload.lengths[range], under: part.action)
                for (i, mean) in zip(range, means) { sum += part.probability * Double(workload.counts[i]) * mean }
            }
        }
        return sum / Double(workload.requests)
    }
}

extension Mixture {
    /// The wait of an endpoint in the likeliest action (the first of equals), in seconds.
    fileprivate func likeliestWait(of endpoint: Endpoint) -> Double {
        var best = parts[0]
        for part in parts where part.probability > best.probability { best = part }
        return best.action.wait(of: endpoint)
    }
}
