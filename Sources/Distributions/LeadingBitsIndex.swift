/// Finds the rank of a number among ascending non-negative numbers from its leading bits and a short search.
///
/// Positive doubles ascend with their bit patterns, so the top bits of a number name a bin, and a table holds where
/// each bin begins. About one number a bin on smooth data.
@usableFromInline struct LeadingBitsIndex: Sendable, Equatable {
    @usableFromInline let starts: [UInt32]
    @usableFromInline let base: UInt64
    @usableFromInline let shift: UInt64

    /// More bins than 2 to this cost more in memory than they save in search.
    private static let maximalBits = 17

    /// The index over `values`.
    /// - Precondition: ascending, ≥ 0, fewer than 2³² of them.
    /// - Complexity: O(*n*).
    init(ascending values: [Double]) {
        guard let first = values.first, let last = values.last else {
            starts = [0, 0]
            base = 0
            shift = 0
            return
        }
        precondition(values.count < Int(UInt32.max) && first >= 0, "values out of the index's range")
        let span = last.bitPattern - first.bitPattern
        let bits = min(Self.maximalBits, Int.bitWidth - values.count.leadingZeroBitCount)
        let shift = UInt64(max(0, UInt64.bitWidth - span.leadingZeroBitCount - bits))
        let base = first.bitPattern >> shift
        let bins = Int((last.bitPattern >> shift) - base) + 1
        // Each value leaves the number of values so far behind its bin; empty bins take that of the one before.
        var starts = [UInt32](repeating: 0, count: bins + 1)
        var seen: UInt32 = 0
        for value in values {
            seen &+= 1
            starts[Int((value.bitPattern >> shift) &- base) &+ 1] = seen
        }
        for bin in 1...bins { starts[bin] = max(starts[bin], starts[bin - 1]) }
        self.starts = starts
        self.base = base
        self.shift = shift
    }

    /// How many of `values` are at most `x`.
    @inlinable func rank(_ x: Double, in values: [Double]) -> Int {
        guard x >= 0 else { return 0 }
        let bits = x.bitPattern >> shift
        guard bits >= base else { return 0 }
        let bin = bits - base
        guard bin < UInt64(starts.count - 1) else { return values.count }
        var low = Int(starts[Int(bin)])
        var size = Int(starts[Int(bin) + 1]) - low
        // A binary search whose only branch is its end: the sign of a difference of bit patterns is the mask.
        let pattern = Int(bitPattern: UInt(x.bitPattern))
        while size > 0 {
            let half = (size &+ 1) >> 1
            let isBelow = (pattern &- Int(bitPattern: UInt(values[low &+ half &- 1].bitPattern))) >> 63
            low &+= half & ~isBelow
            size >>= 1
        }
        return low
    }
}
