/// The shortest decimal digits that give a double back, and the place of their point.
///
///     value = ± 0.d₁d₂…dₖ · 10ⁿ
///
/// with d₁ ≠ 0 and dₖ ≠ 0, or no digits at all for zero.
struct DecimalDigits {
    var isNegative: Bool
    /// d₁ … dₖ, each 0...9.
    var digits: [UInt8]
    /// n.
    var point: Int

    /// The digits of `value`.
    /// - Precondition: `value` is finite.
    init(_ value: Double) {
        precondition(value.isFinite, "JSON has no number \(value)")
        // The standard library prints the shortest digits that round-trip, on every platform; only their layout is its own.
        let parts = value.magnitude.description.split(separator: "e")
        let mantissa = parts[0].utf8
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }
        let all = mantissa.filter { $0 != UInt8(ascii: ".") }.map { $0 - UInt8(ascii: "0") }
        let leading = all.prefix { $0 == 0 }.count
        var digits = Array(all.dropFirst(leading))
        while digits.last == 0 { digits.removeLast() }
        self.isNegative = value < 0
        self.digits = digits
        self.point = digits.isEmpty ? 0 : whole.count - leading + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    }

    /// The digits rounded to at most `count`, halves away from zero.
    func rounded(to count: Int) -> DecimalDigits {
        guard digits.count > count else { return self }
        var result = self
        result.digits = Array(digits.prefix(count))
        guard digits[count] >= 5 else { return result.trimmed() }
        var place = count - 1
        while place >= 0, result.digits[place] == 9 {
            result.digits[place] = 0
            place -= 1
        }
        if place >= 0 {
            result.digits[place] += 1
        } else {
            result.digits = [1]
            result.point += 1
        }
        return result.trimmed()
    }

    private func trimmed() -> DecimalDigits {
        var result = self
        while result.digits.last == 0 { result.digits.removeLast() }
        return result
    }

    /// The number as ECMAScript and RFC 8785 write it: `1`, `0.53`, `1e-7`, `1.5e+300`; both zeros are `0`.
    var jsonText: String {
        guard !digits.isEmpty else { return "0" }
        let text = digits.map(String.init).joined()
        let sign = isNegative ? "-" : ""
        switch point {
        case digits.count...21:
            return sign + text + String(repeating: "0", count: point - digits.count)
        case 1...21:
            return sign + text.prefix(point) + "." + text.dropFirst(point)
        case -5...0:
            return sign + "0." + String(repeating: "0", count: -point) + text
        default:
            let fraction = digits.count > 1 ? "." + text.dropFirst() : ""
            let exponent = point - 1
            return sign + text.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+") + String(exponent.magnitude)
        }
    }
}
