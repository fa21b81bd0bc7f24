internal import Distributions
public import Serving

extension ServingProfile {
    /// The world in which a share of all requests, at random, finds an endpoint down.
    /// - Parameters:
    ///   - endpoint: Who is down; not a server of a formula, which has no failures.
    ///   - share: Share of all requests, 0...1, besides those that fail anyhow.
    /// - Returns: The same prompts, the endpoint's times thinned.
    public func withOutage(of endpoint: Endpoint, share: Double) -> ServingProfile {
        precondition((0...1).contains(share), "a share of \(share)")
        guard share > 0 else { return self }
        guard endpoint == .server else {
            return ServingProfile(workload: workload, server: server, device: device.failing(share), timeout: timeout)
        }
        precondition(server.formula == nil, "a formula has no failures")
        let thinned = ServerProfile(
            lowerEdges: server.lowerEdges, groups: server.groups.map { $0.failing(share) },
            pooled: server.pooled.failing(share), strata: server.strata)
        return ServingProfile(workload: workload, server: thinned, device: device, timeout: timeout)
    }
}
