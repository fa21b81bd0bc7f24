import Serving

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
    /// Which of the world's readers it is.
    private let reader: Int
    /// A_j.
    private(set) var lag = 0.0
    /// Σ (u_j − ideal_j)⁺.
    private var late = 0.0
    /// Largest t_j − d_j, at least 0.
    private(set) var idle = 0.0
    /// Tokens so far.
    private(set) var tokens = 0

    /// A response whose first token came at `first`.
    @inline(__always) init(_ settings: MetricSettings, first: Double, reading: Double, reader: Int) {
        self.settings = settings
        self.first = first
        self.reading = reading
        self.reader = reader
    }

    private var gain: Double { first - settings.ttftTarget }

    /// Adds the next `count` ≥ 1 tokens of a run at its endpoint's pace.
    @inline(__always) mutating func add(_ run: TokenRun, count: Int, _ pace: PreparedPace) {
        if run.place < 0 { addEven(run, count: count) } else { addRecorded(run, count: count, pace) }
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

    private mutating func addRecorded(_ run: TokenRun, count: Int, _ pace: PreparedPace) {
        let begin = run.first - first - Double(tokens) * reading
        let due = run.first - settings.deadline(tokens &+ 1)
        idle = max(idle, due + pace.behindDeadlines.largest(pace.elapsed, from: run.place, count: count))
        let behind = pace.behindReaders[reader]
        let latest = begin + behind.largest(pace.elapsed, from: run.place, count: count)
        // Most readers are never overtaken, and lags grow no more once they are largest.
        guard latest > lag else {
            late += Double(count) * max(0, gain + lag)
            return
        }
        let covered = behind.covered(pace.elapsed, from: run.place, count: count, ahead: lag - begin)
        late += Double(covered) * max(0, gain + lag)
        let base = pace.elapsed[run.place]
        let gain = self.gain
        var (lag, late, k) = (self.lag, 0.0, covered)
        while k < count {
            lag = max(lag, begin + ((pace.elapsed[run.place &+ k] - base) - Double(k) * reading))
            // Two ways of rounding may not quite reach each other.
            if lag >= latest - 1e-12 { break }
            late += max(0, gain + lag)
            k &+= 1
        }
        lag = max(lag, latest)
        self.late += late + Double(count &- k) * max(0, gain + lag)
        self.lag = lag
    }

    /// Andes' QoE of a response delivered whole.
    var qoe: Double {
        guard late > 0 else { return 1 }
        let n = Double(tokens)
        let read = first + (n - 1) * reading + lag
        return 1 - late / (n * (read - settings.ttftTarget) - n * (n - 1) / 2 * reading)
    }
}
