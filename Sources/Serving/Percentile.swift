/// The level of a quantile as people write it: a percentage above 0 and below 100, with at most six decimals.
///
/// Kept as a whole number of hundred-millionths, so that 99.9 % is the same double, 0.999, wherever it is used.
public struct Percentile: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The level in units of 1e-8, 1...99,999,999.
    private let units: Int

    /// The percentile that a decimal such as `97.5` says, needless zeros allowed; nil if there is none.
    public init?(decimal text: some StringProtocol) {
        let zero = UInt8(ascii: "0")
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count),
            parts.allSatisfy({ $0.allSatisfy { (zero...UInt8(ascii: "9")).contains($0) } })
        else { return nil }
        let whole = parts[0].drop { $0 == zero }
        var decimals = parts.count == 2 ? Array(parts[1]) : []
        while decimals.last == zero { decimals.removeLast() }
        guard whole.count <= 2, decimals.count <= 6 else { return nil }
        decimals += Array(repeating: zero, count: 6 - decimals.count)
        units = (Array(whole) + decimals).reduce(0) { 10 * $0 + Int($1 - zero) }
        guard units > 0 else { return nil }
    }

    /// The percentile of `permille` thousandths.
    init(permille: Int) { units = permille * 100_000 }

    /// The level, 0...1: the double nearest to the decimal, since both numbers here are exact.
    public var level: Double { Double(units) / 1e8 }

    /// The percentage in the one spelling that names take: no needless zeros (`99`, `97.5`, `0.1`).
    public var description: String {
        let (whole, rest) = units.quotientAndRemainder(dividingBy: 1_000_000)
        guard rest > 0 else { return "\(whole)" }
        var decimals = String("\(1_000_000 + rest)".dropFirst())
        while decimals.last == "0" { decimals.removeLast() }
        return "\(whole).\(decimals)"
    }

    /// Orders by level.
    public static func < (left: Percentile, right: Percentile) -> Bool { left.units < right.units }
}
