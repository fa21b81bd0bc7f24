/// Draws an index: index k for a share of all 64-bit words that is k's share of the weights, smaller words giving smaller indices.
///
/// So one word is one quantile: of two ascending lists it draws values of equal rank.
/// Source: the guide table of Chen and Asau (1974).
public struct WeightedIndex: Sendable, Hashable {
    /// How many indices there are.
    public let count: Int
    /// P(index ≤ k) for each k; empty where all are equally likely.
    @usableFromInline let cumulative: [Double]
    /// The first index that a word with these leading bits can give.
    @usableFromInline let guide: [Int32]

    /// Indices 0 ..< `count`, all equally likely.
    /// - Precondition: `count` ≥ 1.
    public init(count: Int) {
        precondition(count >= 1, "nothing to draw from")
        self.count = count
        cumulative = []
        guide = []
    }

    /// An index for each weight.
    /// - Precondition: at least one weight, all finite and ≥ 0, one of them > 0; fewer than 2³¹.
    /// - Complexity: O(*n*).
    public init(weights: [Double]) {
        precondition(weights.allSatisfy { $0 >= 0 && $0 < .infinity }, "weights are finite and at least 0")
        let total = weights.reduce(0, +)
        precondition(total > 0 && weights.count < Int(Int32.max), "nothing to draw from")
        if let first = weights.first, weights.allSatisfy({ $0 == first }) {
            self.init(count: weights.count)
            return
        }
        var sum = 0.0
        var cumulative = weights.map { weight in
            sum += weight
            return min(1, sum / total)
        }
        // What rounding leaves goes to the last index that has weight.
        for k in weights.indices.reversed() {
            cumulative[k] = 1
            if weights[k] > 0 { break }
        }
        var k = 0
        let guide = weights.indices.map { cell in
            while cumulative[k] <= Double(cell) / Double(weights.count) { k += 1 }
            return Int32(k)
        }
        self.init(cumulative: cumulative, guide: guide)
    }

    private init(cumulative: [Double], guide: [Int32]) {
        count = cumulative.count
        self.cumulative = cumulative
        self.guide = guide
    }

    /// Whether all indices are equally likely.
    public var isUniform: Bool { cumulative.isEmpty }

    /// The index that a random word draws.
    /// - Complexity: O(1) expected.
    @inlinable @inline(__always) public func index(_ word: UInt64) -> Int {
        if cumulative.isEmpty { return Int(truncatingIfNeeded: UInt64(count).multipliedFullWidth(by: word).high) }
        let level = Double(word >> 11) * 0x1p-53
        var k = Int(guide[Int(level * Double(count))])
        // Rounding may put a level just below a cell's edge into the cell.
        while k > 0, cumulative[k - 1] > level { k -= 1 }
        while cumulative[k] <= level { k += 1 }
        return k
    }
}
