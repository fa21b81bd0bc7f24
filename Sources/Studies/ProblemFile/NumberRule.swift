/// Which numbers a field takes, and how that is said.
struct NumberRule: Sendable {
    /// The phrase after *wanted*.
    var wanted: String
    /// Whether a finite number is in range.
    var allows: @Sendable (Double) -> Bool

    /// A share, from 0 to 1.
    static let share = NumberRule(wanted: "a share from 0 to 1", allows: { (0...1).contains($0) })

    /// A score of quality.
    static let score = NumberRule(wanted: "a score from 0 to 1", allows: { (0...1).contains($0) })

    /// Any number of `unit`.
    static func any(_ unit: String) -> NumberRule { NumberRule(wanted: "a number, in \(unit)", allows: { _ in true }) }

    /// A share that leaves something on both sides.
    static let properShare = NumberRule(wanted: "a share between 0 and 1", allows: { 0 < $0 && $0 < 1 })

    /// A share of something that is there.
    static let presentShare = NumberRule(wanted: "a share above 0, up to 1", allows: { 0 < $0 && $0 <= 1 })

    /// A level of confidence.
    static let confidence = NumberRule(
        wanted: "a share of future windows, from 0.5 to below 1", allows: { 0.5 <= $0 && $0 < 1 })

    /// Percent of something.
    static let percentage = NumberRule(wanted: "percent, from 0 to 100", allows: { (0...100).contains($0) })

    /// A number > 0 of `unit`.
    static func positive(_ unit: String) -> NumberRule {
        NumberRule(wanted: "a number > 0, in \(unit)", allows: { $0 > 0 })
    }

    /// A number ≥ 0 of `unit`.
    static func nonNegative(_ unit: String) -> NumberRule {
        NumberRule(wanted: "a number >= 0, in \(unit)", allows: { $0 >= 0 })
    }

    /// A whole number in `range`.
    static func whole(_ range: ClosedRange<Int>) -> NumberRule {
        NumberRule(
            wanted: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            allows: { Double(range.lowerBound) <= $0 && $0 <= Double(range.upperBound) && $0 == $0.rounded() })
    }

    /// A prompt length in tokens.
    static let length = whole(1...1_000_000_000)

    /// An hour of the day.
    static let hour = whole(0...23)

    /// What became of a text that should be a number.
    enum Outcome {
        case number(Double)
        /// Not a number, or out of range, and what to do about it.
        case refused(advice: String?)
    }

    /// Reads the plain scalar `text`.
    func read(_ text: String) -> Outcome {
        guard Self.isDecimal(text), let number = Double(text.filter { $0 != "_" }) else {
            return .refused(advice: advice(onText: text))
        }
        guard number.isFinite else { return .refused(advice: "The number is too large.") }
        guard allows(number) else {
            let isShare = wanted.contains("share")
            return .refused(
                advice: isShare && number > 1 && number <= 100 ? "\(text) % is written \(number / 100)." : nil)
        }
        return .number(number == 0 ? 0 : number)
    }

    /// Whether `text` is a decimal number: digits with a point, an exponent, `_` between digits.
    ///
    /// Neither `0x1F` nor
    /// `1:30` nor `017`, of which YAML 1.1 and 1.2 make different numbers.
    static func isDecimal(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func skipDigits() -> Int {
            let digits = rest.prefix { (48...57).contains($0) || $0 == 95 }
            rest = rest.dropFirst(digits.count)
            return digits.first == 95 || digits.last == 95 ? -1 : digits.count
        }
        if let sign = rest.first, sign == 43 || sign == 45 { rest = rest.dropFirst() }
        let hasLeadingZero = rest.first == 48
        let whole = skipDigits()
        guard whole >= 0, !(hasLeadingZero && whole > 1) else { return false }
        var fraction = 0
        if rest.first == 46 {
            rest = rest.dropFirst()
            fraction = skipDigits()
        }
        guard fraction >= 0, whole + fraction > 0 else { return false }
        if let letter = rest.first, letter == 101 || letter == 69 {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == 43 || sign == 45 { rest = rest.dropFirst() }
            guard skipDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private func advice(onText text: String) -> String? {
        switch text.lowercased() {
        case ".inf", "+.inf", "-.inf", "inf", "infinity", ".nan", "nan": return "A finite number is needed."
        default: break
        }
        if text.contains(","), Self.isDecimal(text.replacing(",", with: ".")) { return "The decimal sign is a point." }
        if text.count > 1, text.first == "0", Self.isDecimal(String(text.drop { $0 == "0" })) {
            return "Remove the leading zeros."
        }
        let unit = text.drop { $0.isASCII && ($0.isNumber || "+-._ ".contains($0)) }
        let number = text.prefix(upTo: unit.startIndex).filter { $0 != " " }
        guard !unit.isEmpty, unit.count <= 12, let value = Double(number) else { return nil }
        if unit == "%" { return "\(text) is written \(value / 100)." }
        if unit == "ms" { return "\(text) is written \(value / 1000), in seconds." }
        return Self.isDecimal(number) ? "Write the number alone, without \(quoted(String(unit)))." : nil
    }
}
