/// How long each endpoint waits before it is started for a request.
///
/// A wait is in seconds from the request's arrival; `.infinity` is *never*. An endpoint with a wait `w > 0` is started
/// if and only if the other has not answered by `w`. At least one wait is 0: somebody starts at once.
/// Source: derived, docs/maths/dispatch.md.
public struct Action: Sendable, Hashable {
    /// The server's wait, in seconds, 0...∞.
    public let serverWait: Double
    /// The device's wait, in seconds, 0...∞.
    public let deviceWait: Double

    /// An action with the given waits.
    /// - Precondition: both waits are at least 0 and one of them is 0.
    public init(serverWait: Double, deviceWait: Double) {
        precondition(
            serverWait >= 0 && deviceWait >= 0 && min(serverWait, deviceWait) == 0,
            "an action starts one endpoint at once: waits \(serverWait) s and \(deviceWait) s")
        self.serverWait = serverWait
        self.deviceWait = deviceWait
    }

    /// The action that starts `first` at once and the other endpoint after `wait` seconds (∞ for never).
    public init(first: Endpoint, otherAfter wait: Double) {
        switch first {
        case .server: self.init(serverWait: 0, deviceWait: wait)
        case .device: self.init(serverWait: wait, deviceWait: 0)
        }
    }

    /// Both endpoints at once.
    public static let race = Action(serverWait: 0, deviceWait: 0)

    /// `endpoint` alone, whatever happens.
    public static func only(_ endpoint: Endpoint) -> Action { Action(first: endpoint, otherAfter: .infinity) }

    /// The wait of `endpoint`, in seconds.
    public func wait(of endpoint: Endpoint) -> Double { endpoint == .server ? serverWait : deviceWait }
}
