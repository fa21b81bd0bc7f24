internal import Distributions
public import Traces

/// What a solver sees of one period of the day.
public struct PeriodProfile: Sendable, Equatable {
    /// The hours of the day (UTC) that belong to it, ascending.
    public let hours: [Int]
    /// Share of all requests that arrive in it, 0...1; the periods' shares sum to 1.
    public let share: Double
    /// The period's own requests and server; the device is the same all day.
    public let profile: ServingProfile

    /// A period.
    public init(hours: [Int], share: Double, profile: ServingProfile) {
        self.hours = hours
        self.share = share
        self.profile = profile
    }
}

/// One part of a trace by period of the day.
public struct DayProfile: Sendable, Equatable {
    /// The cut of the day.
    public let cut: DayPeriods
    /// One for each period of the cut, in its order.
    public let periods: [PeriodProfile]
    /// Periods, by index, in which this part has no server rows, so that they are judged by all rows of the part.
    public let unseen: [Int]

    /// Splits `whole`, the profile of the same part over all hours, by `cut`.
    /// - Parameters:
    ///   - whole: The profile of the part.
    ///   - cut: The periods.
    ///   - part: The part.
    ///   - workload: Rows of the workload with hours; nil where they say nothing of the time of day, so that each
    ///     period has all of them, and as large a share as it has of the server's rows.
    ///   - server: Rows of the server with TTFT and hours.
    ///   - isConditioned: Whether the server is conditioned on the prompt length as well.
    ///   - edges: The length groups of each period (those of the tuning part, when profiling the held-out part).
    public init(
        _ whole: ServingProfile, cut: DayPeriods, part: TracePart, workload: TraceRows?, server: TraceRows,
        isConditioned: Bool, edges: [[Int]]? = nil
    ) {
        let arrivals = (workload ?? server).requestsByHourOfDay(part)
        let total = arrivals.reduce(0, +)
        var unseen: [Int] = []
        periods = (0..<cut.count).map { index in
            let hours = cut.hours(of: index)
            let own = workload.flatMap { WorkloadProfile(rows: $0.arrived(in: hours, part), part: .all) }
            var times = ServerProfile(
                rows: server.arrived(in: hours, part), part: .all, isConditioned: isConditioned, edges: edges?[index],
                timeout: whole.timeout)
            // Where all were cancelled nothing is known either.
            if times?.pooled.unidentified == 1 { times = nil }
            if times == nil { unseen.append(index) }
            let requests = hours.reduce(0) { $0 + arrivals[$1] }
            return PeriodProfile(
                hours: hours,
                // Without any arrival in this part, hours weigh alike.
                share: total > 0 ? Double(requests) / Double(total) : Double(hours.count) / 24,
                // Nothing better is known of a period that this part has not seen.
                profile: ServingProfile(
                    workload: own ?? whole.workload, server: times ?? whole.server, device: whole.device,
                    timeout: whole.timeout))
        }
        self.cut = cut
        self.unseen = unseen
    }
}
