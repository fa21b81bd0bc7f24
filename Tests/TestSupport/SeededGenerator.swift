/// A repeatable source of randomness (splitmix64), so that a failing seed is in the test's name.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that gives the same numbers for the same seed.
    ///
    /// The seed is hashed: the streams of neighbouring seeds would be one stream, a draw apart.
    public init(seed: Int) {
        state = UInt64(bitPattern: Int64(seed))
        state = next()
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
