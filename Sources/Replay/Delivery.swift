public import Serving

/// A response as its reader saw it.
public struct Delivery: Sendable, Hashable {
    /// When each token was delivered, in seconds from the request's submission; ascending.
    public var times: [Double]
    /// Whether they are the whole response.
    public var isWhole: Bool
    /// Seconds by which there had to be a first token.
    public var timeout: Double
    /// The reader's pace; nil where it is not known.
    public var readerTokensPerSecond: Double?
    /// What a hand-over made of the response; nil where there was none.
    public var handOver: HandOver?

    /// A response that two endpoints streamed.
    public struct HandOver: Sendable, Hashable {
        /// Tokens that the first of them delivered.
        public var after: Int
        /// When it would have delivered the others, in seconds from the request's submission.
        public var timesWithout: [Double]

        /// A hand-over after so many tokens.
        public init(after: Int, timesWithout: [Double]) {
            self.after = after
            self.timesWithout = timesWithout
        }
    }

    /// A response.
    /// - Precondition: Times ascend, and a hand-over comes with as many of its source's times as there are tokens after it.
    public init(
        times: [Double], isWhole: Bool, timeout: Double, readerTokensPerSecond: Double? = nil, handOver: HandOver? = nil
    ) {
        precondition(zip(times, times.dropFirst()).allSatisfy(<=), "tokens are delivered in order")
        if let handOver {
            precondition(
                handOver.after >= 1 && times.count - handOver.after <= handOver.timesWithout.count,
                "a hand-over after \(handOver.after) of \(times.count) tokens")
        }
        self.times = times
        self.isWhole = isWhole
        self.timeout = timeout
        self.readerTokensPerSecond = readerTokensPerSecond
        self.handOver = handOver
    }

    /// The measures of the response, token by token in one pass: the definitions, which faster paths are held against.
    ///
    /// With t_j the time of token j, r the reader's pace and u_j = max(t_j, u_{j−1} + 1/r) the time at which it is read:
    ///
    ///     stall   = u_n − t_1 − (n−1)/r
    ///     delayed = #{j > i: t_j > max(t_1 + (j−1)/r, when the source would have delivered it)}, i the hand-over's token
    ///     QoE     = 1 − Σ (u_j − ideal_j)⁺ / Σ (u_n − ideal_j),  ideal_j = TTFT* + (j−1)/r;  0 if not whole
    ///     idle    = max(0, max_j (t_j − offset − j/V));  the timeout if not whole
    ///
    /// Source: docs/maths/metrics.md; QoE is that of Andes (arXiv 2404.16283), the deadlines those of Wang et al.
    /// (arXiv 2410.14257).
    /// - Complexity: O(tokens).
    public func measures(_ settings: MetricSettings) -> DeliveryMeasures {
        var idle = 0.0
        for (j, time) in zip(1..., times) { idle = max(idle, time - settings.deadline(j)) }
        if !isWhole { idle = timeout }
        var measures = DeliveryMeasures(
            tokens: times.count, isWhole: isWhole, idle: idle, isOnTime: isWhole && idle <= MetricSettings.tolerance,
            benefit: settings.benefit(tokens: times.count, idle: idle, timeout: timeout))
        guard let pace = readerTokensPerSecond else { return measures }
        (measures.stall, measures.delayed, measures.longestDelay) = (0, 0, 0)
        measures.qoe = isWhole ? 1 : 0
        guard let first = times.first else { return measures }
        let gap = 1 / pace
        var read = -Double.infinity
        var late = 0.0
        var idealSum = 0.0
        for (j, time) in zip(1..., times) {
            read = max(time, read + gap)
            let ideal = settings.ttftTarget + Double(j - 1) * gap
            late += max(0, read - ideal)
            idealSum += ideal
            if let handOver, j > handOver.after {
                let due = max(first + Double(j - 1) * gap, handOver.timesWithout[j - 1 - handOver.after])
                if time > due + MetricSettings.tolerance {
                    measures.delayed = (measures.delayed ?? 0) + 1
                    measures.longestDelay = max(measures.longestDelay ?? 0, time - due)
                }
            }
        }
        measures.stall = max(0, read - first - Double(times.count - 1) * gap)
        if isWhole, late > 0 { measures.qoe = 1 - late / (Double(times.count) * read - idealSum) }
        return measures
    }
}
