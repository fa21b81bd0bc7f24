/// Bounds on a metric, in the metric's own unit.
public struct Limit: Sendable, Hashable {
    /// What is limited.
    public var metric: Metric
    /// Upper bound; nil for none.
    public var atMost: Double?
    /// Lower bound; nil for none.
    public var atLeast: Double?

    /// A limit from above, from below or both.
    public init(metric: Metric, atMost: Double? = nil, atLeast: Double? = nil) {
        self.metric = metric
        self.atMost = atMost
        self.atLeast = atLeast
    }
}
