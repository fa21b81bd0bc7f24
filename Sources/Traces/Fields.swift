/// Reads the comma-separated numbers and hexadecimal text that our own statements print.
///
/// Nothing of a user's file comes through here as it is: text crosses in hexadecimal, so no value can look like ours.
enum Fields {
    /// The lines of `output`, without empty ones.
    static func lines(_ output: [UInt8]) -> [ArraySlice<UInt8>] {
        output.split { $0 == 10 || $0 == 13 }
    }

    /// The bytes that `digits` stand for; other characters are skipped.
    static func unhex(_ digits: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { continue }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return bytes
    }

    /// The text that `digits` stand for.
    static func unhexText(_ digits: some Sequence<UInt8>) -> String { String(decoding: unhex(digits), as: UTF8.self) }

    /// The texts of a list as DuckDB prints it (`[6161, '', 62]`).
    static func hexList(_ output: [UInt8]) -> [String] {
        guard output.contains(UInt8(ascii: "[")) else { return [] }
        return output.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(unhexText)
    }

    /// An integer; 0 for an empty field.
    static func integer(_ bytes: ArraySlice<UInt8>) -> Int { Int(String(decoding: bytes, as: UTF8.self)) ?? 0 }

    /// A double; nil for an empty field or NULL.
    static func double(_ bytes: ArraySlice<UInt8>) -> Double? { Double(String(decoding: bytes, as: UTF8.self)) }
}

/// Walks once over many rows of numbers.
struct NumberScanner: ~Copyable {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether all bytes are read.
    var isAtEnd: Bool { position >= bytes.count }

    /// The byte that comes next.
    var next: UInt8 { bytes[position] }

    /// Goes past the letter that says what a line is, and its comma.
    mutating func skipTag() { position += 2 }

    /// The rest of this line; goes to the beginning of the next one.
    mutating func line() -> ArraySlice<UInt8> {
        let start = position
        skipLine()
        return bytes[start..<min(position - 1, bytes.count)]
    }

    /// Goes to the beginning of the next line.
    mutating func skipLine() {
        while position < bytes.count, bytes[position] != 10 { position += 1 }
        position += 1
    }

    /// Reads an integer and the separator after it.
    mutating func integer() -> Int {
        var value = 0
        var isNegative = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "-") {
                isNegative = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            } else {
                break
            }
        }
        return isNegative ? -value : value
    }

    /// Reads a double and the separator after it, to the last bit.
    ///
    /// A decimal of up to 15 digits with up to 22 of them behind the point is a quotient of two exact doubles, so one
    /// division rounds right; all others go to the C library.
    mutating func double() -> Double {
        let start = position
        var mantissa = 0
        var digits = 0
        var behindPoint = 0
        var isBehindPoint = false
        var isPlain = true
        while position < bytes.count {
            let byte = bytes[position]
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                if digits > 0 || byte != UInt8(ascii: "0") { digits += 1 }
                if digits <= 15 { mantissa = mantissa * 10 + Int(byte - UInt8(ascii: "0")) }
                if isBehindPoint { behindPoint += 1 }
            } else if byte == UInt8(ascii: "."), !isBehindPoint {
                isBehindPoint = true
            } else if byte == UInt8(ascii: ",") || byte == 10 || byte == 13 {
                break
            } else {
                isPlain = false
            }
            position += 1
        }
        let end = position
        position += 1
        if isPlain, digits <= 15, behindPoint <= 22 { return Double(mantissa) / Self.powers[behindPoint] }
        return Double(String(decoding: bytes[start..<end], as: UTF8.self)) ?? .infinity
    }

    private static let powers: [Double] = (0...22).map { exponent in (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}
