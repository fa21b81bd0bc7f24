/// The moving-block bootstrap of a series: windows put together from blocks of neighbouring units drawn at random.
///
/// Neighbours stay together within a block, so what lasts for a block's length keeps its full weight. Instead of
/// resampled data it gives counts: how often each unit occurs in a resample. Sums over a resample are then products of
/// counts and per-unit sums, all resamples and all series in one matrix product.
/// Source: Künsch 1989; derivation in docs/maths/risk.md.
public struct BlockBootstrap: Sendable, Hashable {
    /// Number of units in the series, ≥ 1.
    public let units: Int
    /// Neighbouring units that are drawn together, from 1 to `units`.
    public let blockLength: Int
    /// Units in each resample, ≥ 1.
    public let windowLength: Int
    /// What the draws depend on, besides the resample's number.
    public let seed: UInt64

    /// A bootstrap of a series of `units` units.
    /// - Parameters:
    ///   - units: Length of the series, ≥ 1.
    ///   - blockLength: Units drawn together; nil takes `standardBlockLength`. Cut to the series and to the window.
    ///   - windowLength: Units in a resample; nil takes as many as the series has.
    ///   - seed: What the draws depend on.
    public init(units: Int, blockLength: Int? = nil, windowLength: Int? = nil, seed: UInt64) {
        let window = windowLength ?? units
        precondition(units >= 1 && window >= 1 && blockLength ?? 1 >= 1, "no units to draw")
        self.units = units
        self.windowLength = window
        self.blockLength = min(blockLength ?? Self.standardBlockLength(units: units), units, window)
        self.seed = seed
    }

    /// ⌈units^(1/3)⌉, the growth at which the variance of a mean is estimated best (Hall, Horowitz, Jing 1995).
    public static func standardBlockLength(units: Int) -> Int {
        var length = 1
        while length * length * length < units { length += 1 }
        return length
    }

    /// How often each unit occurs in each of the given resamples: unit `u` in the k-th of them is at
    /// `k + u * resamples.count`.
    ///
    /// Each resample's counts sum to `windowLength`; the last block is cut where the window is full.
    /// - Complexity: O(resamples · (units + windowLength)).
    public func counts(resamples: Range<Int>) -> [Double] {
        var counts = [Double](repeating: 0, count: units * resamples.count)
        let starts = units - blockLength + 1
        for (k, resample) in resamples.enumerated() {
            let random = CounterRandom(seed: seed, stream: resample)
            var open = windowLength
            var draw = 0
            while open > 0 {
                let start = random.below(starts, draw)
                for unit in start..<start + min(blockLength, open) { counts[k + unit * resamples.count] += 1 }
                open -= blockLength
                draw += 1
            }
        }
        return counts
    }
}

extension [Double] {
    /// Of a sample in ascending order: the ⌈level · (count + 1)⌉-th element, the last if there is no such.
    ///
    /// A further value drawn like the sample is at most that with a probability of at least `level`, as far as
    /// `count` / (count + 1) can reach.
    /// - Precondition: not empty, 0 ≤ level ≤ 1.
    public func predictiveQuantile(_ level: Double) -> Double {
        self[predictiveIndex(level)]
    }

    /// The element that `predictiveQuantile` has, of a sample in any order.
    /// - Precondition: not empty, 0 ≤ level ≤ 1, none NaN.
    /// - Complexity: O(*n*) on average.
    public func predictiveSelection(_ level: Double) -> Double {
        let wanted = predictiveIndex(level)
        var values = self
        var range = indices
        while range.count > 1 {
            // The median of three as pivot; smaller ones to the front, larger ones to the back, equals between.
            let (first, middle, last) = (values[range.lowerBound], values[range.midpoint], values[range.upperBound - 1])
            let pivot = Swift.max(Swift.min(first, middle), Swift.min(Swift.max(first, middle), last))
            var (low, i, high) = (range.lowerBound, range.lowerBound, range.upperBound)
            while i < high {
                if values[i] < pivot {
                    values.swapAt(low, i)
                    low += 1
                    i += 1
                } else if values[i] > pivot {
                    high -= 1
                    values.swapAt(i, high)
                } else {
                    i += 1
                }
            }
            if wanted < low {
                range = range.lowerBound..<low
            } else if wanted >= high {
                range = high..<range.upperBound
            } else {
                return pivot
            }
        }
        return values[wanted]
    }

    private func predictiveIndex(_ level: Double) -> Int {
        precondition(!isEmpty && level >= 0 && level <= 1, "no quantile \(level) of \(count) values")
        let rank = Int((level * Double(count + 1) - 1e-9).rounded(.up))
        return Swift.min(Swift.max(rank, 1), count) - 1
    }
}

extension Range<Int> {
    fileprivate var midpoint: Int { lowerBound + count / 2 }
}
