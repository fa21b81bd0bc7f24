import Distributions
import Profiles
import TestSupport
import Testing
import Traces

/// Rows of a server or a workload, one request each.
private func hourRows(
    _ requests: [(hour: Int, ttft: Double)], prompt: (Int) -> Int = { _ in 0 }, heldOutFrom: Int = .max
) -> TraceRows {
    var rows = TraceRows()
    rows.promptTokens = requests.indices.map(prompt)
    rows.ttft = requests.map(\.ttft)
    rows.outputTokens = requests.map { _ in -1 }
    rows.hours = requests.map(\.hour)
    rows.isCensored = requests.map { _ in false }
    rows.isHeldOut = requests.map { $0.hour != TraceRows.noHour && $0.hour >= heldOutFrom }
    rows.counts = requests.map { _ in 1 }
    return rows
}

/// Requests each hour of so many days from midnight on, whose times go by the hour of the day.
private func days(
    _ count: Int, perHour: Int = 5, seed: Int = 1, slow: @escaping (Int) -> Double
) -> [(hour: Int, ttft: Double)] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count * 24).flatMap { hour in
        (0..<perHour).map { _ in (480_000 + hour, Double.random(in: 0.5...1.5, using: &generator) + slow(hour % 24)) }
    }
}

@Suite struct `Periods of the day` {
    @Test func `each hour is in one period, the last going round`() {
        let periods = DayPeriods(startHours: [18, 0, 8])
        #expect(periods.startHours == [0, 8, 18])
        #expect((0..<3).flatMap(periods.hours(of:)) == Array(0..<24))
        let night = DayPeriods(startHours: [6, 22])
        #expect(night.hours(of: 0) == Array(6..<22) && night.hours(of: 1) == Array(0..<6) + [22, 23])
        #expect(night.words(of: 0) == "06:00-22:00" && night.words(of: 1) == "22:00-06:00")
        #expect((0..<24).allSatisfy { night.hours(of: night.period(ofHour: $0)).contains($0) })
        #expect(DayPeriods(startHours: [7]) == .allDay && DayPeriods.allDay.hours(of: 0) == Array(0..<24))
    }

    @Test func `a period of too few rows joins the one before it, across midnight too`() {
        // 60 rows at 3, 10 at 9, 60 at 15, 20 at 21; and 1,000 in no hour.
        let requests = [(3, 60), (9, 10), (15, 60), (21, 20)].flatMap { hour, count in
            Array(repeating: (hour: 480_000 + hour, ttft: 1.0), count: count)
        }
        let rows = hourRows(requests + Array(repeating: (TraceRows.noHour, 1), count: 1_000))
        func joined(_ starts: [Int]) -> [Int] {
            DayPeriods(startHours: starts).joined(rows: rows, part: .all, minimum: 50).startHours
        }
        #expect(joined([0, 6, 12, 18]) == [0, 12])
        #expect(joined([0, 12]) == [0, 12] && joined([6, 12]) == [0])
        #expect(joined([9, 12, 20]) == [12, 20])
        #expect(joined([8, 10]) == [0] && joined([4, 5]) == [0])
        #expect(DayPeriods(startHours: [0, 12]).joined(rows: rows, part: .heldOut, minimum: 50) == .allDay)
    }

    @Test func `chosen periods follow the server's slow hours`() {
        let rows = hourRows(days(12) { (14..<20).contains($0) ? 1 : 0 })
        #expect(DayPeriods.chosen(from: rows, part: .all).startHours == [14, 20])
        #expect(DayPeriods.chosen(from: hourRows(days(12) { _ in 0 }), part: .all).count <= 2)
        // One day foretells no other.
        #expect(DayPeriods.chosen(from: hourRows(days(1, perHour: 50) { $0 < 12 ? 1 : 0 }), part: .all) == .allDay)
        #expect(DayPeriods.chosen(from: TraceRows(), part: .all) == .allDay)
    }
}

@Suite struct `Evidence on the hour of the day` {
    @Test func `eight days of slow evenings are evidence, seven are not`() throws {
        for (count, verdict) in [(7, HourEvidence.Verdict.tooFewDays), (8, .hoursDiffer)] {
            let rows = hourRows(days(count) { $0 >= 18 ? 1 : 0 })
            let evidence = try #require(HourEvidence(rows: rows, periods: DayPeriods(startHours: [0, 18])))
            #expect(evidence.verdict == verdict && evidence.wholeDays == count)
            #expect(evidence.pValue == 1.0 / 2_000 && evidence.explainedShare > 0.2)
            #expect(evidence.byHour.map(\.hours) == (0..<24).map { [$0] })
            #expect(evidence.byHour.allSatisfy { $0.requests == 5 * count && $0.days == count })
            #expect(evidence.byPeriod.map(\.requests) == [18 * 5 * count, 6 * 5 * count])
            #expect(evidence.byPeriod[1].p50 > 1.5 && evidence.byPeriod[0].p50 < 1.5)
        }
    }

    @Test(arguments: 1...5)
    func `a drift from day to day is no evidence`(seed: Int) throws {
        var requests = days(10, seed: seed) { _ in 0 }
        for i in requests.indices { requests[i].ttft += Double((requests[i].hour - 480_000) / 24) }
        let evidence = try #require(HourEvidence(rows: hourRows(requests)))
        #expect(evidence.verdict == .notShown && evidence.byPeriod.isEmpty)
    }

    @Test func `failures rank last, and rows without an hour are counted apart`() throws {
        let requests = days(9) { $0 == 4 ? .infinity : 0 } + [(TraceRows.noHour, 1), (TraceRows.noHour, 2)]
        let evidence = try #require(HourEvidence(rows: hourRows(requests)))
        #expect(evidence.unplaced == 2 && evidence.verdict == .hoursDiffer)
        #expect(evidence.byHour[4].p50 == .infinity && evidence.byHour[3].p99.isFinite)
        #expect(HourEvidence(rows: hourRows([(TraceRows.noHour, 1)])) == nil && HourEvidence(rows: TraceRows()) == nil)
    }

    @Test func `hours before 1970 are hours too`() throws {
        let requests = days(9) { _ in 0 }.map { (hour: $0.hour - 480_000 - 48, ttft: $0.ttft) }
        let evidence = try #require(HourEvidence(rows: hourRows(requests)))
        #expect(evidence.byHour.map(\.hours) == (0..<24).map { [$0] } && evidence.byHour.allSatisfy { $0.days == 9 })
    }
}

@Suite struct `Profiles by period` {
    private static let cut = DayPeriods(startHours: [6, 18])

    private static func whole(_ workload: TraceRows, _ server: TraceRows, _ part: TracePart) throws -> ServingProfile {
        ServingProfile(
            workload: try #require(WorkloadProfile(rows: workload, part: part)),
            server: try #require(ServerProfile(rows: server, part: part, isConditioned: false, timeout: 10)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.1, perToken: 0.01), lengths: [1]), timeout: 10)
    }

    @Test(arguments: [true, false])
    func `each period has its own server, and its own requests where they tell the time`(tellsTime: Bool) throws {
        let server = hourRows(days(3) { (6..<18).contains($0) ? 5 : 0 })
        // Two thirds of the prompts are long and come by day.
        let workload = hourRows((0..<30).map { (480_000 + ($0 % 3 == 0 ? 2 : 12), 0) }) { $0 % 3 == 0 ? 5 : 50 }
        let whole = try Self.whole(workload, server, .all)
        let day = DayProfile(
            whole, cut: Self.cut, part: .all, workload: tellsTime ? workload : nil, server: server, isConditioned: false
        )
        #expect(day.periods.map(\.hours) == [Array(6..<18), Array(0..<6) + Array(18..<24)] && day.unseen.isEmpty)
        #expect(day.periods.map(\.share) == (tellsTime ? [2.0 / 3, 1.0 / 3] : [0.5, 0.5]))
        #expect(day.periods.map(\.profile.workload.lengths) == (tellsTime ? [[50], [5]] : [[5, 50], [5, 50]]))
        #expect(day.periods.map(\.profile.server.pooled.observations) == [180, 180])
        #expect(day.periods[0].profile.server.pooled.support.allSatisfy { $0 >= 5.5 })
        #expect(day.periods[1].profile.server.pooled.support.allSatisfy { $0 <= 1.5 })
        #expect(day.periods.allSatisfy { $0.profile.device == whole.device && $0.profile.timeout == 10 })
    }

    @Test func `periods put together again are the whole`() throws {
        let server = hourRows(days(4, seed: 9) { Double($0) / 10 })
        let workload = hourRows(days(4, perHour: 2) { _ in 0 }) { $0 % 7 + 1 }
        let whole = try Self.whole(workload, server, .all)
        let day = DayProfile(
            whole, cut: DayPeriods(startHours: [1, 5, 9, 20]), part: .all, workload: workload, server: server,
            isConditioned: false)
        #expect((day.periods.reduce(0) { $0 + $1.share } - 1).magnitude < 1e-12)
        #expect(day.periods.reduce(0) { $0 + $1.profile.workload.requests } == whole.workload.requests)
        for t in [0.6, 1, 1.7, 3] {
            let survival = day.periods.reduce(0.0) { sum, period in
                let own = period.profile.server.pooled
                return sum + own.survival(at: t) * Double(own.observations)
            }
            #expect((survival / 480 - whole.server.pooled.survival(at: t)).magnitude < 1e-12)
        }
    }

    @Test func `a part that has not seen a period judges it by all its rows, and gives it no share`() throws {
        // The third day ends at noon: what is held out from its morning on has no evening.
        let requests = days(3) { _ in 0 }.filter { $0.hour < 480_000 + 60 }
        let server = hourRows(requests, heldOutFrom: 480_000 + 54)
        let workload = hourRows(requests, prompt: { _ in 9 }, heldOutFrom: 480_000 + 54)
        let whole = try Self.whole(workload, server, .heldOut)
        let day = DayProfile(
            whole, cut: Self.cut, part: .heldOut, workload: workload, server: server, isConditioned: false)
        #expect(day.unseen == [1] && day.periods.map(\.share) == [1, 0])
        #expect(day.periods[1].profile.server == whole.server && day.periods[1].profile.workload == whole.workload)
    }

    @Test func `length groups are made in each period, and kept by the part that judges`() throws {
        let requests = days(10) { _ in 0 }
        // Long prompts come by day only.
        let server = hourRows(requests) { (6..<18).contains(requests[$0].hour % 24) && $0 % 2 == 0 ? 64 : 1 }
        let whole = try Self.whole(server, server, .all)
        let day = DayProfile(whole, cut: Self.cut, part: .all, workload: nil, server: server, isConditioned: true)
        #expect(day.periods.map(\.profile.server.lowerEdges) == [[1, 64], [1]])
        let again = DayProfile(
            whole, cut: Self.cut, part: .all, workload: nil, server: server, isConditioned: true,
            edges: [[1], [1, 64]])
        #expect(again.periods.map(\.profile.server.lowerEdges) == [[1], [1, 64]])
    }
}

@Suite struct `Cancelled requests by hour` {
    @Test func `quantiles are estimates, and a period of cancelled requests only is unseen`() throws {
        var server = hourRows(days(4) { _ in 0 })
        for i in server.counts.indices where server.hours[i] % 24 >= 18 { server.isCensored[i] = true }
        let evidence = try #require(HourEvidence(rows: server, periods: DayPeriods(startHours: [6, 18])))
        #expect(evidence.byHour[3].cancelled == 0 && evidence.byHour[20].cancelled == 20)
        #expect(evidence.byHour[20].p50 == .infinity && evidence.byHour[3].p99.isFinite)
        #expect(evidence.byPeriod.map(\.cancelled) == [0, 120])
        let whole = ServingProfile(
            workload: WorkloadProfile(promptTokens: [9]),
            server: try #require(ServerProfile(rows: server, part: .all, isConditioned: false, timeout: 10)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.1, perToken: 0.01), lengths: [9]), timeout: 10)
        let day = DayProfile(
            whole, cut: DayPeriods(startHours: [0, 18]), part: .all, workload: nil, server: server, isConditioned: false
        )
        #expect(day.unseen == [1] && day.periods[1].profile.server == whole.server)
        #expect(day.periods[0].profile.server.pooled.observations == 18 * 5 * 4)
    }
}
