/// A random choice among actions: which waits, with which probability.
public struct Mixture: Sendable, Hashable {
    /// One action of a mixture.
    public struct Part: Sendable, Hashable {
        /// Probability that a request takes the action, 0 < p ≤ 1.
        public let probability: Double
        /// The waits.
        public let action: Action
        /// What then becomes of the running response.
        public let handOvers: HandOvers

        /// An action and its probability.
        public init(probability: Double, action: Action, handOvers: HandOvers = .none) {
            self.probability = probability
            self.action = action
            self.handOvers = handOvers
        }
    }

    /// The actions; their probabilities sum to 1.
    public let parts: [Part]

    /// A mixture of `parts`.
    /// - Precondition: probabilities lie in 0 ... 1 and sum to 1 within 1e-9. Parts of probability 0 are left out.
    public init(_ parts: [Part]) {
        let sum = parts.reduce(0) { $0 + $1.probability }
        precondition(
            abs(sum - 1) <= 1e-9 && parts.allSatisfy { $0.probability >= 0 }, "probabilities sum to \(sum), not to 1")
        self.parts = parts.filter { $0.probability > 0 }
    }

    /// `action` for certain.
    public init(_ action: Action) { parts = [Part(probability: 1, action: action)] }

    /// `first` with probability `share`, else `second`.
    public init(_ first: Action, share: Double, else second: Action) {
        self.init([Part(probability: share, action: first), Part(probability: 1 - share, action: second)])
    }
}
