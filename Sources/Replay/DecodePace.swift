/// How an endpoint's tokens follow each other once the first is there.
public enum DecodePace: Sendable, Hashable {
    /// Every token takes so many seconds (TPOT), ≥ 0.
    case constant(Double)
    /// Each run draws its TPOT, in seconds, ≥ 0, and keeps it.
    case perRun(TimeSamples)
    /// Each run draws a place in these recorded gaps (seconds, ≥ 0, in the order in which they were recorded) and takes those that
    /// follow, from the first one again after the last; so bursts stay bursts.
    case recorded([Double])
}

/// A pace made ready for drawing; a class, since it is passed about for every request.
final class PreparedPace: Sendable {
    /// What is added to the first token's time: `elapsed[k + j] − elapsed[k]` for token j of a run that begins at k; empty
    /// unless gaps were recorded.
    let elapsed: [Double]
    /// How many gaps were recorded.
    let gaps: Int
    private let samples: TimeSamples
    /// The largest delays behind the deadlines.
    let behindDeadlines: GapMaxima
    /// The largest delays behind each of the world's readers.
    let behindReaders: [GapMaxima]

    /// `pace` for runs of at most `longest` tokens, before deadlines and readers of so many seconds a token.
    init(_ pace: DecodePace, longest: Int, deadlines: Double, readers: [Double]) {
        switch pace {
        case .constant(let gap): (samples, elapsed, gaps) = (TimeSamples([gap]), [], 0)
        case .perRun(let samples): (self.samples, elapsed, gaps) = (samples, [], 0)
        case .recorded(let recorded):
            samples = TimeSamples([0])
            gaps = recorded.count
            var sum = 0.0
            // Long enough for a run that begins at the last gap, so that none has to turn around.
            elapsed =
                [0]
                + (0..<recorded.count + longest).map { k in
                    sum += recorded[k % recorded.count]
                    return sum
                }
        }
        behindDeadlines = GapMaxima(elapsed, slope: deadlines)
        behindReaders = readers.map { [elapsed] in GapMaxima(elapsed, slope: $0) }
        let least = elapsed.isEmpty ? samples.seconds.first : zip(elapsed.dropFirst(), elapsed).map { $0 - $1 }.min()
        precondition(
            (least ?? 0) >= 0 && (samples.seconds.last ?? 0) < .infinity && sum(elapsed) < .infinity,
            "a time between tokens is finite and at least 0")
    }

    /// The run whose first token comes at `first` seconds, as a random word has it.
    @inline(__always) func run(of side: Side, first: Double, _ word: UInt64) -> TokenRun {
        if elapsed.isEmpty { return TokenRun(side: side, first: first, gap: samples.time(word), place: -1) }
        let place = Int(truncatingIfNeeded: UInt64(gaps).multipliedFullWidth(by: word).high)
        return TokenRun(side: side, first: first, gap: 0, place: place)
    }
}

private func sum(_ elapsed: [Double]) -> Double { elapsed.last ?? 0 }

/// Index of an endpoint's part in pairs: 0 is the server, 1 the device.
typealias Side = Int

/// Consecutive tokens of one endpoint.
struct TokenRun: Sendable, Hashable {
    /// Who.
    let side: Side
    /// When the first comes, in seconds from submission.
    let first: Double
    /// Seconds between two; 0 where gaps were recorded.
    let gap: Double
    /// Where in the recorded gaps the run begins; −1 for a constant gap.
    let place: Int

    /// When token `k` of the run comes, from 0, in seconds from submission.
    @inline(__always) func time(_ k: Int, _ elapsed: [Double]) -> Double {
        place < 0 ? first + Double(k) * gap : first + (elapsed[place &+ k] - elapsed[place])
    }
}
