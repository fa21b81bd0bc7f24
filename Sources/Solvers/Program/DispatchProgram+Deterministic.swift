internal import Distributions
internal import Optimization
internal import Serving

extension LinearAnswer {
    /// The same program's answer without mixtures: one action a bucket, every limit kept; without mixtures where none was found.
    ///
    /// Only buckets that mix are rounded, at most one a limit, so all combinations of their actions are tried, and where a
    /// bucket mixes two waits also the shortest wait between them that the limits allow. If no combination keeps the limits,
    /// other buckets give way, the one first that loses least for what it gives. What is left of the limits is then spent
    /// on any single change that helps. The bound stays that of mixtures, so the gap says what rounding costs at most.
    /// - Parameters:
    ///   - limits: What must be kept.
    ///   - fallback: Mixtures of one action a bucket that keep the limits, to fall back on.
    /// - Returns: The answer; its primal is infinite where nothing was found.
    func rounded(limits: CoupledProgram, fallback: [Mixture]?) -> LinearAnswer {
        var answer = self
        var rounding = Rounding(
            groups: groups, limits: limits.limits, scales: limits.scales, mixtures: solution.mixtures)
        guard rounding.round() || fallback.map({ rounding.start(from: $0) }) == true else {
            (answer.primal, answer.mixtures) = (.infinity, [])
            return answer
        }
        answer.primal = rounding.value
        answer.mixtures = rounding.choices.enumerated().map { g, choice in
            Mixture([rounding.groups.part(group: g, choice: choice, probability: 1)])
        }
        answer.groups = rounding.groups
        return answer
    }
}

/// One choice a group, and what it uses.
private struct Rounding {
    var groups: DispatchGroups
    let limits: [Double]
    let scales: [Double]
    let mixtures: [GroupMixture]
    var choices: [Int] = []
    var value = 0.0
    var usage: [Double] = []

    init(groups: DispatchGroups, limits: [Double], scales: [Double], mixtures: [GroupMixture]) {
        self.groups = groups
        self.limits = limits
        self.scales = scales
        self.mixtures = mixtures
    }

    /// Finds choices that keep the limits; false where it does not.
    mutating func round() -> Bool {
        let options = mixtures.enumerated().map { g, mixture in
            mixture.count == 1 ? [mixture[0].choice] : mixture.map(\.choice) + between(g, mixture.map(\.choice))
        }
        let mixed = options.indices.filter { options[$0].count > 1 }
        guard combinations(options, mixed) || repair(options) else { return false }
        improve()
        return true
    }

    /// Starts from given actions and improves on them; false where they break a limit.
    mutating func start(from mixtures: [Mixture]) -> Bool {
        take(mixtures.enumerated().map { g, mixture in groups.choice(group: g, action: mixture.parts[0].action) })
        guard excess(usage) == 0 else { return false }
        improve()
        return true
    }

    /// Of two waits of one family: a few waits between them, at which the first endpoint's starts step.
    private mutating func between(_ g: Int, _ own: [Int]) -> [Int] {
        let actions = own.map { groups.action(group: g, choice: $0) }
        return [Endpoint.server, .device].flatMap { first -> [Int] in
            let waits = actions.filter { $0.wait(of: first) == 0 && $0 != .race }.map { $0.wait(of: first.other) }
            guard let least = (waits + (actions.contains(.race) ? [0] : [])).min(), let most = waits.max(), least < most
            else { return [] }
            return groups.steps(group: g, first: first, between: least, most, count: 64).map {
                groups.choice(group: g, action: Action(first: first, otherAfter: $0))
            }
        }
    }

    private func excess(_ usage: [Double]) -> Double {
        zip(zip(usage, limits), scales).reduce(0) { $0 + max(0, ($1.0.0 - $1.0.1) / $1.1 - CoupledProgram.feasibility) }
    }

    private mutating func take(_ new: [Int]) {
        choices = new
        value = 0
        usage = limits.map { _ in 0 }
        for (g, choice) in new.enumerated() {
            let outcome = groups.outcome(group: g, choice: choice)
            value += outcome.value
            for k in usage.indices { usage[k] += outcome.usage[k] }
        }
    }

    /// Usage and value after a group changes its choice.
    private func changed(_ g: Int, to choice: Int) -> (value: Double, usage: [Double]) {
        let from = groups.outcome(group: g, choice: choices[g])
        let to = groups.outcome(group: g, choice: choice)
        return (value - from.value + to.value, usage.indices.map { usage[$0] - from.usage[$0] + to.usage[$0] })
    }

    /// The best combination of the mixed groups' options that keeps the limits; false where none does.
    private mutating func combinations(_ options: [[Int]], _ mixed: [Int]) -> Bool {
        let count = mixed.reduce(1) { $0.multipliedReportingOverflow(by: options[$1].count).partialValue }
        guard mixed.count <= 12, count > 0, count <= 100_000 else { return false }
        var best: [Int]?
        var least = Double.infinity
        take(options.map { $0[0] })
        let start = choices
        for number in 0..<count {
            var rest = number
            var delta = (value, usage)
            var new = start
            for g in mixed {
                new[g] = options[g][rest % options[g].count]
                rest /= options[g].count
                let from = groups.outcome(group: g, choice: start[g])
                let to = groups.outcome(group: g, choice: new[g])
                delta.0 += to.value - from.value
                for k in usage.indices { delta.1[k] += to.usage[k] - from.usage[k] }
            }
            if delta.0 < least, excess(delta.1) == 0 { (best, least) = (new, delta.0) }
        }
        guard let best else { return false }
        take(best)
        return excess(usage) == 0
    }

    /// From each group's likeliest choice: single changes, the one first that sheds most excess for what it costs.
    private mutating func repair(_ options: [[Int]]) -> Bool {
        take(mixtures.map { $0.max { $0.probability < $1.probability }?.choice ?? 0 })
        while excess(usage) > 0 {
            var best: (group: Int, choice: Int)?
            var rate = 0.0
            for g in choices.indices {
                for choice in groups.choices(group: g) where choice != choices[g] {
                    let after = changed(g, to: choice)
                    let shed = excess(usage) - excess(after.usage)
                    guard shed > 0 else { continue }
                    let own = shed / max(after.value - value, 1e-9 * max(groups.spread, .leastNormalMagnitude))
                    if own > rate { (best, rate) = ((g, choice), own) }
                }
            }
            guard let best else { return false }
            choices[best.group] = best.choice
            take(choices)
        }
        return true
    }

    /// Single changes that lower the value and keep the limits, the best first, until there is none.
    private mutating func improve() {
        for _ in 0..<4 * choices.count {
            var best: (group: Int, choice: Int)?
            var least = value - 1e-12 * groups.spread
            for g in choices.indices {
                for choice in groups.choices(group: g) where choice != choices[g] {
                    let after = changed(g, to: choice)
                    if after.value < least, excess(after.usage) == 0 { (best, least) = ((g, choice), after.value) }
                }
            }
            guard let best else { return }
            choices[best.group] = best.choice
            take(choices)
        }
    }
}
