/// What a hand-over of a running response costs besides the target's own prefill, and how sure it is to go unnoticed.
public struct MigrationRules: Sendable, Hashable {
    /// Seconds on the network that a hand-over takes besides the target's TTFT, ≥ 0.
    public var network: Double
    /// Money per hand-over besides the target's prefill, ≥ 0.
    public var transfer: Double
    /// Largest share of hand-overs that may be late for their reader, between 0 and 1.
    public var epsilon: Double
    /// Whether a target that decodes more slowly than people read may be used.
    public var allowsStall: Bool

    /// Rules; nothing is added to the target's TTFT and prefill unless given.
    public init(network: Double = 0, transfer: Double = 0, epsilon: Double = 0.01, allowsStall: Bool = false) {
        self.network = network
        self.transfer = transfer
        self.epsilon = epsilon
        self.allowsStall = allowsStall
    }
}
