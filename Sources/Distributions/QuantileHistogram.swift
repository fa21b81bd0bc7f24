/// Quantiles of any number of values ≥ 0 in constant memory, the same whatever their order and however they were split.
///
/// A value's bin is its exponent and the first 13 bits of its fraction, so a bin's values agree within 2⁻¹³ (0.012 %); each bin
/// keeps its count and its largest value, and a quantile is such a value: one that occurred, at least the true quantile and at
/// most 0.012 % above it. Where all values of a bin are equal, as those of a timeout are, it is exact. Memory: 128 KiB an
/// octave in which there are values. Merging adds counts and takes maxima. The bins are those of the DDSketch rule
/// (relative error instead of absolute) without its logarithm, which need not have the same last bit on every machine.
public struct QuantileHistogram: Sendable {
    @inlinable static var fractionBits: Int { 13 }
    @inlinable static var binsOfOctave: Int { 1 << fractionBits }

    /// Values of one bin.
    @usableFromInline struct Bin: Sendable {
        @usableFromInline var count = 0
        @usableFromInline var largest = 0.0
    }

    /// For each exponent the first bin of its octave in the array below; −1 for none.
    @usableFromInline var starts = [Int32](repeating: -1, count: 2048)
    @usableFromInline var all: [Bin] = []
    /// How many values there are.
    @inlinable public var count: Int { number }
    @usableFromInline var number = 0

    /// No values.
    public init() {}

    /// Adds a value, so many times.
    /// - Precondition: `value` ≥ 0; infinity has a bin of its own.
    /// - Complexity: O(1).
    @inlinable @inline(__always) public mutating func add(_ value: Double, count times: Int = 1) {
        let bits = value.bitPattern
        let octave = Int(truncatingIfNeeded: bits >> 52)
        var start = Int(starts[octave])
        if start < 0 { start = open(octave) }
        let bin = start &+ Int(truncatingIfNeeded: bits >> UInt64(52 - Self.fractionBits)) & (Self.binsOfOctave &- 1)
        all[bin].count &+= times
        if value > all[bin].largest { all[bin].largest = value }
        number &+= times
    }

    @usableFromInline @inline(never) mutating func open(_ octave: Int) -> Int {
        let start = all.count
        starts[octave] = Int32(start)
        all += repeatElement(Bin(), count: Self.binsOfOctave)
        return start
    }

    /// Adds all values of another histogram.
    public mutating func merge(_ other: QuantileHistogram) {
        for octave in starts.indices where other.starts[octave] >= 0 {
            let from = Int(other.starts[octave])
            let to = starts[octave] >= 0 ? Int(starts[octave]) : open(octave)
            for bin in 0..<Self.binsOfOctave {
                all[to + bin].count += other.all[from + bin].count
                all[to + bin].largest = max(all[to + bin].largest, other.all[from + bin].largest)
            }
        }
        number += other.number
    }

    /// For each bin that has values, ascending: the largest and their number.
    public var bins: [(largest: Double, count: Int)] {
        starts.filter { $0 >= 0 }.flatMap { start in
            (Int(start)..<Int(start) + Self.binsOfOctave).lazy.filter { all[$0].count > 0 }.map {
                (all[$0].largest, all[$0].count)
            }
        }
    }

    /// The smallest value x with P(X ≤ x) ≥ `level`, rounded up by 2⁻¹³ of it at most; nil without values.
    /// - Precondition: 0 ≤ level ≤ 1.
    /// - Complexity: O(bins).
    public func quantile(_ level: Double) -> Double? {
        precondition(level >= 0 && level <= 1, "a quantile's level is within 0 ... 1, not \(level)")
        // As the solvers do: a share that misses the level by rounding alone has reached it.
        let wanted = (level - 1e-12) * Double(count)
        var seen = 0
        for start in starts where start >= 0 {
            for bin in Int(start)..<Int(start) + Self.binsOfOctave where all[bin].count > 0 {
                seen += all[bin].count
                if Double(seen) >= wanted { return all[bin].largest }
            }
        }
        return nil
    }
}

extension QuantileHistogram: Equatable {
    /// Whether both have the same values, as far as bins tell.
    public static func == (left: QuantileHistogram, right: QuantileHistogram) -> Bool {
        left.count == right.count && left.bins.elementsEqual(right.bins, by: ==)
    }
}
