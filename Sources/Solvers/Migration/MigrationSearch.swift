internal import Serving

/// What tokens are worth in one direction, source to target: money, or what a Lagrangian makes of them.
struct MigrationSide: Hashable {
    /// Per token that the source decodes.
    var sourceDecode: Double
    /// Per token that the target prefills.
    var targetPrefill: Double
    /// Per token that the target decodes.
    var targetDecode: Double
    /// Per hand-over.
    var transfer: Double

    /// What a token decoded by the target instead of the source saves.
    var difference: Double { sourceDecode - targetDecode }
    /// Whether no hand-over can save, whatever its point.
    var neverSaves: Bool { difference <= 0 && targetPrefill >= 0 && transfer >= 0 }
    /// Whether waiting a token longer saves less, while no answer ends; mostly so, since the target prefills one more.
    var favoursEarly: Bool { difference + targetPrefill >= 0 }
}

/// Answers by their end, weighted by how often the source streams them: what savings are sums over.
struct WeightedAnswer {
    /// Answer length in tokens.
    var output: Int
    /// Prompt length in tokens.
    var prompt: Double
    var weight: Double
}

/// What a search for a hand-over point ends with.
enum SearchOutcome: Equatable {
    /// Hand over after so many tokens, which saves so much in all.
    case found(tokens: Int, saving: Double)
    /// Nothing saves.
    case dearer
    /// What saves comes late for more than ε, from here on.
    case late(firstTried: Int)
}

/// Searches a bucket's hand-over points for the one that saves most and goes unnoticed.
///
/// Between two lengths at which answers end the saving is linear in the point, mostly falling: each token more is decoded by
/// the source and prefilled by the target. So of each such stretch only the first point in time matters (the last, where it
/// rises), and only while it would save more than the best so far. Source: derived, docs/maths/migration.md.
struct MigrationSearch<Times: TargetTimes> {
    /// Ascending in their output.
    let answers: [WeightedAnswer]
    let side: MigrationSide
    var clock: HandOverClock<Times>

    init(_ answers: [WeightedAnswer], side: MigrationSide, clock: HandOverClock<Times>) {
        self.answers = answers
        self.side = side
        self.clock = clock
    }

    /// The point that saves most; of equal ones the first found.
    /// - Complexity: O(requests + longest answer), but where short and long prompts disagree on whether a hand-over is in
    ///   time: there O(lengths · log residuals) for a point.
    mutating func best() -> SearchOutcome {
        var sums = HandOverSums(answers, side: side)
        // Savings closer than this are one: the rounding of prices must not choose.
        let tolerance = sums.tolerance
        var best = (tokens: 0, saving: tolerance)
        var firstTried: Int?
        var i = 1
        while true {
            sums.advance(to: i)
            guard let end = sums.nextEnd, i < HandOverSums.farthest else { break }
            clock.advance(to: i)
            guard clock.isRunning else { break }
            let stop = min(end, HandOverSums.farthest)
            let bar = best.saving + (best.tokens > 0 ? tolerance : 0)
            for step in 0..<stop - i {
                let point = side.favoursEarly ? i + step : stop - 1 - step
                let saving = sums.saving(after: point)
                guard saving > bar else { break }
                if firstTried == nil { firstTried = point }
                if clock.isInTime(point) {
                    best = (point, saving)
                    break
                }
            }
            i = stop
        }
        if best.tokens > 0 { return .found(tokens: best.tokens, saving: best.saving) }
        return firstTried.map { .late(firstTried: $0) } ?? .dearer
    }
}

extension HandOverSums {
    /// Whether any point saves, whatever the target's times.
    ///
    /// - Complexity: O(answers), and O(1) where the first point saves already, as it does of most that do.
    mutating func savesAnywhere() -> Bool {
        var i = 1
        while true {
            advance(to: i)
            guard let end = nextEnd, i < Self.farthest else { return false }
            let stop = min(end, Self.farthest)
            if saving(after: side.favoursEarly ? i : stop - 1) > tolerance { return true }
            i = stop
        }
    }
}

/// What is done with a clock, whatever its times.
protocol ClockReader {
    associatedtype Result
    func read(_ clock: HandOverClock<some TargetTimes>) -> Result
}

/// Searches for the best point, with the hand-over time there (or where a late one was first tried).
struct SearchByClock: ClockReader {
    var answers: [WeightedAnswer]
    var side: MigrationSide

    func read<Times: TargetTimes>(_ clock: HandOverClock<Times>) -> (outcome: SearchOutcome, seconds: Double) {
        var search = MigrationSearch(answers, side: side, clock: clock)
        let outcome = search.best()
        switch outcome {
        case .dearer: return (outcome, 0)
        case .found(let tokens, _), .late(let tokens): return (outcome, clock.handOverSeconds(after: tokens))
        }
    }
}

/// Prefix sums over answers in the order of their ends, from which the saving of any point follows.
struct HandOverSums {
    /// Hand-over points beyond this are not looked for, whatever a log says of answer lengths.
    static let farthest = 1 << 22

    private let answers: [WeightedAnswer]
    fileprivate let side: MigrationSide
    /// Tokens of all answers.
    private let all: Double
    /// Answers that still run, their prompt tokens, and the tokens of those that have ended.
    private var open: Double
    private var prompts: Double
    private var ended = 0.0
    private var next = 0

    init(_ answers: [WeightedAnswer], side: MigrationSide) {
        self.answers = answers
        self.side = side
        (all, open, prompts) = answers.reduce(into: (0, 0, 0)) { sums, answer in
            sums.0 += answer.weight * Double(answer.output)
            sums.1 += answer.weight
            sums.2 += answer.weight * answer.prompt
        }
    }

    /// Differences of savings that are rounding.
    var tolerance: Double { 1e-12 * abs(side.sourceDecode) * all }

    /// The next length at which an answer ends; nil where all have.
    var nextEnd: Int? { next < answers.count ? answers[next].output : nil }

    /// Ends the answers of at most `i` tokens.
    mutating func advance(to i: Int) {
        while next < answers.count, answers[next].output <= i {
            let answer = answers[next]
            open -= answer.weight
            prompts -= answer.weight * answer.prompt
            ended += answer.weight * Double(answer.output)
            next += 1
        }
    }

    /// J(never) − J(i), summed over all answers.
    ///
    /// Those of at most `i` tokens have ended, no longer one has.
    func saving(after i: Int) -> Double {
        let decoded = ended + Double(i) * open
        return side.difference * (all - decoded)
            - (side.targetPrefill * (prompts + Double(i) * open) + side.transfer * open)
    }
}
