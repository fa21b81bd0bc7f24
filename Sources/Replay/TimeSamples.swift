public import Distributions

/// Times to draw from, in seconds (or residuals of times, which may be negative).
///
/// They are kept ascending, so that a random word stands for a rank: what is slow for one length is slow for another.
public struct TimeSamples: Sendable, Hashable {
    /// Stands for a time of which nothing is known but that it is longer than all others, as cancelled requests leave it.
    ///
    /// It is not counted as a failure: it comes at the timeout, whenever the endpoint was started.
    public static var unidentified: Double { -.infinity }
    /// Stands for a time that never came.
    public static var failed: Double { .infinity }

    /// The times, ascending: those known, then the unidentified ones, then those that failed.
    public let seconds: [Double]
    let draw: WeightedIndex

    /// Times, all equally likely unless weighted.
    /// - Precondition: at least one time, none NaN; as many weights as times, finite, ≥ 0, one of them > 0.
    /// - Complexity: O(*n*), or O(*n* log *n*) where they do not ascend.
    public init(_ seconds: [Double], weights: [Double]? = nil) {
        precondition(
            !seconds.isEmpty && seconds.allSatisfy { !$0.isNaN }, "times to draw from are numbers, at least one")
        precondition(weights == nil || weights?.count == seconds.count, "each time needs a weight")
        func rank(_ time: Double) -> Double { time == Self.unidentified ? .greatestFiniteMagnitude : time }
        guard let weights else {
            var sorted = seconds.filter(\.isFinite)
            sorted.radixSort()
            sorted += seconds.filter { $0 == Self.unidentified } + seconds.filter { $0 == Self.failed }
            self.seconds = sorted
            draw = WeightedIndex(count: seconds.count)
            return
        }
        let order = seconds.indices.sorted { (rank(seconds[$0]), $0) < (rank(seconds[$1]), $1) }
        self.seconds = order.map { seconds[$0] }
        draw = WeightedIndex(weights: order.map { weights[$0] })
    }

    /// The times of a distribution; its mass at infinity has failed.
    public init(_ distribution: Empirical) {
        let end = distribution.unidentified > 0 ? distribution.censoring?.end : nil
        let times = distribution.support.map { $0 == end ? Self.unidentified : $0 }
        let masses = distribution.support.indices.map(distribution.mass(at:))
        self.init(times + [Self.failed], weights: masses + [distribution.massAtInfinity])
    }

    /// The time that a random word stands for.
    /// - Complexity: O(1) expected.
    @inline(__always) func time(_ word: UInt64) -> Double { seconds[draw.index(word)] }

    /// Whether all are equally likely.
    var isUniform: Bool { draw.isUniform }
}
