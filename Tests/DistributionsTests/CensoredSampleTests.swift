import Distributions
import TestSupport
import Testing

@Suite struct `Kolmogorov-Smirnov test with lower bounds` {
    @Test func `the distance is that of the product-limit estimates, by hand`() {
        // First: 4 at risk at 1, 2 at 3 (one bound at 2): 3/4, 3/8. Second: 1/2 from 2 on, 0 from 4 on.
        let found = KolmogorovSmirnov(
            CensoredSample([1, 2, 3, 5], isCensored: [false, true, false, true]), CensoredSample([2, 4]))
        #expect(abs(found.distance - 0.375) < 1e-15 && found.method == .productLimit)
        #expect(found.comparedUpTo == 5)
    }

    @Test func `is compared as far as both samples can tell`() {
        // The second sample ends in bounds at 2: what the first does from 3 on is not held against it.
        let found = KolmogorovSmirnov(
            CensoredSample([1, 3, 4, 5]), CensoredSample([1, 2, 2, 2], isCensored: [false, true, true, true]))
        #expect(found.distance == 0 && found.level == 1 && found.comparedUpTo == 2)
        // A failure is watched throughout.
        let outage = KolmogorovSmirnov(
            CensoredSample([1, 3, 4, 5]), CensoredSample([1, 2, 2, .infinity], isCensored: [false, true, true, false]))
        #expect(abs(outage.distance - 0.75) < 1e-15 && outage.comparedUpTo == .infinity)
    }

    @Test func `takes bounds alone, and one observation`() {
        let bounds = KolmogorovSmirnov(CensoredSample([1, 2], isCensored: [true, true]), CensoredSample([1.5]))
        #expect(bounds.distance == 1 && bounds.level > 0.1)
        let early = KolmogorovSmirnov(CensoredSample([1], isCensored: [true]), CensoredSample([2]))
        #expect(early.distance == 0 && early.level == 1)
    }

    @Test(arguments: 1...20)
    func `a bound before all else changes neither distance nor, much, the level`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        func sample(_ scale: Double) -> [Double] {
            (0..<400).map { _ in scale * Double.random(in: 0..<1, using: &generator) }
        }
        let (first, second) = (sample(1), sample(1))
        let plain = KolmogorovSmirnov(CensoredSample(first), CensoredSample(second))
        let bounded = KolmogorovSmirnov(
            CensoredSample(first + [-1], isCensored: first.map { _ in false } + [true]), CensoredSample(second))
        #expect(abs(plain.distance - bounded.distance) < 1e-12)
        #expect(abs(plain.level - bounded.level) < 0.1, "\(plain.level), \(bounded.level)")
    }

    /// Levels of pairs of samples whose bounds are drawn apart from what is bounded.
    private func levels(scale: Double, _ seeds: ClosedRange<Int>) -> [Double] {
        seeds.map { seed in
            var generator = SeededGenerator(seed: seed << 20)
            func sample(_ n: Int, _ scale: Double, bounds: Double) -> CensoredSample {
                var values: [Double] = []
                var isCensored: [Bool] = []
                for _ in 0..<n {
                    let time = scale * Double.random(in: 0..<1, using: &generator)
                    let bound = bounds * Double.random(in: 0..<1, using: &generator)
                    values.append(min(time, bound))
                    isCensored.append(bound < time)
                }
                return CensoredSample(values, isCensored: isCensored)
            }
            return KolmogorovSmirnov(sample(80, 1, bounds: 3), sample(120, scale, bounds: 1.2)).level
        }
    }

    @Test func `chance alone gives a small level no more often than it says`() {
        let alike = levels(scale: 1, 1...1000)
        // Three standard errors of a share of 1,000.
        #expect(alike.count { $0 <= 0.1 } <= 128 && alike.count { $0 <= 0.01 } <= 19)
        #expect(alike.count { $0 <= 0.1 } >= 20, "so careful that it would see nothing")
    }

    @Test func `a difference behind bounds of another kind is seen`() {
        #expect(levels(scale: 3, 1...50).allSatisfy { $0 < 0.01 })
    }

    @Test func `quantiles are those of the product-limit estimate`() {
        #expect(CensoredSample([3, 1, 2]).quantile(0.5) == 2)
        #expect(CensoredSample([1, 2, 3, 5], isCensored: [false, true, false, true]).quantile(0.5) == 3)
        #expect(CensoredSample([1, .infinity, .infinity]).quantile(0.5) == .infinity)
        #expect(CensoredSample([]).quantile(0.5) == nil)
    }
}
