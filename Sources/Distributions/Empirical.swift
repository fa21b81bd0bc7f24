/// An empirical distribution of a non-negative time, with mass at infinity for what never came.
///
/// Holds each distinct time once, with the survival function and partial means beside it, so that survival, quantiles
/// and E[min(X, x)] are look-ups. 24 bytes a distinct value (16 where none was seen twice) and up to 4 for the look-up table.
/// Source: derived, docs/maths/dispatch.md.
public struct Empirical: Sendable, Equatable {
    /// The distinct finite values, ascending, in the unit of the data (seconds in this project).
    public let support: [Double]
    /// `survival[k]` is P(X > support[k − 1]); `survival[0]` is 1 and the last element is the mass at infinity.
    public let survival: Survival
    /// `partialMeans[k]` is E[X; X ≤ support[k − 1]]; `partialMeans[0]` is 0.
    @usableFromInline let partialMeans: [Double]
    /// Where to begin looking for a value, by its leading bits.
    @usableFromInline let index: LeadingBitsIndex
    /// How many observations it was made from, those at infinity included.
    public let observations: Int
    /// What lower bounds among the observations leave open; nil where there were none.
    public let censoring: Censoring?

    /// The distribution of `samples`; values above `horizon` count as infinite.
    /// - Precondition: at least one sample; all of them ≥ 0 and none NaN.
    /// - Complexity: O(*n*), a radix sort included.
    public init(samples: consuming [Double], horizon: Double = .infinity) {
        samples.radixSort()
        self.init(sorted: samples, horizon: horizon)
    }

    /// The distribution of samples that already ascend; values above `horizon` count as infinite.
    /// - Precondition: at least one sample, ascending, all of them ≥ 0.
    /// - Complexity: O(*n*).
    public init(sorted samples: consuming [Double], horizon: Double = .infinity) {
        precondition(!samples.isEmpty, "a distribution needs at least one sample")
        let n = samples.count
        let total = Double(n)
        let inner = samples.partitionPoint { $0 > horizon || $0 == .infinity }
        samples.removeLast(n - inner)
        let counts = samples.dropRepeated()
        let partial = unsafe [Double](unsafeUninitializedCapacity: samples.count + 1) { partial, initialized in
            unsafe partial.initializeElement(at: 0, to: 0)
            var sum = 0.0
            for k in samples.indices {
                sum += counts.isEmpty ? samples[k] : samples[k] * Double(counts[k])
                unsafe partial.initializeElement(at: k + 1, to: sum / total)
            }
            initialized = samples.count + 1
        }
        let survival: Survival
        if counts.isEmpty {
            survival = Survival(points: samples.count, observations: n)
        } else {
            var left = n
            survival = Survival(
                [1]
                    + counts.map { count in
                        left -= Int(count)
                        return Double(left) / total
                    })
        }
        self.init(support: samples, survival: survival, partialMeans: partial, observations: n)
    }

    /// The distribution with the given values, each seen `counts` times; values above `horizon` count as infinite.
    /// - Precondition: as many counts as values, all ≥ 0, one of them > 0; values ≥ 0.
    /// - Complexity: O(*n*) for ascending values, else O(*n* log *n*).
    public init(values: [Double], counts: [Int], horizon: Double = .infinity) {
        self.init(values: values, masses: counts.map(Double.init), observations: counts.reduce(0, +), horizon: horizon)
    }

    /// The distribution with the given values and masses (normalized here); values above `horizon` count as infinite.
    /// - Precondition: as many masses as values, all ≥ 0, one of them > 0; values ≥ 0.
    /// - Complexity: O(*n*) for ascending values, else O(*n* log *n*).
    public init(values: [Double], masses: [Double], observations: Int, horizon: Double = .infinity) {
        self.init(values: values, masses: masses, observations: observations, horizon: horizon, censoring: nil)
    }

    /// The distribution with the given values and masses, and what lower bounds among them leave open.
    init(
        values: [Double], masses: [Double], observations: Int, horizon: Double = .infinity, censoring: Censoring?
    ) {
        precondition(values.count == masses.count, "\(values.count) values, \(masses.count) masses")
        let isAscending = zip(values, values.dropFirst()).allSatisfy(<=)
        let order = isAscending ? Array(values.indices) : values.indices.sorted { values[$0] < values[$1] }
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
        self.init(
            support: support, survival: Survival(survival), partialMeans: partial, observations: observations,
            censoring: censoring)
    }

    private init(
        support: [Double], survival: Survival, partialMeans: [Double], observations: Int, censoring: Censoring? = nil
    ) {
        self.support = support
        self.survival = survival
        self.partialMeans = partialMeans
        self.observations = observations
        self.censoring = censoring
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

    /// E[min(X, x)] where `rank` = `rank(x)` is known.
    @inlinable public func meanOfMinimum(_ x: Double, rank k: Int) -> Double { partialMeans[k] + survival[k] * x }

    /// `rank(x)`, where it is known to be near `k`.
    /// - Complexity: O(1 + distance from `k`).
    @inlinable public func rank(_ x: Double, near k: Int) -> Int {
        var k = k
        while k < support.count, support[k] <= x { k += 1 }
        while k > 0, support[k - 1] > x { k -= 1 }
        return k
    }

    /// Number of support points X with offset + X < t, the sum rounded as a double, known to be near `k`.
    /// - Complexity: O(1 + distance from `k`).
    @inlinable public func rank(after offset: Double, below t: Double, near k: Int) -> Int {
        var k = k
        while k < support.count, offset + support[k] < t { k += 1 }
        while k > 0, offset + support[k - 1] >= t { k -= 1 }
        return k
    }

    /// P(offset + X > t), the sum rounded as a double.
    /// - Complexity: O(1) expected.
    public func survival(after offset: Double, at t: Double) -> Double {
        var k = rank(t - offset)
        while k < support.count, offset + support[k] <= t { k += 1 }
        while k > 0, offset + support[k - 1] > t { k -= 1 }
        return survival[k]
    }

    /// P(offset + X ≥ t), the sum rounded as a double.
    /// - Complexity: O(1) expected.
    public func survival(after offset: Double, from t: Double) -> Double {
        survival[rank(after: offset, below: t, near: rank(t - offset))]
    }

    /// The quantile at level `q` of what exceeds `bound`; `bound` where nothing does.
    /// - Complexity: O(log *n*).
    public func quantile(_ q: Double, beyond bound: Double) -> Double {
        let left = survival(at: bound)
        return left > 0 ? max(bound, quantile(1 - (1 - q) * left)) : bound
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

extension [Double] {
    /// The first index whose element has a property that, once true, stays true; `count` if none has.
    /// - Complexity: O(log *n*).
    func partitionPoint(_ isBeyond: (Double) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Leaves the first of each run of equal elements.
    /// - Returns: How often each was there; empty where no element was there twice.
    /// - Complexity: O(*n*).
    fileprivate mutating func dropRepeated() -> [UInt32] {
        guard zip(self, dropFirst()).contains(where: ==) else { return [] }
        var counts: [UInt32] = []
        var distinct = 0
        for i in indices {
            if distinct > 0, self[i] == self[distinct - 1] {
                counts[distinct - 1] += 1
            } else {
                self[distinct] = self[i]
                counts.append(1)
                distinct += 1
            }
        }
        removeLast(count - distinct)
        return counts
    }
}
