/// An empirical distribution of a non-negative time, with mass at infinity for what never came.
///
/// Holds each distinct time once, with the survival function and partial means beside it, so that survival, quantiles
/// and E[min(X, x)] are look-ups. 24 bytes a distinct value and 4 for the look-up table.
/// Source: derived, docs/maths/dispatch.md.
public struct Empirical: Sendable, Equatable {
    /// The distinct finite values, ascending, in the unit of the data (seconds in this project).
    public let support: [Double]
    /// `survival[k]` is P(X > support[k − 1]); `survival[0]` is 1 and the last element is the mass at infinity.
    public let survival: [Double]
    /// `partialMeans[k]` is E[X; X ≤ support[k − 1]]; `partialMeans[0]` is 0.
    @usableFromInline let partialMeans: [Double]
    /// Where to begin looking for a value, by its leading bits.
    @usableFromInline let index: LeadingBitsIndex
    /// How many observations it was made from, those at infinity included.
    public let observations: Int

    /// The distribution of `samples`; values above `horizon` count as infinite.
    /// - Precondition: at least one sample; all of them ≥ 0 and none NaN.
    /// - Complexity: O(*n*), a radix sort included.
    public init(samples: [Double], horizon: Double = .infinity) {
        var sorted = samples
        sorted.radixSort()
        self.init(sorted: sorted, horizon: horizon)
    }

    /// The distribution of samples that already ascend; values above `horizon` count as infinite.
    /// - Precondition: at least one sample, ascending, all of them ≥ 0.
    /// - Complexity: O(*n*).
    public init(sorted samples: [Double], horizon: Double = .infinity) {
        precondition(!samples.isEmpty, "a distribution needs at least one sample")
        let n = samples.count
        var support: [Double] = []
        support.reserveCapacity(n)
        var survival: [Double] = [1]
        survival.reserveCapacity(n + 1)
        var partial: [Double] = [0]
        partial.reserveCapacity(n + 1)
        let total = Double(n)
        var sum = 0.0
        var i = 0
        while i < n {
            let value = samples[i]
            if value > horizon || value == .infinity { break }
            var end = i + 1
            while end < n && samples[end] == value { end += 1 }
            sum += value * Double(end - i)
            support.append(value)
            survival.append(Double(n - end) / total)
            partial.append(sum / total)
            i = end
        }
        self.init(support: support, survival: survival, partialMeans: partial, observations: n)
    }

    /// The distribution with the given values, each seen `counts` times; values above `horizon` count as infinite.
    /// - Precondition: as many counts as values, all ≥ 0, one of them > 0; values ≥ 0.
    /// - Complexity: O(*n* log *n*).
    public init(values: [Double], counts: [Int], horizon: Double = .infinity) {
        self.init(values: values, masses: counts.map(Double.init), observations: counts.reduce(0, +), horizon: horizon)
    }

    /// The distribution with the given values and masses (normalized here); values above `horizon` count as infinite.
    /// - Precondition: as many masses as values, all ≥ 0, one of them > 0; values ≥ 0.
    /// - Complexity: O(*n* log *n*).
    public init(values: [Double], masses: [Double], observations: Int, horizon: Double = .infinity) {
        precondition(values.count == masses.count, "\(values.count) values, \(masses.count) masses")
        let order = values.indices.sorted { values[$0] < values[$1] }
        // Summed from above, so that the survival of the largest value is the failures' mass itself.
        var support: [Double] = []
        var masses_ = [Double]()
        var atInfinity = 0.0
        for i in order where masses[i] > 0 {
            if values[i] > horizon || values[i] == .infinity {
                atInfinity += masses[i]
            } else if values[i] == support.last {
                masses_[masses_.count - 1] += masses[i]
            } else {
                support.append(values[i])
                masses_.append(masses[i])
            }
        }
        let total = masses_.reduce(0, +) + atInfinity
        precondition(total > 0, "a distribution needs some mass")
        var survival = [Double](repeating: 0, count: support.count + 1)
        var above = atInfinity
        for k in stride(from: support.count, through: 0, by: -1) {
            survival[k] = above / total
            if k > 0 { above += masses_[k - 1] }
        }
        survival[0] = 1
        var partial = [Double](repeating: 0, count: support.count + 1)
        var sum = 0.0
        for k in support.indices {
            sum += support[k] * masses_[k]
            partial[k + 1] = sum / total
        }
        self.init(support: support, survival: survival, partialMeans: partial, observations: observations)
    }

    private init(support: [Double], survival: [Double], partialMeans: [Double], observations: Int) {
        self.support = support
        self.survival = survival
        self.partialMeans = partialMeans
        self.observations = observations
        index = LeadingBitsIndex(ascending: support)
    }

    /// P(X = ∞): the share that never came (or came after the horizon).
    public var massAtInfinity: Double { survival[support.count] }

    /// Number of support points that are at most `x`.
    /// - Complexity: O(1) expected.
    @inlinable public func rank(_ x: Double) -> Int { index.rank(x, in: support) }

    /// P(X > x).
    /// - Complexity: O(1) expected.
    @inlinable public func survival(at x: Double) -> Double { survival[rank(x)] }

    /// P(X ≥ x).
    /// - Complexity: O(1) expected.
    @inlinable public func survival(from x: Double) -> Double {
        let k = rank(x)
        return k > 0 && support[k - 1] == x ? survival[k - 1] : survival[k]
    }

    /// E[min(X, x)] for a finite `x` ≥ 0: partialMeans[k] + survival[k] · x, k the number of support points ≤ x.
    /// - Complexity: O(1) expected.
    @inlinable public func meanOfMinimum(_ x: Double) -> Double {
        let k = rank(x)
        return partialMeans[k] + survival[k] * x
    }

    /// The smallest support point t with P(X ≤ t) ≥ q, not interpolated; `.infinity` where failures leave none.
    /// - Precondition: 0 ≤ q ≤ 1.
    /// - Complexity: O(log *n*).
    public func quantile(_ q: Double) -> Double {
        precondition(q >= 0 && q <= 1, "a quantile's level is within 0 ... 1, not \(q)")
        var low = 1
        var high = support.count + 1
        while low < high {
            let middle = (low + high) / 2
            if survival[middle] <= 1 - q + 1e-12 { high = middle } else { low = middle + 1 }
        }
        return low <= support.count ? support[low - 1] : .infinity
    }

    /// The mass of support point `k`.
    @inlinable public func mass(at k: Int) -> Double { survival[k] - survival[k + 1] }

    /// E[min(X, horizon)], the mean with everything later than `horizon` counted at it.
    public func mean(cappedAt horizon: Double) -> Double { meanOfMinimum(horizon) }
}
