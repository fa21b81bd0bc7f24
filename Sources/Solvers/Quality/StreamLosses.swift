public import Profiles
public import Serving

/// What late first tokens cost the readers of a world: 1 − QoE, and what smooth goodput loses.
///
/// The endpoint that answers streams at its mean pace; hand-overs, which readers do not notice, do not count. Both losses
/// grow with the time of the first token, and are largest where none comes. Never changes; a class so that the many that
/// look at it share it at no cost. Source: derived, docs/maths/quality.md.
public final class StreamLosses: Sendable {
    /// What it is measured by.
    public let settings: QualitySettings
    /// 1 − QoE; nil where no reader is known.
    let qoe: LossCurves?
    /// Tokens that a reader could have read while idle, times alpha; a failure also loses its tokens.
    let goodput: LossCurves
    /// Mean answer length, in tokens, over all requests: what smooth goodput would be per request if nothing were late.
    let outputTokens: Double
    /// Requests per second, or 1 where rates are per request.
    let rate: Double

    /// The losses of a world; nil where no answer length is known.
    /// - Complexity: O(knots · pairs of lengths).
    public init?(_ profile: ServingProfile, _ settings: QualitySettings) {
        guard let answers = AnswerLengths(profile.workload), let means = profile.workload.meanOutputTokens else {
            return nil
        }
        self.settings = settings
        rate = settings.requestsPerSecond ?? 1
        let counts = profile.workload.counts
        outputTokens =
            zip(means, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(profile.workload.requests)
        let metrics = settings.metrics
        let outputs = Set(answers.outputs).sorted()
        let timeout = profile.timeout
        let most = max(64, LossCurves.mostNumbers / max(1, counts.count))
        qoe = settings.readers.map { readers in
            LossCurves(
                profile, answers,
                knots: LossKnots.qoe(settings, readers, outputs: outputs, timeout: timeout, most: most),
                steps: metrics.ttftTarget < timeout ? metrics.ttftTarget : nil, failed: { _ in 1 },
                sameForBoth: readers.paces.allSatisfy {
                    settings.serverTPOT <= 1 / $0.tokensPerSecond && settings.deviceTPOT <= 1 / $0.tokensPerSecond
                } || settings.serverTPOT == settings.deviceTPOT
            ) { endpoint, first, tokens in
                // A lone token is on time or not: the curve's step.
                guard tokens > 1 else { return 0 }
                return readers.paces.reduce(0) {
                    $0 + $1.share
                        * metrics.qoeLoss(
                            first: first, tokens: tokens, gap: settings.tpot(of: endpoint), reader: $1.tokensPerSecond)
                }
            }
        }
        let weight = metrics.alpha * metrics.deadlineTokensPerSecond
        goodput = LossCurves(
            profile, answers, knots: LossKnots.goodput(settings, outputs: outputs, timeout: timeout, most: most),
            steps: nil, failed: { weight * timeout + Double($0) },
            sameForBoth: settings.serverTPOT == settings.deviceTPOT
                || max(settings.serverTPOT, settings.deviceTPOT) <= 1 / metrics.deadlineTokensPerSecond
        ) { endpoint, first, tokens in
            weight * min(timeout, metrics.idle(first: first, tokens: tokens, gap: settings.tpot(of: endpoint)))
        }
    }

    /// How far `qoe.mean` may be off, since its loss is taken to be linear between knots.
    public var measuredError: Double { qoe?.measuredError ?? 0 }
}

/// Which losses a program looks at, or how much of each counts.
struct LossPrices: Sendable, Equatable {
    /// Of 1 − QoE.
    var qoe = 0.0
    /// Of what smooth goodput loses, in tokens.
    var goodput = 0.0

    var isZero: Bool { qoe == 0 && goodput == 0 }

    mutating func add(_ other: LossPrices, times factor: Double) {
        qoe += factor * other.qoe
        goodput += factor * other.goodput
    }
}
