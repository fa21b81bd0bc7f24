/// What to do for each prompt length: a mixture of actions per interval of lengths.
public struct DispatchPlan: Sendable, Hashable {
    /// The first length of each interval, ascending; the first is 1.
    ///
    /// The last interval has no end.
    public let lowerEdges: [Int]
    /// One mixture per interval.
    public let mixtures: [Mixture]

    /// A plan.
    /// - Precondition: edges ascend strictly from 1, one mixture each.
    public init(lowerEdges: [Int], mixtures: [Mixture]) {
        precondition(lowerEdges.first == 1 && lowerEdges.count == mixtures.count, "a plan covers 1 ... ∞")
        precondition(zip(lowerEdges, lowerEdges.dropFirst()).allSatisfy(<), "edges must ascend")
        self.lowerEdges = lowerEdges
        self.mixtures = mixtures
    }

    /// The same mixture for every length.
    public init(everywhere mixture: Mixture) { self.init(lowerEdges: [1], mixtures: [mixture]) }

    /// Whether any of its actions hands responses over.
    public var handsOver: Bool { mixtures.contains { $0.parts.contains { $0.handOvers != .none } } }

    /// The mixture for prompts of `length` tokens.
    /// - Complexity: O(log *intervals*).
    public func mixture(promptTokens length: Int) -> Mixture { mixtures[lowerEdges.interval(holding: length)] }
}

extension [Int] {
    /// For ascending lower edges: the index of the interval that holds `value`; values below the first edge go to 0.
    /// - Complexity: O(log *n*).
    public func interval(holding value: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return Swift.max(0, low - 1)
    }
}
