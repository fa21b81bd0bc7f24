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
