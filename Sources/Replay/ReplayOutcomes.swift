public import Costs
import Distributions
public import Serving

/// What a policy does in a replay: one number per metric that the world can tell, nil where it cannot.
public struct ReplayOutcomes: Sendable {
    /// What the numbers were made from.
    public let tally: ReplayTally
    private let costs: CostModel
    private let transfer: Double
    private let hasOutputs: Bool
    private let hasTokenTimes: Bool
    private let hasReaders: Bool
    private let expenseScale: Double
    private let energyScale: Double
    /// Requests per second, or 1 where rates are per request.
    private let rate: Double

    init(_ tally: ReplayTally, _ world: ReplayWorld, _ settings: MetricSettings) {
        self.tally = tally
        costs = world.costs
        transfer = world.transfer
        hasOutputs = world.outputTokens != nil
        hasTokenTimes = hasOutputs && world.paces != nil
        hasReaders = world.readers != nil
        (expenseScale, energyScale) = (Prices(world).scale, Prices(world).energyScale)
        rate = world.requestsPerSecond ?? 1
    }

    private func share(_ count: Int) -> Double? { tally.requests > 0 ? Double(count) / Double(tally.requests) : nil }

    // MARK: Times

    /// Mean of min(TTFT, timeout), in seconds.
    public var ttftMean: Double? { tally.ttft.mean }

    /// Its standard error, in seconds.
    public var ttftMeanError: Double? { tally.ttft.standardError }

    /// The smallest t with P(min(TTFT, timeout) ≤ t) ≥ `level`, at most 0.012 % above, in seconds.
    public func ttftQuantile(_ level: Double) -> Double? { tally.ttftValues.quantile(level) }

    /// Mean time between deliveries, in seconds.
    public var tbtMean: Double? {
        hasTokenTimes && tally.tbtValues.count > 0 ? tally.tbt.value / Double(tally.tbtValues.count) : nil
    }

    /// A quantile of the time between deliveries, in seconds.
    public func tbtQuantile(_ level: Double) -> Double? { hasTokenTimes ? tally.tbtValues.quantile(level) : nil }

    /// Mean seconds per request that its reader waits for tokens after the first.
    public var stallMean: Double? { hasTokenTimes ? tally.stall.mean : nil }

    /// Its standard error, in seconds.
    public var stallMeanError: Double? { hasTokenTimes ? tally.stall.standardError : nil }

    /// Share of requests whose reader waits for a token after the first.
    public var stalledShare: Double? { hasTokenTimes && hasReaders ? share(tally.stalled) : nil }

    // MARK: Shares

    /// Share of requests without a first token by the timeout.
    public var failedShare: Double? { share(tally.failed) }

    /// Share of requests that were answered, but not to the end.
    public var brokenShare: Double? { share(tally.broken) }

    /// Share of requests that `endpoint` answers.
    public func answerShare(of endpoint: Endpoint) -> Double? { share(tally.answers[endpoint.side]) }

    /// Share of all prompt tokens that the dispatch has `endpoint` prefill.
    public func prefillShare(of endpoint: Endpoint) -> Double? {
        tally.promptTokens > 0 ? Double(tally.started[endpoint.side]) / Double(tally.promptTokens) : nil
    }

    /// Standard error of the prefill share, by the delta method for a ratio of sums.
    public func prefillShareError(of endpoint: Endpoint) -> Double? {
        guard let share = prefillShare(of: endpoint), tally.requests > 1 else { return nil }
        // A start has the whole prompt or nothing, so x² and x l add up to the same.
        let squares = Double(tally.startedSquares[endpoint.side])
        let residual = squares * (1 - 2 * share) + share * share * Double(tally.promptSquares)
        return max(0, residual).squareRoot() / Double(tally.promptTokens)
    }

    /// Standard error of a share of requests.
    public func shareError(_ share: Double) -> Double? {
        tally.requests > 1 ? (max(0, share * (1 - share)) / Double(tally.requests - 1)).squareRoot() : nil
    }

    // MARK: Hand-overs

    /// Share of requests that are handed over.
    public var handOverShare: Double? { hasTokenTimes ? share(tally.handedOver) : nil }

    /// Mean tokens per request that come late because of a hand-over (delay_num).
    public var delayedTokensMean: Double? { hasTokenTimes && hasReaders ? share(tally.delayedTokens) : nil }

    /// Mean tokens that come late per hand-over; nil without any.
    public var delayedTokensPerHandOver: Double? {
        hasReaders && tally.handedOver > 0 ? Double(tally.delayedTokens) / Double(tally.handedOver) : nil
    }

    /// Share of hand-overs that make a token late; nil without any.
    public var noticedShare: Double? {
        hasReaders && tally.handedOver > 0 ? Double(tally.noticed) / Double(tally.handedOver) : nil
    }

    /// Mean of the longest delay of those hand-overs, in seconds; nil without any.
    public var delayMean: Double? { tally.noticed > 0 ? tally.longestDelays.value / Double(tally.noticed) : nil }

    // MARK: Tokens, energy, money

    /// Mean tokens per request that are charged, continuations included; nil where answer lengths are not known.
    public var tokens: TokenUse? {
        guard hasOutputs, tally.requests > 0 else { return nil }
        let n = Double(tally.requests)
        return TokenUse(
            serverPrefill: tally.prefilled.server.value / n, serverDecode: Double(tally.decoded.server) / n,
            devicePrefill: tally.prefilled.device.value / n, deviceDecode: Double(tally.decoded.device) / n)
    }

    /// Mean tokens delivered per request.
    public var outputTokensMean: Double? {
        hasOutputs ? share(tally.decoded.server + tally.decoded.device) : nil
    }

    /// Mean device energy per request, in joules.
    public var energyMean: Double? { tokens.flatMap(costs.joules(for:)) }

    /// Mean money per request.
    public var costMean: Double? {
        tokens.flatMap(costs.money(for:)).map { $0 + transfer * (share(tally.handedOver) ?? 0) }
    }

    /// Standard error of the mean money per request.
    public var costMeanError: Double? {
        costMean == nil ? nil : tally.expense.standardError.map { $0 * expenseScale }
    }

    /// Standard error of the mean device energy per request, in joules.
    public var energyMeanError: Double? {
        energyMean == nil ? nil : tally.energy.standardError.map { $0 * energyScale }
    }

    /// Device energy per million tokens delivered, in joules.
    public var energyPerMillionTokens: Double? { perMillion(energyMean) }

    /// Money per million tokens delivered.
    public var costPerMillionTokens: Double? { perMillion(costMean) }

    private func perMillion(_ mean: Double?) -> Double? {
        guard let mean, let tokens = outputTokensMean, tokens > 0 else { return nil }
        return mean / tokens * 1e6
    }

    // MARK: Experience

    /// Mean quality of experience, between 0 and 1.
    public var qoeMean: Double? { hasTokenTimes ? tally.qoe.mean : nil }

    /// Its standard error.
    public var qoeMeanError: Double? { hasTokenTimes ? tally.qoe.standardError : nil }

    /// Share of requests all of whose tokens met their deadlines.
    public var attainment: Double? { hasTokenTimes ? share(tally.onTime) : nil }

    /// Tokens of those requests, per second, or per request where there are no arrival times.
    public var goodput: Double? { hasTokenTimes ? tally.onTimeTokens.mean.map { $0 * rate } : nil }

    /// Its standard error.
    public var goodputError: Double? {
        hasTokenTimes ? tally.onTimeTokens.standardError.map { $0 * rate } : nil
    }

    /// Smooth goodput, likewise.
    public var smoothGoodput: Double? { hasTokenTimes ? tally.benefit.mean.map { $0 * rate } : nil }

    /// Its standard error.
    public var smoothGoodputError: Double? {
        hasTokenTimes ? tally.benefit.standardError.map { $0 * rate } : nil
    }

    /// The value of a metric that solvers know, in its own unit.
    public subscript(_ metric: Metric) -> Double? {
        switch metric {
        case .ttftMean: ttftMean
        case .ttftQuantile(let percentile): ttftQuantile(percentile.level)
        case .devicePrefillShare: prefillShare(of: .device)
        case .serverPrefillShare: prefillShare(of: .server)
        case .deviceAnswerShare: answerShare(of: .device)
        case .failedShare: failedShare
        case .costMean: costMean
        case .energyMean: energyMean
        case .qoeMean: qoeMean
        case .goodputSmooth: smoothGoodput
        }
    }
}

extension Endpoint {
    var side: Side { self == .server ? .server : .device }
}
