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
}
