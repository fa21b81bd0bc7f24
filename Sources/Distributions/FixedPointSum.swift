/// A sum that does not depend on the order of its numbers: each is cut to a multiple of 2⁻⁴⁰ (9 · 10⁻¹³), and those add exactly.
///
/// So parts of a sum may be made anywhere and merged in any order, and the last bit is the same. 128 bits hold 10¹⁸ numbers
/// as large as 10⁸.
public struct FixedPointSum: Sendable, Hashable {
    @usableFromInline var units: Int128 = 0

    /// The empty sum.
    @inlinable public init() {}

    /// Adds one number.
    /// - Precondition: finite.
    @inlinable @inline(__always) public mutating func add(_ number: Double) {
        let scaled = number * 0x1p40
        if abs(scaled) < 0x1p62 { units &+= Int128(Int64(scaled)) } else { units += Int128(scaled) }
    }

    /// Adds a number `count` times.
    @inlinable @inline(__always) public mutating func add(_ number: Double, count: Int) {
        let scaled = number * 0x1p40
        let unit = abs(scaled) < 0x1p62 ? Int128(Int64(scaled)) : Int128(scaled)
        units += unit * Int128(count)
    }

    /// Adds all numbers of another sum.
    public mutating func merge(_ other: FixedPointSum) { units += other.units }

    /// The sum.
    public var value: Double { Double(units) * 0x1p-40 }
}
