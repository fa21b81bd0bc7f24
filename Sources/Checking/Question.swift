public import Costs
public import Profiles
public import Serving

/// A state in which requests find the endpoints, and how many find it: all of them, or those of one hour of the day.
public struct World: Sendable {
    /// Lengths, times and timeout in this state.
    public let profile: ServingProfile
    /// The first length of each bucket, ascending from 1: lengths between two share an action.
    public let lowerEdges: [Int]
    /// Share of all requests; those of all worlds sum to 1.
    public let share: Double

    /// A world.
    /// - Precondition: edges begin at 1 and ascend.
    public init(_ profile: ServingProfile, lowerEdges: [Int], share: Double = 1) {
        precondition(lowerEdges.first == 1 && zip(lowerEdges, lowerEdges.dropFirst()).allSatisfy(<), "edges ascend")
        self.profile = profile
        self.lowerEdges = lowerEdges
        self.share = share
    }
}

/// What a policy is asked: which metric to make small, under which limits, in which worlds.
public struct DispatchQuestion: Sendable {
    /// The worlds, of one timeout; one, unless conditioned by more than the prompt length.
    public let worlds: [World]
    /// Prices and energies.
    public let costs: CostModel
    /// What is minimized, or maximized.
    public let objective: Metric
    /// The limits, at most one a metric.
    public let limits: [Limit]
    /// What hand-overs of running responses depend on; nil where responses stay.
    public let handOvers: HandOverSettings?
    /// What the quality of streams depends on; nil where it is not known.
    public let quality: QualitySettings?

    /// A question.
    /// - Precondition: at least one world, one timeout.
    public init(
        worlds: [World], costs: CostModel = CostModel(server: nil), objective: Metric, limits: [Limit],
        handOvers: HandOverSettings? = nil, quality: QualitySettings? = nil
    ) {
        precondition(Set(worlds.map(\.profile.timeout)).count == 1, "worlds share one timeout")
        self.worlds = worlds
        self.costs = costs
        self.objective = objective
        self.limits = limits
        self.handOvers = handOvers
        self.quality = quality
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

    /// E[o] over all worlds, in tokens.
    private var meanOutputTokens: Double {
        worlds.reduce(0) { sum, world in
            let workload = world.profile.workload
            let tokens = zip(workload.meanOutputTokens ?? [], workload.counts).reduce(0.0) { $0 + $1.0 * Double($1.1) }
            return sum + world.share * tokens / Double(workload.counts.reduce(0, +))
        }
    }

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
            weights.serverTakeOver = server.prefill
            weights.deviceTakeOver = device.prefill
            weights.transfer = handOvers?.rules.transfer ?? 0
        case .energyMean:
            guard knowsOutputs, let energy = costs.deviceEnergy else { return nil }
            weights.devicePrefill = energy.prefill
            weights.deviceDecode = energy.decode
            weights.deviceTakeOver = energy.prefill
        case .qoeMean:
            guard knowsOutputs, quality?.readers != nil else { return nil }
            (weights.constant, weights.qoe) = (1, -1)
        case .goodputSmooth:
            guard knowsOutputs, let quality else { return nil }
            let rate = quality.requestsPerSecond ?? 1
            (weights.constant, weights.goodput) = (rate * meanOutputTokens, -rate)
        default: return nil
        }
        return weights
    }
}
