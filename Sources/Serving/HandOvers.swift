/// After which output token a running response moves to the other endpoint, by who streams it.
public struct HandOvers: Sendable, Hashable {
    /// Output tokens that the server delivers before the device takes over, ≥ 1; nil for never.
    public var fromServer: Int?
    /// Output tokens that the device delivers before the server takes over, ≥ 1; nil for never.
    public var fromDevice: Int?

    /// Hand-overs after so many tokens.
    public init(fromServer: Int? = nil, fromDevice: Int? = nil) {
        self.fromServer = fromServer
        self.fromDevice = fromDevice
    }

    /// Nothing is handed over.
    public static let none = HandOvers()

    /// Tokens that `source` delivers before the other endpoint takes over; nil for never.
    public subscript(from source: Endpoint) -> Int? {
        get { source == .server ? fromServer : fromDevice }
        set { if source == .server { fromServer = newValue } else { fromDevice = newValue } }
    }
}
