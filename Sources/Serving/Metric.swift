/// A number that a policy is judged by: an objective, a limit or a reported outcome.
///
/// The raw value is the name used in problem files, policy tables and `--json`. Metrics are ordered as they are
/// reported: mean TTFT, its quantiles by level, shares, cost, energy, quality, goodput.
public enum Metric: RawRepresentable, Sendable, Hashable, Codable {
    /// Mean time to first token, capped at the timeout, in seconds (`ttft.mean`).
    case ttftMean
    /// A quantile of the time to first token, in seconds (`ttft.p97.5`).
    case ttftQuantile(Percentile)
    /// Share of all prompt tokens that the device prefills, 0 ... 1 (`device.prefill_share`).
    case devicePrefillShare
    /// Share of all prompt tokens that the server prefills, 0 ... 1 (`server.prefill_share`).
    case serverPrefillShare
    /// Share of all requests that the device answers, 0 ... 1 (`device.answer_share`).
    case deviceAnswerShare
    /// Share of all requests without a first token by the timeout, 0 ... 1 (`failed_share`).
    case failedShare
    /// Mean money per request, both endpoints, in the price list's currency (`cost.mean`).
    case costMean
    /// Mean device energy per request, in joules (`energy.mean`).
    case energyMean
    /// Mean quality of experience (Andes), 0 ... 1 (`qoe.mean`); more is better.
    case qoeMean
    /// Smooth goodput, in tokens per second of arrivals, or per request where no arrival times are known (`goodput.smooth`);
    /// more is better.
    case goodputSmooth

    /// Median time to first token, in seconds.
    public static let ttftP50 = Metric.ttftQuantile(Percentile(permille: 500))
    /// 90th percentile of the time to first token, in seconds.
    public static let ttftP90 = Metric.ttftQuantile(Percentile(permille: 900))
    /// 95th percentile of the time to first token, in seconds.
    public static let ttftP95 = Metric.ttftQuantile(Percentile(permille: 950))
    /// 99th percentile of the time to first token, in seconds.
    public static let ttftP99 = Metric.ttftQuantile(Percentile(permille: 990))
    /// 99.9th percentile of the time to first token, in seconds.
    public static let ttftP999 = Metric.ttftQuantile(Percentile(permille: 999))

    /// What is reported of every policy, in order; other quantiles are where a problem names them.
    public static let reported: [Metric] = [
        .ttftMean, .ttftP50, .ttftP90, .ttftP95, .ttftP99, .ttftP999, .devicePrefillShare, .serverPrefillShare,
        .deviceAnswerShare, .failedShare, .costMean, .energyMean, .qoeMean, .goodputSmooth,
    ]

    /// The quantiles among `reported`, ascending.
    public static let reportedQuantiles = reported.filter { $0.quantileLevel != nil }

    /// The share of prompt tokens that `endpoint` prefills.
    public static func prefillShare(of endpoint: Endpoint) -> Metric {
        endpoint == .server ? .serverPrefillShare : .devicePrefillShare
    }

    /// Whether more of it is better: solvers then minimize its negative.
    public var isMaximized: Bool { self == .qoeMean || self == .goodputSmooth }

    /// The quantile level of a TTFT quantile, 0...1; nil for every other metric.
    public var quantileLevel: Double? {
        if case .ttftQuantile(let percentile) = self { percentile.level } else { nil }
    }
}

extension Metric {
    private static let quantilePrefix = "ttft.p"
    private static let named = Dictionary(
        uniqueKeysWithValues: reported.filter { $0.quantileLevel == nil }.map { ($0.rawValue, $0) })

    /// The metric of a name; nil for an unknown one, and for a percentile that is not in its one spelling.
    public init?(rawValue name: String) {
        if let metric = Self.named[name] {
            self = metric
        } else if name.hasPrefix(Self.quantilePrefix),
            let percentile = Percentile(decimal: name.dropFirst(Self.quantilePrefix.count)),
            Self.quantilePrefix + percentile.description == name
        {
            self = .ttftQuantile(percentile)
        } else {
            return nil
        }
    }

    /// The name.
    public var rawValue: String {
        switch self {
        case .ttftMean: "ttft.mean"
        case .ttftQuantile(let percentile): Self.quantilePrefix + percentile.description
        case .devicePrefillShare: "device.prefill_share"
        case .serverPrefillShare: "server.prefill_share"
        case .deviceAnswerShare: "device.answer_share"
        case .failedShare: "failed_share"
        case .costMean: "cost.mean"
        case .energyMean: "energy.mean"
        case .qoeMean: "qoe.mean"
        case .goodputSmooth: "goodput.smooth"
        }
    }
}

extension Metric: Comparable {
    /// Whether `left` is reported before `right`.
    public static func < (left: Metric, right: Metric) -> Bool {
        if case .ttftQuantile(let lower) = left, case .ttftQuantile(let upper) = right { return lower < upper }
        return left.place < right.place
    }

    private var place: Int {
        switch self {
        case .ttftMean: 0
        case .ttftQuantile: 1
        case .devicePrefillShare: 2
        case .serverPrefillShare: 3
        case .deviceAnswerShare: 4
        case .failedShare: 5
        case .costMean: 6
        case .energyMean: 7
        case .qoeMean: 8
        case .goodputSmooth: 9
        }
    }
}
