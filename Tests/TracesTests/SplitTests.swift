import Testing
import Traces

/// The later part of a trace is held out to judge policies on.
@Suite struct SplitTests {
    @Test func `by arrival, ties in file order`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("arrived_at,ttft\n5,0.5\n1,0.1\n5,0.51\n3,0.3\n5,0.52\n2,0.2\n")
        let (rows, report) = try await fixture.read(path, tuning: 0.7)
        #expect(rows.ttft == [0.1, 0.2, 0.3, 0.5, 0.51, 0.52])
        #expect(rows.isHeldOut == [false, false, false, false, true, true])
        #expect(report.tuningRows == 4 && report.isOrderedByArrival && report.firstArrival == nil)
    }

    @Test func `by file order where there is no arrival`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft\n0.9\n0.1\n0.8\n0.2\n")
        let (rows, report) = try await fixture.read(path, tuning: 0.5)
        #expect(rows.ttft == [0.1, 0.9, 0.2, 0.8] && rows.isHeldOut == [false, false, true, true])
        #expect(report.tuningRows == 2 && !report.isOrderedByArrival)
    }

    @Test func `a row without arrival puts all in file order, with a note`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("arrived_at,ttft\n9,0.9\n,0.1\n1,0.8\n2,0.2\n")
        let (rows, report) = try await fixture.read(path, tuning: 0.5)
        #expect(rows.isHeldOut == [false, false, true, true] && rows.ttft == [0.1, 0.9, 0.2, 0.8])
        #expect(!report.isOrderedByArrival && report.notes.contains { $0.contains("1 rows have no arrived_at") })
    }

    @Test(arguments: [(0.7, 7), (0.1, 1), (0.3, 3), (1.0, 10), (0.05, 0), (0.29, 2)])
    func `the share rounds down, but for the last bit`(_ share: Double, _ count: Int) async throws {
        let fixture = try Fixture()
        let text = "ttft\n" + (1...10).map { "\($0)\n" }.joined()
        let (rows, report) = try await fixture.read(try fixture.file(text), tuning: share)
        #expect(report.tuningRows == count && rows.isHeldOut.filter { !$0 }.count == count)
    }

    @Test func `only accepted rows count`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft,r\n-1,a\n1,b\n1,b\n0.1,a\n0.2,a\n1\n0.3,a\n0.4,a\n")
        let (rows, report) = try await fixture.read(path, where: "r = 'a'", maxRejected: 0.5, tuning: 0.5)
        #expect(rows.ttft == [0.1, 0.2, 0.3, 0.4] && rows.isHeldOut == [false, false, true, true])
        #expect(report.accepted == 4 && report.filtered == 2 && report.rejected == 2)
    }

    @Test func `equal traces give equal rows, whatever the container`() async throws {
        let fixture = try Fixture()
        var text = "arrived_at,prompt_tokens,ttft\n"
        for row in 0..<500 {
            text += "\(1_700_000_000 + row * 7 % 500),\(row % 40 + 1),\(Double(row % 37 + 1) / 1000)\n"
        }
        let csv = try fixture.file(text)
        let outputs = ["a.parquet", "a.jsonl", "a.csv.gz", "a.csv.zst", "a.jsonl.gz"]
        let first = try await fixture.read(csv, lengths: .exact, tuning: 0.7)
        #expect(first.report.firstArrival == "2023-11-14T22:13:20Z")
        for name in outputs {
            let path = fixture.folder + "/" + name
            _ = try await fixture.reader.ingest(TraceSource(path: csv), to: path)
            #expect(try await fixture.read(path, lengths: .exact, tuning: 0.7).rows == first.rows, "\(name)")
        }
    }
}
