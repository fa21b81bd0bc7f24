internal import Serving

/// Tells whether hand-overs of a bucket's responses go unnoticed, while one answer after the other ends.
struct HandOverClock<Times: TargetTimes> {
    let requests: BucketRequests
    private let sourceTPOT: Double
    /// Share and seconds per token of readers; those that outread the target, if they are not to stall, have 0 seconds.
    private let readers: [(share: Double, secondsPerToken: Double)]
    private let network: Double
    private let epsilon: Double
    private var times: Times
    /// What still runs, a prompt length each, and the indices of the shortest and the longest that do.
    private var running: [Double]
    private var shortest = 0
    private var longest = 0
    private var next = 0

    /// A clock before any answer has ended.
    init(
        _ requests: BucketRequests, sourceTPOT: Double, readers: [(share: Double, secondsPerToken: Double)],
        rules: MigrationRules, times: Times
    ) {
        self.requests = requests
        self.sourceTPOT = sourceTPOT
        self.readers = readers
        network = rules.network
        epsilon = rules.epsilon
        self.times = times
        running = Array(repeating: 0, count: requests.lengths.count)
        longest = running.count - 1
        for end in requests.ends { running[end.length] += end.weight }
    }

    /// Whether any answer still runs.
    var isRunning: Bool { next < requests.ends.count }

    /// Ends the answers of at most `i` tokens; `i` never falls.
    mutating func advance(to i: Int) {
        while next < requests.ends.count, requests.ends[next].output <= i {
            remove(requests.ends[next])
            next += 1
        }
    }

    private mutating func remove(_ end: BucketRequests.End) {
        running[end.length] -= end.weight
        times.end(end.weight, length: end.length)
        // What subtracting fractions leaves is nothing.
        guard running[end.length] <= 1e-12 * end.weight else { return }
        running[end.length] = 0
        while shortest < longest, running[shortest] == 0 { shortest += 1 }
        while longest > shortest, running[longest] == 0 { longest -= 1 }
    }

    /// Lengths of prompt and answer that a hand-over after `i` tokens has to prefill.
    private func prefills(after i: Int) -> ClosedRange<Int> {
        (requests.lengths[shortest] + i)...(requests.lengths[longest] + i)
    }

    /// Whether a hand-over after `i` tokens is late for at most ε of requests, target times and readers.
    ///
    /// All answers of at most `i` tokens have ended, no longer one has.
    mutating func isInTime(_ i: Int) -> Bool {
        let tolerated = epsilon + 1e-12
        let prefills = prefills(after: i)
        var (least, most) = (0.0, 0.0)
        for reader in readers {
            let bounds = times.bounds(lengths: prefills, after: slack(i, reader.secondsPerToken))
            least += reader.share * bounds.least
            most += reader.share * bounds.most
        }
        if most <= tolerated { return true }
        if least > tolerated { return false }
        var late = 0.0
        for reader in readers {
            let x = slack(i, reader.secondsPerToken)
            late += reader.share * times.lateShare(requests.lengths, running, tokens: i, after: x)
        }
        return late <= tolerated
    }

    /// Seconds that the target may take for a reader: max(i / r, i τ) − (i − 1) τ less the network; −∞ for readers that stall.
    private func slack(_ i: Int, _ secondsPerToken: Double) -> Double {
        guard secondsPerToken > 0 else { return -.infinity }
        let due = max(Double(i) * secondsPerToken, Double(i) * sourceTPOT)
        let slack = due - Double(i - 1) * sourceTPOT
        // A hand-over that is due to the instant is in time, however its times are rounded.
        return slack + 1e-12 * due - network
    }

    /// The hand-over time after `i` tokens, in seconds: the smallest h with P(network + target's time > h) ≤ ε.
    ///
    /// Bisects on the bit patterns of doubles. Infinite where failures leave none.
    func handOverSeconds(after i: Int) -> Double {
        var clock = self
        clock.advance(to: i)
        let prefills = clock.prefills(after: i)
        func isLate(_ x: Double) -> Bool {
            let bounds = clock.times.bounds(lengths: prefills, after: x)
            if bounds.most <= epsilon + 1e-12 { return false }
            if bounds.least > epsilon + 1e-12 { return true }
            return clock.times.lateShare(requests.lengths, clock.running, tokens: i, after: x) > epsilon + 1e-12
        }
        guard !isLate(.greatestFiniteMagnitude), !isLate(1e9) else { return .infinity }
        var low = UInt64(0)
        var high = 1e9.bitPattern
        while low < high {
            let middle = low + (high - low) / 2
            if isLate(Double(bitPattern: middle)) { low = middle + 1 } else { high = middle }
        }
        return network + Double(bitPattern: low)
    }
}
