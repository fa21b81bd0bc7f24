internal import Serving

/// Unit costs and paces of one direction, source to target.
struct MigrationSide {
    /// Money per token that the source decodes.
    let sourceDecode: Double
    /// Money per token that the target prefills.
    let targetPrefill: Double
    /// Money per token that the target decodes.
    let targetDecode: Double
    /// Money per hand-over.
    let transfer: Double
}

/// Searches a bucket's hand-over points for the one that saves most and goes unnoticed.
///
/// Between two lengths at which answers end, waiting longer saves less and less: each token more is decoded by the source and
/// prefilled by the target. So of each such stretch only the first point in time matters, and only while it would save more
/// than the best so far. Source: derived, docs/maths/migration.md.
struct MigrationSearch<Times: TargetTimes> {
    let requests: BucketRequests
    let side: MigrationSide
    let sourceTPOT: Double
    /// Share and seconds per token of readers; those that outread the target, if they are not to stall, have 0 seconds.
    let readers: [(share: Double, secondsPerToken: Double)]
    let network: Double
    let epsilon: Double
    private var times: Times
    /// What still runs, a prompt length each, and the indices of the shortest and the longest that do.
    private var running: [Double]
    private var shortest = 0
    private var longest = 0

    /// Hand-over points beyond this are not looked for, whatever a log says of answer lengths.
    static var farthest: Int { 1 << 22 }

    init(
        _ requests: BucketRequests, side: MigrationSide, sourceTPOT: Double,
        readers: [(share: Double, secondsPerToken: Double)], rules: MigrationRules, times: Times
    ) {
        self.requests = requests
        self.side = side
        self.sourceTPOT = sourceTPOT
        self.readers = readers
        network = rules.network
        epsilon = rules.epsilon
        self.times = times
        running = Array(repeating: 0, count: requests.lengths.count)
        longest = running.count - 1
        for end in requests.ends { running[end.length] += end.weight }
    }

    /// What the search ends with.
    enum Outcome: Equatable {
        /// Hand over after so many tokens, which saves so much money per request.
        case found(tokens: Int, saving: Double)
        /// Nothing saves.
        case dearer
        /// What saves comes late for more than ε, from here on.
        case late(firstTried: Int)
    }

    /// The point that saves most; of equal ones the first.
    /// - Complexity: O(requests + longest answer), but where short and long prompts disagree on whether a hand-over is in
    ///   time: there O(lengths · log residuals) for a point.
    mutating func best() -> Outcome {
        let ends = requests.ends
        let total = requests.weight
        let decoded = ends.reduce(0) { $0 + $1.weight * Double($1.output) }
        let difference = side.sourceDecode - side.targetDecode
        // Savings closer than this are one: the rounding of prices must not choose.
        let tolerance = 1e-12 * side.sourceDecode * decoded
        var best = (tokens: 0, saving: tolerance)
        var firstTried: Int?
        var next = 0
        var open = total  // requests that still run
        var prompts = ends.reduce(0) { $0 + $1.weight * Double(requests.lengths[$1.length]) }  // their prompt tokens
        var delivered = 0.0  // tokens of all requests by the point
        var i = 0
        while true {
            // The answers that end by the point i, then the stretch until the next one ends.
            while next < ends.count, ends[next].output <= max(i, 1) {
                let end = ends[next]
                if i == 0 { delivered += end.weight * Double(end.output) }
                open -= end.weight
                prompts -= end.weight * Double(requests.lengths[end.length])
                remove(end)
                next += 1
            }
            guard next < ends.count, i < Self.farthest else { break }
            if i == 0 {
                delivered += open
                i = 1
            }
            let stop = min(ends[next].output, Self.farthest)
            var point = i
            while point < stop {
                let here = delivered + Double(point - i) * open
                let saving =
                    difference * (decoded - here)
                    - (side.targetPrefill * (prompts + Double(point) * open) + side.transfer * open)
                guard saving > best.saving + (best.tokens > 0 ? tolerance : 0) else { break }
                if firstTried == nil { firstTried = point }
                if isInTime(point) {
                    best = (point, saving)
                    break
                }
                point += 1
            }
            delivered += Double(stop - i) * open
            i = stop
        }
        if best.tokens > 0 { return .found(tokens: best.tokens, saving: best.saving / total) }
        return firstTried.map { .late(firstTried: $0) } ?? .dearer
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
    private mutating func isInTime(_ i: Int) -> Bool {
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
        var search = self
        for end in requests.ends where end.output <= i { search.remove(end) }
        let prefills = search.prefills(after: i)
        func isLate(_ x: Double) -> Bool {
            let bounds = search.times.bounds(lengths: prefills, after: x)
            if bounds.most <= epsilon + 1e-12 { return false }
            if bounds.least > epsilon + 1e-12 { return true }
            return search.times.lateShare(requests.lengths, search.running, tokens: i, after: x) > epsilon + 1e-12
        }
        guard !isLate(.greatestFiniteMagnitude) else { return .infinity }
        var low = UInt64(0)
        var high = 1e9.bitPattern
        guard !isLate(1e9) else { return .infinity }
        while low < high {
            let middle = low + (high - low) / 2
            if isLate(Double(bitPattern: middle)) { low = middle + 1 } else { high = middle }
        }
        return network + Double(bitPattern: low)
    }
}
