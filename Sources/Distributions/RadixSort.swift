extension Array where Element == Double {
    /// Sorts the numbers in ascending order; infinities go to the ends.
    ///
    /// A least-significant-digit radix sort on the leading bits alone, as many as tell nearly all numbers apart, and an
    /// insertion sort of the few neighbours that are still out of order. Where those are not few, all bits are sorted.
    /// Measured beside other sorts in docs/benchmarks.md.
    /// - Precondition: no NaN (readers turn them away at the door).
    /// - Complexity: O(*n*) time, *n* doubles of scratch.
    public mutating func radixSort() {
        guard count > 64, let keys = RadixKeys(of: self) else {
            sort()
            return
        }
        var scratch = unsafe [Double](unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
        sort(by: keys.leading(count: count), &scratch)
        if !insertionSort(maximalMoves: 8 * count) { sort(by: keys, &scratch) }
    }

    /// Stable passes from the last digit of the keys to the first, those skipped in which all numbers share the digit.
    private mutating func sort(by keys: RadixKeys, _ scratch: inout [Double]) {
        let radix = 1 << keys.digitBits
        var counts = [Int32](repeating: 0, count: keys.digits * radix)
        let digits = keys.digits
        unsafe counts.withUnsafeMutableBufferPointer { counts in
            for value in self {
                let key = keys.key(value)
                for digit in 0..<digits {
                    let bin = digit &* radix &+ keys.digit(digit, of: key)
                    unsafe counts[bin] &+= 1
                }
            }
        }
        for digit in 0..<digits {
            let bins = digit * radix..<(digit + 1) * radix
            if counts[bins].contains(Int32(count)) { continue }
            var next: Int32 = 0
            for bin in bins { (counts[bin], next) = (next, next + counts[bin]) }
            unsafe counts.withUnsafeMutableBufferPointer { nexts in
                unsafe scratch.withUnsafeMutableBufferPointer { target in
                    for value in self {
                        let bin = bins.lowerBound &+ keys.digit(digit, of: keys.key(value))
                        unsafe target[Int(nexts[bin])] = value
                        unsafe nexts[bin] &+= 1
                    }
                }
            }
            swap(&self, &scratch)
        }
    }

    /// Moves numbers that are smaller than their neighbour back to their place; false if that took too many moves.
    private mutating func insertionSort(maximalMoves: Int) -> Bool {
        unsafe withUnsafeMutableBufferPointer { values in
            var moves = 0
            for i in values.indices.dropFirst() {
                let value = unsafe values[i]
                guard unsafe value < values[i &- 1] else { continue }
                var hole = i
                while hole > 0, unsafe value < values[hole &- 1] {
                    unsafe values[hole] = unsafe values[hole &- 1]
                    hole &-= 1
                }
                unsafe values[hole] = value
                moves &+= i &- hole
                if moves > maximalMoves { return false }
            }
            return true
        }
    }
}

/// Unsigned numbers that ascend with the doubles of an array, and their digits.
///
/// Bit patterns of doubles ascend with them, but for the sign. Counted from the smallest, they have as many bits as
/// the numbers' range needs; +infinity is the number after the largest finite one.
private struct RadixKeys {
    private let lowest: UInt64
    private let range: UInt64
    private let shift: UInt64
    private let infinity: UInt64
    /// How many digits a key has, and of how many bits each.
    let digits: Int
    let digitBits: Int

    /// Keys with all their bits; nil if no number is below +infinity.
    init?(of values: [Double]) {
        var lowest = UInt64.max
        var highest = UInt64.min
        for value in values {
            let bits = Self.ascendingBits(value)
            lowest = min(lowest, bits)
            highest = max(highest, value < .infinity ? bits : UInt64.min)
        }
        guard highest >= lowest else { return nil }
        self.init(lowest: lowest, range: highest - lowest, shift: 0)
    }

    private init(lowest: UInt64, range: UInt64, shift: UInt64) {
        self.lowest = lowest
        self.range = range
        self.shift = shift
        infinity = (range >> shift) + 1
        let bits = 64 - infinity.leadingZeroBitCount
        digits = (bits + 10) / 11
        digitBits = (bits + digits - 1) / digits
    }

    /// Keys of only so many leading bits that `count` numbers, evenly spread, would have some 32 keys each.
    func leading(count: Int) -> RadixKeys {
        let bits = 64 - range.leadingZeroBitCount
        let wanted = 69 - count.leadingZeroBitCount
        return RadixKeys(lowest: lowest, range: range, shift: UInt64(max(0, bits - wanted)))
    }

    @inline(__always) func key(_ value: Double) -> UInt64 {
        min((Self.ascendingBits(value) &- lowest) >> shift, infinity)
    }

    @inline(__always) func digit(_ digit: Int, of key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &>> UInt64(digit &* digitBits)) & (1 &<< UInt64(digitBits) &- 1))
    }

    /// The bit pattern with the sign bit flipped, or all bits of a negative number.
    @inline(__always) private static func ascendingBits(_ value: Double) -> UInt64 {
        let bits = value.bitPattern
        return bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | 1 << 63)
    }
}
