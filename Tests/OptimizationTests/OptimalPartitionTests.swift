import Optimization
import TestSupport
import Testing

/// Every set of cuts of 0 ..< n, by the bits of a number.
private func allCuts(_ n: Int) -> [[Int]] {
    (0..<1 << (n - 1)).map { bits in (1..<n).filter { bits >> ($0 - 1) & 1 == 1 } }
}

private func intervals(_ cuts: [Int], _ n: Int) -> [Range<Int>] { zip([0] + cuts, cuts + [n]).map { $0..<$1 } }

/// Costs on a grid of eighths, so that sums are exact and ties happen.
private func randomCosts(_ candidates: Int, _ n: Int, _ generator: inout SeededGenerator) -> [[Double]] {
    (0..<candidates).map { _ in (0..<n).map { _ in Double(Int.random(in: 0...16, using: &generator)) / 8 } }
}

@Suite struct `Optimal partition` {
    @Test(arguments: 1...60)
    func `no partition of a few elements costs less, for any count and any mandatory cuts`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let n = Int.random(in: 1...10, using: &generator)
        let table = randomCosts(Int.random(in: 1...4, using: &generator), n, &generator)
        let mandatory = (1..<max(n, 1)).filter { _ in Int.random(in: 0..<5, using: &generator) == 0 }
        func total(_ interval: Range<Int>) -> Double {
            table.map { own in interval.reduce(0) { $0 + own[$1] } }.min() ?? 0
        }
        let costs = CandidateCosts(count: n, candidates: table.count) { table[$0][$1] }
        let partition = OptimalPartition(costs, maximalCount: 12, mandatoryCuts: mandatory.reversed())
        let byClosure = OptimalPartition(count: n, maximalCount: 12, mandatoryCuts: mandatory, cost: total)
        #expect(costs.least == (0..<n).reduce(0) { $0 + total($1..<$1 + 1) })
        for k in 1...12 {
            let allowed = allCuts(n).filter { $0.count < k && Set(mandatory).isSubset(of: $0) }
            let best = allowed.map { intervals($0, n).reduce(0) { $0 + total($1) } }.min() ?? .infinity
            #expect(partition.costs[k - 1] + costs.least == best)
            #expect(byClosure.costs[k - 1] == best)
            guard let cuts = partition.cuts(atMost: k) else {
                #expect(best == .infinity)
                continue
            }
            #expect(allowed.contains(cuts))
            #expect(intervals(cuts, n).reduce(0) { $0 + total($1) } == best)
            #expect(costs.excess(cuts: cuts) == partition.costs[k - 1])
        }
        #expect(partition.costs[11] == 0)  // as many intervals as elements
    }

    @Test(arguments: 1...20)
    func `costs that reward joining are taken as they are`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let n = 8
        let table = (0...n).map { _ in (0...n).map { _ in Double(Int.random(in: -8...8, using: &generator)) } }
        let partition = OptimalPartition(count: n, maximalCount: n) { table[$0.lowerBound][$0.upperBound] }
        for k in 1...n {
            let sums = allCuts(n).filter { $0.count < k }.map { cuts in
                intervals(cuts, n).reduce(0) { $0 + table[$1.lowerBound][$1.upperBound] }
            }
            #expect(partition.costs[k - 1] == sums.min())
        }
    }

    @Test func `among equal partitions it takes few intervals, and late intervals begin early`() {
        let alike = CandidateCosts(count: 5, candidates: 2) { _, _ in 1 }
        #expect(OptimalPartition(alike, maximalCount: 4).cuts(atMost: 4) == [])
        // 0 1 | 0 1 | ...: one cut saves the same anywhere next to the middle element.
        let costs = CandidateCosts(count: 3, candidates: 2) { c, e in [[0, 1, 1], [1, 1, 0]][c][e] }
        #expect(OptimalPartition(costs, maximalCount: 2).cuts(atMost: 2) == [1])
    }

    @Test func `one element has one partition, unless cuts are forbidden by their cost`() {
        let one = OptimalPartition(CandidateCosts(count: 1, candidates: 1) { _, _ in 7 }, maximalCount: 64)
        #expect(one.costs == Array(repeating: 0, count: 64) && one.cuts(atMost: 64) == [])
        let never = OptimalPartition(count: 2, maximalCount: 2) { _ in .infinity }
        #expect(never.costs == [.infinity, .infinity] && never.cuts(atMost: 2) == nil)
    }

    @Test func `neither quadrangle inequality holds, so no speed-up may rely on one`() {
        func costs(_ table: [[Double]]) -> CandidateCosts { CandidateCosts(count: 3, candidates: 2) { table[$0][$1] } }
        func sums(_ costs: CandidateCosts) -> (crossing: Double, nested: Double) {
            (costs.excess(0..<2) + costs.excess(1..<3), costs.excess(0..<3) + costs.excess(1..<2))
        }
        let above = sums(costs([[0, 1, 0], [1, 0, 1]]))
        let below = sums(costs([[0, 0, 1], [1, 0, 0]]))
        #expect(above.crossing > above.nested && below.crossing < below.nested)
    }

    @Test func `a thousand elements of sixteen kinds need sixteen intervals, found in order`() throws {
        let n = 1_600
        let costs = CandidateCosts(count: n, candidates: 16) { c, e in abs(Double(c - e / 100)) }
        let partition = OptimalPartition(costs, maximalCount: 20)
        #expect(try #require(partition.cuts(atMost: 20)) == (1..<16).map { $0 * 100 })
        #expect(partition.costs[15] == 0 && partition.costs[14] == 100 && partition.costs[7] == 800)
    }
}
