internal import Optimization
internal import Serving

/// A search for one action a bucket that keeps all limits, from mixtures that keep them.
///
/// Only buckets that mix need rounding, at most one a limit: all combinations of their actions are tried, and of waits
/// between two that are mixed. Where the buckets are few, all combinations of what is known of every bucket are. If none
/// keeps the limits, buckets give way one by one, the one first that loses least for what it gives, then two at a time.
/// What is left of the limits is spent on any change that helps. Source: derived, docs/maths/limits.md.
struct Rounding {
    /// A choice of a group, and what it brings.
    private struct Option {
        var choice: Int
        var value: Double
        var usage: [Double]
    }

    private(set) var groups: DispatchGroups
    private let limits: [Double]
    private let scales: [Double]
    private let mixtures: [GroupMixture]
    private var options: [[Option]] = []
    /// The number of the option that each group takes.
    private var taken: [Int] = []
    private var usage: [Double] = []
    /// Value of what is taken.
    private(set) var value = 0.0

    /// At most so many combinations are tried.
    private static let combinations = 100_000
    /// At most so many changes of two groups at once are looked at in a step.
    private static let pairs = 1_000_000

    init(groups: DispatchGroups, limits: [Double], scales: [Double], mixtures: [GroupMixture]) {
        self.groups = groups
        self.limits = limits
        self.scales = scales
        self.mixtures = mixtures
    }

    /// What each group does, for certain.
    var parts: [Mixture.Part] {
        taken.enumerated().map { g, k in groups.part(group: g, choice: options[g][k].choice, probability: 1) }
    }

    /// Finds choices that keep the limits; false where it does not.
    mutating func round() -> Bool {
        let mixed = mixtures.indices.map { mixtures[$0].map(\.choice) + between($0) }
        options = mixed.enumerated().map { group($0, $1) }
        if combine() {
            addKnown()
        } else {
            addKnown()
            if !repair() {
                addSamples()
                guard combine() || repair() else { return false }
            }
        }
        if mixtures.count <= 4 { addSamples() }
        _ = combine()
        improve()
        return true
    }

    /// Starts from given actions and improves on them; false where they break a limit.
    mutating func start(from mixtures: [Mixture]) -> Bool {
        let choices = mixtures.enumerated().map {
            groups.choice(group: $0, action: $1.parts[0].action, handOvers: $1.parts[0].handOvers)
        }
        options = choices.enumerated().map { group($0, [$1]) }
        take(options.map { _ in 0 })
        guard excess(usage) == 0 else { return false }
        addKnown()
        improve()
        return true
    }

    // MARK: What may be chosen

    /// Options of a group, those left out that another is no worse than in anything; in their order.
    private func group(_ g: Int, _ choices: [Int]) -> [Option] {
        var kept: [Option] = []
        for choice in choices {
            let outcome = groups.outcome(group: g, choice: choice)
            let option = Option(choice: choice, value: outcome.value, usage: outcome.usage)
            if kept.contains(where: { Self.isNoWorse($0, option) }) { continue }
            kept.removeAll { Self.isNoWorse(option, $0) }
            kept.append(option)
        }
        return kept
    }

    private static func isNoWorse(_ a: Option, _ b: Option) -> Bool {
        a.value <= b.value && zip(a.usage, b.usage).allSatisfy { $0 <= $1 }
    }

    /// Of two waits of one family that are mixed: waits between them, at which the first endpoint's starts step.
    private mutating func between(_ g: Int) -> [Int] {
        let actions = mixtures[g].map { groups.action(group: g, choice: $0.choice) }
        return [Endpoint.server, .device].flatMap { first -> [Int] in
            let waits = actions.filter { $0.wait(of: first) == 0 && $0 != .race }.map { $0.wait(of: first.other) }
            guard let least = (waits + (actions.contains(.race) ? [0] : [])).min(), let most = waits.max(), least < most
            else { return [] }
            return steps(g, first, from: least, to: most, count: 64)
        }
    }

    private mutating func steps(_ g: Int, _ first: Endpoint, from: Double, to: Double, count: Int) -> [Int] {
        values(g, first, groups.steps(group: g, first: first, between: from, to, count: count))
    }

    private mutating func values(_ g: Int, _ first: Endpoint, _ waits: [Double]) -> [Int] {
        waits.map { groups.choice(group: g, action: Action(first: first, otherAfter: $0)) }
    }

    /// Adds every choice that was valued on the way to the mixtures.
    private mutating func addKnown() {
        for g in options.indices { add(g, groups.choices(group: g)) }
    }

    /// Adds waits of both families at which something steps, evenly by rank.
    private mutating func addSamples() {
        let count = options.count <= 2 ? 64 : 16
        for g in options.indices {
            let ends = [Action.race, .only(.server), .only(.device)].map { groups.choice(group: g, action: $0) }
            let inner = [Endpoint.server, .device].flatMap { first in
                values(g, first, groups.stepWaits(group: g, first: first, count: count))
            }
            add(g, ends + inner)
        }
    }

    /// Adds choices; what is taken stays taken, or gives way to what is no worse.
    private mutating func add(_ g: Int, _ choices: [Int]) {
        let current = taken.isEmpty ? nil : options[g][taken[g]]
        options[g] = group(g, options[g].map(\.choice) + choices)
        guard let current else { return }
        guard let same = options[g].firstIndex(where: { $0.choice == current.choice || Self.isNoWorse($0, current) })
        else { preconditionFailure("an option leaves only for one that is no worse") }
        taken[g] = same
        take(taken)
    }

    // MARK: What is taken

    /// By how much limits are exceeded, in their scales.
    private func excess(_ usage: [Double]) -> Double {
        var sum = 0.0
        for k in usage.indices { sum += max(0, (usage[k] - limits[k]) / scales[k] - CoupledProgram.feasibility) }
        return sum
    }

    private mutating func take(_ new: [Int]) {
        taken = new
        value = 0
        usage = limits.map { _ in 0 }
        for (g, k) in new.enumerated() {
            value += options[g][k].value
            for limit in usage.indices { usage[limit] += options[g][k].usage[limit] }
        }
    }

    /// The best of all combinations of options that keep the limits; false where none does, or they are too many.
    private mutating func combine() -> Bool {
        let count = options.reduce(1) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
        let isSmall = options.reduce(1.0) { $0 * Double($1.count) } <= Double(Self.combinations)
        guard isSmall else { return false }
        let mixed = options.indices.filter { options[$0].count > 1 }
        var best: [Int]?
        var least = Double.infinity
        var new = options.map { _ in 0 }
        let kept = taken
        for number in 0..<count {
            var rest = number
            for g in mixed {
                new[g] = rest % options[g].count
                rest /= options[g].count
            }
            take(new)
            if value < least, excess(usage) == 0 { (best, least) = (new, value) }
        }
        if let best {
            take(best)
        } else if !kept.isEmpty {
            take(kept)
        }
        return best != nil
    }

    // MARK: Changes

    /// A change of one group or of two.
    private struct Change {
        var moves: [(group: Int, option: Int)]
        var value: Double
        var excess: Double
    }

    /// Looks at every change of one group; then, if they are not too many, of two.
    private func changes(ofTwo: Bool, _ look: (Change) -> Void) {
        var after = usage
        for g in options.indices {
            for k in options[g].indices where k != taken[g] {
                let (from, to) = (options[g][taken[g]], options[g][k])
                for limit in usage.indices { after[limit] = usage[limit] - from.usage[limit] + to.usage[limit] }
                let own = value - from.value + to.value
                guard ofTwo else {
                    look(Change(moves: [(g, k)], value: own, excess: excess(after)))
                    continue
                }
                var both = after
                for h in options.indices.dropFirst(g + 1) {
                    let before = options[h][taken[h]]
                    for j in options[h].indices where j != taken[h] {
                        let next = options[h][j]
                        for limit in usage.indices {
                            both[limit] = after[limit] - before.usage[limit] + next.usage[limit]
                        }
                        look(
                            Change(
                                moves: [(g, k), (h, j)], value: own - before.value + next.value, excess: excess(both)))
                    }
                }
            }
        }
    }

    /// Whether changes of two groups are few enough to look at.
    private var canChangeTwo: Bool {
        let counts = options.map { Double($0.count) }
        let sum = counts.reduce(0, +)
        return (sum * sum - counts.reduce(0) { $0 + $1 * $1 }) / 2 <= Double(Self.pairs)
    }

    private mutating func make(_ change: Change) {
        for (group, option) in change.moves { taken[group] = option }
        take(taken)
    }

    /// From each group's likeliest choice: changes, the one first that sheds most excess for what it costs.
    private mutating func repair() -> Bool {
        let likeliest = mixtures.enumerated().map { g, mixture in
            let choice = mixture.max { $0.probability < $1.probability }?.choice
            return options[g].firstIndex { $0.choice == choice } ?? 0
        }
        take(likeliest)
        while excess(usage) > 0 {
            let now = excess(usage)
            let unit = 1e-9 * max(groups.spread, .leastNormalMagnitude)
            var best: Change?
            for ofTwo in [false, true] where best == nil && (!ofTwo || canChangeTwo) {
                var rate = 0.0
                changes(ofTwo: ofTwo) { change in
                    guard change.excess == 0 || change.excess < now * (1 - 1e-9) else { return }
                    let own = (now - change.excess) / max(change.value - value, unit)
                    if own > rate { (best, rate) = (change, own) }
                }
            }
            guard let best else { return false }
            make(best)
        }
        return true
    }

    /// Changes that lower the value and keep the limits, the best first, until there is none.
    private mutating func improve() {
        for _ in 0..<4 * options.count {
            var best: Change?
            var least = value - 1e-12 * groups.spread
            for ofTwo in [false, true] where best == nil && (!ofTwo || canChangeTwo) {
                changes(ofTwo: ofTwo) { if $0.excess == 0, $0.value < least { (best, least) = ($0, $0.value) } }
            }
            guard let best else { return }
            make(best)
        }
    }
}
