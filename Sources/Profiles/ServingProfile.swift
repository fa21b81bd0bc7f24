/// Everything a solver sees of the world: whose prompts, how fast each endpoint is, when to give up.
public struct ServingProfile: Sendable, Equatable {
    /// Prompt lengths.
    public let workload: WorkloadProfile
    /// The server's TTFT.
    public let server: ServerProfile
    /// The device's TTFT.
    public let device: DeviceProfile
    /// No first token by then, from the request's arrival, is a failure; in seconds.
    public let timeout: Double

    /// A profile.
    /// - Precondition: a positive, finite timeout.
    public init(workload: WorkloadProfile, server: ServerProfile, device: DeviceProfile, timeout: Double) {
        precondition(timeout > 0 && timeout.isFinite, "a timeout of \(timeout) s")
        self.workload = workload
        self.server = server
        self.device = device
        self.timeout = timeout
    }
}
