internal import Distributions
public import Traces

/// The requests of one trace by the hour they arrived in: what shows how a distribution drifts.
public struct HourlyRequests: Sendable, Equatable {
    /// The first hour, counted like `TraceRows.hours`.
    public let firstHour: Int
    /// Requests of hour h (from 0, the first) have the indices `starts[h]..<starts[h + 1]`.
    public let starts: [Int]
    /// Prompt length in tokens, or the lower edge of its length group.
    public let promptTokens: [Int]
    /// TTFT in seconds; `.infinity` for a failure or where it came after the timeout; a draw beyond its bound where cancelled.
    public let seconds: [Double]
    /// Number of requests alike, ≥ 1.
    public let counts: [Int]
    /// Requests whose arrival is unknown, which are left out.
    public let undated: Int

    /// A longer span than this (more than two years) is a wrong timestamp.
    public static let maximalHours = 20_000

    /// Why requests cannot be told apart by the hour.
    public enum Trouble: Error, Sendable, Equatable {
        /// No request has an arrival time.
        case undated
        /// Arrivals span more hours than any trace of ours.
        case tooLong(hours: Int)
    }

    /// The dated requests of the given part of a trace.
    /// - Parameters:
    ///   - rows: Rows with their hours.
    ///   - part: Which rows count.
    ///   - span: The hours to cover, at least those of the rows; nil covers just these.
    ///   - timeout: Times above it are failures, in seconds.
    ///   - later: The quantile, at a level in 0 ..< 1, of the TTFT of a prompt of that many tokens that took longer than a bound: a
    ///     cancelled request is given one at a level drawn by its place in the trace. Nil takes the bound for the time.
    /// - Throws: `Trouble` where there is nothing to tell by the hour.
    public init(
        rows: TraceRows, part: TracePart = .all, span: ClosedRange<Int>? = nil, timeout: Double,
        later: ((_ level: Double, _ promptTokens: Int, _ bound: Double) -> Double)? = nil
    ) throws(Trouble) {
        let chosen = rows.counts.indices.filter { part.contains(isHeldOut: rows.isHeldOut[$0]) }
        let dated = chosen.filter { rows.hours[$0] != TraceRows.noHour }
        guard let own = Self.span(of: rows, part) else { throw .undated }
        let covered =
            min(
                own.lowerBound, span?.lowerBound ?? own.lowerBound)...max(
                own.upperBound, span?.upperBound ?? own.upperBound)
        let (length, overflows) = covered.upperBound.subtractingReportingOverflow(covered.lowerBound)
        guard !overflows, length < Self.maximalHours else {
            throw .tooLong(hours: overflows ? Int.max : length + 1)
        }
        // A counting sort, stable: equal rows give equal requests.
        var starts = [Int](repeating: 0, count: length + 2)
        for i in dated { starts[rows.hours[i] - covered.lowerBound + 1] += 1 }
        for h in 0...length { starts[h + 1] += starts[h] }
        var next = starts
        var order = [Int](repeating: 0, count: dated.count)
        for i in dated {
            let hour = rows.hours[i] - covered.lowerBound
            order[next[hour]] = i
            next[hour] += 1
        }
        firstHour = covered.lowerBound
        self.starts = starts
        promptTokens = order.map { rows.promptTokens[$0] }
        let draws = CounterRandom(seed: 0, stream: 0)
        seconds = order.map { i in
            let seen = rows.ttft[i]
            guard rows.isCensored[i], let later else { return seen > timeout ? .infinity : seen }
            let level = Double(draws.bits(i) >> 11) * 0x1p-53
            let time = later(level, rows.promptTokens[i], min(seen, timeout))
            return time > timeout ? .infinity : time
        }
        counts = order.map { rows.counts[$0] }
        undated = chosen.reduce(0) { $0 + (rows.hours[$1] == TraceRows.noHour ? rows.counts[$1] : 0) }
    }

    /// First and last hour of a part's dated rows; nil where it has none.
    public static func span(of rows: TraceRows, _ part: TracePart) -> ClosedRange<Int>? {
        var first = Int.max
        var last = Int.min
        for i in rows.counts.indices
        where part.contains(isHeldOut: rows.isHeldOut[i]) && rows.hours[i] != TraceRows.noHour {
            first = min(first, rows.hours[i])
            last = max(last, rows.hours[i])
        }
        return first <= last ? first...last : nil
    }

    /// Number of hours from the first to the last, those without requests included.
    public var hours: Int { starts.count - 1 }

    /// Number of requests, all hours together.
    public var requests: Int { counts.reduce(0, +) }

    /// Days that the requests cover: stretches of 24 hours with a request in them, the last as long as it is.
    public var days: Double {
        let stretches = stride(from: 0, to: hours, by: 24).map { ($0, min($0 + 24, hours)) }
        return stretches.reduce(0) { $0 + (starts[$1.1] > starts[$1.0] ? Double($1.1 - $1.0) / 24 : 0) }
    }
}

/// What arrived hour by hour, for each trace that has arrival times.
public struct HourlyProfile: Sendable, Equatable {
    /// What a trace tells of.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// The server's TTFT.
        case server
        /// The device's TTFT.
        case device
        /// Prompt lengths.
        case workload
    }

    /// One trace by the hour.
    public struct Series: Sendable, Equatable {
        /// What it tells of.
        public let role: Role
        /// Series of one clock are of one file: the same hours, met together.
        public let clock: Int
        /// Its requests.
        public let requests: HourlyRequests

        /// A series.
        public init(role: Role, clock: Int, requests: HourlyRequests) {
            self.role = role
            self.clock = clock
            self.requests = requests
        }
    }

    /// The traces that have arrival times.
    public let series: [Series]

    /// A profile; series of one clock cover the same hours.
    public init(series: [Series]) {
        for (one, other) in zip(series, series.dropFirst()) where one.clock == other.clock {
            precondition(
                one.requests.firstHour == other.requests.firstHour && one.requests.hours == other.requests.hours,
                "series of one clock cover the same hours")
        }
        self.series = series
    }

    /// The series of a role; nil where its trace has no arrival times.
    public subscript(role: Role) -> Series? { series.first { $0.role == role } }
}
