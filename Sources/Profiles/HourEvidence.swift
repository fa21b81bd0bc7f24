internal import Distributions
public import Traces

/// Whether the server's TTFT goes with the hour of the day, and whether the trace is long enough to say so.
public struct HourEvidence: Sendable, Equatable {
    /// The TTFT in some hours of the day.
    public struct Group: Sendable, Equatable {
        /// The hours of the day (UTC), ascending.
        public let hours: [Int]
        /// Number of requests.
        public let requests: Int
        /// Distinct days (UTC) that they arrived on.
        public let days: Int
        /// How many of them were cancelled before they answered.
        public let cancelled: Int
        /// Median TTFT in seconds; infinite where most failed, or were cancelled before anything was seen there.
        public let p50: Double
        /// 99th percentile in seconds; infinite where over 1 % failed, or were cancelled before anything was seen there.
        public let p99: Double
    }

    /// What the evidence comes to.
    public enum Verdict: String, Sendable, CaseIterable {
        /// The hours differ, beyond what days and neighbouring hours explain, and by enough to matter.
        case hoursDiffer = "hours_differ"
        /// The trace is long enough, but shows no difference of that kind.
        case notShown = "not_shown"
        /// Too few days to tell the hour of the day from a drift.
        case tooFewDays = "too_few_days"
    }

    /// Each hour of the day that has requests, ascending.
    public let byHour: [Group]
    /// Whole days from the first arrival on, those without a request left out.
    public let wholeDays: Int
    /// Share of the variation that hours explain, 0...1.
    ///
    /// The variation is that of whether requests are among the slowest 3/4, half and so on to 1/64.
    public let explainedShare: Double
    /// Probability of hours at least this far apart if each day could as well have begun at another hour.
    public let pValue: Double
    /// Requests whose arrival is unknown, so that they are in no hour.
    public let unplaced: Int
    /// Each period that was asked for and has requests; empty where none was.
    public let byPeriod: [Group]

    /// Fewest whole days that can tell an hour-of-day effect from a drift.
    public static let fewestDays = 8
    /// The p below which hours differ.
    public static let significance = 0.01
    /// The least share of variation that matters.
    public static let materialShare = 0.01

    /// The evidence in all rows, by hour and by the given periods; nil where no row has an hour.
    public init?(rows: TraceRows, periods: DayPeriods? = nil) {
        var rowsOfHour = [[Int]](repeating: [], count: 24)
        for i in rows.counts.indices {
            if let hour = rows.hourOfDay(i) { rowsOfHour[hour].append(i) }
        }
        func group(_ hours: [Int]) -> Group? {
            let own = hours.flatMap { rowsOfHour[$0] }
            guard !own.isEmpty else { return nil }
            let ttft = Empirical(rows, own, timeout: .greatestFiniteMagnitude)
            let days = Set(own.map { rows.hours[$0].quotient(by: 24) })
            return Group(
                hours: hours, requests: ttft.observations, days: days.count,
                cancelled: ttft.censoring?.observations ?? 0, p50: ttft.seenQuantile(0.5), p99: ttft.seenQuantile(0.99))
        }
        let groups = (0..<24).compactMap { group([$0]) }
        guard !groups.isEmpty else { return nil }
        let table = CyclicTable(hoursOf: rows, part: .all)
        byHour = groups
        byPeriod = periods.map { cut in (0..<cut.count).compactMap { group(cut.hours(of: $0)) } } ?? []
        wholeDays = table.turns
        explainedShare = table.explainedShare
        pValue = table.rotationTest()
        unplaced = rows.requests - groups.reduce(0) { $0 + $1.requests }
    }

    /// What the evidence comes to.
    public var verdict: Verdict {
        if wholeDays < Self.fewestDays { return .tooFewDays }
        return pValue < Self.significance && explainedShare >= Self.materialShare ? .hoursDiffer : .notShown
    }
}

extension Int {
    /// This number over `divisor` > 0, rounded down.
    fileprivate func quotient(by divisor: Int) -> Int {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
