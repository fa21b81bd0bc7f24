import Distributions
import TestSupport
import Testing

@Suite struct `Comparison of groups` {
    @Test func `the threshold is the tabled 0.999 quantile within 4 %`() {
        // 10.828, 16.266, 29.588: textbook.
        for (freedom, value) in [(1, 10.828), (3, 16.266), (10, 29.588)] {
            let hits = Array(repeating: 1, count: freedom + 1)
            let test = homogeneity(of: hits, among: hits.map { 2 * $0 })
            #expect(test.degreesOfFreedom == freedom && abs(test.threshold / value - 1) < 0.04)
        }
    }

    @Test func `homogeneity is worked by hand, and has nothing to say of one group or of all or none`() {
        // Of 100 and 100, 30 and 50: expected 40, 40; 2 · 100 / (40 · 0.6).
        let test = homogeneity(of: [30, 50], among: [100, 100])
        #expect(abs(test.statistic - 200 / 24.0) < 1e-12 && !test.isSignificant)
        #expect(homogeneity(of: [3], among: [9]).degreesOfFreedom == 0)
        #expect(!homogeneity(of: [0, 0], among: [9, 9]).isSignificant)
        #expect(!homogeneity(of: [9, 9], among: [9, 9]).isSignificant)
        #expect(homogeneity(of: [10, 90], among: [100, 100]).isSignificant)
    }

    @Test func `the log-rank test is worked by hand`() {
        // Ten events at 1 in the first group of ten, ten at 2 in the second. E of the first: 10 · 10/20 = 5; second: 15.
        let test = logRank(
            values: [1, 2], isCensored: [false, false], counts: [10, 10], groups: [0, 1])
        #expect(test.degreesOfFreedom == 1 && abs(test.statistic - (25 / 5.0 + 25 / 15.0)) < 1e-12)
        #expect(
            logRank(values: [1, 2], isCensored: [true, true], counts: [9, 9], groups: [0, 1]).degreesOfFreedom == 0)
    }

    @Test func `bounds that go with the group are not taken for a relation, and a relation behind them is seen`() {
        var falseAlarms = 0
        for seed in 1...200 {
            var generator = SeededGenerator(seed: seed << 32)
            func sample(_ scale: Double) -> (test: ChiSquare, rho: Double) {
                var values: [Double] = []
                var isCensored: [Bool] = []
                var groups: [Int] = []
                for i in 0..<600 {
                    let group = i % 3
                    let time = Double.random(in: 0..<1, using: &generator) * (group == 2 ? scale : 1)
                    let bound = Double.random(in: 0..<1, using: &generator) * Double(group + 1) / 2
                    values.append(min(time, bound))
                    isCensored.append(bound < time)
                    groups.append(group)
                }
                let ones = values.map { _ in 1 }
                return (
                    logRank(values: values, isCensored: isCensored, counts: ones, groups: groups),
                    rankCorrelation(groups.map(Double.init), values, isCensored: isCensored, counts: ones) ?? 0
                )
            }
            let alike = sample(1)
            if alike.test.isSignificant { falseAlarms += 1 }
            #expect(abs(alike.rho) * 599.0.squareRoot() < 4)
            let different = sample(3)
            #expect(different.test.isSignificant && different.rho > 0.1)
        }
        #expect(falseAlarms <= 1)
    }

    @Test(arguments: 1...10)
    func `the rank correlation without bounds is Spearman's`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let x = (0..<60).map { _ in Double(Int.random(in: 0...5, using: &generator)) }
        let y = x.map { _ in
            Int.random(in: 0...9, using: &generator) == 0 ? .infinity : Double(Int.random(in: 1...9, using: &generator))
        }
        let counts = x.map { _ in Int.random(in: 1...3, using: &generator) }
        let plain = try #require(rankCorrelation(x, y, counts: counts))
        let scored = try #require(rankCorrelation(x, y, isCensored: x.map { _ in false }, counts: counts))
        #expect(abs(plain - scored) < 1e-12)
        #expect(rankCorrelation(x, x.map { _ in 3 }, isCensored: x.map { _ in true }, counts: counts) == nil)
    }
}
