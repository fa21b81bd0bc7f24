internal import Serving

// How metrics read in text: values, small amounts, columns, and the step of a limit that a shadow price is stated for.

extension Metric {
    /// A value with its unit: `0.985 s`.
    func value(_ value: Double) -> String {
        switch self {
        case .ttftMean, .ttftQuantile: "\(text(value, digits: 4)) s"
        case .energyMean: "\(text(value, digits: 4)) J"
        case .costMean: "\(text(1000 * value, digits: 4)) per 1,000 requests"
        default: text(value, digits: 4)
        }
    }

    /// Printed units in one unit of the metric.
    var printedScale: Double {
        switch self {
        case .ttftMean, .ttftQuantile, .costMean: 1000
        case .energyMean, .goodputSmooth: 1
        default: 100
        }
    }

    /// The name of the printed unit.
    var printedUnit: String {
        switch self {
        case .ttftMean, .ttftQuantile: "ms"
        case .energyMean: "J"
        case .costMean: "per 1,000 requests"
        case .goodputSmooth: "tokens"
        default: "points"
        }
    }

    /// A difference in printed units: `31 ms`.
    func amount(_ difference: Double) -> String { "\(text(printedScale * difference)) \(printedUnit)" }

    /// The head of a column of this metric.
    var head: String {
        switch self {
        case .ttftMean: "mean s"
        case .ttftQuantile: "\(rawValue.dropFirst("ttft.".count)) s"
        case .devicePrefillShare: "device"
        case .serverPrefillShare: "server"
        case .deviceAnswerShare: "device answers"
        case .failedShare: "failed"
        case .costMean: "cost of 1,000"
        case .energyMean: "energy J"
        case .qoeMean: "QoE"
        case .goodputSmooth: "smooth goodput"
        }
    }

    /// A value in a column.
    func cell(_ value: Double) -> String {
        switch self {
        case .costMean: text(1000 * value)
        case .energyMean: text(value)
        case .qoeMean: fixed(value, decimals: 4)
        default: fixed(value, decimals: 3)
        }
    }

    /// How much of a limit a shadow price is stated for, and that step in words.
    func step(isAtLeast: Bool, time: Double?) -> (step: Double, words: String) {
        let less = isAtLeast ? "less" : "more"
        switch self {
        case .ttftMean: return (0.01, "10 ms \(less) of ttft.mean")
        case .ttftQuantile:
            let when = time.map { "\(text($0)) s" } ?? rawValue
            return (0.001, "0.1 points \(less) of requests later than \(when)")
        case .energyMean: return (1, "One joule \(less) of energy.mean")
        case .goodputSmooth: return (1, "One token \(less) of goodput.smooth")
        case .costMean: return (0.001, "One unit of money \(less) per 1,000 requests")
        default: return (0.01, "One \(isAtLeast ? "point less" : "more point") of \(rawValue)")
        }
    }
}
