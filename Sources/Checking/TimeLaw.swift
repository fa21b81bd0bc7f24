internal import Distributions

/// The server's first-token times as plain data: ascending times, what lies above each, and the area up to it.
struct TimeLaw: Sendable {
    /// Distinct times up to the timeout, ascending, in seconds.
    let times: [Double]
    /// `above[k]` is P(S > times[k − 1]); `above[0]` is 1, the last element what never comes by the timeout.
    let above: [Double]
    /// `area[k]` is ∫ P(S > u) du from 0 to times[k − 1]; `area[0]` is 0.
    let area: [Double]
    /// Mass of which cancelled rows tell only that it came later than `identifiedUpTo`: the last time, the timeout, has it.
    ///
    /// It arrives at the timeout whatever the wait, as long as the wait leaves the time that is identified.
    let open: Double
    /// From where on times are not identified, in seconds.
    let identifiedUpTo: Double

    /// The law of `empirical`, of which only points and masses are used; times above `timeout` never come.
    init(_ empirical: Empirical, timeout: Double) {
        let inner = empirical.support.count - empirical.support.reversed().prefix { $0 > timeout }.count
        times = inner == empirical.support.count ? empirical.support : Array(empirical.support.prefix(inner))
        above = (0...inner).map { empirical.survival[$0] }
        open = empirical.censoring?.unidentified ?? 0
        identifiedUpTo = empirical.censoring?.identifiedUpTo ?? .infinity
        var area = [0.0]
        area.reserveCapacity(inner + 1)
        // Compensated (Neumaier): a long trace must not blur the tenth digit.
        var sum = 0.0
        var lost = 0.0
        for k in 0..<inner {
            let term = above[k] * (times[k] - (k > 0 ? times[k - 1] : 0))
            let next = sum + term
            lost += sum >= term ? (sum - next) + term : (term - next) + sum
            sum = next
            area.append(sum + lost)
        }
        self.area = area
    }

    /// P(S = ∞), what never comes by the timeout.
    var never: Double { above[times.count] }

    /// E[min(S, x)], where `k` times are at most x (or as many as count as such).
    @inline(__always) func meanOfMinimum(_ x: Double, _ k: Int) -> Double {
        area[k] + above[k] * (x - (k > 0 ? times[k - 1] : 0))
    }
}

extension [Double] {
    /// How many leading elements have a property that, once false, stays false.
    /// - Parameters:
    ///   - hint: Where the answer is likely; the nearer, the faster.
    ///   - holds: The property.
    /// - Returns: An index, 0...count.
    /// - Complexity: O(log *distance from the hint*).
    @inline(__always) func countOfLeading(near hint: Int, _ holds: (Double) -> Bool) -> Int {
        var low: Int
        var high: Int
        var step = 1
        if hint < count && holds(self[hint]) {
            low = hint + 1
            high = low
            while high < count && holds(self[high]) {
                low = high + 1
                high += step
                step *= 2
            }
            high = Swift.min(high, count)
        } else {
            high = Swift.min(hint, count)
            low = high
            while low > 0 && !holds(self[low - 1]) {
                high = low - 1
                low = Swift.max(0, low - 1 - step)
                step *= 2
            }
            if low > high { low = high }
        }
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
