/// The cuts of 0 ..< n into at most k intervals with the least sum of interval costs, for every k at once.
///
/// A dynamic program over where the last interval begins. It asks nothing of the costs: neither they nor those of
/// `CandidateCosts` satisfy a quadrangle inequality in general, so no interval may be skipped (docs/maths/buckets.md).
/// Among equal partitions it takes fewer intervals, then the one whose last interval begins first, and so on.
/// Source: Bellman (1961), "On the approximation of curves by line segments using dynamic programming".
public struct OptimalPartition: Sendable {
    /// `costs[k - 1]`: the least sum with at most k intervals; infinite where mandatory cuts leave no such partition.
    public let costs: [Double]
    private let count: Int
    /// `intervals[k - 1]`: how many intervals the best partition into at most k has.
    private let intervals: [Int]
    /// `begins[k * (count + 1) + j]`: where the last of k intervals that cover 0 ..< j begins.
    private let begins: [Int32]

    /// The partitions of least cost.
    /// - Parameters:
    ///   - costs: Costs of intervals, counted from that of all elements one by one.
    ///   - maximalCount: Most intervals, ≥ 1.
    ///   - mandatoryCuts: Where an interval must begin, 0 < cut < n, in any order.
    /// - Complexity: O(n² · (candidates + maximalCount)) time in vectorized loops, O(n · maximalCount) memory.
    public init(_ costs: CandidateCosts, maximalCount: Int, mandatoryCuts: [Int] = []) {
        self.init(count: costs.count, maximalCount: maximalCount, mandatoryCuts: mandatoryCuts) {
            costs.fill(&$0, from: $1, through: $2)
        }
    }

    /// The partitions of least cost.
    /// - Parameters:
    ///   - count: Number of elements n, ≥ 1.
    ///   - maximalCount: Most intervals, ≥ 1.
    ///   - mandatoryCuts: Where an interval must begin, 0 < cut < n, in any order.
    ///   - cost: The cost of an interval that is not empty; finite, or infinite to forbid it.
    /// - Complexity: O(n²) costs and O(n² · maximalCount) time, O(n · maximalCount) memory.
    public init(count: Int, maximalCount: Int, mandatoryCuts: [Int] = [], cost: (Range<Int>) -> Double) {
        self.init(count: count, maximalCount: maximalCount, mandatoryCuts: mandatoryCuts) { row, first, last in
            for end in first + 1...last { row[end] = cost(first..<end) }
        }
    }

    private init(
        count: Int, maximalCount: Int, mandatoryCuts: [Int], fill: (inout [Double], _ first: Int, _ last: Int) -> Void
    ) {
        precondition(
            count >= 1 && count < Int(Int32.max) && maximalCount >= 1, "\(count) elements, \(maximalCount) cuts")
        precondition(mandatoryCuts.allSatisfy { $0 > 0 && $0 < count }, "a mandatory cut lies outside the elements")
        let cuts = Set(mandatoryCuts).sorted() + [count]
        let width = count + 1
        let most = min(maximalCount, count)
        var least = [Double](repeating: .infinity, count: (most + 1) * width)
        var begins = [Int32](repeating: 0, count: (most + 1) * width)
        least[0] = 0
        var row = [Double](repeating: .infinity, count: width)
        var cut = 0
        // By ascending first element: all partitions that end there are final, so one row of costs is held at a time.
        for first in 0..<count {
            if cuts[cut] == first { cut += 1 }
            let last = cuts[cut]
            fill(&row, first, last)
            for k in 1...min(most, first + 1) {
                let before = least[(k - 1) * width + first]
                guard before < .infinity else { continue }
                extend(&least, &begins, by: row, from: first, through: last, row: k * width, before: before)
            }
        }
        var intervals: [Int] = []
        var costs: [Double] = []
        for k in 1...maximalCount {
            let own = k <= most ? least[k * width + count] : .infinity
            let isBetter = costs.last.map { own < $0 } ?? true
            intervals.append(isBetter ? k : intervals[intervals.count - 1])
            costs.append(isBetter ? own : costs[costs.count - 1])
        }
        self.count = count
        self.costs = costs
        self.intervals = intervals
        self.begins = begins
    }

    /// Where the intervals of the best partition into at most `k` begin, ascending, 0 left out; nil where there is none.
    public func cuts(atMost k: Int) -> [Int]? {
        precondition(k >= 1 && k <= costs.count, "\(k) intervals of at most \(costs.count)")
        guard costs[k - 1] < .infinity else { return nil }
        var cuts: [Int] = []
        var end = count
        for left in stride(from: intervals[k - 1], to: 1, by: -1) {
            end = Int(begins[left * (count + 1) + end])
            cuts.append(end)
        }
        return cuts.reversed()
    }
}

/// Lets the interval first ..< end follow a partition of 0 ..< first, for every end, where that is better than before.
private func extend(
    _ least: inout [Double], _ begins: inout [Int32], by costs: [Double], from first: Int, through last: Int, row: Int,
    before: Double
) {
    unsafe least.withUnsafeMutableBufferPointer { least in
        unsafe begins.withUnsafeMutableBufferPointer { begins in
            unsafe costs.withUnsafeBufferPointer { costs in
                let begin = Int32(truncatingIfNeeded: first)
                var end = first &+ 1
                while end <= last {
                    let own = unsafe before + costs[end]
                    let (old, oldBegin) = unsafe (least[row &+ end], begins[row &+ end])
                    unsafe least[row &+ end] = own < old ? own : old
                    unsafe begins[row &+ end] = own < old ? begin : oldBegin
                    end &+= 1
                }
            }
        }
    }
}
