internal import Serving
internal import Spelling

extension Metric {
    /// The names that errors list.
    static let listedNames = reported.map(\.rawValue)

    /// What the name of a metric may be, as a phrase.
    static let wanted = "one of \(backquoted(listedNames)), or any other percentile, as in `ttft.p97.5`"

    /// What to say about `name`, which is no metric: the name that was probably meant; nil if none is near.
    static func advice(about name: String) -> String? {
        quantileAdvice(about: name) ?? nearest(to: name, among: listedNames).map { "Did you mean \(quoted($0))?" }
    }

    /// As `advice(about:)`, for what looks like a quantile; nil for everything else.
    static func quantileAdvice(about name: String) -> String? {
        let plain = name.lowercased()
        let prefix = "ttft.p"
        let digits = plain.dropFirst(prefix.count)
        guard plain.hasPrefix(prefix), !digits.isEmpty, digits.allSatisfy({ "0123456789.".contains($0) }) else {
            return nil
        }
        if let percentile = Percentile(decimal: digits) { return "Did you mean \(quoted("\(prefix)\(percentile)"))?" }
        // The nearest listed name by letters would be another percentile, but for a forgotten point (p999).
        if let near = match(for: plain, among: listedNames), near.distance == 0 {
            return "Did you mean \(quoted(near.name))?"
        }
        return "A percentile is above 0 and below 100, with at most six decimals."
    }
}

extension Section {
    /// The metric that the field `name` names; nil if it is missing or wrong.
    func metric(_ name: String) -> Metric? {
        text(name, wanted: Metric.wanted) { text in
            Metric(rawValue: text) == nil ? Refusal(advice: Metric.advice(about: text)) : nil
        }.flatMap(Metric.init(rawValue:))
    }
}
