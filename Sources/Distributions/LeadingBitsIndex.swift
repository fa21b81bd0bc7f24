/// Finds the rank of a number among ascending non-negative numbers from its leading bits and a short search.
///
/// Positive doubles ascend with their bit patterns, so the top bits of a number name a bin, and a table holds where
/// each bin begins. About one number a bin on smooth data.
@usableFromInline struct LeadingBitsIndex: Sendable, Equatable {
    @usableFromInline let starts: [UInt32]
    @usableFromInline let base: UInt64
    @usableFromInline let shift: UInt64

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
        var shift: UInt64 = 0
        while span >> shift > UInt64(values.count) { shift += 1 }
        let base = first.bitPattern >> shift
        let bins = Int((last.bitPattern >> shift) - base) + 1
        // starts[bin] counts the values in earlier bins.
        var starts = [UInt32](repeating: 0, count: bins + 1)
        var bin = 0
        for (i, value) in values.enumerated() {
            let own = Int((value.bitPattern >> shift) - base)
            while bin < own {
                bin += 1
                starts[bin] = UInt32(i)
            }
        }
        while bin < bins {
            bin += 1
            starts[bin] = UInt32(values.count)
        }
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
        var high = Int(starts[Int(bin) + 1])
        while low < high {
            let middle = (low + high) >> 1
            if values[middle] <= x { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
