import Distributions
import Profiles
import Testing
import Traces

/// Rows of (hour, TTFT); nil hours are unknown.
private func rows(_ entries: [(hour: Int?, seconds: Double)], heldOutFrom: Int = .max) -> TraceRows {
    var rows = TraceRows()
    for (i, entry) in entries.enumerated() {
        rows.promptTokens.append(10 + i)
        rows.ttft.append(entry.seconds)
        rows.outputTokens.append(-1)
        rows.hours.append(entry.hour ?? TraceRows.noHour)
        rows.isCensored.append(false)
        rows.isHeldOut.append(i >= heldOutFrom)
        rows.counts.append(i + 1)
    }
    return rows
}

@Suite struct `Requests by the hour` {
    @Test func `each request is in its hour, and hours without any are there`() throws {
        let requests = try HourlyRequests(
            rows: rows([(102, 1), (100, 2), (nil, 3), (102, .infinity), (100, 61)]), timeout: 60)
        #expect(requests.firstHour == 100 && requests.hours == 3)
        #expect(requests.starts == [0, 2, 2, 4])
        #expect(requests.seconds == [2, .infinity, 1, .infinity])
        #expect(requests.promptTokens == [11, 14, 10, 13])
        #expect(requests.counts == [2, 5, 1, 4])
        #expect(requests.requests == 12 && requests.undated == 3)
    }

    @Test func `parts have their own hours, and a wider span when asked`() throws {
        let all = rows([(0, 1), (1, 1), (5, 1), (7, 1)], heldOutFrom: 2)
        #expect(try HourlyRequests(rows: all, part: .tuning, timeout: 60).hours == 2)
        let later = try HourlyRequests(rows: all, part: .heldOut, timeout: 60)
        #expect(later.firstHour == 5 && later.hours == 3)
        let wide = try HourlyRequests(rows: all, part: .heldOut, span: 0...9, timeout: 60)
        #expect(wide.firstHour == 0 && wide.hours == 10 && wide.requests == later.requests)
    }

    @Test func `days are stretches of 24 hours with a request, not the distance of two requests`() throws {
        func days(_ hours: [Int]) throws -> Double {
            try HourlyRequests(rows: rows(hours.map { ($0, 1) }), timeout: 60).days
        }
        #expect(try days([0]) == 1.0 / 24)
        #expect(try days(Array(0..<36)) == 1.5)
        #expect(try days([0, 24 * 100]) == 1 + 1.0 / 24)
        #expect(try days((0..<8).map { 24 * $0 } + [8 * 24 - 1]) == 8)
    }

    @Test func `cancelled requests take times beyond their bounds, spread as the distribution is there`() throws {
        // 1, 2, ..., 100 s, each once; 3,000 requests cancelled at 50 s, 1,000 of them an hour.
        let times = Empirical(samples: (1...100).map(Double.init), horizon: 200)
        var cancelled = rows((0..<3_000).map { ($0 / 1_000, 50) })
        cancelled.isCensored = cancelled.isCensored.map { _ in true }
        cancelled.counts = cancelled.counts.map { _ in 1 }
        let requests = try HourlyRequests(rows: cancelled, timeout: 200) { level, _, bound in
            times.quantile(level, beyond: bound)
        }
        #expect(requests.seconds.allSatisfy { $0 > 50 && $0 <= 100 })
        // A mean of 75.5 with a standard error of 14.4 / √3000.
        let mean = requests.seconds.reduce(0, +) / 3_000
        let standardError = 14.43 / 3_000.0.squareRoot()
        #expect(abs(mean - 75.5) < 4 * standardError)
        let again = try HourlyRequests(rows: cancelled, timeout: 200) { level, _, bound in
            times.quantile(level, beyond: bound)
        }
        #expect(again == requests)
        let bounds = try HourlyRequests(rows: cancelled, timeout: 200)
        #expect(bounds.seconds.allSatisfy { $0 == 50 })
    }

    @Test func `no arrival times, or some of another age, are refused`() {
        #expect(throws: HourlyRequests.Trouble.undated) { try HourlyRequests(rows: rows([(nil, 1)]), timeout: 60) }
        #expect(throws: HourlyRequests.Trouble.undated) { try HourlyRequests(rows: TraceRows(), timeout: 60) }
        #expect(throws: HourlyRequests.Trouble.tooLong(hours: 480_001)) {
            try HourlyRequests(rows: rows([(0, 1), (480_000, 1)]), timeout: 60)
        }
        #expect(throws: HourlyRequests.Trouble.tooLong(hours: .max)) {
            try HourlyRequests(rows: rows([(.min + 1, 1), (.max, 1)]), timeout: 60)
        }
    }
}
