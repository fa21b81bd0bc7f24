private import FoundationEssentials

/// Days and times as ISO 8601 writes them.
enum CalendarText {
    /// Whether `text` is a day of the calendar, `YYYY-MM-DD`.
    static func isDate(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.utf8.count) == [4, 2, 2],
            let year = number(parts[0]), let month = number(parts[1]), let day = number(parts[2])
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return year >= 1 && (1...12).contains(month) && (1...days[month - 1]).contains(day)
    }

    /// Whether `text` is a day and a time with its zone, `YYYY-MM-DDThh:mm[:ss[.fff]]` and `Z` or `±hh:mm`.
    static func isTime(_ text: String) -> Bool {
        guard let separator = text.firstIndex(of: "T"), isDate(String(text[..<separator])) else { return false }
        let rest = text[text.index(after: separator)...]
        guard let zone = rest.firstIndex(where: { "Z+-".contains($0) }) else { return false }
        let isZone = rest[zone...] == "Z" || isClock(rest[rest.index(after: zone)...], hasSeconds: false)
        return isZone && isClock(rest[..<zone], hasSeconds: true)
    }

    /// The same day or time as a time in UTC, `YYYY-MM-DDThh:mm:ss[.fff]Z`; a day is its first instant.
    /// - Precondition: `isDate(text)` or `isTime(text)`.
    static func utc(_ text: String) -> String {
        guard let separator = text.firstIndex(of: "T") else { return text + "T00:00:00Z" }
        let rest = text[text.index(after: separator)...]
        guard let zone = rest.firstIndex(where: { "Z+-".contains($0) }) else {
            preconditionFailure("no zone in \(text)")
        }
        let clock = rest[..<zone].split(separator: ".")
        let seconds = clock[0].split(separator: ":").count == 3 ? "" : ":00"
        let offset = rest[rest.index(after: zone)...].split(separator: ":").compactMap { Int($0) }
        let minutes = offset.count == 2 ? offset[0] * 60 + offset[1] : 0
        let local = "\(text[..<separator])T\(clock[0])\(seconds)Z"
        guard let date = try? Date(local, strategy: .iso8601) else { preconditionFailure("\(local) is not a time") }
        let utc = date.addingTimeInterval(Double((rest[zone] == "-" ? minutes : -minutes) * 60)).formatted(.iso8601)
        return clock.count == 2 ? "\(utc.dropLast()).\(clock[1])Z" : utc
    }

    private static func isClock(_ text: Substring, hasSeconds: Bool) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || hasSeconds && parts.count == 3, parts.prefix(2).allSatisfy({ $0.utf8.count == 2 }),
            let hour = number(parts[0]), let minute = number(parts[1]), hour < 24, minute < 60
        else { return false }
        guard parts.count == 3 else { return true }
        let second = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard second[0].utf8.count == 2, let whole = number(second[0]), whole < 60 else { return false }
        return second.count == 1 || number(second[1].prefix(9)) != nil && second[1].utf8.count <= 9
    }

    /// The number that `digits` are; nil if there is anything else.
    private static func number(_ digits: Substring) -> Int? {
        digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
    }
}
