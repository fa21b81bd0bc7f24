import Testing
import Traces

/// Rows know the whole hour in which their request arrived.
@Suite struct HourTests {
    private static let none = TraceRows.noHour

    @Test func `hours count from 1970 in UTC for times of the calendar`() async throws {
        let fixture = try Fixture()
        // 2025-01-24T00:00Z is 20,112 days of 24 hours after 1970.
        let midnight = 20_112 * 24
        let path = try fixture.file(
            """
            arrived_at,ttft
            2025-01-24 00:00:00,0.1
            2025-01-24 00:59:59.999,0.2
            2025-01-24T01:00:00+01:00,0.3
            2025-01-24 23:30:00,0.4
            \(midnight * 3600 + 7_200),0.5

            """)
        let (rows, report) = try await fixture.read(path, hours: true)
        #expect(rows.ttft == [0.1, 0.2, 0.3, 0.4, 0.5])
        #expect(rows.hours == [midnight, midnight, midnight, midnight + 23, midnight + 2])
        #expect(report.hasCalendarTime)
    }

    @Test func `hours count from 0 of the trace's own clock, downwards below it`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("arrived_at,ttft\n-0.5,0.1\n0,0.2\n3599.9,0.3\n3600,0.4\n-3600,0.5\n-3601,0.6\n")
        let (rows, report) = try await fixture.read(path, hours: true)
        #expect(rows.hours == [-1, 0, 0, 1, -1, -2] && !report.hasCalendarTime)
    }

    @Test func `a row without an arrival, or with one beyond all time, has no hour`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("arrived_at,ttft\n7200,0.1\n,0.2\n1e200,0.3\n-1e15,0.4\n7e14,0.5\n")
        let (rows, report) = try await fixture.read(path, hours: true)
        #expect(rows.hours == [2, Self.none, Self.none, Self.none, Int((7e14 / 3600).rounded(.down))])
        #expect(!report.hasCalendarTime)
    }

    @Test(arguments: [true, false])
    func `without arrivals, or unless asked for, no row has an hour`(_ asks: Bool) async throws {
        let fixture = try Fixture()
        let bare = try fixture.file("bare.csv", "ttft,outcome\n0.1,ok\n,failed\n0.1,ok\n")
        let without = try await fixture.read(bare, hours: asks).rows
        #expect(without.hours == [Self.none, Self.none] && without.counts == [2, 1])
        let timed = try fixture.file("timed.csv", "arrived_at,ttft\n0,0.1\n4000,0.1\n")
        let rows = try await fixture.read(timed, hours: asks).rows
        #expect(rows.hours == (asks ? [0, 1] : [Self.none]) && rows.counts == (asks ? [1, 1] : [2]))
    }

    @Test func `rows alike in all but the hour stay apart, and failures of an hour stay together`() async throws {
        let fixture = try Fixture(timeout: 10)
        // An outcome of failed and a first token after the timeout are both failures of hour 1.
        let path = try fixture.file(
            "arrived_at,ttft,outcome\n4000,,failed\n4100,11,ok\n0,,failed\n8000,0.5,ok\n4200,0.5,ok\n8100,0.5,ok\n")
        let rows = try await fixture.read(path, hours: true).rows
        #expect(rows.ttft == [0.5, 0.5, .infinity, .infinity])
        #expect(rows.hours == [1, 2, 0, 1] && rows.counts == [1, 2, 1, 2])
    }

    @Test func `the fast and the careful way agree in every container, held out or not`() async throws {
        let fixture = try Fixture()
        var text = "arrived_at,prompt_tokens,ttft,output_tokens\n"
        for row in 0..<2_000 {
            let time = row % 50 == 7 ? "" : "\(1_700_000_000 + row * 7_919 % 400_000)"
            text += "\(time),\(row % 9 + 1),\(Double(row % 11 + 1) / 1000),\(row % 3)\n"
        }
        let csv = try fixture.file(text)
        // A bad row sends the file the careful way, where it is rejected.
        let careful = try fixture.file("careful.csv", text + "1700000000,1,oops,1\n")
        let first = try await fixture.read(csv, lengths: .exact, output: true, hours: true, tuning: 0.6).rows
        #expect(first.requests == 2_000 && first.hours.contains(Self.none))
        let second = try await fixture.read(careful, lengths: .exact, output: true, hours: true, tuning: 0.6)
        #expect(second.rows == first && second.report.rejected == 1)
        for name in ["a.parquet", "a.jsonl", "a.csv.gz", "a.jsonl.zst"] {
            let path = fixture.folder + "/" + name
            _ = try await fixture.reader.ingest(TraceSource(path: csv), to: path)
            let rows = try await fixture.read(path, lengths: .exact, output: true, hours: true, tuning: 0.6).rows
            #expect(rows == first, "\(name)")
        }
        // Taking the hours away again gives the rows of a read that never asked.
        let plain = try await fixture.read(csv, lengths: .exact, output: true, tuning: 0.6).rows
        #expect(
            plain.requests == first.requests && Set(plain.hours) == [Self.none]
                && plain.counts.count < first.counts.count)
    }

    @Test func `rows come in the documented order`() async throws {
        let fixture = try Fixture()
        var text = "arrived_at,prompt_tokens,ttft\n"
        for row in 0..<600 { text += "\(row * 104_729 % 90_000),\(row % 3 + 1),\(Double(row % 5 + 1) / 10)\n" }
        let rows = try await fixture.read(try fixture.file(text), lengths: .exact, hours: true).rows
        let keys = rows.counts.indices.map { (rows.promptTokens[$0], rows.ttft[$0], rows.hours[$0]) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
    }
}
