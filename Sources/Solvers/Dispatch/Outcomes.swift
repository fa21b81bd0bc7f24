public import Costs
internal import Profiles
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

extension FirstTokenModel {
    /// The outcomes of `plan`, request by request over the profile's own lengths (not at bucket means).
    /// - Parameters:
    ///   - plan: What to do.
    ///   - costs: Prices and energies; a figure that needs a missing one is left out.
    ///   - quantiles: Which TTFT quantiles to compute, in any order; other metrics among them are passed over.
    /// - Returns: One number per metric that the data can tell.
    /// - Complexity: O(lengths · actions · residuals) and a bisection of about 62 steps a quantile.
    public func outcomes(
        of plan: DispatchPlan, costs: CostModel, quantiles: [Metric] = Metric.reportedQuantiles
    ) -> Outcomes {
        let workload = profile.workload
        let total = Double(workload.requests)
        let meanPrompt = workload.meanPromptTokens
        var outcomes = Outcomes()
        var mean = 0.0
        var deviceAnswers = 0.0
        var failed = 0.0
        var use = TokenUse(serverPrefill: 0, serverDecode: 0, devicePrefill: 0, deviceDecode: 0)
        for (range, mixture) in plan.runs(over: workload.lengths) {
            for part in mixture.parts {
                let means = meanTTFT(promptTokens: workload.lengths[range], under: part.action)
                for (i, own) in zip(range, means) {
                    let weight = part.probability * Double(workload.counts[i]) / total
                    let length = workload.lengths[i]
                    let shares = shares(promptTokens: length, under: part.action)
                    let output = workload.meanOutputTokens?[i] ?? 0
                    mean += weight * own
                    deviceAnswers += weight * shares.deviceAnswers
                    failed += weight * shares.failed
                    use.serverPrefill += weight * shares.serverStarted * Double(length)
                    use.devicePrefill += weight * shares.deviceStarted * Double(length)
                    use.serverDecode += weight * shares.serverAnswers * output
                    use.deviceDecode += weight * shares.deviceAnswers * output
                }
            }
        }
        outcomes[.ttftMean] = mean
        outcomes[.deviceAnswerShare] = min(1, deviceAnswers)
        outcomes[.failedShare] = min(1, failed)
        outcomes[.serverPrefillShare] = min(1, use.serverPrefill / meanPrompt)
        outcomes[.devicePrefillShare] = min(1, use.devicePrefill / meanPrompt)
        if workload.meanOutputTokens != nil {
            outcomes[.costMean] = costs.money(for: use)
            outcomes[.energyMean] = costs.joules(for: use)
        }
        var from = 0.0
        for metric in quantiles.sorted() {
            guard let level = metric.quantileLevel else { continue }
            from = quantile(level, of: plan, notBelow: from)
            outcomes[metric] = from
        }
        return outcomes
    }

    /// The smallest t with P(min(T, timeout) ≤ t) ≥ level over requests and mixture draws, not interpolated.
    ///
    /// Bisects on the bit patterns of doubles, which ascend with them: T's support is all sums of a server time and a
    /// device time, too many to list.
    func quantile(_ level: Double, of plan: DispatchPlan, notBelow start: Double = 0) -> Double {
        let runs = plan.runs(over: profile.workload.lengths)
        let total = Double(profile.workload.requests)
        func isEnough(_ t: Double) -> Bool {
            var late = 0.0
            for (range, mixture) in runs {
                for i in range {
                    let weight = Double(profile.workload.counts[i]) / total
                    for part in mixture.parts {
                        late +=
                            weight * part.probability
                            * survival(promptTokens: profile.workload.lengths[i], under: part.action, at: t)
                    }
                }
            }
            return late <= 1 - level + 1e-12
        }
        var low = start.bitPattern
        var high = profile.timeout.bitPattern  // min(T, timeout) ≤ timeout, always
        while low < high {
            let middle = low + (high - low) / 2
            if isEnough(Double(bitPattern: middle)) { high = middle } else { low = middle + 1 }
        }
        return Double(bitPattern: low)
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
