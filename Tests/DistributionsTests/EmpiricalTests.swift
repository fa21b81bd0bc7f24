import Distributions
import TestSupport
import Testing

@Suite struct `Empirical distribution` {
    let small = Empirical(samples: [3, 1, 2, 2, .infinity, 100], horizon: 60)

    @Test func `counts what never came and what came too late as infinite`() {
        #expect(small.support == [1, 2, 3])
        #expect(abs(small.massAtInfinity - 2 / 6.0) < 1e-15)
        #expect(small.observations == 6)
    }

    @Test func `knows its survival on, between and beyond its points`() {
        #expect(small.survival(at: 0.5) == 1)
        #expect(small.survival(at: 1) == 5 / 6.0)
        #expect(small.survival(at: 1.5) == 5 / 6.0)
        #expect(small.survival(at: 2) == 3 / 6.0)
        #expect(small.survival(from: 2) == 5 / 6.0)
        #expect(small.survival(at: 1e9) == 2 / 6.0)
        #expect(small.survival(at: -1) == 1)
    }

    @Test func `its quantiles are points of its support, and infinite within the failures`() {
        #expect(small.quantile(0) == 1)
        #expect(small.quantile(0.5) == 2)
        #expect(small.quantile(4 / 6.0) == 3)
        #expect(small.quantile(0.7) == .infinity)
    }

    @Test func `the mean of the minimum is worked by hand`() {
        // min(X, 2.5) over 1, 2, 2, 2.5, 2.5, 2.5
        #expect(abs(small.meanOfMinimum(2.5) - 12.5 / 6) < 1e-15)
        #expect(abs(small.mean(cappedAt: 60) - (1 + 2 + 2 + 3 + 60 + 60) / 6) < 1e-13)
    }

    @Test func `only failures leave an empty support`() {
        let never = Empirical(samples: [.infinity, .infinity])
        #expect(never.support.isEmpty && never.massAtInfinity == 1 && never.quantile(0.5) == .infinity)
        #expect(never.meanOfMinimum(7) == 7)
    }

    @Test(arguments: 1...20)
    func `agrees with direct sums on random samples, from microseconds to weeks`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let samples = (0..<Int.random(in: 1...500, using: &generator)).map { _ in
            let decade = Int.random(in: -6...6, using: &generator)
            let value = (0..<abs(decade)).reduce(1.0) { v, _ in decade < 0 ? v / 10 : v * 10 }
            return Bool.random(using: &generator) ? value * Double.random(in: 0.5...5, using: &generator) : value
        }
        let one = Empirical(samples: samples)
        let other = Empirical(values: samples, counts: samples.map { _ in 1 })
        for x in samples + samples.map({ $0 * 1.0001 }) + [0, 1e-9, 1e9] {
            let survival = Double(samples.count { $0 > x }) / Double(samples.count)
            let mean = samples.reduce(0) { $0 + min($1, x) } / Double(samples.count)
            for distribution in [one, other] {
                #expect(abs(distribution.survival(at: x) - survival) < 1e-12)
                #expect(abs(distribution.meanOfMinimum(x) - mean) <= 1e-12 * max(1, mean))
            }
        }
    }
}

@Suite struct `Rank correlation` {
    @Test func `is one for any ascending relation and minus one for a descending one`() {
        #expect(rankCorrelation([1, 2, 3], [1, 10, 1000], counts: [1, 1, 1]).map { abs($0 - 1) < 1e-12 } == true)
        #expect(rankCorrelation([1, 2, 3], [9, 5, 1], counts: [1, 1, 1]).map { abs($0 + 1) < 1e-12 } == true)
    }

    @Test func `is nil where a side is constant`() {
        #expect(rankCorrelation([1, 1], [1, 2], counts: [1, 1]) == nil)
    }

    @Test func `treats counts as repeated rows`() throws {
        let grouped = try #require(rankCorrelation([1, 2, 3], [2, 1, 5], counts: [2, 1, 3]))
        let repeated = try #require(
            rankCorrelation([1, 1, 2, 3, 3, 3], [2, 2, 1, 5, 5, 5], counts: Array(repeating: 1, count: 6)))
        #expect(abs(grouped - repeated) < 1e-12)
    }
}
