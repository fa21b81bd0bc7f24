internal import Foundation

/// One field of the problem and the values that it takes: what `--vary` says.
///
///     path=0..0.5:26        26 values from 0 to 0.5, equally far apart
///     path=x0.5..x2:9       9 multiples of the value in the problem file, equal factors apart
///     path=0.05,0.1,0.2     these values; names too (objective=ttft.mean,ttft.p99)
///     path=x0.8,x1.2        these multiples
public struct Variation: Sendable, Hashable {
    /// The field's path, as `--set` takes it.
    public let path: String
    /// Its values, as a problem file writes them.
    public let values: [String]

    /// Most values that one field can take.
    public static let mostValues = 10_000

    /// Reads `text`.
    /// - Parameters:
    ///   - text: `path=values`.
    ///   - stated: The numbers in the problem file, which multiples are of.
    /// - Throws: `QuestionError` that says how a variation is written.
    public init(_ text: String, stated: [ProblemFile.StatedNumber]) throws(QuestionError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw .usage(
                "--vary \(text): found no `=`, wanted path=values, e.g. limits.device.prefill_share.at_most=0..0.5:11")
        }
        let path = text[..<equals].trimmingCharacters(in: .whitespaces)
        let wanted = text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        guard !path.isEmpty, !wanted.isEmpty else {
            throw .usage(
                "--vary \(text): found nothing \(path.isEmpty ? "before" : "after") the `=`, wanted path=values")
        }
        self.path = path
        let base = stated.first { $0.path == path }?.value
        values = try Self.values(wanted, of: base) { problem throws(QuestionError) in
            throw .usage("--vary \(text): \(problem)")
        }
    }

    private static func values(
        _ text: String, of base: Double?, refuse: (String) throws(QuestionError) -> Never
    ) throws(QuestionError) -> [String] {
        guard let dots = text.range(of: "..") else {
            var values: [String] = []
            for item in text.split(separator: ",", omittingEmptySubsequences: false) {
                let item = item.trimmingCharacters(in: .whitespaces)
                if item.isEmpty { try refuse("found an empty item in the list, wanted a value between commas") }
                guard let factor = factor(item) else {
                    values.append(item)
                    continue
                }
                guard let base else { try refuse(Self.noBase(item)) }
                values.append(written(base * factor))
            }
            return values
        }
        let rest = text[dots.upperBound...]
        guard let colon = rest.lastIndex(of: ":"), let count = Int(rest[rest.index(after: colon)...]), count >= 2,
            count <= mostValues
        else { try refuse("wanted first..last:count with a count of 2 to \(mostValues), e.g. 0..0.5:11") }
        let (first, last) = (String(text[..<dots.lowerBound]), String(rest[..<colon]))
        if let low = factor(first), let high = factor(last) {
            guard let base else { try refuse(noBase(first)) }
            guard low > 0, high > 0 else { try refuse("found a factor that is not above 0") }
            return (0..<count).map { k in
                let share = Double(k) / Double(count - 1)
                return written(k == 0 ? base * low : k == count - 1 ? base * high : base * low * pow(high / low, share))
            }
        }
        guard let low = Double(first), let high = Double(last), low.isFinite, high.isFinite else {
            try refuse("wanted two numbers around the dots, or two factors (x0.5..x2:9)")
        }
        return (0..<count).map { k in
            let share = Double(k) / Double(count - 1)
            return written(k == count - 1 ? high : low + (high - low) * share)
        }
    }

    /// `x1.5` as 1.5; nil for what is no factor.
    static func factor(_ text: String) -> Double? {
        guard text.hasPrefix("x"), let factor = Double(text.dropFirst()), factor.isFinite else { return nil }
        return factor
    }

    private static func noBase(_ factor: String) -> String {
        "\(factor) multiplies the value in the problem file, which states none there; set it, or give the values themselves"
    }

    /// A number as a problem file writes it; what rounding left of a decimal is dropped (0.30000000000000004 is 0.3).
    static func written(_ value: Double) -> String {
        let short = String(format: "%.12g", value)
        let text = Double(short).map { abs($0 - value) <= 1e-12 * abs(value) } == true ? short : "\(value)"
        return text.replacingOccurrences(of: "e+", with: "e")
    }
}
