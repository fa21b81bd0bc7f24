/// What the quality of a stream depends on besides its first token: how fast tokens follow, how fast people read, and when
/// tokens are due.
public struct QualitySettings: Sendable, Hashable {
    /// Seconds between the server's output tokens.
    public var serverTPOT: Double
    /// Seconds between the device's output tokens.
    public var deviceTPOT: Double
    /// Who reads; nil where that is not known, which leaves `qoe.mean` out.
    public var readers: Readers?
    /// What quality is measured against.
    public var metrics: MetricSettings
    /// How fast requests arrive; nil where that is not known, which makes `goodput.smooth` tokens per request.
    public var requestsPerSecond: Double?

    /// Settings.
    /// - Precondition: times per token > 0.
    public init(
        serverTPOT: Double, deviceTPOT: Double, readers: Readers?, metrics: MetricSettings = MetricSettings(),
        requestsPerSecond: Double? = nil
    ) {
        precondition(serverTPOT > 0 && deviceTPOT > 0, "a token takes time")
        self.serverTPOT = serverTPOT
        self.deviceTPOT = deviceTPOT
        self.readers = readers
        self.metrics = metrics
        self.requestsPerSecond = requestsPerSecond
    }

    /// Seconds between an endpoint's output tokens.
    public func tpot(of endpoint: Endpoint) -> Double { endpoint == .server ? serverTPOT : deviceTPOT }
}
