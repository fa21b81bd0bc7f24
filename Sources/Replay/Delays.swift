import Serving

/// Tokens that come late because of a hand-over.
struct Delays {
    var count = 0
    var longest = 0.0

    /// Tokens of `tail` after their due time, where the first token of all came at `head.first`.
    /// - Complexity: O(1) where both have constant gaps, else O(tokens).
    init(_ head: TokenRun, after: Int, _ tail: TokenRun, count: Int, reading: Double, _ elapsed: Pair<PreparedPace>) {
        func delay(_ k: Int) -> Double {
            let due = max(
                head.first + Double(after + k) * reading, head.time(after + k, elapsed[head.side].elapsed))
            return tail.time(k, elapsed[tail.side].elapsed) - due
        }
        guard head.place < 0 && tail.place < 0 else {
            for k in 0..<count { add(delay(k)) }
            return
        }
        // The smaller of two delays that are linear in k exceeds the tolerance between two places, found by division and
        // settled by asking.
        let behindReader = Line(
            at0: tail.first - head.first - Double(after) * reading, slope: tail.gap - reading)
        let behindSource = Line(at0: tail.first - head.time(after, []), slope: tail.gap - head.gap)
        var (low, high) = (0, count - 1)
        for line in [behindReader, behindSource] {
            if line.slope == 0 && line.at0 <= MetricSettings.tolerance { return }
            let place = line.place(of: MetricSettings.tolerance, within: count)
            if line.slope > 0 { low = max(low, place) }
            if line.slope < 0 { high = min(high, place) }
        }
        func isLate(_ k: Int) -> Bool { delay(k) > MetricSettings.tolerance }
        low = min(max(low - 1, 0), count - 1)
        high = min(max(high + 1, 0), count - 1)
        while low <= high, !isLate(low), low < count - 1, low < high { low += 1 }
        while low > 0, isLate(low - 1) { low -= 1 }
        while high > low, !isLate(high) { high -= 1 }
        while high < count - 1, isLate(high + 1) { high += 1 }
        guard low <= high, isLate(low) else { return }
        self.count = high - low + 1
        let crossing = Line(
            at0: behindReader.at0 - behindSource.at0, slope: behindReader.slope - behindSource.slope
        ).place(of: 0, within: count)
        for k in [low, high, crossing - 1, crossing, crossing + 1] where (low...high).contains(k) {
            longest = max(longest, delay(k))
        }
    }

    private mutating func add(_ delay: Double) {
        guard delay > MetricSettings.tolerance else { return }
        count += 1
        longest = max(longest, delay)
    }

    private struct Line {
        var at0: Double
        var slope: Double

        /// Where the line reaches `level`, at least −1 and at most `count`.
        func place(of level: Double, within count: Int) -> Int {
            let place = (level - at0) / slope
            return place.isNaN ? 0 : Int(min(Double(count), max(-1, place)))
        }
    }
}
