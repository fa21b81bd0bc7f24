/// How fast people read (or listen to) a stream of tokens: one pace, or a population of paces.
public struct Readers: Sendable, Hashable {
    /// A share of all readers and their pace.
    public struct Pace: Sendable, Hashable {
        /// Share of readers, in (0, 1].
        public let share: Double
        /// Tokens per second, > 0.
        public let tokensPerSecond: Double

        /// A share of readers of one pace.
        public init(share: Double, tokensPerSecond: Double) {
            self.share = share
            self.tokensPerSecond = tokensPerSecond
        }
    }

    /// The paces, ascending; their shares sum to 1.
    public let paces: [Pace]

    /// Readers who all have one pace, in tokens per second.
    public init(tokensPerSecond: Double) { self.init([Pace(share: 1, tokensPerSecond: tokensPerSecond)]) }

    /// A population; its shares are scaled to sum to 1.
    /// - Precondition: at least one pace, all positive and finite, with positive shares.
    public init(_ paces: [Pace]) {
        precondition(
            !paces.isEmpty
                && paces.allSatisfy {
                    $0.share > 0 && $0.tokensPerSecond > 0 && ($0.share * $0.tokensPerSecond).isFinite
                },
            "readers have a positive pace")
        let total = paces.reduce(0) { $0 + $1.share }
        self.paces = paces.sorted { ($0.tokensPerSecond, $0.share) < ($1.tokensPerSecond, $1.share) }
            .map { Pace(share: $0.share / total, tokensPerSecond: $0.tokensPerSecond) }
    }

    /// The smallest pace that at most a share of `epsilon` of all readers exceed, in tokens per second.
    public func pace(exceededBy epsilon: Double) -> Double {
        var faster = 0.0
        for (index, pace) in paces.enumerated().reversed() {
            faster += pace.share
            if faster > epsilon + 1e-12 || index == 0 { return pace.tokensPerSecond }
        }
        return paces[0].tokensPerSecond
    }
}
