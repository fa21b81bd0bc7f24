public import Costs
public import Profiles
public import Serving

/// A state in which requests find the endpoints, and how many find it: all of them, or those of one hour of the day.
public struct World: Sendable {
    /// Lengths, times and timeout in this state.
    public let profile: ServingProfile
    /// Share of all requests; those of all worlds sum to 1.
    public let share: Double

    /// A world.
    public init(_ profile: ServingProfile, share: Double = 1) {
        self.profile = profile
        self.share = share
    }
}

/// A limit on a metric, in the metric's unit.
public struct MetricLimit: Sendable, Hashable {
    /// What is limited.
    public let metric: Metric
    /// Upper bound; nil for none.
    public let atMost: Double?
    /// Lower bound; nil for none.
    public let atLeast: Double?

    /// A limit.
    public init(_ metric: Metric, atMost: Double? = nil, atLeast: Double? = nil) {
        self.metric = metric
        self.atMost = atMost
        self.atLeast = atLeast
    }
}

/// What a policy is asked: which metric to make small, under which limits, in which worlds, with which buckets.
public struct DispatchQuestion: Sendable {
    /// The worlds; one, unless conditioned by more than the prompt length. All have the same timeout.
    public let worlds: [World]
    /// The first length of each bucket, ascending from 1: lengths between two share an action.
    public let lowerEdges: [Int]
    /// Prices and energies.
    public let costs: CostModel
    /// What is minimized.
    public let objective: Metric
    /// The limits, at most one a metric.
    public let limits: [MetricLimit]

    /// A question.
    /// - Precondition: at least one world, one timeout, edges that begin at 1 and ascend.
    public init(
        worlds: [World], lowerEdges: [Int], costs: CostModel = CostModel(server: nil), objective: Metric,
        limits: [MetricLimit]
    ) {
        precondition(Set(worlds.map(\.profile.timeout)).count == 1, "worlds share one timeout")
        precondition(lowerEdges.first == 1 && zip(lowerEdges, lowerEdges.dropFirst()).allSatisfy(<), "edges ascend")
        self.worlds = worlds
        self.lowerEdges = lowerEdges
        self.costs = costs
        self.objective = objective
        self.limits = limits
    }

    /// When a request without a first token has failed, in seconds.
    var timeout: Double { worlds[0].profile.timeout }

    /// E[l] over all worlds, in tokens.
    var meanPromptTokens: Double {
        worlds.reduce(0) { sum, world in
            let workload = world.profile.workload
            let tokens = zip(workload.lengths, workload.counts).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            return sum + world.share * tokens / Double(workload.counts.reduce(0, +))
        }
    }

    /// Whether output lengths are known.
    private var knowsOutputs: Bool { worlds.allSatisfy { $0.profile.workload.meanOutputTokens != nil } }

    /// A metric as a linear function of what happens; nil for quantiles, and where a price or output lengths are missing.
    func weights(of metric: Metric) -> Weights? {
        var weights = Weights()
        switch metric {
        case .ttftMean: weights.mean = 1
        case .devicePrefillShare: weights.devicePrefill = 1 / meanPromptTokens
        case .serverPrefillShare: weights.serverPrefill = 1 / meanPromptTokens
        case .deviceAnswerShare: weights.deviceAnswer = 1
        case .failedShare: weights.failed = 1
        case .costMean:
            guard knowsOutputs, let server = costs.server, let device = costs.deviceTotal else { return nil }
            weights.serverPrefill = server.prefill
            weights.serverDecode = server.decode
            weights.devicePrefill = device.prefill
            weights.deviceDecode = device.decode
        case .energyMean:
            guard knowsOutputs, let energy = costs.deviceEnergy else { return nil }
            weights.devicePrefill = energy.prefill
            weights.deviceDecode = energy.decode
        default: return nil
        }
        return weights
    }
}
