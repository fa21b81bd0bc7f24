import Distributions
import TestSupport
import Testing

@Suite struct `Kolmogorov-Smirnov test` {
    private func test(_ first: [Double], _ second: [Double]) -> KolmogorovSmirnov {
        KolmogorovSmirnov(CensoredSample(first), CensoredSample(second))
    }

    /// The largest distance of two distribution functions, from the definition.
    private func distance(_ first: [Double], _ second: [Double]) -> Double {
        func below(_ sample: [Double], _ t: Double) -> Double {
            Double(sample.count { $0 <= t }) / Double(sample.count)
        }
        return (first + second).filter { $0 < .infinity }.reduce(0) {
            max($0, abs(below(first, $1) - below(second, $1)))
        }
    }

    /// Every way to choose which of `pooled` are the first sample.
    private func splits(_ pooled: [Double], first count: Int) -> [(first: [Double], second: [Double])] {
        (0..<(1 << pooled.count)).filter { $0.nonzeroBitCount == count }.map { chosen in
            let isFirst = { (i: Int) in chosen >> i & 1 == 1 }
            return (
                pooled.indices.filter(isFirst).map { pooled[$0] },
                pooled.indices.filter { !isFirst($0) }.map { pooled[$0] }
            )
        }
    }

    @Test func `is worked by hand`() {
        // Apart altogether: 2 of the C(6, 3) = 20 orders are.
        let apart = test([1, 2, 3], [4, 5, 6])
        #expect(apart.distance == 1 && abs(apart.level - 0.1) < 1e-15 && apart.method == .exact)
        // Taking turns: no two samples of three are closer.
        let turns = test([1, 3, 5], [2, 4, 6])
        #expect(abs(turns.distance - 1 / 3.0) < 1e-15 && turns.level == 1)
        let same = test([2, 1, 1], [1, 2, 1])
        #expect(same.distance == 0 && same.level == 1 && same.comparedUpTo == .infinity)
    }

    @Test func `what never came is a mass at infinity`() {
        let outage = test([.infinity, .infinity, 1, 2], [1, 2, 1, 2])
        #expect(outage.distance == 0.5)
        #expect(test([.infinity], [.infinity, .infinity]).distance == 0)
        let late = KolmogorovSmirnov(CensoredSample([3, 70], horizon: 60), CensoredSample([3, 4], horizon: 60))
        #expect(late.distance == 0.5)
    }

    @Test(arguments: 1...80)
    func `distance and level are those of the definition, over all orders of tiny samples`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let n = Int.random(in: 1...5, using: &generator)
        let m = Int.random(in: 1...6, using: &generator)
        let pooled = (1...(n + m)).map(Double.init).shuffled(using: &generator)
        let (first, second) = (Array(pooled[..<n]), Array(pooled[n...]))
        let found = test(first, second)
        #expect(abs(found.distance - distance(first, second)) < 1e-14)
        let all = splits(pooled, first: n)
        let asFar = all.count { distance($0.first, $0.second) >= found.distance - 1e-12 }
        #expect(abs(found.level - Double(asFar) / Double(all.count)) < 1e-12)
    }

    @Test(arguments: 1...80)
    func `with ties and failures the level is an upper bound of that over all permutations`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let n = Int.random(in: 1...5, using: &generator)
        let m = Int.random(in: 1...6, using: &generator)
        let pooled = (0..<(n + m)).map { _ in
            let value = Int.random(in: 1...4, using: &generator)
            return value == 4 ? Double.infinity : Double(value)
        }
        let (first, second) = (Array(pooled[..<n]), Array(pooled[n...]))
        let found = test(first, second)
        #expect(abs(found.distance - distance(first, second)) < 1e-14)
        let all = splits(pooled, first: n)
        let asFar = all.count { distance($0.first, $0.second) >= found.distance - 1e-12 }
        #expect(found.level >= Double(asFar) / Double(all.count) - 1e-12)
    }

    @Test func `agrees with SciPy's exact two-sided test`() {
        // scipy.stats.ks_2samp(a, b, method="exact"), SciPy 1.17.1.
        let a = [0.31, 0.52, 0.44, 1.20, 0.75, 0.60, 2.4, 0.90]
        let b = [0.95, 1.5, 0.58, 3.1, 1.1, 2.2, 1.25, 0.47, 1.9, 2.6, 4.0]
        for (first, second, statistic, level) in [
            (a, b, 0.5681818181818182, 0.06533301579741209),
            (Array(a[..<3]), Array(b[..<4]), 1.0, 0.05714285714285715),
            (a, Array(b[..<8]), 0.5, 0.2826728826728826),
        ] {
            let found = test(first, second)
            #expect(abs(found.distance - statistic) < 1e-12 && abs(found.level / level - 1) < 1e-9)
        }
        for (n, m, shift, statistic, level) in [
            (40, 60, 1.0, 1.0, 1.4549439350345037e-28),
            (300, 200, 0.2, 0.20166666666666666, 9.997396120730601e-05),
            (900, 1000, 0.3, 0.30077777777777776, 2.5786429842122447e-38),
        ] {
            let first = (0..<n).map { (Double(($0 * 37) % n) + 0.5) / Double(n) }
            let second = (0..<m).map { (Double(($0 * 37) % m) + 0.25) / Double(m) + shift }
            let found = test(first, second)
            #expect(found.method == .exact && abs(found.distance - statistic) < 1e-12)
            #expect(abs(found.level / level - 1) < 1e-6, "\(n), \(m): \(found.level)")
        }
    }

    @Test func `the limit is Smirnov's, and both its series meet`() {
        // scipy.special.kolmogorov.
        for (x, value) in [
            (0.2, 0.999999999999495), (0.5, 0.9639452436648751), (0.8, 0.5441424115741981),
            (0.999999, 0.27000074362745646), (1.0, 0.26999967167735456), (1.3580986393225507, 0.05),
            (1.6276236115189497, 0.01), (3, 3.045995948942526e-08),
        ] {
            #expect(abs(KolmogorovSmirnov.limit(x) - value) <= 1e-12 * max(value, 1e-3), "\(x)")
        }
        #expect(KolmogorovSmirnov.limit(0) == 1 && KolmogorovSmirnov.limit(.infinity) == 0)
        #expect(abs(KolmogorovSmirnov.limit(1.0.nextDown) - KolmogorovSmirnov.limit(1)) < 1e-12)
    }

    @Test func `beyond a million pairs the limit stands for the count, a few percent off at most`() {
        func sample(_ n: Int, _ shift: Double) -> CensoredSample {
            CensoredSample((0..<n).map { Double($0) / Double(n) + shift })
        }
        let counted = KolmogorovSmirnov(sample(1000, 0), sample(1000, 0.06))
        let limit = KolmogorovSmirnov(sample(1001, 0), sample(1000, 0.06))
        #expect(counted.method == .exact && limit.method == .asymptotic)
        #expect(abs(limit.level / counted.level - 1) < 0.1)
    }

    @Test func `equal values are counted, however they are given`() {
        let one = KolmogorovSmirnov(CensoredSample([1, 2, 2, 3, 3, 3]), CensoredSample([2, 3, 3, 4]))
        let counted = KolmogorovSmirnov(
            CensoredSample([3, 1, 2], counts: [3, 1, 2]), CensoredSample([4, 3, 3, 2], counts: [1, 1, 1, 1]))
        #expect(one == counted)
    }

    @Test func `the levels of several tests are adjusted by hand as by Holm`() {
        let adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005])
        for (found, wanted) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { #expect(abs(found - wanted) < 1e-15) }
        #expect(holmAdjusted([0.7, 0.9]) == [1, 1] && holmAdjusted([]).isEmpty && holmAdjusted([0.2]) == [0.2])
    }
}
