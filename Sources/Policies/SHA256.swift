/// SHA-256 (FIPS 180-4), so that a loader can check a table's id without any other library.
enum SHA256 {
    /// The hash of `message`, in 64 lowercase hexadecimal digits.
    /// - Complexity: O(*n*) in the number of bytes.
    static func hexadecimal(of message: [UInt8]) -> String {
        var state = initial
        let whole = message.count / 64 * 64
        // The rest, one bit, zeros, and the length in bits.
        var tail = Array(message[whole...]) + [0x80]
        while tail.count % 64 != 56 { tail.append(0) }
        let bits = UInt64(message.count) * 8
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
        unsafe message.withUnsafeBytes { unsafe absorb(UnsafeRawBufferPointer(rebasing: $0[..<whole]), &state) }
        unsafe tail.withUnsafeBytes { unsafe absorb($0, &state) }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for word in state {
            for shift in stride(from: 28, through: 0, by: -4) { text.append(digits[Int(word >> UInt32(shift) & 15)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Compresses blocks of 64 bytes into the state.
    private static func absorb(_ bytes: UnsafeRawBufferPointer, _ state: inout [UInt32]) {
        unsafe constants.withUnsafeBufferPointer { constants in
            unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { words in
                for start in stride(from: 0, to: bytes.count, by: 64) {
                    unsafe absorb(bytes, from: start, &state, words, constants)
                }
            }
        }
    }

    /// Compresses one block; `words` is room for its schedule.
    @inline(__always)
    private static func absorb(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ state: inout [UInt32],
        _ words: UnsafeMutableBufferPointer<UInt32>, _ constants: UnsafeBufferPointer<UInt32>
    ) {
        for index in 0..<16 {
            unsafe words[index] = UInt32(
                bigEndian: bytes.loadUnaligned(fromByteOffset: start &+ 4 &* index, as: UInt32.self))
        }
        for index in 16..<64 {
            let (early, late) = unsafe (words[index &- 15], words[index &- 2])
            let first = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
            let second = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
            unsafe words[index] = words[index &- 16] &+ first &+ words[index &- 7] &+ second
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        // The letters change their roles from round to round instead of their values.
        for index in stride(from: 0, to: 64, by: 8) {
            unsafe round(a, b, c, &d, e, f, g, &h, constants[index] &+ words[index])
            unsafe round(h, a, b, &c, d, e, f, &g, constants[index &+ 1] &+ words[index &+ 1])
            unsafe round(g, h, a, &b, c, d, e, &f, constants[index &+ 2] &+ words[index &+ 2])
            unsafe round(f, g, h, &a, b, c, d, &e, constants[index &+ 3] &+ words[index &+ 3])
            unsafe round(e, f, g, &h, a, b, c, &d, constants[index &+ 4] &+ words[index &+ 4])
            unsafe round(d, e, f, &g, h, a, b, &c, constants[index &+ 5] &+ words[index &+ 5])
            unsafe round(c, d, e, &f, g, h, a, &b, constants[index &+ 6] &+ words[index &+ 6])
            unsafe round(b, c, d, &e, f, g, h, &a, constants[index &+ 7] &+ words[index &+ 7])
        }
        for (index, change) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= change }
    }

    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
        _ h: inout UInt32, _ key: UInt32
    ) {
        let choice = g ^ (e & (f ^ g))
        let first = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ key
        d &+= first
        h = first &+ (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ (a & b | c & (a | b))
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// The first 32 bits of the fractional parts of the square roots of the first 8 primes.
    private static let initial: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
