/// A sum that does not depend on the order of its numbers: each is cut to a multiple of 2⁻⁴⁰ (9 · 10⁻¹³), and those add exactly.
///
/// So parts of a sum may be made anywhere and merged in any order, and the last bit is the same. 128 bits hold 10¹⁸ numbers
/// as large as 10⁸; numbers beyond 10²⁴ count as that, and a sum stops at 8 · 10²⁵.
public struct FixedPointSum: Sendable, Hashable {
    @usableFromInline var units: Int128 = 0

    /// The empty sum.
    @inlinable public init() {}

    /// Adds one number.
    /// - Precondition: not NaN.
    @inlinable @inline(__always) public mutating func add(_ number: Double) {
        let scaled = number * 0x1p40
        if abs(scaled) < 0x1p62 { units &+= Int128(Int64(scaled)) } else { addLarge(scaled, count: 1) }
    }

    /// Adds a number `count` times.
    /// - Precondition: not NaN; `count` ≥ 0.
    @inlinable @inline(__always) public mutating func add(_ number: Double, count: Int) {
        let scaled = number * 0x1p40
        if abs(scaled) < 0x1p62 {
            units &+= Int128(Int64(scaled)) * Int128(count)
        } else {
            addLarge(scaled, count: count)
        }
    }

    /// Far from the ends of 128 bits, so that ordinary numbers may be added without looking.
    private static let largest = Int128(1) << 126

    @usableFromInline @inline(never) mutating func addLarge(_ scaled: Double, count: Int) {
        let cut = Int128(max(-0x1p120, min(0x1p120, scaled)))
        let (product, overflows) = cut.multipliedReportingOverflow(by: Int128(count))
        add(units: overflows ? (cut < 0 ? -Self.largest : Self.largest) : product)
    }

    private mutating func add(units more: Int128) {
        let (sum, overflows) = units.addingReportingOverflow(more)
        units = overflows ? (more < 0 ? -Self.largest : Self.largest) : max(-Self.largest, min(Self.largest, sum))
    }

    /// Adds all numbers of another sum.
    public mutating func merge(_ other: FixedPointSum) { add(units: other.units) }

    /// The sum.
    public var value: Double { Double(units) * 0x1p-40 }
}
