public import Costs
public import Serving

/// What requests are drawn from: their lengths, both endpoints' times, readers and prices.
///
/// Plain values, so that the judge of all policies knows nothing of how they were fitted.
public struct ReplayWorld: Sendable {
    /// Prompt length of each request that may be drawn, in tokens, ≥ 1.
    public let promptTokens: [Int]
    /// Answer length of each of them, in tokens, ≥ 0; nil where they are not known, and then nothing is known of tokens.
    public let outputTokens: [Int]?
    /// How often each of them is drawn, relative to the others; nil for all alike.
    public let weights: [Double]?
    /// The server's TTFT.
    public let server: ServerTimes
    /// The device's TTFT.
    public let device: DeviceTimes
    /// How tokens follow each other on both endpoints; nil where that is not known of both.
    public let paces: Paces?
    /// Seconds from a request's arrival by which there must be a first token, and as many for a continuation's.
    public let timeout: Double
    /// Prices and energies.
    public let costs: CostModel
    /// Who reads; nil where their pace is not known.
    public let readers: Readers?
    /// Seconds that a hand-over takes besides the target's TTFT.
    public let network: Double
    /// Money per hand-over besides the target's prefill.
    public let transfer: Double
    /// Requests that arrive per second; nil where there are no arrival times, and then goodput is per request.
    public let requestsPerSecond: Double?
    /// What the loser of a race is charged.
    public let loserCharge: LoserCharge

    /// The server's TTFT: by groups of prompt lengths, or exactly that of a curve.
    public struct ServerTimes: Sendable {
        /// The first length of each group, ascending; the first is 1.
        public let lowerEdges: [Int]
        /// The times of each group, in seconds; not looked at where there is a curve.
        public let groups: [TimeSamples]
        /// Seconds for a prompt of so many tokens; nil where times are drawn.
        public let curve: (@Sendable (Int) -> Double)?

        /// Times by groups of lengths.
        /// - Precondition: Edges ascend from 1, one group each.
        public init(lowerEdges: [Int], groups: [TimeSamples]) {
            precondition(
                lowerEdges.first == 1 && lowerEdges.count == groups.count
                    && zip(lowerEdges, lowerEdges.dropFirst()).allSatisfy(<), "groups cover 1 ... ∞")
            self.lowerEdges = lowerEdges
            self.groups = groups
            curve = nil
        }

        /// The same times for all lengths.
        public init(_ pooled: TimeSamples) { self.init(lowerEdges: [1], groups: [pooled]) }

        /// A server whose TTFT depends on the length alone.
        public init(curve: @escaping @Sendable (Int) -> Double) {
            lowerEdges = [1]
            groups = [TimeSamples([0])]
            self.curve = curve
        }
    }

    /// The device's TTFT: D(l) = max(curve(l) + residual, floor).
    public struct DeviceTimes: Sendable {
        /// Seconds for a prompt of so many tokens, before noise.
        public let curve: @Sendable (Int) -> Double
        /// What is added to it, in seconds.
        public let residuals: TimeSamples
        /// No time is below this, in seconds.
        public let floor: Double

        /// Times around a curve.
        public init(
            residuals: TimeSamples = TimeSamples([0]), floor: Double = 0, curve: @escaping @Sendable (Int) -> Double
        ) {
            self.curve = curve
            self.residuals = residuals
            self.floor = floor
        }
    }

    /// Both endpoints' decoding.
    public struct Paces: Sendable, Hashable {
        /// The server's.
        public let server: DecodePace
        /// The device's.
        public let device: DecodePace

        /// A pair of paces.
        public init(server: DecodePace, device: DecodePace) {
            self.server = server
            self.device = device
        }
    }

    /// What an endpoint is charged that was started and did not win.
    public enum LoserCharge: String, Sendable, Hashable {
        /// Its whole prefill.
        case full
        /// The part of its TTFT that had passed when it was cancelled; of one that never answered, elapsed / timeout.
        case elapsed
    }

    /// A world.
    /// - Precondition: At least one request; as many answer lengths and weights as prompt lengths; lengths and amounts
    ///   within their ranges.
    public init(
        promptTokens: [Int], outputTokens: [Int]? = nil, weights: [Double]? = nil, server: ServerTimes,
        device: DeviceTimes, paces: Paces? = nil, timeout: Double, costs: CostModel = CostModel(server: nil),
        readers: Readers? = nil, network: Double = 0, transfer: Double = 0, requestsPerSecond: Double? = nil,
        loserCharge: LoserCharge = .full
    ) {
        precondition(!promptTokens.isEmpty, "a world without requests cannot be replayed")
        precondition(promptTokens.allSatisfy { $0 >= 1 && $0 < 1 << 31 }, "a prompt has at least one token")
        precondition(
            (outputTokens ?? []).allSatisfy { $0 >= 0 && $0 < 1 << 31 }
                && outputTokens?.count ?? promptTokens.count == promptTokens.count
                && weights?.count ?? promptTokens.count == promptTokens.count,
            "each request needs an answer length, at least 0, and a weight, or none does")
        precondition(
            timeout > 0 && timeout < .infinity && network >= 0 && network < .infinity && transfer >= 0
                && (requestsPerSecond ?? 1) > 0,
            "timeout \(timeout) s, network \(network) s and transfer \(transfer) are finite and at least 0")
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.weights = weights
        self.server = server
        self.device = device
        self.paces = paces
        self.timeout = timeout
        self.costs = costs
        self.readers = readers
        self.network = network
        self.transfer = transfer
        self.requestsPerSecond = requestsPerSecond
        self.loserCharge = loserCharge
    }
}
