/// Random numbers by address instead of by order: number `draw` of stream `stream` is a hash of the two and the seed.
///
/// Whoever computes a number gets the same one, so work may be split in any way without changing a result.
/// Source: the finalizer of SplitMix64 (Steele, Lea, Flood 2014), once over seed and stream, once more over the draw.
public struct CounterRandom: Sendable, Hashable {
    @usableFromInline let key: UInt64

    /// The numbers of one stream of a seed.
    @inlinable public init(seed: UInt64, stream: Int) {
        key = Self.mixed(Self.mixed(seed &+ Self.step) &+ UInt64(bitPattern: Int64(stream)) &* Self.step)
    }

    /// 64 random bits.
    @inlinable public func bits(_ draw: Int) -> UInt64 {
        Self.mixed(key &+ (UInt64(bitPattern: Int64(draw)) &+ 1) &* Self.step)
    }

    /// A whole number from 0 to `bound` − 1, all equally likely up to `bound` / 2⁶⁴.
    /// - Precondition: `bound` ≥ 1.
    public func below(_ bound: Int, _ draw: Int) -> Int {
        precondition(bound >= 1, "nothing to draw from")
        return Int(UInt64(bound).multipliedFullWidth(by: bits(draw)).high)
    }

    @inlinable static var step: UInt64 { 0x9E37_79B9_7F4A_7C15 }

    @inlinable static func mixed(_ bits: UInt64) -> UInt64 {
        var z = bits
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
