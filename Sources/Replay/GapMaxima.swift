/// The largest delay behind a steady reader within any stretch of recorded gaps, without looking at every gap.
///
/// With e_i the time from the first gap's begin to the end of gap i − 1, a stretch from p has delays
///
///     e_{p+k} − e_p − k a  =  X_{p+k} − X_p,      X_i = e_i − i a,      k = 0 ..< count
///
/// behind a reader of 1/a tokens per second. The largest X of each block of 16 is kept; a stretch then takes its blocks and the
/// ends that fill none.
struct GapMaxima: Sendable {
    private static let block = 16

    /// Seconds a token takes the reader.
    let slope: Double
    /// The largest X of each block.
    private let maxima: [Double]

    /// Maxima over sums of gaps.
    init(_ elapsed: [Double], slope: Double) {
        self.slope = slope
        maxima = stride(from: 0, to: elapsed.count, by: Self.block).map { start in
            (start..<min(start + Self.block, elapsed.count)).reduce(-Double.infinity) {
                max($0, elapsed[$1] - Double($1) * slope)
            }
        }
    }

    /// X_i.
    @inline(__always) private func offset(_ i: Int, _ elapsed: UnsafeBufferPointer<Double>) -> Double {
        unsafe elapsed[i] - Double(i) * slope
    }

    /// The largest delay of `count` ≥ 1 tokens from `place` on; at least 0.
    /// - Complexity: O(count / 16).
    @inline(__always) func largest(_ elapsed: [Double], from place: Int, count: Int) -> Double {
        let end = place &+ count
        precondition(
            place >= 0 && count >= 1 && end <= elapsed.count, "a run of \(count) tokens from \(place) has no times")
        return unsafe elapsed.withUnsafeBufferPointer { elapsed in
            let base = unsafe offset(place, elapsed)
            var largest = base
            let firstBlock = (place &+ Self.block &- 1) / Self.block
            let lastBlock = end / Self.block
            guard firstBlock < lastBlock else {
                for i in place..<end { largest = larger(unsafe offset(i, elapsed), largest) }
                return largest - base
            }
            for i in place..<firstBlock &* Self.block { largest = larger(unsafe offset(i, elapsed), largest) }
            for i in lastBlock &* Self.block..<end { largest = larger(unsafe offset(i, elapsed), largest) }
            unsafe maxima.withUnsafeBufferPointer { maxima in
                for k in firstBlock..<lastBlock { largest = larger(unsafe maxima[k], largest) }
            }
            return largest - base
        }
    }

    /// For tokens from `place` on, `ahead` seconds before they would be late: how many come before one may be.
    ///
    /// All of them delay the reader by no more than `ahead`; the answer is a whole number of blocks and may be too small.
    @inline(__always) func covered(_ elapsed: [Double], from place: Int, count: Int, ahead: Double) -> Int {
        let limit = elapsed[place] - Double(place) * slope + ahead
        var k = place / Self.block
        while k &* Self.block < place &+ count, maxima[k] <= limit { k &+= 1 }
        return min(count, max(0, k &* Self.block &- place))
    }
}

/// The larger of two numbers, neither of which is NaN: one machine instruction, which `max` is not.
@inline(__always) private func larger(_ a: Double, _ b: Double) -> Double { a > b ? a : b }
