/// A number that a policy is judged by: an objective, a limit or a reported outcome.
///
/// The raw value is the name used in problem files, policy tables and `--json`.
public enum Metric: String, Sendable, Hashable, CaseIterable, Codable {
    /// Mean time to first token, capped at the timeout, in seconds.
    case ttftMean = "ttft.mean"
    /// Median time to first token, in seconds.
    case ttftP50 = "ttft.p50"
    /// 90th percentile of the time to first token, in seconds.
    case ttftP90 = "ttft.p90"
    /// 95th percentile of the time to first token, in seconds.
    case ttftP95 = "ttft.p95"
    /// 99th percentile of the time to first token, in seconds.
    case ttftP99 = "ttft.p99"
    /// 99.9th percentile of the time to first token, in seconds.
    case ttftP999 = "ttft.p99.9"
    /// Share of all prompt tokens that the device prefills, 0 ... 1.
    case devicePrefillShare = "device.prefill_share"
    /// Share of all prompt tokens that the server prefills, 0 ... 1.
    case serverPrefillShare = "server.prefill_share"
    /// Share of all requests that the device answers, 0 ... 1.
    case deviceAnswerShare = "device.answer_share"
    /// Share of all requests without a first token by the timeout, 0 ... 1.
    case failedShare = "failed_share"
    /// Mean money per request, both endpoints, in the price list's currency.
    case costMean = "cost.mean"
    /// Mean device energy per request, in joules.
    case energyMean = "energy.mean"

    /// The share of prompt tokens that `endpoint` prefills.
    public static func prefillShare(of endpoint: Endpoint) -> Metric {
        endpoint == .server ? .serverPrefillShare : .devicePrefillShare
    }

    /// The quantile level of a TTFT quantile, 0...1; nil for every other metric.
    public var quantileLevel: Double? {
        switch self {
        case .ttftP50: 0.5
        case .ttftP90: 0.9
        case .ttftP95: 0.95
        case .ttftP99: 0.99
        case .ttftP999: 0.999
        default: nil
        }
    }
}
