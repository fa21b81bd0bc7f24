/// One of the two places that can answer a request.
public enum Endpoint: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// The hosted model: fast on average, unpredictable, billed per token.
    case server
    /// The model on the user's own machine: steady, draws on its battery.
    case device

    /// The endpoint that is not this one.
    public var other: Endpoint { self == .server ? .device : .server }

    /// Orders the server before the device, as every file and table of ours does.
    public static func < (left: Endpoint, right: Endpoint) -> Bool { left == .server && right == .device }
}
