internal import Serving

/// What an answer loses by the time of its first token, for one prompt length at one endpoint's pace.
protocol LossTable: Sendable {
    /// The loss of a first token at `time`, in seconds; `hint` is where the last look-up ended.
    func loss(at time: Double, _ hint: inout Int) -> Double
}

/// 1 − QoE, tabulated: through both ends and the middle of each interval goes a parabola, which is right to about 1e-7.
///
/// Every time at which a token becomes late begins an interval, and answers of one token step by themselves.
struct QualityTable: LossTable {
    private let breaks: [Double]
    /// Left end, middle, right end of each interval.
    private let values: [(Double, Double, Double)]
    private let stepTime: Double
    private let step: Double

    /// The table of `answers` at a pace; `breaks` as `QualityTable.breaks` gives them.
    init(
        _ answers: [(tokens: Int, share: Double)], gap: Double, _ readers: Readers, _ metrics: MetricSettings,
        breaks: [Double]
    ) {
        func loss(_ time: Double) -> Double {
            answers.reduce(0) { sum, answer in
                guard answer.tokens > 1 else { return sum }
                return sum + answer.share
                    * readers.paces.reduce(0) {
                        $0 + $1.share
                            * metrics.qoeLoss(
                                first: time, tokens: answer.tokens, gap: gap, reader: $1.tokensPerSecond)
                    }
            }
        }
        let ends = breaks.map(loss)
        self.breaks = breaks
        values = (0..<breaks.count - 1).map { k in
            (ends[k], loss(breaks[k] + (breaks[k + 1] - breaks[k]) / 2), ends[k + 1])
        }
        stepTime = metrics.ttftTarget
        step = answers.reduce(0) { $0 + ($1.tokens == 1 ? $1.share : 0) }
    }

    func loss(at time: Double, _ hint: inout Int) -> Double {
        hint = breaks.countOfLeading(near: hint) { $0 <= time }
        let k = min(max(hint, 1), breaks.count - 1) - 1
        let u = (time - breaks[k]) / (breaks[k + 1] - breaks[k])
        let (left, middle, right) = values[k]
        let curve = left + u * (4 * middle - 3 * left - right + u * 2 * (left + right - 2 * middle))
        return curve + (time > stepTime ? step : 0)
    }

    /// Times from 0 to the timeout between which no answer's loss has a kink, close where it is curved.
    static func breaks(
        _ metrics: MetricSettings, _ readers: Readers, gaps: [Double], outputs: [Int], timeout: Double
    ) -> [Double] {
        let target = metrics.ttftTarget
        var breaks: Set<Double> = [0, timeout, target]
        guard let longest = outputs.max(), longest > 1 else {
            return breaks.filter { $0 >= 0 && $0 <= timeout }.sorted()
        }
        let fastest = readers.paces.map(\.tokensPerSecond).max() ?? 1
        let shortest = outputs.filter { $0 > 1 }.min() ?? longest
        let scale = Double(shortest - 1) / (2 * fastest)
        var time = target
        while time < timeout {
            time += (time - target + scale) / 100
            breaks.insert(time)
        }
        for gap in gaps {
            for pace in readers.paces {
                let slope = gap - 1 / pace.tokensPerSecond
                guard slope > 0 else { continue }
                let steps = min(min(Double(longest), (target / slope).rounded(.up)), 4_000)
                for j in 1...max(1, Int(steps)) {
                    // The first few tokens change the sum by most.
                    let parts = max(1, Int((200 * slope * pace.tokensPerSecond / Double(j)).rounded(.up)))
                    for part in 0..<min(parts, 2_000) {
                        breaks.insert(target - slope * (Double(j) - Double(part) / Double(parts)))
                    }
                }
                var before = steps * slope
                while before < target {
                    breaks.insert(target - before)
                    before *= 1.01
                }
            }
        }
        return breaks.filter { $0 >= 0 && $0 <= timeout }.sorted()
    }
}

/// What smooth goodput loses to late tokens: alpha V seconds of the largest delay, up to the timeout; exact.
struct LatenessTable: LossTable {
    /// Times at which more answers are late, ascending, and at which no more is lost.
    private let begins: [Double]
    private let ends: [Double]
    /// Shares of answers up to each time, and shares times times.
    private let shares: [Double]
    private let moments: [Double]
    private let weight: Double

    /// The table of `answers` at a pace.
    init(_ answers: [(tokens: Int, share: Double)], gap: Double, _ metrics: MetricSettings, timeout: Double) {
        let begins = answers.filter { $0.tokens > 0 }.map { answer -> (time: Double, share: Double) in
            // The delay of the first token and that of the last; those between lie between.
            let last = Double(answer.tokens - 1) * gap - Double(answer.tokens) / metrics.deadlineTokensPerSecond
            let first = -1 / metrics.deadlineTokensPerSecond
            return (metrics.deadlineOffset - max(first, last), answer.share)
        }.sorted { $0.time < $1.time }
        self.begins = begins.map(\.time)
        ends = begins.map { $0.time + timeout }
        var (shares, moments) = ([0.0], [0.0])
        for begin in begins {
            shares.append(shares[shares.count - 1] + begin.share)
            moments.append(moments[moments.count - 1] + begin.share * begin.time)
        }
        (self.shares, self.moments) = (shares, moments)
        weight = metrics.alpha * metrics.deadlineTokensPerSecond
        self.timeout = timeout
    }

    private let timeout: Double

    func loss(at time: Double, _ hint: inout Int) -> Double {
        hint = begins.countOfLeading(near: hint) { $0 < time }
        let over = ends.countOfLeading(near: 0) { $0 < time }
        let growing = (shares[hint] - shares[over]) * time - (moments[hint] - moments[over])
        return weight * (growing + shares[over] * timeout)
    }
}
