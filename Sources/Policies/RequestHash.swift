/// The stable hash of a request's id, the same in every language and on every machine.
///
///     h = seed ⊕ 9e3779b97f4a7c15₁₆
///     for each 8 bytes of the UTF-8 text, as a little-endian word, the last one filled up with zero bytes:
///         h ← (h ⊕ word) · 9fb21c651e98df25₁₆,  h ← h ⊕ h ≫ 32
///     h ← h ⊕ number of bytes
///     h ← (h ⊕ h ≫ 30) · bf58476d1ce4e5b9₁₆,  h ← (h ⊕ h ≫ 27) · 94d049bb133111eb₁₆,  h ← h ⊕ h ≫ 31
///
/// all modulo 2⁶⁴. Eight bytes a step, since the multiplication is what takes time; the last line spreads ids that differ in one
/// letter. It is no defence against who chooses ids to collide, who gains nothing but another wait of the same mixture.
/// - Note: Source: the last line is the finalizer of splitmix64 (Steele, Lea, Flood, Fast splittable pseudorandom number
///   generators, OOPSLA 2014, doi:10.1145/2660193.2660195) with Stafford's constants (Mix13); the first constant is its increment.
enum RequestHash {
    /// The hash of `text` under `seed`.
    /// - Complexity: O(*k*) in the bytes of the text; allocates nothing where the text is stored in one piece.
    static func hash(_ text: String, seed: UInt64) -> UInt64 {
        let contiguous = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hash(UnsafeRawBufferPointer(bytes), seed: seed)
        }
        if let contiguous { return contiguous }
        return unsafe Array(text.utf8).withUnsafeBytes { bytes in unsafe hash(bytes, seed: seed) }
    }

    private static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var hash = seed ^ 0x9e37_79b9_7f4a_7c15
        var place = 0
        while place + 8 <= bytes.count {
            absorb(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)), &hash)
            place += 8
        }
        if place < bytes.count {
            var word: UInt64 = 0
            for index in (place..<bytes.count).reversed() { word = word << 8 | UInt64(unsafe bytes[index]) }
            absorb(word, &hash)
        }
        hash ^= UInt64(bytes.count)
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return hash ^ (hash >> 31)
    }

    @inline(__always)
    private static func absorb(_ word: UInt64, _ hash: inout UInt64) {
        hash = (hash ^ word) &* 0x9fb2_1c65_1e98_df25
        hash ^= hash >> 32
    }

    /// The first 53 bits of a hash as a number.
    static func unit(_ hash: UInt64) -> Double { Double(hash >> 11) * 0x1p-53 }

    /// The seed of a salt's draws; that of a mixture is 0.
    static func seed(salt: String) -> UInt64 { hash(salt, seed: 1) }
}

extension PolicyTable {
    /// A number in [0, 1) that depends on the request's id alone, the same in every language and on every machine; it draws the
    /// action of a mixture.
    ///
    /// It is (h ≫ 11) · 2⁻⁵³, h the hash of docs/policy-loading.md under seed 0.
    /// - Parameter requestID: Any text.
    /// - Returns: A multiple of 2⁻⁵³ in [0, 1).
    /// - Complexity: O(*k*) in the bytes of the id.
    public static func draw(requestID: String) -> Double { RequestHash.unit(RequestHash.hash(requestID, seed: 0)) }

    /// A number in [0, 1) that depends on the request's id and the salt; it draws who takes part in a rollout.
    ///
    /// As ``draw(requestID:)``, under the seed that is the salt's own hash under seed 1.
    /// - Parameters:
    ///   - requestID: Any text.
    ///   - salt: Any text.
    /// - Returns: A multiple of 2⁻⁵³ in [0, 1).
    /// - Complexity: O(*k*) in the bytes of both.
    public static func draw(requestID: String, salt: String) -> Double {
        RequestHash.unit(RequestHash.hash(requestID, seed: RequestHash.seed(salt: salt)))
    }
}
