internal import Distributions
internal import Optimization
internal import Profiles
public import Serving

/// The prices at which a program's Lagrangian dual is largest, and the time its tail is held to.
public struct ProgramPrices: Sendable, Equatable {
    /// By metric, signed as in `DispatchAnswer.Certificate`.
    public let multipliers: [Metric: Double]
    /// The quantile reached, where the objective is one.
    public let quantile: Double?
}

extension DispatchProgram {
    /// The buckets of a program of one world that lose least against one bucket per length.
    ///
    /// Any objective, any limits: the edges are chosen by the Lagrangian over a grid of waits of both endpoints, then
    /// every choice is solved anew, so the losses stated are true. For a quantile the mean at that quantile decides.
    /// - Parameters:
    ///   - count: How many buckets are wanted, at most.
    ///   - counts: Other numbers to state losses for.
    ///   - mandatoryEdges: Lengths at which a bucket must begin.
    /// - Returns: Buckets and losses in the objective's unit; nil where no policy keeps the limits.
    public func optimalBuckets(count: Int, counts: [Int] = [], mandatoryEdges: [Int] = []) -> OptimalBuckets? {
        precondition(worlds.count == 1, "buckets are chosen for one world")
        if let problem = shareLimited {
            return problem.optimalBuckets(count: count, counts: counts, mandatoryEdges: mandatoryEdges)
        }
        let profile = worlds[0].profile
        let search = BucketSearch(workload: profile.workload, mandatoryEdges: mandatoryEdges)
        func answer(_ buckets: Buckets) -> DispatchAnswer {
            DispatchProgram(
                worlds: [World(profile: profile, buckets: buckets, losses: worlds[0].losses)], costs: costs,
                objective: objective, limits: limits,
                isDeterministic: isDeterministic, handOvers: handOvers
            ).solve()
        }
        let exact = answer(search.exactBuckets)
        guard let plan = exact.plans.first else { return nil }
        let actions = candidates(plan)
        func solve(_ buckets: Buckets) -> BucketSolution<ProgramPrices>? {
            let found = answer(buckets)
            guard let plan = found.plans.first else { return nil }
            let mixing = zip(plan.lowerEdges, plan.mixtures).filter { $0.1.parts.count > 1 }.map(\.0)
            let isQuantile = objective.quantileLevel != nil
            return BucketSolution(
                primal: found.certificate.primal,
                multipliers: ProgramPrices(
                    multipliers: found.tieBreak?.multipliers ?? found.certificate.multipliers,
                    quantile: isQuantile ? found.certificate.primal : nil), mixing: mixing)
        }
        return search.run(count: count, counts: counts, rounds: isQuick ? 4 : 2, solve: solve) { prices in
            lagrangian(prices, search.cells, actions)
        }
    }

    /// Actions that buckets are chosen by: those of the exact solution and a grid of either endpoint's waits.
    private func candidates(_ plan: DispatchPlan) -> [Action] {
        func thinned(_ values: [Double], to most: Int) -> [Double] {
            guard values.count > most else { return values }
            return (0..<most).map { values[$0 * (values.count - 1) / (most - 1)] }
        }
        let profile = worlds[0].profile
        var actions: [Action] = [.race, .only(.server), .only(.device)]
        let lengths = profile.workload.lengths.indices
        for first in [Endpoint.server, .device] {
            let used = plan.mixtures.flatMap { $0.parts.map(\.action) }.filter { $0.wait(of: first) == 0 }
                .map { $0.wait(of: first.other) }
            let curve = WaitCurve.curve(of: first, in: profile, range: lengths)
            let waits = Set(thinned(Set(used).sorted(), to: 96) + thinned(curve.positions, to: 64))
            actions += waits.filter { $0 > 0 && $0 < profile.timeout }.sorted().map {
                Action(first: first, otherAfter: $0)
            }
        }
        return actions
    }

    /// The Lagrangian of cells of lengths under candidate actions.
    private func lagrangian(_ prices: ProgramPrices, _ cells: LengthCells, _ actions: [Action]) -> LagrangianTable {
        var rows = LimitRows(self)
        let isQuantile = objective.quantileLevel != nil
        if let time = prices.quantile, let level = objective.quantileLevel, time < timeout {
            rows.addTail(objective, at: time, share: 1 - level)
        }
        guard var row = self.row(isQuantile ? .ttftMean : objective, tails: rows.tails.count) else {
            preconditionFailure("\(objective.rawValue) needs what the data cannot tell")
        }
        var offset = objective.isMaximized ? -best(objective) : 0
        for limit in rows.rows {
            // A multiplier is positive for a bound from above, negative for one from below; each has its own row.
            let multiplier = prices.multipliers[limit.metric] ?? 0
            let price = limit.isAtLeast ? max(0, -multiplier) : max(0, multiplier)
            row.add(limit.row, times: price)
            offset -= price * limit.bound
        }
        let needs = BucketTerms.Needs(
            mean: true, answers: true, failed: true, tails: rows.tails, qoe: row.losses.qoe != 0,
            goodput: row.losses.goodput != 0)
        let terms = cells.ranges.map {
            BucketTerms(worlds[0].profile, range: $0, share: 1, losses: worlds[0].losses)
        }
        let families = [row.terms(startingWith: .server), row.terms(startingWith: .device)]
        let costs = CandidateCosts(count: terms.count, candidates: actions.count) { c, cell in
            let action = actions[c]
            let first: Endpoint = action.serverWait == 0 ? .server : .device
            let family = families[first == .server ? 0 : 1]
            let bucket = terms[cell]
            let wait = min(action.wait(of: first.other), timeout)
            let sides = bucket.sides(startingWith: first, wait: wait, needs: needs)
            return zip(family.coefficients, sides.at).reduce(
                family.prefill * bucket.tokenSum + family.answers * bucket.requestSum + family.decode * bucket.outputSum
            ) { $0 + $1.0 * $1.1 }
        }
        return LagrangianTable(costs: costs, reach: .unknown, offset: offset)
    }
}
