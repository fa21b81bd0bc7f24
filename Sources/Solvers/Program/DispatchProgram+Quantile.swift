internal import Optimization
internal import Serving

extension DispatchProgram {
    /// The least quantile, and among all policies that have it the one of least mean TTFT.
    ///
    /// The q-quantile of min(T, timeout) can be t iff v(t) = min P(T > t) under the limits is at most 1 − q; v falls with
    /// t. Bisection on doubles, each step a linear program that ends as soon as it is known on which side of 1 − q its
    /// optimum lies; a policy found on the way has a quantile of its own, mostly far below t.
    func leastQuantile() -> DispatchAnswer {
        guard let level = objective.quantileLevel, let mean = row(.ttftMean) else {
            preconditionFailure("\(objective.rawValue) is no quantile")
        }
        let enough = 1 - level + LimitRows.tailTolerance
        let rows = LimitRows(self)
        var rounds = 0
        var evaluations = 0

        var search: QuantileSearch
        if let hulls = TailHulls(self, rows) {
            search = hulls.leastTime(enough: enough, timeout: timeout)
        } else {
            // Any policy that keeps the limits gives a time to begin from.
            let any = minimize(mean, rows)
            rounds += any.solution.rounds
            evaluations += any.evaluations
            guard !any.mixtures.isEmpty else {
                return .infeasible(any.solution.mixtures.isEmpty ? conflicts() : [])
            }
            search = QuantileSearch(low: 0, high: timeout, mixtures: any.mixtures)
            search.high = quantile(level, of: any.mixtures)
            var wasHit = false
            // Look-ups of times that a wait costs, on average over the buckets.
            let terms = bucketTerms
            // A loss takes several, among knots and times.
            let losses = limits.contains { $0.metric == .qoeMean || $0.metric == .goodputSmooth }
            let lookUps = terms.reduce(0) { $0 + $1.lookUps } / terms.count * (losses ? 8 : 1)
            while search.low.nextUp < search.high, evaluations <= Self.mostLookUps / max(1, lookUps) {
                // Once close, the double below what was reached is tried first: it mostly proves the rest. Where that is
                // within reach, too, the least share moves with t without steps, and halving goes on.
                let isClose = wasHit && search.high - search.low < 1e-3 * search.high
                let t = isClose ? search.high.nextDown : search.low + (search.high - search.low) / 2
                guard t > search.low, t < search.high else { break }
                var probe = rows
                let number = probe.tail(at: t)
                let answer = minimize(
                    OutcomeRow(tail: number, of: probe.tails.count), probe, startingWith: [search.mixtures],
                    until: .init(reached: enough, missed: enough))
                rounds += answer.solution.rounds
                evaluations += answer.evaluations
                if answer.solution.primal <= enough {
                    wasHit = !isClose
                    search.mixtures = answer.mixtures
                    search.high = min(t, quantile(level, of: answer.mixtures, atMost: t))
                    if isClose, search.high - search.low <= Self.timeTolerance * search.high { break }
                } else {
                    wasHit = false
                    search.low = t
                    search.proof =
                        answer.solution.bound > enough
                        ? .init(
                            time: t, bound: answer.solution.bound,
                            multipliers: answer.certificate.multipliers) : search.proof
                }
            }
        }

        var best = search.high
        var answer = leastMean(mean, rows, quantile: best, startingWith: search.mixtures)
        rounds += answer.solution.rounds
        evaluations += answer.evaluations
        if answer.mixtures.isEmpty {
            // Without mixtures the least quantile may be out of reach, and any before the timeout too.
            let found =
                leastTimeWithoutMixtures(rows, level, from: best, startingWith: search.mixtures)
                ?? (timeout, search.mixtures)
            best = found.time
            answer = leastMean(mean, rows, quantile: best, startingWith: found.mixtures)
            rounds += answer.solution.rounds
            evaluations += answer.evaluations
        }
        guard !answer.mixtures.isEmpty else { return .infeasible([]) }
        // The policy of least mean may be a little faster than it has to be.
        best = quantile(level, of: answer.mixtures, atMost: best)
        let proven = search.proof.map { min($0.time.nextUp, best) } ?? 0
        return DispatchAnswer(
            status: proven < search.high - CoupledProgram.optimalGap * timeout
                ? .iterationLimit : best > search.high ? .feasible : answer.status,
            plans: plans(answer.mixtures),
            certificate: .init(
                primal: best, bound: proven, scale: timeout, multipliers: [:]),
            tail: search.proof, tieBreak: answer.certificate, conflicts: [], rounds: rounds, evaluations: evaluations)
    }

    /// After so many look-ups, most of a minute, a search ends with the gap that is left.
    private static let mostLookUps = 4_000_000_000

    /// How closely a least quantile is searched that is no sum of times: where the mean is limited, it may be any number.
    private static let timeTolerance = 1e-12

    /// Among policies with a quantile of at most `time`, the one of least mean TTFT.
    private func leastMean(
        _ mean: OutcomeRow, _ rows: LimitRows, quantile time: Double, startingWith mixtures: [Mixture]
    ) -> LinearAnswer {
        var tied = rows
        if time < timeout, let level = objective.quantileLevel {
            tied.addTail(
                objective, at: time,
                share: max(1 - level, min(tailShare(time, of: mixtures), 1 - level + LimitRows.tailTolerance)))
        }
        return minimize(mean, tied, startingWith: [mixtures], fallback: mixtures)
    }

    /// Without mixtures: a least time by which all but 1 − level of the requests can be answered, by bisection.
    ///
    /// At each time the share of later requests is minimized and rounded; only the limits themselves stand in the way of
    /// that, so it goes further than rounding a policy of least mean.
    private func leastTimeWithoutMixtures(
        _ rows: LimitRows, _ level: Double, from start: Double, startingWith mixtures: [Mixture]
    ) -> (time: Double, mixtures: [Mixture])? {
        let enough = 1 - level + LimitRows.tailTolerance
        func probe(_ t: Double) -> [Mixture]? {
            var tailed = rows
            let number = tailed.tail(at: t)
            let answer = minimize(
                OutcomeRow(tail: number, of: tailed.tails.count), tailed, startingWith: [mixtures])
            return answer.mixtures.isEmpty || answer.primal > enough ? nil : answer.mixtures
        }
        guard var best = probe(timeout.nextDown) else { return nil }
        var high = quantile(level, of: best)
        var low = start
        while high - low > 1e-9 * high {
            let t = low + (high - low) / 2
            if let found = probe(t) { (best, high) = (found, quantile(level, of: found, atMost: t)) } else { low = t }
        }
        return (high, best)
    }

    /// The quantile of min(T, timeout) that mixtures, one a bucket, have; `start` is known not to be below it.
    func quantile(_ level: Double, of mixtures: [Mixture], atMost start: Double? = nil) -> Double {
        model.quantile(level, of: plans(mixtures), notAbove: start)
    }

    /// P(T > t) under mixtures, one a bucket.
    private func tailShare(_ t: Double, of mixtures: [Mixture]) -> Double {
        t < timeout ? model.tailShare(after: t, of: plans(mixtures)) : 0
    }

    private var model: WorldsModel { WorldsModel(worlds.map { ($0.profile, $0.share) }) }
}

/// A search for the least time that enough requests can be answered by: impossible by `low`, possible by `high`.
struct QuantileSearch {
    var low: Double
    var high: Double
    /// Mixtures that reach `high`.
    var mixtures: [Mixture]
    /// Why `low` is impossible.
    var proof: DispatchAnswer.TailProof?
}
