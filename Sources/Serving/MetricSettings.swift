/// What the metrics of a replay are measured against.
public struct MetricSettings: Sendable, Hashable {
    /// TTFT*, when the first token is due for the quality of experience, in seconds.
    public var ttftTarget: Double
    /// Seconds added to every token's deadline.
    public var deadlineOffset: Double
    /// V, the pace of the deadlines: token j is due at offset + j / V seconds from submission.
    public var deadlineTokensPerSecond: Double
    /// What a token that an idle reader could have read weighs against one that was delivered.
    public var alpha: Double

    /// Andes' TTFT target of 1 s; smooth goodput's V of 5 tokens/s and alpha of 2.5.
    /// - Precondition: V > 0 and alpha ≥ 0; all finite.
    public init(
        ttftTarget: Double = 1, deadlineOffset: Double = 0, deadlineTokensPerSecond: Double = 5, alpha: Double = 2.5
    ) {
        precondition(
            deadlineTokensPerSecond > 0 && alpha >= 0
                && (ttftTarget + deadlineOffset + deadlineTokensPerSecond + alpha).isFinite,
            "a pace is above 0 and alpha at least 0: \(deadlineTokensPerSecond) tokens/s, \(alpha)")
        self.ttftTarget = ttftTarget
        self.deadlineOffset = deadlineOffset
        self.deadlineTokensPerSecond = deadlineTokensPerSecond
        self.alpha = alpha
    }

    /// A nanosecond: what is late by less is in time, so that rounding decides nothing.
    public static let tolerance = 1e-9

    /// When token `j` ≥ 1 is due, in seconds from submission.
    public func deadline(_ j: Int) -> Double { deadlineOffset + Double(j) / deadlineTokensPerSecond }

    /// n − alpha · V · min(l, timeout): what a response is worth to smooth goodput, in tokens.
    /// - Parameters:
    ///   - tokens: n, tokens delivered.
    ///   - idle: l, the largest delay behind a deadline, in seconds, ≥ 0.
    ///   - timeout: In seconds.
    /// - Returns: The benefit, in tokens.
    @inlinable public func benefit(tokens: Int, idle: Double, timeout: Double) -> Double {
        Double(tokens) - alpha * deadlineTokensPerSecond * min(idle, timeout)
    }
}

extension MetricSettings {
    /// 1 − Andes' QoE of a response whose first token comes at `first` and the others `gap` seconds after one another.
    ///
    /// Does not fall with `first`. Source: Andes (arXiv 2404.16283); closed form: docs/maths/quality.md.
    /// - Parameters:
    ///   - first: Seconds from submission.
    ///   - tokens: How many tokens the response has, ≥ 0.
    ///   - gap: Seconds between tokens.
    ///   - pace: The reader's, in tokens per second.
    /// - Returns: The loss, between 0 and 1.
    public func qoeLoss(first: Double, tokens: Int, gap: Double, reader pace: Double) -> Double {
        let lateness = first - ttftTarget
        let n = Double(tokens)
        let slope = max(0, gap - 1 / pace)
        let last = lateness + (n - 1) * slope
        guard tokens > 0, last > 0 else { return 0 }
        // Tokens from this one on come after they are due.
        let punctual = lateness > 0 ? 0 : min(n - 1, (-lateness / slope).rounded(.down) + 1)
        let late = (n - punctual) * (lateness + slope * (punctual + n - 1) / 2)
        return min(1, late / (n * last + n * (n - 1) / (2 * pace)))
    }

    /// The largest delay of such a response's tokens behind their deadlines, in seconds, ≥ 0.
    public func idle(first: Double, tokens: Int, gap: Double) -> Double {
        tokens == 0 ? 0 : max(0, first - onTime(tokens: tokens, gap: gap))
    }

    /// Until when the first token of such a response may come for all to meet their deadlines; t_j − d_j is linear in j.
    public func onTime(tokens: Int, gap: Double) -> Double {
        min(deadline(1), deadline(tokens) - Double(tokens - 1) * gap)
    }
}
