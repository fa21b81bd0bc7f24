/// Measures of a response from stretches of tokens with one gap, in closed form, or from recorded gaps, token by token.
///
/// Let x_j = t_j − t_1 − (j−1)/r be token j's lateness for a reader who began with the first. Then u_j = t_1 + (j−1)/r + A_j
/// with A_j = max(0, x_1 ... x_j), and u_j − ideal_j = t_1 − TTFT* + A_j. Within a stretch x_j and t_j − d_j are linear in j.
/// Source: derived, docs/maths/metrics.md.
struct DeliveryMeter {
    private let settings: MetricSettings
    /// Time of the first token.
    private let first: Double
    /// Seconds a token takes to read; 0 where that is not known.
    private let reading: Double
    /// A_j.
    private(set) var lag = 0.0
    /// Σ (u_j − ideal_j)⁺.
    private var late = 0.0
    /// Largest t_j − d_j, at least 0.
    private(set) var idle = 0.0
    /// Tokens so far.
    private(set) var tokens = 0

    /// A response whose first token came at `first`.
    @inline(__always) init(_ settings: MetricSettings, first: Double, reading: Double) {
        self.settings = settings
        self.first = first
        self.reading = reading
    }

    private var gain: Double { first - settings.ttftTarget }

    /// Adds the next `count` ≥ 1 tokens of a run whose times are `elapsed` apart where it has recorded gaps.
    @inline(__always) mutating func add(_ run: TokenRun, count: Int, _ elapsed: [Double]) {
        if run.place < 0 { addEven(run, count: count) } else { addRecorded(run, count: count, elapsed) }
        tokens += count
    }

    @inline(__always) private mutating func addEven(_ run: TokenRun, count: Int) {
        let last = run.first + Double(count &- 1) * run.gap
        idle = max(idle, run.first - settings.deadline(tokens &+ 1), last - settings.deadline(tokens &+ count))
        let begin = run.first - first - Double(tokens) * reading
        let slope = run.gap - reading
        let n = Double(count)
        if slope <= 0 {
            lag = max(lag, begin)
            late += n * max(0, gain + lag)
            return
        }
        // Tokens that come no later than the lag that is there, then those that add to it.
        let covered = min(n, max(0, ((lag - begin) / slope).rounded(.down) + 1))
        late += covered * max(0, gain + lag)
        guard covered < n else { return }
        lag = begin + (n - 1) * slope
        let positive = max(covered, ((-gain - begin) / slope).rounded(.up))
        if positive < n {
            late += (n - positive) * (gain + begin + slope * (positive + n - 1) / 2)
        }
    }

    private mutating func addRecorded(_ run: TokenRun, count: Int, _ elapsed: [Double]) {
        let begin = run.first - first - Double(tokens) * reading
        let perToken = 1 / settings.deadlineTokensPerSecond
        let due = run.first - settings.deadline(tokens &+ 1)
        let (behind, overdue) = elapsed.largest(from: run.place, count: count, minus: reading, perToken)
        idle = max(idle, due + overdue)
        // Most readers are never overtaken; only where one is, the sum needs every token.
        if begin + behind <= lag {
            late += Double(count) * max(0, gain + lag)
            return
        }
        let base = elapsed[run.place]
        let gain = self.gain
        var (lag, late, k) = (self.lag, 0.0, 0.0)
        for time in elapsed[run.place..<run.place &+ count] {
            let behind = begin + ((time - base) - k * reading)
            lag = behind > lag ? behind : lag
            let seen = gain + lag
            late += seen > 0 ? seen : 0
            k += 1
        }
        self.lag = lag
        self.late += late
    }

    /// Andes' QoE of a response delivered whole.
    var qoe: Double {
        guard late > 0 else { return 1 }
        let n = Double(tokens)
        let read = first + (n - 1) * reading + lag
        return 1 - late / (n * (read - settings.ttftTarget) - n * (n - 1) / 2 * reading)
    }
}

extension [Double] {
    /// The largest of e_k − e_0 − k·a and of e_k − e_0 − k·b over `count` ≥ 1 elements that begin at `place`.
    ///
    /// Four lanes each, since a maximum has to wait for the one before.
    @inline(__always)
    fileprivate func largest(from place: Int, count: Int, minus a: Double, _ b: Double) -> (Double, Double) {
        let base = self[place]
        let (stepA, stepB) = (SIMD4(repeating: a), SIMD4(repeating: b))
        var k = SIMD4<Double>(0, 1, 2, 3)
        var (largestA, largestB) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        let end = place &+ count
        var i = place
        precondition(end <= self.count, "a run of \(count) tokens from \(place) has no times")
        unsafe withUnsafeBufferPointer { elapsed in
            while i &+ 4 <= end {
                let e = unsafe SIMD4(elapsed[i], elapsed[i &+ 1], elapsed[i &+ 2], elapsed[i &+ 3]) - base
                let (atA, atB) = (e - k * stepA, e - k * stepB)
                largestA.replace(with: atA, where: atA .> largestA)
                largestB.replace(with: atB, where: atB .> largestB)
                k += 4
                i &+= 4
            }
        }
        var (resultA, resultB) = (largestA.max(), largestB.max())
        while i < end {
            let (e, k) = (self[i] - base, Double(i &- place))
            resultA = Swift.max(resultA, e - k * a)
            resultB = Swift.max(resultB, e - k * b)
            i &+= 1
        }
        return (resultA, resultB)
    }
}

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
