/// A point in time, `YYYY-MM-DDTHH:MM:SS[.fraction]Z`.
struct Timestamp: Comparable {
    /// Year, month, day, hour, minute, second, nanosecond.
    private let fields: [Int]

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z") else { return nil }
        var fields: [Int] = []
        let layout: [(separator: Unicode.Scalar?, width: Int, range: ClosedRange<Int>)] = [
            (nil, 4, 0...9999), ("-", 2, 1...12), ("-", 2, 1...31), ("T", 2, 0...23), (":", 2, 0...59),
            (":", 2, 0...59),
        ]
        var place = 0
        for field in layout {
            if let separator = field.separator {
                guard bytes[place] == UInt8(ascii: separator) else { return nil }
                place += 1
            }
            guard let value = Self.number(bytes[place..<place + field.width]), field.range.contains(value) else {
                return nil
            }
            fields.append(value)
            place += field.width
        }
        var nanoseconds = 0
        if place < bytes.count - 1 {
            let fraction = bytes[(place + 1)..<(bytes.count - 1)]
            guard bytes[place] == UInt8(ascii: "."), (1...9).contains(fraction.count), let value = Self.number(fraction)
            else { return nil }
            nanoseconds = (fraction.count..<9).reduce(value) { shifted, _ in shifted * 10 }
        }
        self.fields = fields + [nanoseconds]
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    static func < (left: Timestamp, right: Timestamp) -> Bool { left.fields.lexicographicallyPrecedes(right.fields) }

    /// Seconds since 1970-01-01T00:00:00Z in the proleptic Gregorian calendar without leap seconds, as a clock counts them.
    ///
    ///     365 y + ⌊y/4⌋ − ⌊y/100⌋ + ⌊y/400⌋ + ⌊(153 m + 2)/5⌋ + d − 719469  days
    ///
    /// with years y that begin in March, m the months since, and d the day of the month. A day that its month does not have
    /// counts on: 31 February is 3 March.
    var secondsSince1970: Double {
        let year = fields[1] > 2 ? fields[0] : fields[0] - 1
        let month = (fields[1] + 9) % 12
        let leapDays = Self.floor(year, 4) - Self.floor(year, 100) + Self.floor(year, 400)
        let days = 365 * year + leapDays + (153 * month + 2) / 5 + fields[2] - 719_469
        let whole = Int64(days) * 86_400 + Int64(fields[3] * 3_600 + fields[4] * 60 + fields[5])
        return Double(whole) + Double(fields[6]) / 1e9
    }

    private static func floor(_ value: Int, _ divisor: Int) -> Int { value >= 0 ? value / divisor : -1 }
}
