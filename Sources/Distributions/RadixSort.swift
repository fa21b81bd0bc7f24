extension Array where Element == Double {
    /// Sorts the numbers in ascending order; infinities go to the ends.
    ///
    /// A least-significant-digit radix sort on bit patterns: six passes of 11 bits, those skipped in which all numbers
    /// share the digit. Four to ten times faster than a comparison sort from a thousand numbers on.
    /// - Precondition: no NaN (readers turn them away at the door).
    /// - Complexity: O(*n*) time, *n* doubles of scratch.
    public mutating func radixSort() {
        guard count > 64 else {
            sort()
            return
        }
        let digits = 6
        let radix = 1 << 11
        let mask = UInt64(radix - 1)
        let n = count

        var keys = unsafe [UInt64](unsafeUninitializedCapacity: n) { buffer, initialized in
            for i in 0..<n { unsafe buffer[i] = Self.sortKey(self[i]) }
            initialized = n
        }
        var histograms = [UInt32](repeating: 0, count: digits * radix)
        unsafe keys.withUnsafeBufferPointer { keys in
            unsafe histograms.withUnsafeMutableBufferPointer { counts in
                for i in 0..<n {
                    let key = unsafe keys[i]
                    for digit in 0..<digits {
                        let bin = digit &* radix &+ Int((key >> UInt64(11 &* digit)) & mask)
                        unsafe counts[bin] &+= 1
                    }
                }
            }
        }

        var scratch = unsafe [UInt64](unsafeUninitializedCapacity: n) { _, initialized in initialized = n }
        for digit in 0..<digits {
            let shift = UInt64(11 * digit)
            let first = Int((keys[0] >> shift) & mask)
            if histograms[digit * radix + first] == UInt32(n) { continue }
            unsafe histograms.withUnsafeMutableBufferPointer { counts in
                var next: UInt32 = 0
                for bin in digit * radix..<(digit + 1) * radix {
                    let size = unsafe counts[bin]
                    unsafe counts[bin] = next
                    next &+= size
                }
                unsafe keys.withUnsafeBufferPointer { keys in
                    unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                        for i in 0..<n {
                            let key = unsafe keys[i]
                            let bin = digit &* radix &+ Int((key >> shift) & mask)
                            unsafe scratch[Int(counts[bin])] = key
                            unsafe counts[bin] &+= 1
                        }
                    }
                }
            }
            swap(&keys, &scratch)
        }
        unsafe withUnsafeMutableBufferPointer { values in
            unsafe keys.withUnsafeBufferPointer { keys in
                for i in 0..<n { unsafe values[i] = Self.value(ofSortKey: keys[i]) }
            }
        }
    }

    /// An unsigned number that ascends with the double: the sign bit flipped, or all bits of a negative one.
    @inline(__always) private static func sortKey(_ value: Double) -> UInt64 {
        let bits = value.bitPattern
        return bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | 1 << 63)
    }

    @inline(__always) private static func value(ofSortKey key: UInt64) -> Double {
        let isNegative = key >> 63 == 0
        return Double(bitPattern: isNegative ? ~key : key ^ (1 << 63))
    }
}
