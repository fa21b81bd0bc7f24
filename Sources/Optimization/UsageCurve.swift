/// How much of a limited resource a choice uses, over a position that choices are ordered by.
///
/// Usage is convex and non-increasing in the position: the vertices of a convex minorant.
public struct UsageCurve: Sendable, Equatable {
    /// Positions of the vertices, strictly ascending.
    public let positions: [Double]
    /// Usage at each vertex, ≥ 0, non-increasing and convex.
    public let usage: [Double]
    /// `slopes[k]` leads from vertex k to k + 1; ascending, at most 0.
    let slopes: [Double]

    /// A curve through vertices of a convex minorant.
    /// - Precondition: at least two vertices; positions ascend strictly; usage does not grow.
    public init(positions: [Double], usage: [Double]) {
        precondition(positions.count == usage.count && positions.count >= 2, "a curve needs two vertices")
        self.positions = positions
        self.usage = usage
        slopes = positions.indices.dropLast().map { k in
            (usage[k + 1] - usage[k]) / (positions[k + 1] - positions[k])
        }
        precondition(zip(positions, positions.dropFirst()).allSatisfy(<), "positions must ascend")
        precondition(slopes.allSatisfy { $0 <= 0 }, "usage must not grow with the position")
    }

    /// The vertex within `range` that minimizes `valueSlope · position + price · usage`, a convex function of it.
    /// - Complexity: O(log *n*).
    public func minimizer(valueSlope: Double, price: Double, within range: ClosedRange<Int>) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if valueSlope + price * slopes[middle] >= 0 { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The curve at a position, linear between vertices and constant beyond them.
    /// - Complexity: O(log *n*).
    public func usage(at position: Double) -> Double {
        let next = firstVertex { $0 > position }
        guard next > 0 else { return usage[0] }
        guard next < positions.count else { return usage[positions.count - 1] }
        return usage[next - 1] + slopes[next - 1] * (position - positions[next - 1])
    }

    /// The vertices strictly between two positions.
    /// - Complexity: O(log *n*).
    public func vertices(strictlyBetween from: Double, _ to: Double) -> Range<Int> {
        let start = firstVertex { $0 > from }
        return start..<max(start, firstVertex { $0 >= to })
    }

    private func firstVertex(_ isBeyond: (Double) -> Bool) -> Int {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(positions[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
