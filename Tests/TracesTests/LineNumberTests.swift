import Testing
import Traces

/// Reports name the line an editor would show.
@Suite struct LineNumberTests {
    private func lines(_ text: String) async throws -> [String: Int] {
        let fixture = try Fixture()
        let report = try await fixture.read(try fixture.file(text), maxRejected: 0.99).report
        return Dictionary(uniqueKeysWithValues: report.rejections.map { ($0.reason, $0.firstLine) })
    }

    @Test func `plain lines`() async throws {
        #expect(
            try await lines("ttft,p\n1,a\n2,b\n-3,c\n4\n5,d,e\n") == [
                "ttft is not positive": 4, "too few fields": 5, "too many fields": 6,
            ])
    }

    @Test func `ragged lines before`() async throws {
        #expect(
            try await lines("ttft,p\n1\n1,a,b\n2,b\n3\n-3,c\n") == [
                "too few fields": 2, "too many fields": 3, "ttft is not positive": 6,
            ])
    }

    @Test func `blank lines count`() async throws {
        #expect(
            try await lines("ttft,p\n\n1,a\n\n\n2,b\nx,c\n4\n") == ["ttft is not a number": 7, "too few fields": 8])
    }

    @Test func `values over several lines count with all their lines`() async throws {
        #expect(
            try await lines("ttft,p\n1,\"a\nb\nc\"\n2\n3,\"d\ne\"\n-4,f\n") == [
                "too few fields": 5, "ttft is not positive": 8,
            ])
    }

    @Test func `Windows line ends`() async throws {
        #expect(try await lines("ttft,p\r\n1,a\r\n2\r\n-3,b\r\n") == ["too few fields": 3, "ttft is not positive": 4])
    }

    @Test func `a byte order mark is no part of the first name`() async throws {
        #expect(try await lines("\u{feff}ttft,p\n1,a\n-1,b\n") == ["ttft is not positive": 3])
    }

    @Test func `far down a long file`() async throws {
        var text = "ttft,p\n"
        for row in 2..<60_000 { text += row % 10_000 == 7 && row > 7 ? "1\n" : row == 55_555 ? "0,a\n" : "1,a\n" }
        #expect(try await lines(text) == ["too few fields": 10_007, "ttft is not positive": 55_555])
    }

    @Test func `Parquet and JSON arrays count rows`() async throws {
        let fixture = try Fixture()
        let path = fixture.folder + "/t.parquet"
        try fixture.duckdb(
            "COPY (SELECT CASE WHEN i = 3 THEN -1.0 ELSE 0.5 END AS ttft FROM range(1, 6) t(i)) TO '\(path)'")
        #expect(try await fixture.read(path, maxRejected: 0.5).report.rejections.map(\.firstLine) == [3])
        let array = try fixture.file("t.json", "[{\"ttft\": 1},\n{\"ttft\": 2}, {\"ttft\": 0}]")
        #expect(try await fixture.read(array, maxRejected: 0.5).report.rejections.map(\.firstLine) == [3])
    }
}
