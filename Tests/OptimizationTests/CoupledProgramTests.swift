import Optimization
import TestSupport
import Testing

/// Groups whose choices are listed: value and usages of each.
private struct TableSource: PlanSource {
    var table: [[(value: Double, usage: [Double])]]
    let limits: Int

    var groups: Int { table.count }
    var spread: Double {
        table.reduce(0) { sum, group in
            let values = group.map(\.value)
            return sum + (values.max() ?? 0) - (values.min() ?? 0)
        }
    }

    func cheapest(weight: Double, prices: [Double], tolerance: Double) -> (plan: [Int], bound: Double) {
        var plan: [Int] = []
        var bound = 0.0
        for group in table {
            let costs = group.map { choice in
                zip(prices, choice.usage).reduce(weight * choice.value) { $0 + $1.0 * $1.1 }
            }
            let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
            plan.append(best)
            bound += costs[best]
        }
        return (plan, bound)
    }

    func outcome(group: Int, choice: Int) -> (value: Double, usage: [Double]) { table[group][choice] }

    /// Every whole plan's value and usages.
    var plans: [(value: Double, usage: [Double])] {
        let nothing = (value: 0.0, usage: Array(repeating: 0.0, count: limits))
        return table.reduce([nothing]) { plans, group in
            plans.flatMap { plan in
                group.map { choice in
                    (plan.value + choice.value, zip(plan.usage, choice.usage).map { $0 + $1 })
                }
            }
        }
    }

    /// Random choices on a coarse grid, so that ties and degenerate vertices are common.
    init(seed: Int, groups: Int, limits: Int) {
        var generator = SeededGenerator(seed: seed)
        self.limits = limits
        table = (0..<groups).map { _ in
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                (
                    Double(Int.random(in: -4...4, using: &generator)) / 2,
                    (0..<limits).map { _ in Double(Int.random(in: -2...4, using: &generator)) / 4 }
                )
            }
        }
    }

    init(_ table: [[(value: Double, usage: [Double])]]) {
        self.table = table
        limits = table[0][0].usage.count
    }
}

/// The optimum over mixtures of whole plans by trying every basis: as many plans and slacks as rows; nil where none fits.
private func bruteForce(_ source: TableSource, _ limits: [Double]) -> Double? {
    let m = limits.count + 1
    var columns = source.plans.map { (cost: $0.value, entries: $0.usage + [1]) }
    for k in limits.indices { columns.append((0, (0..<m).map { $0 == k ? 1 : 0 })) }
    var best: Double?
    func tryBases(_ chosen: [Int]) {
        if chosen.count == m {
            guard let x = solve(chosen.map { columns[$0].entries }, limits + [1]), x.allSatisfy({ $0 >= -1e-10 })
            else { return }
            let value = zip(chosen, x).reduce(0) { $0 + columns[$1.0].cost * $1.1 }
            best = min(best ?? value, value)
            return
        }
        for next in (chosen.last ?? -1) + 1..<columns.count { tryBases(chosen + [next]) }
    }
    tryBases([])
    return best
}

/// x with Σ x_j columns_j = rhs; nil where the columns depend on each other.
private func solve(_ columns: [[Double]], _ rhs: [Double]) -> [Double]? {
    let m = rhs.count
    var a = (0..<m).map { i in columns.map { $0[i] } + [rhs[i]] }
    for k in 0..<m {
        guard let pivot = (k..<m).max(by: { abs(a[$0][k]) < abs(a[$1][k]) }), abs(a[pivot][k]) > 1e-9 else { return nil }
        a.swapAt(k, pivot)
        for i in 0..<m where i != k {
            let factor = a[i][k] / a[k][k]
            for j in k...m { a[i][j] -= factor * a[k][j] }
        }
    }
    return (0..<m).map { a[$0][m] / a[$0][$0] }
}

@Suite struct `Coupled program` {
    private func solution(
        _ source: TableSource, _ limits: [Double], startingWith plans: [[Int]] = [],
        until target: CoupledProgram.Target? = nil
    ) -> CoupledSolution {
        var source = source
        return CoupledProgram(limits: limits, scales: limits.map { _ in 1 })
            .solve(&source, startingWith: plans, until: target)
    }

    /// Everything a certificate claims, from the table alone.
    private func expectCertified(
        _ found: CoupledSolution, _ source: TableSource, _ limits: [Double], gap: Double = 1e-9,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var value = 0.0
        var usage = limits.map { _ in 0.0 }
        for (g, mixture) in found.mixtures.enumerated() {
            #expect(abs(mixture.reduce(0) { $0 + $1.probability } - 1) < 1e-12, sourceLocation: sourceLocation)
            #expect(mixture.allSatisfy { $0.probability > 0 }, sourceLocation: sourceLocation)
            for (choice, probability) in mixture {
                value += probability * source.table[g][choice].value
                for k in usage.indices { usage[k] += probability * source.table[g][choice].usage[k] }
            }
        }
        #expect(found.mixtures.count == source.groups, sourceLocation: sourceLocation)
        #expect(abs(value - found.primal) < 1e-11, sourceLocation: sourceLocation)
        #expect(zip(usage, limits).allSatisfy { $0 <= $1 + 1e-11 }, "\(usage)", sourceLocation: sourceLocation)
        #expect(found.prices.allSatisfy { $0 >= 0 }, sourceLocation: sourceLocation)
        let dual = dual(source, limits, found.prices, weight: 1)
        #expect(abs(dual - found.bound) < 1e-9 || found.bound < dual, sourceLocation: sourceLocation)
        #expect(found.bound <= found.primal && found.gap <= gap, sourceLocation: sourceLocation)
        let extra = found.mixtures.reduce(0) { $0 + $1.count - 1 }
        #expect(extra <= limits.count, "\(extra) extra choices", sourceLocation: sourceLocation)
    }

    private func dual(_ source: TableSource, _ limits: [Double], _ prices: [Double], weight: Double) -> Double {
        source.cheapest(weight: weight, prices: prices, tolerance: 0).bound
            - zip(prices, limits).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test(arguments: 1...60, 1...3)
    func `no basis of any plans is better, and where none fits the prices prove it`(seed: Int, rows: Int) {
        var generator = SeededGenerator(seed: 1_000 * rows + seed)
        let source = TableSource(seed: 1_000 * rows + seed, groups: rows == 3 ? 2 : 3, limits: rows)
        let limits = (0..<rows).map { _ in Double(Int.random(in: -4...6, using: &generator)) / 4 }
        let found = solution(source, limits)
        guard let optimum = bruteForce(source, limits) else {
            #expect(found.status == .infeasible && found.mixtures.isEmpty)
            #expect(dual(source, limits, found.prices, weight: 0) > 0, "the prices do not prove it")
            return
        }
        #expect(found.status == .optimal)
        #expect(abs(found.primal - optimum) < 1e-9, "\(found.primal), brute force \(optimum)")
        expectCertified(found, source, limits)
    }

    @Test func `two limits on one group, worked by hand`() {
        // Least value under a + b ≤ 1 each at most 0.5: half of each of the two dear choices.
        let source = TableSource([[(3, [0, 0]), (1, [1, 0]), (0, [0, 1])]])
        let found = solution(source, [0.5, 0.25])
        // 0.25 · 0 + 0.5 · 1 + 0.25 · 3; one more unit of the first limit saves 2, of the second 3.
        #expect(abs(found.primal - 1.25) < 1e-12 && abs(found.bound - 1.25) < 1e-9)
        #expect(abs(found.prices[0] - 2) < 1e-9 && abs(found.prices[1] - 3) < 1e-9)
        expectCertified(found, source, [0.5, 0.25])
    }

    @Test(arguments: 1...20) func `without limits each group takes its least value`(seed: Int) {
        let source = TableSource(seed: seed, groups: 4, limits: 0)
        let found = solution(source, [])
        #expect(found.status == .optimal && found.prices.isEmpty)
        #expect(found.primal == source.table.reduce(0) { $0 + ($1.map(\.value).min() ?? 0) })
        expectCertified(found, source, [])
    }

    @Test(arguments: 1...30) func `a limit said twice changes nothing`(seed: Int) {
        let once = TableSource(seed: seed, groups: 3, limits: 1)
        let twice = TableSource(once.table.map { $0.map { ($0.value, $0.usage + $0.usage) } })
        let limit = 0.5
        let (a, b) = (solution(once, [limit]), solution(twice, [limit, limit]))
        #expect(a.status == b.status)
        guard a.status == .optimal else { return }
        #expect(abs(a.primal - b.primal) < 1e-11)
        expectCertified(b, twice, [limit, limit])
    }

    @Test(arguments: 1...30) func `an equality is two limits`(seed: Int) {
        let base = TableSource(seed: seed, groups: 3, limits: 1)
        let source = TableSource(base.table.map { $0.map { ($0.value, [$0.usage[0], -$0.usage[0]]) } })
        let usages = source.plans.map { $0.usage[0] }
        let target = 0.3 * (usages.min() ?? 0) + 0.7 * (usages.max() ?? 0)
        let found = solution(source, [target, -target])
        #expect(found.status == .optimal)
        #expect(abs(found.usage[0] - target) < 1e-11)
        #expect(abs(found.primal - (bruteForce(source, [target, -target]) ?? .nan)) < 1e-9)
        expectCertified(found, source, [target, -target])
    }

    @Test(arguments: 1...20) func `limits that contradict each other are infeasible, with a proof`(seed: Int) {
        let base = TableSource(seed: seed, groups: 3, limits: 1)
        let source = TableSource(base.table.map { $0.map { ($0.value, [$0.usage[0], -$0.usage[0]]) } })
        let found = solution(source, [0.25, -0.25 - 1e-6])
        #expect(found.status == .infeasible)
        #expect(dual(source, [0.25, -0.25 - 1e-6], found.prices, weight: 0) > 0)
    }

    @Test(arguments: 1...20) func `a limit at the very least usage is kept`(seed: Int) {
        let source = TableSource(seed: seed, groups: 3, limits: 1)
        let least = source.plans.map { $0.usage[0] }.min() ?? 0
        let found = solution(source, [least])
        let fitting = source.plans.filter { $0.usage[0] <= least + 1e-12 }.map(\.value).min()
        #expect(found.status == .optimal && abs(found.primal - (fitting ?? .nan)) < 1e-9)
    }

    @Test(arguments: 1...20) func `plans to begin with change nothing but the way`(seed: Int) {
        let source = TableSource(seed: seed, groups: 3, limits: 2)
        let plain = solution(source, [0.5, 0.75])
        let started = solution(
            source, [0.5, 0.75], startingWith: [source.table.map { _ in 0 }, source.table.map { $0.count - 1 }])
        #expect(plain.status == started.status)
        if plain.status == .optimal { #expect(abs(plain.primal - started.primal) < 1e-9) }
    }

    @Test(arguments: 1...30) func `a target ends the search once its side is known`(seed: Int) {
        let source = TableSource(seed: seed, groups: 3, limits: 1)
        let whole = solution(source, [0.5])
        guard whole.status == .optimal else { return }
        for offset in [-0.4, -1e-6, 0, 1e-6, 0.4] {
            let target = whole.primal + offset
            let found = solution(source, [0.5], until: .init(reached: target, missed: target))
            #expect(found.bound <= whole.primal + 1e-9 && found.primal >= whole.primal - 1e-9)
            if offset > 1e-9 { #expect(found.primal <= target) }
            if offset < -1e-9 { #expect(found.bound > target) }
        }
    }

    @Test(arguments: [1e-9, 1e9]) func `units do not matter`(unit: Double) {
        let source = TableSource(seed: 5, groups: 3, limits: 2)
        let scaled = TableSource(source.table.map { $0.map { ($0.value * unit, $0.usage.map { $0 * unit }) } })
        let plain = solution(source, [1.5, 1.5])
        var own = scaled
        let found = CoupledProgram(limits: [1.5 * unit, 1.5 * unit], scales: [unit, unit]).solve(&own)
        #expect(plain.status == .optimal && found.status == .optimal)
        #expect(abs(found.primal / unit - plain.primal) < 1e-9 && found.gap <= 1e-9)
    }

    @Test(arguments: 1...10) func `many groups mix no more than limits allow`(seed: Int) {
        let source = TableSource(seed: seed, groups: 60, limits: 4)
        let middle: [Double] = (0..<4).map { k in
            source.table.reduce(0.0) { sum, group in
                let usages = group.map { $0.usage[k] }
                return sum + 0.7 * (usages.min() ?? 0) + 0.3 * (usages.max() ?? 0)
            }
        }
        let found = solution(source, middle)
        guard found.status != .infeasible else {
            #expect(dual(source, middle, found.prices, weight: 0) > 0)
            return
        }
        #expect(found.status == .optimal)
        expectCertified(found, source, middle)
    }
}
