internal import Distributions
public import Traces

/// A cut of the day's 24 hours (UTC) into periods.
public struct DayPeriods: Sendable, Equatable {
    /// The hour at which each period begins, ascending, each 0...23; the last period goes round to the first.
    public let startHours: [Int]

    /// Periods that begin at these hours; doubles are dropped.
    /// - Precondition: at least one hour, each 0...23.
    public init(startHours: [Int]) {
        precondition(!startHours.isEmpty && startHours.allSatisfy { (0...23).contains($0) }, "hours of the day")
        let sorted = Set(startHours).sorted()
        // One period is all day, wherever it begins.
        self.startHours = sorted.count == 1 ? [0] : sorted
    }

    /// One period, all day.
    public static let allDay = DayPeriods(startHours: [0])

    /// The largest number of periods that we choose by ourselves.
    public static let mostChosen = 6

    /// The periods that the server's times bear out: none that the rest of the trace would not have foretold.
    ///
    /// All day where the part of the trace has fewer than two whole days. Source: docs/maths/hours.md.
    /// - Parameters:
    ///   - rows: Rows of the server with TTFT and hours.
    ///   - part: Which rows count.
    /// - Returns: The periods, one or more.
    public static func chosen(from rows: TraceRows, part: TracePart) -> DayPeriods {
        let table = CyclicTable(hoursOf: rows, part: part)
        return DayPeriods(startHours: table.bestCut(most: mostChosen, minimum: ServerProfile.minimalGroupRows))
    }

    /// Number of periods.
    public var count: Int { startHours.count }

    /// The period that holds `hour` of the day, 0...23.
    public func period(ofHour hour: Int) -> Int {
        (startHours.lastIndex { $0 <= hour }) ?? startHours.count - 1
    }

    /// The hours of the day that belong to `period`, ascending.
    public func hours(of period: Int) -> [Int] { (0..<24).filter { self.period(ofHour: $0) == period } }

    /// The period's first and last hour in words, `22:00-06:00`.
    public func words(of period: Int) -> String {
        guard count > 1 else { return "all day" }
        func clock(_ hour: Int) -> String { "\(hour < 10 ? "0" : "")\(hour):00" }
        return "\(clock(startHours[period]))-\(clock(startHours[(period + 1) % count]))"
    }

    /// The same periods, those with fewer than `minimum` rows joined to the one before them, across midnight too.
    public func joined(rows: TraceRows, part: TracePart, minimum: Int) -> DayPeriods {
        let byHour = rows.requestsByHourOfDay(part)
        var periods = self
        while periods.count > 1 {
            let sizes = (0..<periods.count).map { periods.hours(of: $0).reduce(0) { $0 + byHour[$1] } }
            guard let small = sizes.firstIndex(where: { $0 < minimum }) else { break }
            var left = periods.startHours
            left.remove(at: small)
            periods = DayPeriods(startHours: left)
        }
        return periods
    }
}

extension TraceRows {
    /// The hour of the day (UTC, 0...23) of a row; nil where its arrival is unknown.
    func hourOfDay(_ row: Int) -> Int? {
        hours[row] == Self.noHour ? nil : ((hours[row] % 24) + 24) % 24
    }

    /// Requests of a part by hour of the day; those without an hour do not count.
    func requestsByHourOfDay(_ part: TracePart) -> [Int] {
        var requests = [Int](repeating: 0, count: 24)
        for i in counts.indices where part.contains(isHeldOut: isHeldOut[i]) {
            if let hour = hourOfDay(i) { requests[hour] += counts[i] }
        }
        return requests
    }

    /// The rows of one part that arrived in one of these hours of the day.
    func arrived(in hoursOfDay: [Int], _ part: TracePart) -> TraceRows {
        let wanted = Set(hoursOfDay)
        var rows = TraceRows()
        for i in counts.indices where part.contains(isHeldOut: isHeldOut[i]) {
            guard let hour = hourOfDay(i), wanted.contains(hour) else { continue }
            rows.promptTokens.append(promptTokens[i])
            rows.ttft.append(ttft[i])
            rows.outputTokens.append(outputTokens[i])
            rows.hours.append(hours[i])
            rows.isCensored.append(isCensored[i])
            rows.isHeldOut.append(isHeldOut[i])
            rows.counts.append(counts[i])
        }
        return rows
    }
}

extension CyclicTable {
    /// Days and hours of the day of the rows that have an hour; a cancelled one counts at its bound.
    init(hoursOf rows: TraceRows, part: TracePart) {
        let known = rows.counts.indices.filter {
            part.contains(isHeldOut: rows.isHeldOut[$0]) && rows.hours[$0] != TraceRows.noHour
        }
        self.init(
            positions: 24, times: known.map { rows.hours[$0] }, values: known.map { rows.ttft[$0] },
            counts: known.map { rows.counts[$0] })
    }
}
