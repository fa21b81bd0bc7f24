internal import Optimization
internal import Serving

/// The optimum of a linear objective: mixtures a bucket, and the groups they were found in.
struct LinearAnswer {
    var solution: CoupledSolution
    /// One a bucket, all worlds' buckets one after the other; empty where infeasible.
    var mixtures: [Mixture]
    var rows: LimitRows
    /// Value of the mixtures.
    var primal: Double
    var groups: DispatchGroups

    var evaluations: Int { groups.evaluations }

    /// Whether it is optimal; without mixtures only as far as the bound, which is that of mixtures, can tell.
    var status: SolveStatus {
        if mixtures.isEmpty { return .infeasible }
        return solution.status == .optimal && certificate.gap > CoupledProgram.optimalGap ? .feasible : solution.status
    }

    var certificate: DispatchAnswer.Certificate {
        DispatchAnswer.Certificate(
            primal: primal, bound: min(solution.bound, primal), scale: solution.scale,
            multipliers: rows.multipliers(solution.prices))
    }
}

extension DispatchProgram {
    /// Minimizes a linear objective under rows.
    /// - Parameters:
    ///   - objective: What is minimized.
    ///   - rows: What it is minimized under.
    ///   - start: Mixtures to begin with, one a bucket; their actions become plans.
    ///   - target: When it may end early; then the answer may mix even where the program is not to.
    ///   - fallback: Without mixtures: actions to fall back on where rounding keeps no limit.
    /// - Returns: The optimum; mixtures are empty where the rows cannot be kept together.
    func minimize(
        _ objective: OutcomeRow, _ rows: LimitRows, startingWith start: [[Mixture]] = [],
        until target: CoupledProgram.Target? = nil, fallback: [Mixture]? = nil
    ) -> LinearAnswer {
        var objective = objective
        if objective.tails.isEmpty { objective.tails = rows.tails.map { _ in 0 } }
        let buckets = bucketTerms
        var groups = DispatchGroups(
            buckets: buckets, objective: objective, limits: rows.rows.map(\.row), tails: rows.tails,
            handOvers: handOvers(of: buckets, priced: [objective] + rows.rows.map(\.row)), standard: standardPrices)
        var program = CoupledProgram(limits: rows.rows.map(\.bound), scales: scales(rows, &groups))
        // Which side it is shows soon, or hardly ever.
        if target != nil { program.maximalRounds = 300 }
        let plans = start.flatMap { mixtures -> [[Int]] in
            let depth = mixtures.map(\.parts.count).max() ?? 0
            return (0..<depth).map { k in
                mixtures.enumerated().map { g, mixture in
                    let part = mixture.parts[min(k, mixture.parts.count - 1)]
                    return groups.choice(group: g, action: part.action, handOvers: part.handOvers)
                }
            }
        }
        let solution = program.solve(&groups, startingWith: plans, until: target)
        let mixtures = solution.mixtures.enumerated().map { g, mixture in
            Mixture(mixture.map { groups.part(group: g, choice: $0.choice, probability: $0.probability) })
        }
        if isDeterministic { groups.offerAll() }
        let answer = LinearAnswer(
            solution: solution, mixtures: mixtures, rows: rows, primal: solution.primal, groups: groups)
        return isDeterministic && target == nil && !mixtures.isEmpty
            ? answer.rounded(limits: program, fallback: fallback) : answer
    }

    /// The size of each row's usage: 1 for shares, else what the plainest policies use.
    private func scales(_ rows: LimitRows, _ groups: inout DispatchGroups) -> [Double] {
        guard rows.rows.contains(where: { $0.isMoneyOrTime }) else { return rows.rows.map { _ in 1 } }
        var sizes = rows.rows.map { $0.isMoneyOrTime ? abs($0.bound) : 1 }
        for action in [Action.race, .only(.server), .only(.device)] {
            var usage = rows.rows.map { _ in 0.0 }
            for g in 0..<groups.groups {
                let choice = groups.choice(group: g, action: action)
                for (k, use) in groups.outcome(group: g, choice: choice).usage.enumerated() { usage[k] += use }
            }
            for k in sizes.indices where rows.rows[k].isMoneyOrTime { sizes[k] = max(sizes[k], abs(usage[k])) }
        }
        return sizes.map { $0 > 0 ? $0 : 1 }
    }
}

extension LimitRows.Row {
    /// Whether values are amounts, not shares.
    fileprivate var isMoneyOrTime: Bool {
        switch metric {
        case .ttftMean, .costMean, .energyMean, .goodputSmooth: true
        default: false
        }
    }
}
