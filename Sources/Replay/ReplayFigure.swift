internal import Costs
public import Serving

/// One number of a replay, by the name that files and `--json` give it.
public struct ReplayFigure: Sendable, Hashable {
    /// The name (`ttft.mean`, `goodput.smooth`).
    public let name: String
    /// The value, in the unit of docs/replay.md.
    public let value: Double
    /// Its standard error, likewise; nil where none is computed.
    public let error: Double?
}

extension ReplayOutcomes {
    /// All that is known, in the order in which it is told.
    /// - Parameter quantiles: Which quantiles of TTFT; other metrics among them are passed over.
    /// - Returns: Numbers by name.
    /// - Complexity: O(bins) a quantile.
    public func figures(quantiles: [Metric] = Metric.reportedQuantiles) -> [ReplayFigure] {
        var figures: [ReplayFigure] = []
        func add(_ name: String, _ value: Double?, error: Double? = nil) {
            if let value { figures.append(ReplayFigure(name: name, value: value, error: error)) }
        }
        func add(share name: String, _ value: Double?) { add(name, value, error: value.flatMap(shareError)) }
        for metric in [.ttftMean] + quantiles.sorted() where metric == .ttftMean || metric.quantileLevel != nil {
            add(metric.rawValue, self[metric], error: error(of: metric))
        }
        // What is maximized is told with the streams.
        for metric in Metric.reported
        where metric != .ttftMean && metric.quantileLevel == nil && !metric.isMaximized {
            add(metric.rawValue, self[metric], error: error(of: metric))
        }
        add("cost.per_million_tokens", costPerMillionTokens)
        add("energy.per_million_tokens", energyPerMillionTokens)
        add("server.prefill_tokens", tokens?.serverPrefill)
        add("server.decode_tokens", tokens?.serverDecode)
        add("device.prefill_tokens", tokens?.devicePrefill)
        add("device.decode_tokens", tokens?.deviceDecode)
        add("output_tokens.mean", outputTokensMean)
        add("tbt.mean", tbtMean)
        add("tbt.p99", tbtQuantile(0.99))
        add("stall.mean", stallMean, error: stallMeanError)
        add(share: "stall.share", stalledShare)
        add(share: "hand_over.share", handOverShare)
        add("hand_over.delay_num", delayedTokensPerHandOver)
        add("hand_over.noticed_share", noticedShare)
        add("hand_over.delay_mean", delayMean)
        add(share: "broken_share", brokenShare)
        add("qoe.mean", qoeMean, error: qoeMeanError)
        add(share: "slo.attainment", attainment)
        add("goodput.deadline", goodput, error: goodputError)
        add("goodput.smooth", smoothGoodput, error: smoothGoodputError)
        return figures
    }

    /// The standard error of a metric that solvers know; nil where none is computed.
    ///
    /// Of a quantile q it is half the way between the quantiles at q ± √(q (1 − q) / n): what a share of requests may be off
    /// by, read along the distribution.
    public func error(of metric: Metric) -> Double? {
        switch metric {
        case .ttftMean: return ttftMeanError
        case .ttftQuantile(let percentile):
            let level = percentile.level
            guard let off = shareError(level), let high = ttftQuantile(min(1, level + off)),
                let low = ttftQuantile(max(0, level - off))
            else { return nil }
            return (high - low) / 2
        case .devicePrefillShare: return prefillShareError(of: .device)
        case .serverPrefillShare: return prefillShareError(of: .server)
        case .deviceAnswerShare, .failedShare: return self[metric].flatMap(shareError)
        case .costMean: return costMeanError
        case .energyMean: return energyMeanError
        case .qoeMean: return qoeMeanError
        case .goodputSmooth: return smoothGoodputError
        }
    }
}
