/// How fast responses stream and are read, and what a hand-over costs and may risk.
public struct HandOverSettings: Sendable, Hashable {
    /// Seconds between the server's output tokens; nil where unknown.
    public var serverTPOT: Double?
    /// Seconds between the device's output tokens; nil where unknown.
    public var deviceTPOT: Double?
    /// Who reads.
    public var readers: Readers
    /// Network, transfer, ε, stalls.
    public var rules: MigrationRules

    /// Settings.
    /// - Precondition: 0 < ε < 1; network and transfer ≥ 0; times per token > 0.
    public init(serverTPOT: Double?, deviceTPOT: Double?, readers: Readers, rules: MigrationRules = MigrationRules()) {
        precondition(rules.epsilon > 0 && rules.epsilon < 1, "an ε of \(rules.epsilon)")
        precondition(rules.network >= 0 && rules.transfer >= 0, "a hand-over takes and costs at least nothing")
        precondition((serverTPOT ?? 1) > 0 && (deviceTPOT ?? 1) > 0, "a token takes time")
        self.serverTPOT = serverTPOT
        self.deviceTPOT = deviceTPOT
        self.readers = readers
        self.rules = rules
    }

    /// Seconds between an endpoint's output tokens; nil where unknown.
    public func tpot(of endpoint: Endpoint) -> Double? { endpoint == .server ? serverTPOT : deviceTPOT }
}
