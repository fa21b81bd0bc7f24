/// The names that objectives, limits and outcomes of a policy table may have.
///
/// Beside the fixed names, `ttft.p<q>` is known for every percentile q above 0 and below 100, with at most six decimals
/// and without needless zeros: `ttft.p99`, `ttft.p97.5`, `ttft.p0.1`.
public enum PolicyMetric {
    /// The fixed names, in the order in which they are printed, and the common percentiles between them.
    public static let names = [
        "ttft.mean", "ttft.p50", "ttft.p90", "ttft.p95", "ttft.p99", "ttft.p99.9",
        "device.prefill_share", "server.prefill_share", "device.answer_share", "failed_share",
        "cost.mean", "energy.mean", "qoe.mean", "goodput.smooth",
    ]

    /// Whether a table may use `name`.
    public static func isKnown(_ name: String) -> Bool { names.contains(name) || percentile(name) != nil }

    /// Whether more of it is better, so that a solver minimizes its negative.
    public static func isMaximized(_ name: String) -> Bool { name == "qoe.mean" || name == "goodput.smooth" }

    /// Whether it is a share (or a score), in 0...1.
    public static func isShare(_ name: String) -> Bool { name.hasSuffix("_share") || name == "qoe.mean" }

    /// Whether it is a time to first token, in seconds, in 0...timeout.
    public static func isTime(_ name: String) -> Bool { name == "ttft.mean" || percentile(name) != nil }

    /// The level of a TTFT quantile, 0...1, as the double nearest to the decimal; nil for every other name.
    public static func quantileLevel(_ name: String) -> Double? { percentile(name).map { Double($0) / 1e8 } }

    /// Names in the order in which they are printed: as in `names`, percentiles by their level, others by spelling.
    static func inOrder(_ unordered: some Sequence<String>) -> [String] {
        unordered.map { name in
            let level = percentile(name)
            return (level == nil ? names.firstIndex(of: name) ?? names.count : 1, level ?? 0, name)
        }.sorted { $0 < $1 }.map { $0.2 }
    }

    /// What to use instead of an unknown `name`.
    static func advice(about name: String) -> String {
        guard name.hasPrefix(prefix), let digit = name.utf8.dropFirst(prefix.utf8.count).first, isDigit(digit) else {
            return suggestion(for: name, among: names)
        }
        return "wanted a percentile above 0 and below 100, at most six decimals, no needless zeros: \"ttft.p97.5\""
    }

    private static let prefix = "ttft.p"

    /// The level in units of 1e-8, 1...99,999,999.
    ///
    /// `ttft\.p([1-9][0-9]?(\.[0-9]{0,5}[1-9])?|0\.[0-9]{0,5}[1-9])`, as in the schema.
    private static func percentile(_ name: String) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.utf8.dropFirst(prefix.utf8.count)
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, (1...2).contains(whole.count) else { return nil }
        guard parts.allSatisfy({ $0.allSatisfy(isDigit) }) else { return nil }
        let isBelowOne = whole.first == UInt8(ascii: "0")
        guard !isBelowOne || (whole.count == 1 && parts.count == 2) else { return nil }
        var units = whole.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
        let decimals = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || ((1...6).contains(decimals.count) && decimals.last != UInt8(ascii: "0")) else {
            return nil
        }
        for place in 0..<6 {
            units = 10 * units + (place < decimals.count ? Int(decimals[place] - UInt8(ascii: "0")) : 0)
        }
        return units
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
