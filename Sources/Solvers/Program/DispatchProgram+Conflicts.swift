internal import Optimization
internal import Serving

extension DispatchProgram {
    /// Limits that cannot be kept together although all but any one of them can, and the nearest value of each.
    ///
    /// Limits are dropped one after the other; one without which the rest is still impossible is not to blame. The nearest
    /// value of a limit's metric is its optimum under the others in conflict.
    func conflicts() -> [DispatchAnswer.Conflict] {
        var blamed = limits.flatMap { limit -> [Limit] in
            [
                limit.atMost.map { Limit(metric: limit.metric, atMost: $0) },
                limit.atLeast.map { Limit(metric: limit.metric, atLeast: $0) },
            ].compactMap { $0 }
        }
        var k = 0
        while k < blamed.count {
            var rest = blamed
            rest.remove(at: k)
            if canKeep(rest) { k += 1 } else { blamed = rest }
        }
        return blamed.indices.map { k in
            var rest = blamed
            let limit = rest.remove(at: k)
            return .init(limit: limit, nearest: nearest(limit, under: rest))
        }
    }

    /// Whether some policy keeps all of `limits`.
    private func canKeep(_ limits: [Limit]) -> Bool {
        // Nothing is minimized: the first feasible mixture ends the search.
        minimize(
            OutcomeRow(tails: 0), LimitRows(self, limits), until: .init(reached: .infinity, missed: .infinity)
        ).solution.status != .infeasible
    }

    /// The value nearest to a limit that its metric can take under other limits; nil where that is not known.
    private func nearest(_ limit: Limit, under others: [Limit]) -> Double? {
        if limit.metric.quantileLevel != nil {
            guard limit.atMost != nil else { return nil }
            var program = self
            program = DispatchProgram(
                worlds: worlds, costs: costs, objective: limit.metric, limits: others, handOvers: handOvers)
            return program.leastQuantile().certificate.primal
        }
        guard let row = row(limit.metric) else { return nil }
        let sign: Double = (limit.atMost != nil) != limit.metric.isMaximized ? 1 : -1
        let answer = minimize(row.scaled(by: sign), LimitRows(self, others))
        guard !answer.mixtures.isEmpty else { return nil }
        let value = sign * answer.solution.primal
        return limit.metric.isMaximized ? best(limit.metric) - value : value
    }
}
