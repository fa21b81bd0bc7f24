/// One to three random changes of a text, at the borders of its words, numbers and marks.
struct Mutation {
    private var bytes: [UInt8]
    private var state: UInt64

    init(_ bytes: [UInt8], seed: UInt64) {
        self.bytes = bytes
        state = seed
    }

    mutating func result() -> [UInt8] {
        for _ in 0...random(below: 3) { change() }
        return bytes
    }

    private mutating func change() {
        let borders = borders()
        let first = random(below: borders.count)
        let (start, end) = (borders[first], borders[min(first + 1, borders.count - 1)])
        let token = start..<end
        switch random(below: 9) {
        case 0, 1: bytes.replaceSubrange(token, with: Self.numbers[random(below: Self.numbers.count)].utf8)
        case 2: bytes.replaceSubrange(token, with: Self.texts[random(below: Self.texts.count)])
        case 3: bytes.replaceSubrange(token, with: bytes[piece(borders, 1)])
        case 4: bytes.insert(contentsOf: bytes[piece(borders, 40)], at: start)
        case 5: bytes.removeSubrange(piece(borders, 40))
        case 6: nest(token)
        case 7: swapPieces(borders)
        default:
            // A list of many of the same, which is also where keys come twice.
            let copy = [UInt8](bytes[piece(borders, 20)])
            guard copy.count < 256 else { return }
            bytes.insert(contentsOf: (0..<(1 << random(below: 6))).flatMap { _ in copy }, at: start)
        }
    }

    /// Places where one kind of byte ends and another begins.
    private func borders() -> [Int] {
        func kind(_ byte: UInt8) -> Int {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"): 1
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): 2
            case 0x20: 3
            case 0x80...: 4
            default: 5 + Int(byte)
            }
        }
        return [0] + bytes.indices.dropFirst().filter { kind(bytes[$0]) != kind(bytes[$0 - 1]) } + [bytes.count]
    }

    private mutating func piece(_ borders: [Int], _ tokens: Int) -> Range<Int> {
        let first = random(below: borders.count)
        let last = min(borders.count - 1, first + 1 + random(below: tokens))
        return borders[first]..<borders[last]
    }

    private mutating func nest(_ token: Range<Int>) {
        let (open, close) = [("[", "]"), ("{\"a\":", "}"), ("{a: ", "}"), ("- ", "")][random(below: 4)]
        let depth = 1 << random(below: 8)
        bytes.insert(contentsOf: String(repeating: close, count: depth).utf8, at: token.upperBound)
        bytes.insert(contentsOf: String(repeating: open, count: depth).utf8, at: token.lowerBound)
    }

    private mutating func swapPieces(_ borders: [Int]) {
        let (one, two) = (piece(borders, 20), piece(borders, 20))
        guard one.upperBound <= two.lowerBound else { return }
        let (left, right) = ([UInt8](bytes[one]), [UInt8](bytes[two]))
        bytes.replaceSubrange(two, with: left)
        bytes.replaceSubrange(one, with: right)
    }

    private mutating func random(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(max(1, bound)))
    }

    /// Numbers at the ends of what integers, doubles, times and shares can be.
    private static let numbers = [
        "0", "-0", "-0.0", "1", "-1", "0.5", "1e-300", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308",
        "1e309", "-1e309", "1e-400", "0.1e1", "1.0", "9007199254740991", "9007199254740992", "9007199254740993",
        "-9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
        "18446744073709551616", "1e15", "1e16", "1e21", "1e22", "1e99999999999", "0.99999999999999989",
        "1.0000000000000002", "0x10", "0o7", "1_000", ".5", "5.", "1e", "+1", "00", ".inf", "-.inf", ".nan", "NaN",
        "Infinity", "2147483648", "4294967296", "1000001", "60", "24", "23", "8760", "1e6",
        String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1",
    ]

    /// Texts that have been trouble elsewhere: escapes, controls, marks of order and direction, what is no UTF-8.
    private static let texts: [[UInt8]] =
        [
            "", "null", "~", "true", "false", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
            "\"\\ud83d\\ude00\"", "\u{FEFF}", "\u{202E}", "\u{2028}", "\u{85}", "\u{7F}", "\u{1B}[2J", "e\u{301}",
            "\u{E9}", "\u{212A}", "\u{10FFFF}", "\u{E000}", "\r\n", "\r", "\t", "\n\n", "\n#set ", "\n---\n", "\n...\n",
            "&a ", "*a", "!!float ", "!a ", "? ", "|\n ", ">-\n ", "%YAML 1.1\n---\n", "<<: ", "'", "\"", "\\", "/*",
            "--",
            "2025-02-30", "2024-02-29T23:59:60Z", "9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z",
            "-0001-01-01T00:00:00Z", "sha256:", "ttft.p0", "ttft.p100", "ttft.p99.9999999", "ttft.p1e1", "=", ".", "..",
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80], [0],
            Array(repeating: UInt8(ascii: "a"), count: 5_000), Array(repeating: UInt8(ascii: " "), count: 3_000),
        ]
}
