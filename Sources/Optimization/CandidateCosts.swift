/// Costs of intervals of elements that must agree on one candidate: the least sum over the candidates.
///
/// Kept as what an interval costs more than its elements one by one, so that small differences between partitions do not
/// drown in large totals. `least` is what was taken off.
/// Source: derived, docs/maths/buckets.md.
public struct CandidateCosts: Sendable {
    /// Number of elements.
    public let count: Int
    /// Number of candidates, ≥ 1.
    public let candidates: Int
    /// Σ_e min_c cost(c, e): the total with every element by itself.
    public let least: Double
    /// `prefix[c * (count + 1) + i]`: what candidate c costs more than the best, over the first i elements.
    private let prefix: [Double]

    /// Costs by candidate and element.
    /// - Parameters:
    ///   - count: Number of elements.
    ///   - candidates: Number of candidates, ≥ 1.
    ///   - cost: The finite cost of an element under a candidate.
    /// - Complexity: O(count · candidates) time and memory.
    public init(count: Int, candidates: Int, _ cost: (_ candidate: Int, _ element: Int) -> Double) {
        precondition(count >= 0 && candidates >= 1, "\(count) elements, \(candidates) candidates")
        self.count = count
        self.candidates = candidates
        var table: [Double] = []
        table.reserveCapacity(candidates * count)
        var best = [Double](repeating: .infinity, count: count)
        for c in 0..<candidates {
            for e in 0..<count {
                let own = cost(c, e)
                precondition(own.isFinite, "a cost of \(own)")
                table.append(own)
                if own < best[e] { best[e] = own }
            }
        }
        least = best.reduce(0, +)
        var prefix: [Double] = []
        prefix.reserveCapacity(candidates * (count + 1))
        for c in 0..<candidates {
            var sum = 0.0
            prefix.append(0)
            for e in 0..<count {
                sum += table[c * count + e] - best[e]
                prefix.append(sum)
            }
        }
        self.prefix = prefix
    }

    /// What the elements of `interval` cost more together than one by one, ≥ 0.
    /// - Complexity: O(candidates).
    public func excess(_ interval: Range<Int>) -> Double {
        guard interval.count > 1 else { return 0 }
        var least = Double.infinity
        for c in 0..<candidates {
            let start = c * (count + 1)
            least = min(least, prefix[start + interval.upperBound] - prefix[start + interval.lowerBound])
        }
        return least
    }

    /// What a partition costs more than every element by itself, ≥ 0.
    /// - Parameter cuts: Where its intervals begin, ascending, 0 left out.
    /// - Returns: The sum over its intervals.
    public func excess(cuts: [Int]) -> Double {
        zip([0] + cuts, cuts + [count]).reduce(0) { $0 + excess($1.0..<$1.1) }
    }

    /// Writes the excess of every interval from `first` through an end up to `last` to `row`, at the end's index.
    ///
    /// The inner loop runs over ends, so that the compiler makes vectors of it.
    func fill(_ row: inout [Double], from first: Int, through last: Int) {
        guard last > first else { return }
        let (count, candidates) = (count, candidates)
        unsafe row.withUnsafeMutableBufferPointer { row in
            unsafe prefix.withUnsafeBufferPointer { prefix in
                for end in first + 1...last { unsafe row[end] = .infinity }
                for c in 0..<candidates {
                    let start = c &* (count &+ 1)
                    let before = unsafe prefix[start &+ first]
                    var end = first &+ 1
                    while end <= last {
                        let own = unsafe prefix[start &+ end] - before
                        unsafe row[end] = unsafe own < row[end] ? own : row[end]
                        end &+= 1
                    }
                }
                unsafe row[first + 1] = 0  // one element alone costs its own least
            }
        }
    }
}
