import Distributions
import TestSupport
import Testing

@Suite struct `Radix sort` {
    @Test(arguments: [0, 1, 63, 64, 65, 1_000, 20_000])
    func `agrees with the standard sort`(count: Int) {
        var generator = SeededGenerator(seed: count)
        let values = (0..<count).map { _ in Double.random(in: -5...50, using: &generator) }
        var sorted = values
        sorted.radixSort()
        #expect(sorted == values.sorted())
    }

    @Test func `takes ties, zeros, infinities, tiny and huge numbers`() {
        let values =
            (0..<100).map { _ in 1.0 }
            + [0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, 1e308, -1e308, 1e-6, 1e6]
            + (0..<100).map { _ in 2.5 }
        var sorted = values
        sorted.radixSort()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(sorted.first == -.infinity && sorted.last == .infinity && sorted.count == values.count)
    }

    @Test(arguments: 1...10)
    func `takes numbers that the leading bits do not tell apart`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        // One huge number leaves the leading bits to tell it from a crowd within a billionth.
        let crowd = (0..<5_000).map { _ in 1 + Double.random(in: 0...1e-9, using: &generator) }
        let values = (crowd + [1e300, 1e-300, .infinity, .infinity]).shuffled(using: &generator)
        var sorted = values
        sorted.radixSort()
        #expect(sorted == values.sorted())
    }

    @Test func `takes times on a grid, half of them failures, and nothing but failures`() {
        var generator = SeededGenerator(seed: 1)
        for share in [0, 1, 2] {
            let values = (0..<3_000).map { _ in
                Int.random(in: 0..<2, using: &generator) < share
                    ? Double.infinity : Double(Int.random(in: 1...40, using: &generator)) / 8
            }
            var sorted = values
            sorted.radixSort()
            #expect(sorted == values.sorted())
        }
    }
}
