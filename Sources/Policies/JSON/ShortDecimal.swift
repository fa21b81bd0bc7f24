/// Numbers that are one rounding away from two exact ones, as most of a table's are: no library is called for them.
enum ShortDecimal {
    /// The nearest double of at most 15 digits, at most 22 of them behind the point, without an exponent; nil for any other text.
    ///
    /// The digits and the power of ten are doubles, so their quotient is rounded once (Clinger, How to read floating point numbers
    /// accurately, PLDI 1990).
    /// - Precondition: The text is a number of JSON.
    static func value(of text: ArraySlice<UInt8>) -> Double? {
        var mantissa: UInt64 = 0
        var digits = 0
        var behind = -1
        let isNegative = text.first == UInt8(ascii: "-")
        for byte in isNegative ? text.dropFirst() : text {
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10 {
                mantissa = mantissa &* 10 &+ UInt64(digit)
                if mantissa > 0 { digits += 1 }
                if behind >= 0 { behind += 1 }
            } else if byte == UInt8(ascii: ".") {
                behind = 0
            } else {
                return nil
            }
            guard digits <= 15, behind < powersOfTen.count else { return nil }
        }
        let size = Double(mantissa) / powersOfTen[max(behind, 0)]
        return isNegative ? -size : size
    }

    /// 10⁰ to 10²², all of which are doubles.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]
}
