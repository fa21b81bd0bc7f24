/// The names that objectives, limits and outcomes of a policy table may have.
///
/// Beside the fixed names, `ttft.p<q>` is known for every percentile q in 1...99.999999 written without needless
/// zeros: `ttft.p99`, `ttft.p99.9`.
public enum PolicyMetric {
    /// The fixed names, in the order in which they are printed, and the common percentiles between them.
    public static let names = [
        "ttft.mean", "ttft.p50", "ttft.p90", "ttft.p95", "ttft.p99", "ttft.p99.9",
        "device.prefill_share", "server.prefill_share", "device.answer_share", "failed_share",
        "cost.mean", "energy.mean", "qoe.mean", "goodput.smooth",
    ]

    /// Whether a table may use `name`.
    public static func isKnown(_ name: String) -> Bool { names.contains(name) || isPercentile(name) }

    /// Whether more of it is better, so that a solver minimizes its negative.
    public static func isMaximized(_ name: String) -> Bool { name == "qoe.mean" || name == "goodput.smooth" }

    /// Whether it is a share (or a score), in 0...1.
    public static func isShare(_ name: String) -> Bool { name.hasSuffix("_share") || name == "qoe.mean" }

    /// Whether it is a time to first token, in seconds, in 0...timeout.
    public static func isTime(_ name: String) -> Bool { name == "ttft.mean" || isPercentile(name) }

    /// Names in the order in which they are printed: as in `names`, then the others by spelling.
    static func inOrder(_ unordered: some Sequence<String>) -> [String] {
        unordered.map { (names.firstIndex(of: $0) ?? names.count, $0) }.sorted { $0 < $1 }.map { $0.1 }
    }

    /// `ttft\.p[1-9][0-9]?(\.[0-9]{0,5}[1-9])?`, as in the schema.
    private static func isPercentile(_ name: String) -> Bool {
        guard name.hasPrefix("ttft.p") else { return false }
        let parts = name.utf8.dropFirst("ttft.p".utf8.count)
            .split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, (1...2).contains(whole.count) else { return false }
        guard parts.allSatisfy({ $0.allSatisfy(isDigit) }), whole.first != UInt8(ascii: "0") else { return false }
        guard parts.count == 2 else { return true }
        return (1...6).contains(parts[1].count) && parts[1].last != UInt8(ascii: "0")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
