#if canImport(Darwin)
    private import Darwin
#elseif canImport(Musl)
    private import Musl
#else
    private import Glibc
#endif

/// The two-sample test of Kolmogorov and Smirnov: how far two distributions lie apart, and how often chance alone parts two
/// samples of one distribution as far.
///
/// D = sup |F̂₁(t) − F̂₂(t)| over finite t. What never came is a point mass at infinity: it parts two samples by their shares of
/// it. With lower bounds F̂ is the product-limit estimate, and t goes as far as both samples can tell.
/// Source: Smirnov (1939); with lower bounds Hall and Wellner (1980). Derivations: docs/maths/drift.md.
public struct KolmogorovSmirnov: Sendable, Equatable {
    /// Where a level comes from.
    public enum Method: String, Sendable {
        /// From counting: samples without ties; of samples with ties it is an upper bound.
        case exact
        /// From the limit for large samples.
        case asymptotic
        /// From the limit for large samples some of whose observations are lower bounds.
        case productLimit = "product-limit"
    }

    /// The largest distance of the two distribution functions, 0...1.
    public let distance: Double
    /// The probability that two samples of one distribution are at least as far apart, 0...1.
    public let level: Double
    /// Where the level comes from.
    public let method: Method
    /// Up to here the distributions were compared; infinity for everywhere.
    public let comparedUpTo: Double

    /// Pairs of observations up to which the level is counted exactly.
    public static let mostExactPairs = 1_000_000

    /// Compares two samples.
    /// - Precondition: at least one observation in each, at most 2³¹.
    /// - Complexity: O(distinct values), and for the exact level O(pairs).
    public init(_ first: CensoredSample, _ second: CensoredSample) {
        precondition(first.count > 0 && second.count > 0, "a comparison needs an observation on either side")
        comparedUpTo = min(first.identifiedUpTo, second.identifiedUpTo)
        let (n, m) = (first.count, second.count)
        guard first.bounds.isEmpty && second.bounds.isEmpty else {
            let found = Self.productLimit(first, second)
            distance = found.distance
            level = Self.limit(found.statistic)
            method = .productLimit
            return
        }
        let apart = Self.largestGap(first, second)
        distance = Double(apart) / (Double(n) * Double(m))
        if n * m <= Self.mostExactPairs {
            level = Self.exactLevel(apart, n, m)
            method = .exact
        } else {
            level = Self.limit(distance * Self.weight(n, m).squareRoot())
            method = .asymptotic
        }
    }

    /// Smirnov's limit: P(sup |B| > x) of a Brownian bridge B, 2 Σ (−1)^(k−1) exp(−2 k² x²).
    ///
    /// Small x take the equal series 1 − √(2π)/x Σ exp(−(2k−1)² π² / (8 x²)), which then needs few terms.
    public static func limit(_ x: Double) -> Double {
        guard x > 0 else { return 1 }
        if x < 1 {
            // Terms fall by powers of the first: its 1st, 9th, 25th.
            let first = exp(-Double.pi * Double.pi / (8 * x * x))
            let sum: Double = first + pow(first, 9) + pow(first, 25)
            return max(0, 1 - (2 * Double.pi).squareRoot() / x * sum)
        }
        // Terms fall by powers of the first here, too: its 1st, 4th, 9th, 16th.
        let first = exp(-2 * x * x)
        let sum: Double = first - pow(first, 4) + pow(first, 9) - pow(first, 16)
        return min(1, 2 * sum)
    }

    /// n m / (n + m): observations that one sample against a known distribution would need to tell as much.
    private static func weight(_ n: Int, _ m: Int) -> Double { Double(n) * Double(m) / Double(n + m) }

    /// n m D, a whole number.
    private static func largestGap(_ first: CensoredSample, _ second: CensoredSample) -> Int {
        var (i, j) = (0, 0)
        var (below1, below2) = (0, 0)
        var largest = 0
        while i < first.events.count || j < second.events.count {
            let next1 = i < first.events.count ? first.events[i].value : .infinity
            let next2 = j < second.events.count ? second.events[j].value : .infinity
            if next1 <= next2 {
                below1 += first.events[i].count
                i += 1
            }
            if next2 <= next1 {
                below2 += second.events[j].count
                j += 1
            }
            largest = max(largest, abs(below1 * second.count - below2 * first.count))
        }
        return largest
    }

    /// P(n m D ≥ `apart`) if all orders of n + m distinct observations are alike.
    ///
    /// An order is a path from (0, 0) to (n, m). Of all paths to (i, j) the share A(i, j) has met |i m − j n| ≥ apart; the last
    /// step of a path to (i, j) came from (i − 1, j) with probability i / (i + j), so
    ///
    ///     A(i, j) = (i A(i−1, j) + j A(i, j−1)) / (i + j), or 1 where |i m − j n| ≥ apart
    ///
    /// All terms are positive: the smallest levels come out as precisely as the largest.
    private static func exactLevel(_ apart: Int, _ n: Int, _ m: Int) -> Double {
        guard apart > 0 else { return 1 }
        var met = [Double](repeating: 0, count: m + 1)
        for i in 0...n {
            for j in 0...m {
                if abs(i * m - j * n) >= apart {
                    met[j] = 1
                } else if i + j > 0 {
                    let left = j > 0 ? Double(j) * met[j - 1] : 0
                    met[j] = (Double(i) * met[j] + left) / Double(i + j)
                }
            }
        }
        return met[m]
    }

    /// The distance of two product-limit estimates, and the statistic whose limit is that of a Brownian bridge.
    ///
    /// With Ŝ of both samples together and v = Σ d / (r − d) · (1/r₁ + 1/r₂), r at risk and d events at each time,
    ///
    ///     sup √K |Ŝ₁ − Ŝ₂| / (Ŝ (1 + K v)),   K = n m / (n + m)
    private static func productLimit(
        _ first: CensoredSample, _ second: CensoredSample
    ) -> (distance: Double, statistic: Double) {
        var (one, other) = (AtRisk(first), AtRisk(second))
        let k = weight(first.count, second.count)
        var (pooled, variance) = (1.0, 0.0)
        var (distance, statistic) = (0.0, 0.0)
        while let time = [one.next, other.next].compactMap({ $0 }).min() {
            one.leave(before: time)
            other.leave(before: time)
            guard one.left > 0, other.left > 0 else { break }
            let (r1, r2) = (Double(one.left), Double(other.left))
            let died = Double(one.die(at: time) + other.die(at: time))
            let apart = abs(one.survival - other.survival)
            distance = max(distance, apart)
            guard died < r1 + r2 else { break }
            pooled *= 1 - died / (r1 + r2)
            variance += died / (r1 + r2 - died) * (1 / r1 + 1 / r2)
            statistic = max(statistic, k.squareRoot() * apart / (pooled * (1 + k * variance)))
        }
        return (distance, statistic)
    }

    /// A sample on its way through time: who is still at risk, and the product limit so far.
    private struct AtRisk {
        private let sample: CensoredSample
        private var nextEvent = 0
        private var nextBound = 0
        private(set) var left: Int
        private(set) var survival = 1.0

        init(_ sample: CensoredSample) {
            self.sample = sample
            left = sample.count
        }

        /// The next event's time; nil after the last.
        var next: Double? { nextEvent < sample.events.count ? sample.events[nextEvent].value : nil }

        /// Takes away the bounds before `time`; of equal values events come first.
        mutating func leave(before time: Double) {
            while nextBound < sample.bounds.count, sample.bounds[nextBound].value < time {
                left -= sample.bounds[nextBound].count
                nextBound += 1
            }
        }

        /// Counts the events at `time`.
        mutating func die(at time: Double) -> Int {
            guard next == time else { return 0 }
            let died = sample.events[nextEvent].count
            nextEvent += 1
            survival *= Double(left - died) / Double(left)
            left -= died
            return died
        }
    }
}

/// The levels of several tests as if each stood for all of them, by Holm's step-down rule: the k-th smallest of n is multiplied
/// by n − k + 1, and none is smaller than one before it.
///
/// Whoever calls every test at most `a` significant is wrong about any that chance explains with probability `a` at most,
/// whatever the tests have to do with each other.
/// Source: Holm (1979).
/// - Parameter levels: The levels of the single tests, 0...1.
/// - Returns: The adjusted levels, in the same order.
public func holmAdjusted(_ levels: [Double]) -> [Double] {
    var adjusted = levels
    var least = 0.0
    for (place, index) in levels.indices.sorted(by: { (levels[$0], $0) < (levels[$1], $1) }).enumerated() {
        least = max(least, min(1, Double(levels.count - place) * levels[index]))
        adjusted[index] = least
    }
    return adjusted
}
