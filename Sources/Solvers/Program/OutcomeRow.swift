internal import Costs
internal import Serving

/// Coefficients of a metric over the means that a policy brings about: metric = Σ coefficient · mean.
///
/// Means are per request: the capped TTFT, tokens prefilled and decoded, shares of requests, P(T > t) for each of
/// the program's tail times, and what late first tokens cost readers. Of a metric that is maximized the row is that of its
/// negative, without the constant (`DispatchProgram.best`).
struct OutcomeRow: Sendable {
    /// E[min(T, timeout)].
    var mean = 0.0
    /// Prompt tokens of requests that start the server.
    var serverPrefill = 0.0
    /// Prompt tokens of requests that start the device.
    var devicePrefill = 0.0
    /// Share of requests that the server answers.
    var serverAnswers = 0.0
    /// Share of requests that the device answers.
    var deviceAnswers = 0.0
    /// Output tokens decoded by each endpoint, and what hand-overs add.
    var streams = DecodePrices()
    /// Share of requests that nobody answers.
    var failed = 0.0
    /// P(T > t), one for each tail time.
    var tails: [Double]
    /// 1 − QoE, and what smooth goodput loses.
    var losses = LossPrices()
    /// Of these, what it matters who answers for.
    var winnerLosses = LossPrices()

    /// A row of zeros.
    init(tails: Int) { self.tails = Array(repeating: 0, count: tails) }

    /// The row of a metric; nil where a price or an energy is missing, or for a quantile, which is none.
    ///
    /// `transfer` is money per hand-over.
    init?(_ metric: Metric, meanPromptTokens: Double, costs: CostModel, transfer: Double, tails: Int) {
        self.init(tails: tails)
        switch metric {
        case .ttftMean: mean = 1
        case .serverPrefillShare: serverPrefill = 1 / meanPromptTokens
        case .devicePrefillShare: devicePrefill = 1 / meanPromptTokens
        case .deviceAnswerShare: deviceAnswers = 1
        case .failedShare: failed = 1
        case .costMean:
            guard let server = costs.server, let device = costs.deviceTotal else { return nil }
            (serverPrefill, devicePrefill) = (server.prefill, device.prefill)
            streams = DecodePrices(
                serverDecode: server.decode, deviceDecode: device.decode, serverPrefill: server.prefill,
                devicePrefill: device.prefill, transfer: transfer)
        case .energyMean:
            guard let energy = costs.deviceEnergy else { return nil }
            devicePrefill = energy.prefill
            streams.devicePrefill = energy.prefill
            streams.deviceDecode = energy.decode
        case .qoeMean: losses.qoe = 1
        case .goodputSmooth: losses.goodput = 1
        default: return nil
        }
    }

    /// The row of P(T > t) for the tail time at `index`.
    init(tail index: Int, of count: Int) {
        self.init(tails: count)
        tails[index] = 1
    }

    /// The row times a factor.
    func scaled(by factor: Double) -> OutcomeRow {
        var row = OutcomeRow(tails: tails.count)
        row.add(self, times: factor)
        return row
    }

    /// Adds a multiple of another row.
    mutating func add(_ row: OutcomeRow, times factor: Double) {
        guard factor != 0 else { return }
        mean += factor * row.mean
        serverPrefill += factor * row.serverPrefill
        devicePrefill += factor * row.devicePrefill
        serverAnswers += factor * row.serverAnswers
        deviceAnswers += factor * row.deviceAnswers
        streams.add(row.streams, times: factor)
        failed += factor * row.failed
        for t in tails.indices { tails[t] += factor * row.tails[t] }
        losses.add(row.losses, times: factor)
        winnerLosses.add(row.winnerLosses, times: factor)
    }

    /// The row over the terms of actions that start `first` at once.
    ///
    /// Without `streams` decoding does not count; where responses are handed over it is counted apart.
    func terms(startingWith first: Endpoint, streams counts: Bool = true) -> TermRow {
        let isServer = first == .server
        let firstAnswers = isServer ? serverAnswers : deviceAnswers
        let streams = counts ? self.streams : DecodePrices()
        let firstDecode = isServer ? streams.serverDecode : streams.deviceDecode
        return TermRow(
            prefill: isServer ? serverPrefill : devicePrefill, answers: firstAnswers, decode: firstDecode,
            coefficients: [
                mean, isServer ? devicePrefill : serverPrefill,
                (isServer ? deviceAnswers : serverAnswers) - firstAnswers,
                (isServer ? streams.deviceDecode : streams.serverDecode) - firstDecode, failed - firstAnswers,
                -firstDecode,
            ] + tails + [
                losses.qoe, winnerLosses.qoe, -winnerLosses.qoe, losses.goodput, winnerLosses.goodput,
                -winnerLosses.goodput,
            ])
    }
}

/// Coefficients over the terms of one family of actions, those that start one endpoint at once and the other after w.
///
/// Of the first endpoint's means only what w changes is left in the terms; the rest is constant over the family.
struct TermRow: Sendable {
    /// Constant part: times the bucket's prompt tokens.
    let prefill: Double
    /// Constant part: times the bucket's requests.
    let answers: Double
    /// Constant part: times the bucket's output tokens.
    let decode: Double
    /// One a term, in the order of `Term`.
    let coefficients: [Double]
}

/// What the wait w of the second endpoint changes, in the order in which terms are stored; tails follow, then losses.
enum Term {
    /// E[min(T, timeout)]: grows with w, concave.
    static let mean = 0
    /// Prompt tokens of requests that start the second endpoint: falls with w.
    static let start = 1
    /// Share of requests that the second endpoint answers: falls with w.
    static let answers = 2
    /// Output tokens that the second endpoint decodes: falls with w.
    static let decode = 3
    /// Share of requests that nobody answers: grows with w.
    static let failed = 4
    /// Output tokens that nobody decodes: grows with w.
    static let failedDecode = 5
    /// The first of the terms P(T > t): they grow with w.
    static let firstTail = 6
    /// Terms of each of the two losses, all of which grow with w: at the second endpoint's pace whoever answers, and what the
    /// first one's pace adds and takes off where it answers.
    static let partsOfLoss = 3

    /// Whether a term falls as w grows; the others grow.
    @inline(__always)
    static func falls(_ term: Int) -> Bool { term >= start && term <= decode }
}
