import Distributions
import TestSupport
import Testing

/// Sums, quantiles and draws that do not depend on how work is split.
@Suite struct SplittableSumTests {
    @Test(arguments: 0..<10)
    func `sums of shuffled numbers are equal to the last bit`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let numbers = (0..<1000).map { _ in Double.random(in: -1e6...1e6, using: &generator) }
        var sum = FixedPointSum()
        var shuffled = FixedPointSum()
        for number in numbers { sum.add(number) }
        for number in numbers.shuffled(using: &generator) { shuffled.add(number) }
        #expect(sum == shuffled)
        #expect(abs(sum.value - numbers.reduce(0, +)) < 1e-6)
        var repeated = FixedPointSum()
        repeated.add(0.1, count: 1000)
        #expect(abs(repeated.value - 100) < 1e-8)
    }

    @Test func `huge numbers still fit`() {
        var sum = FixedPointSum()
        sum.add(1e15)
        sum.add(-1e15)
        sum.add(0.5)
        #expect(sum.value == 0.5)
    }

    @Test func `numbers beyond all bounds stop a sum at its end, on either side`() {
        for sign in [1.0, -1] {
            var sum = FixedPointSum()
            for _ in 0..<1000 { sum.add(sign * .infinity) }
            sum.add(sign * 1e300, count: .max)
            sum.add(sign)
            var other = sum
            other.merge(sum)
            #expect(abs(other.value) == 0x1p86 && other.value.sign == sign.sign)
        }
        var moments = Moments()
        moments.add(1e30)
        #expect(moments.standardError == nil && moments.mean == 0x1p80)
    }

    @Test func `moments are those of the textbook`() {
        var moments = Moments()
        #expect(moments.mean == nil && moments.standardError == nil)
        for x in [1.0, 2, 3, 6] { moments.add(x) }
        #expect(moments.mean == 3)
        // Σ (x − 3)² = 14 over n (n − 1) = 12.
        #expect(abs((moments.standardError ?? 0) - (14.0 / 12).squareRoot()) < 1e-12)
    }

    @Test(arguments: 0..<10)
    func `quantiles are values that occurred, at most 0.012 percent above the true ones`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...3000, using: &generator)
        let values = (0..<count).map { _ in
            let x = Double.random(in: 0...1, using: &generator)
            return x < 0.05 ? .infinity : x < 0.1 ? 0 : x < 0.2 ? 60 : 1e-4 / (x * x * x)
        }
        var parts = [QuantileHistogram(), QuantileHistogram(), QuantileHistogram()]
        var whole = QuantileHistogram()
        for (i, value) in values.enumerated() {
            whole.add(value)
            parts[i % 3].add(value)
        }
        parts[2].merge(parts[0])
        parts[2].merge(parts[1])
        #expect(parts[2] == whole)
        let sorted = values.sorted()
        for level in [0, 0.01, 0.1, 0.15, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = sorted[max(0, Int((level * Double(count) - 1e-9).rounded(.up)) - 1)]
            let found = try #require(whole.quantile(level))
            #expect(found >= exact && (found == exact || found <= exact * (1 + 0x1p-13)))
            #expect(values.contains(found))
        }
        #expect(QuantileHistogram().quantile(0.5) == nil)
    }

    @Test(arguments: 0..<20)
    func `an index is drawn as often as its weight says, smaller words giving smaller indices`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...50, using: &generator)
        let weights = (0..<count).map { k in k == count - 1 ? 1 : Double(Int.random(in: 0...3, using: &generator)) }
        let draw = WeightedIndex(weights: weights)
        let total = weights.reduce(0, +)
        let words = 20_000
        var counts = [Int](repeating: 0, count: count)
        var last = 0
        for k in 0..<words {
            let index = draw.index(UInt64(k) * (UInt64.max / UInt64(words)))
            #expect(index >= last)
            last = index
            counts[index] += 1
        }
        for (seen, weight) in zip(counts, weights) {
            #expect(abs(Double(seen) / Double(words) - weight / total) <= 2 / Double(words))
        }
        #expect(draw.index(.max) == weights.lastIndex { $0 > 0 })
    }

    @Test func `a last weight of zero is never drawn`() {
        let draw = WeightedIndex(weights: [0.1, 0.2, 0.7, 0])
        #expect(draw.index(.max) == 2)
        #expect(WeightedIndex(weights: [0, 1]).index(0) == 1)
    }
}
