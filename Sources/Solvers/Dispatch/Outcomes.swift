public import Costs
public import Profiles
public import Serving

/// What a policy does on average: one number per metric that the data can tell.
public struct Outcomes: Sendable, Equatable {
    /// Values by metric, in the units of `Metric`.
    public private(set) var values: [Metric: Double] = [:]

    /// No outcomes yet.
    public init() {}

    /// The value of a metric; nil where the data cannot tell (a price or output lengths are missing).
    public subscript(_ metric: Metric) -> Double? {
        get { values[metric] }
        set { values[metric] = newValue }
    }

    /// Metrics and values, in the order of `Metric`.
    public var ordered: [(metric: Metric, value: Double)] {
        values.sorted { $0.key < $1.key }.map { (metric: $0.key, value: $0.value) }
    }
}

/// Worlds that requests are split among, such as periods of the day, to judge a plan each by.
public struct WorldsModel: Sendable {
    /// A model and its share of all requests for each world.
    private let worlds: [(model: FirstTokenModel, share: Double)]
    /// What late first tokens cost readers, a world each; empty where quality is not known.
    private let losses: [StreamLosses]

    /// A model of several worlds; shares sum to 1.
    /// - Parameters:
    ///   - worlds: Profiles and their shares of all requests.
    ///   - losses: What late first tokens cost readers, a world each; empty where quality is not to be judged.
    public init(_ worlds: [(profile: ServingProfile, share: Double)], losses: [StreamLosses] = []) {
        precondition(!worlds.isEmpty, "there is at least one world")
        precondition(losses.isEmpty || losses.count == worlds.count, "losses are known of all worlds, or of none")
        self.worlds = worlds.map { (FirstTokenModel($0.profile), $0.share) }
        self.losses = losses
    }

    /// The outcomes of a plan a world, request by request over the profiles' own lengths (not at bucket means).
    /// - Parameters:
    ///   - plans: What to do in each world.
    ///   - costs: Prices and energies; a figure that needs a missing one is left out.
    ///   - transfer: Money per hand-over besides the target's prefill.
    ///   - quantiles: Which TTFT quantiles to compute, in any order; other metrics among them are passed over.
    /// - Returns: One number per metric that the data can tell.
    /// - Complexity: O(lengths · actions · residuals + pairs of lengths · hand-overs) and a bisection of about 62 steps a quantile.
    public func outcomes(
        of plans: [DispatchPlan], costs: CostModel, transfer: Double = 0,
        quantiles: [Metric] = Metric.reportedQuantiles
    ) -> Outcomes {
        precondition(plans.count == worlds.count, "each world needs a plan")
        var outcomes = Outcomes()
        var mean = 0.0
        var deviceAnswers = 0.0
        var failed = 0.0
        var meanPrompt = 0.0
        var use = TokenUse(serverPrefill: 0, serverDecode: 0, devicePrefill: 0, deviceDecode: 0)
        var moved = MovedTokens()
        for ((model, share), plan) in zip(worlds, plans) {
            let workload = model.profile.workload
            let total = Double(workload.requests)
            meanPrompt += share * workload.meanPromptTokens
            let answers = plan.handsOver ? AnswerLengths(workload) : nil
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for part in mixture.parts {
                    let means = model.meanTTFT(promptTokens: workload.lengths[range], under: part.action)
                    for (i, own) in zip(range, means) {
                        let weight = share * part.probability * Double(workload.counts[i]) / total
                        let length = workload.lengths[i]
                        let shares = model.shares(promptTokens: length, under: part.action)
                        let output = workload.meanOutputTokens?[i] ?? 0
                        mean += weight * own
                        deviceAnswers += weight * shares.deviceAnswers
                        failed += weight * shares.failed
                        use.serverPrefill += weight * shares.serverStarted * Double(length)
                        use.devicePrefill += weight * shares.deviceStarted * Double(length)
                        use.serverDecode += weight * shares.serverAnswers * output
                        use.deviceDecode += weight * shares.deviceAnswers * output
                        if let answers {
                            moved.add(
                                part.handOvers, answers, i, promptTokens: length, server: weight * shares.serverAnswers,
                                device: weight * shares.deviceAnswers)
                        }
                    }
                }
            }
        }
        outcomes[.ttftMean] = mean
        outcomes[.deviceAnswerShare] = min(1, deviceAnswers)
        outcomes[.failedShare] = min(1, failed)
        outcomes[.serverPrefillShare] = min(1, use.serverPrefill / meanPrompt)
        outcomes[.devicePrefillShare] = min(1, use.devicePrefill / meanPrompt)
        if worlds.allSatisfy({ $0.model.profile.workload.meanOutputTokens != nil }) {
            let streamed = moved.added(to: use)
            outcomes[.costMean] = costs.money(for: streamed).map { $0 + transfer * moved.handOvers }
            outcomes[.energyMean] = costs.joules(for: streamed)
        }
        judgeQuality(plans, &outcomes)
        var from = 0.0
        for metric in quantiles.sorted() {
            guard let level = metric.quantileLevel else { continue }
            from = quantile(level, of: plans, notBelow: from)
            outcomes[metric] = from
        }
        return outcomes
    }

    /// QoE and smooth goodput, where they are known.
    private func judgeQuality(_ plans: [DispatchPlan], _ outcomes: inout Outcomes) {
        guard !losses.isEmpty else { return }
        let knowsReaders = losses.allSatisfy { $0.qoe != nil }
        let needs = BucketTerms.Needs(qoe: knowsReaders, goodput: true)
        var best = 0.0
        var sums = [Double](repeating: 0, count: 2 * Term.partsOfLoss)
        for (((model, share), losses), plan) in zip(zip(worlds, losses), plans) {
            let profile = model.profile
            best += share * losses.outputTokens
            for (range, mixture) in plan.runs(over: profile.workload.lengths) {
                let bucket = BucketTerms(profile, range: range, share: share, losses: losses)
                for part in mixture.parts {
                    let first: Endpoint = part.action.serverWait == 0 ? .server : .device
                    let wait = min(part.action.wait(of: first.other), profile.timeout)
                    let sides = bucket.lossSides(startingWith: first, wait: wait, needs)
                    for k in sums.indices { sums[k] += part.probability * sides.at[Term.firstTail + k] }
                }
            }
        }
        if knowsReaders { outcomes[.qoeMean] = max(0, 1 - (sums[0] + sums[1] - sums[2])) }
        outcomes[.goodputSmooth] = losses[0].rate * (best - (sums[3] + sums[4] - sums[5]))
    }

    /// The smallest t with P(min(T, timeout) ≤ t) ≥ level over requests and mixture draws, not interpolated.
    ///
    /// Bisects on the bit patterns of doubles, which ascend with them: T's support is all sums of a server time and a
    /// device time, too many to list.
    func quantile(_ level: Double, of plans: [DispatchPlan], notBelow start: Double = 0, notAbove end: Double? = nil)
        -> Double
    {
        let enough = 1 - level + LimitRows.tailTolerance
        // Where an upper end is known it mostly is the quantile: all but the double before it can be left alone.
        if let end, end > start, tailShare(after: end.nextDown, of: plans) > enough { return end }
        var low = start.bitPattern
        var high = (end ?? worlds[0].model.profile.timeout).bitPattern  // min(T, timeout) ≤ timeout, always
        while low < high {
            let middle = low + (high - low) / 2
            if tailShare(after: Double(bitPattern: middle), of: plans) <= enough {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return Double(bitPattern: low)
    }

    /// P(T > t) over requests and mixture draws; `t` below the timeout.
    func tailShare(after t: Double, of plans: [DispatchPlan]) -> Double {
        var late = 0.0
        for ((model, share), plan) in zip(worlds, plans) {
            let workload = model.profile.workload
            let total = Double(workload.requests)
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for i in range {
                    let weight = share * Double(workload.counts[i]) / total
                    for part in mixture.parts {
                        late +=
                            weight * part.probability
                            * model.survival(promptTokens: workload.lengths[i], under: part.action, at: t)
                    }
                }
            }
        }
        return late
    }
}

extension FirstTokenModel {
    /// The outcomes of one plan in this world alone; see `WorldsModel`.
    public func outcomes(
        of plan: DispatchPlan, costs: CostModel, transfer: Double = 0, losses: StreamLosses? = nil,
        quantiles: [Metric] = Metric.reportedQuantiles
    ) -> Outcomes {
        WorldsModel([(profile, 1)], losses: losses.map { [$0] } ?? [])
            .outcomes(of: [plan], costs: costs, transfer: transfer, quantiles: quantiles)
    }

    /// The quantile of one plan in this world alone; see `WorldsModel`.
    func quantile(_ level: Double, of plan: DispatchPlan) -> Double {
        WorldsModel([(profile, 1)]).quantile(level, of: [plan])
    }
}

extension DispatchPlan {
    /// For each interval that has some of the ascending `lengths`: their range of indices, and its mixture.
    func runs(over lengths: [Int]) -> [(range: Range<Int>, mixture: Mixture)] {
        var runs: [(Range<Int>, Mixture)] = []
        var start = 0
        for (k, mixture) in mixtures.enumerated() {
            var end = start
            while end < lengths.count && (k + 1 == lowerEdges.count || lengths[end] < lowerEdges[k + 1]) { end += 1 }
            if end > start { runs.append((start..<end, mixture)) }
            start = end
        }
        return runs
    }
}
