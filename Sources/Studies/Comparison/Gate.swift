internal import Serving
internal import Spelling

/// A condition under which a comparison fails: what `--fail-if` says.
///
///     ttft.p99 > +5%            5 % more than before
///     device.prefill_share > +0.01   0.01 more than before
///     failed_share > 0.02       whatever it was before
public struct Gate: Sendable, Hashable {
    /// What a value is held against.
    public enum Threshold: Sendable, Hashable {
        /// The change from the first result to the second, as a share of the first.
        case relative(Double)
        /// The change, in the metric's unit.
        case change(Double)
        /// The second result's value itself.
        case value(Double)
    }

    /// The condition as it was written.
    public let text: String
    /// The metric's name.
    public let metric: String
    /// Whether it fails above the threshold; else below.
    public let failsAbove: Bool
    /// The threshold.
    public let threshold: Threshold

    /// Reads a condition.
    /// - Throws: `QuestionError` (64) that says how one is written.
    public init(_ text: String) throws(QuestionError) {
        self.text = text
        guard let sign = text.firstIndex(where: { $0 == ">" || $0 == "<" }) else {
            throw .usage("--fail-if \(text): found no > or <, wanted a condition such as \"ttft.p99 > +5%\"")
        }
        metric = String(text[..<sign].trimmed)
        failsAbove = text[sign] == ">"
        guard Metric(rawValue: metric) != nil else {
            throw .usage("--fail-if \(text): found the metric \(quoted(metric)), wanted \(Metric.wanted)")
        }
        let number = String(text[text.index(after: sign)...].trimmed)
        let isChange = number.hasPrefix("+") || number.hasPrefix("-")
        let isPercent = number.hasSuffix("%")
        guard let value = Double(isPercent ? String(number.dropLast()) : number), value.isFinite, isChange || !isPercent
        else {
            throw .usage(
                "--fail-if \(text): found \(quoted(number)), wanted a change (+5%, -0.01) or a value without a sign (2.5)"
            )
        }
        threshold = isPercent ? .relative(value / 100) : isChange ? .change(value) : .value(value)
    }

    /// Whether the condition holds, which fails the comparison; nil where a value is missing.
    func fails(_ older: Double?, _ newer: Double?) -> Bool? {
        guard let newer else { return nil }
        func isPast(_ value: Double, _ limit: Double) -> Bool { failsAbove ? value > limit : value < limit }
        switch threshold {
        case .value(let limit): return isPast(newer, limit)
        case .change(let limit): return older.map { isPast(newer - $0, limit) }
        // Of nothing every change is without bound.
        case .relative(let limit): return older.map { $0 == 0 ? isPast(newer, 0) : isPast((newer - $0) / $0, limit) }
        }
    }
}
