internal import Distributions
public import Profiles
public import Serving

/// A policy that people use today, evaluated beside the optimum.
public enum Baseline: String, Sendable, CaseIterable {
    /// The server alone.
    case serverOnly = "server-only"
    /// The device alone.
    case deviceOnly = "device-only"
    /// Both at once, always.
    case race
    /// The device after the server's 95th percentile.
    case fixedHedge = "fixed-hedge"
    /// One delay with one probability, the best of its kind (SingleR).
    case singleR = "single-r"
    /// One endpoint drawn at random: the server with probability b.
    case stochS = "stoch-s"
    /// One endpoint drawn at random: the device with probability b.
    case stochD = "stoch-d"
    /// The paper's policy for a limited server.
    case discoS = "disco-s"
    /// The paper's policy for a limited device.
    case discoD = "disco-d"

    /// Whether requests never meet more than one endpoint, the same for all.
    public var usesOneEndpoint: Bool { self == .serverOnly || self == .deviceOnly }

    /// The baseline's plan.
    /// - Parameters:
    ///   - profile: The data it is tuned on.
    ///   - limited: The endpoint whose prefill is limited.
    ///   - budget: The largest share of prompt tokens it may prefill.
    ///   - alpha: The tail share of DiSCo-D.
    /// - Returns: What to do for every prompt length.
    public func plan(_ profile: ServingProfile, limited: Endpoint, budget: Double, alpha: Double) -> DispatchPlan {
        let share = min(1, budget)
        switch self {
        case .serverOnly: return DispatchPlan(everywhere: Mixture(.only(.server)))
        case .deviceOnly: return DispatchPlan(everywhere: Mixture(.only(.device)))
        case .race: return DispatchPlan(everywhere: Mixture(.race))
        case .fixedHedge:
            let wait = profile.server.pooled.seenQuantile(0.95)
            return DispatchPlan(everywhere: Mixture(Action(first: .server, otherAfter: wait)))
        case .singleR: return SingleR.plan(profile, limited: limited, budget: budget)
        case .stochS: return DispatchPlan(everywhere: Mixture(.only(.server), share: share, else: .only(.device)))
        case .stochD: return DispatchPlan(everywhere: Mixture(.only(.device), share: share, else: .only(.server)))
        case .discoS: return DiSCo.serverConstrained(profile, budget: budget)
        case .discoD: return DiSCo.deviceConstrained(profile, budget: budget, alpha: alpha)
        }
    }
}
