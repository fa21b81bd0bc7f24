import Testing
import Traces

/// Anyone's own log, read by expressions over its columns.
@Suite struct MappingTests {
    private static let text = """
        id,started,first_token,n_in,status,stream
        1,2025-01-01 00:00:00,2025-01-01 00:00:00.5,10,200,true
        2,2025-01-01T00:00:01Z,2025-01-01T00:00:02Z,20,500,true
        3,2025-01-01 02:00:02+02:00,2025-01-01 02:00:02.25+02:00,30,200,false

        """

    @Test func `timestamps, numbers and truths keep their types`() async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(
            try fixture.file(Self.text),
            columns: [
                "ttft": "epoch(first_token) - epoch(started)", "prompt_tokens": "n_in", "arrived_at": "started",
                "outcome": "CASE WHEN status = 200 THEN 'ok' ELSE 'failed' END",
            ], where: "stream OR n_in > 25", lengths: .exact)
        #expect(rows.promptTokens == [10, 20, 30] && rows.ttft == [0.5, .infinity, 0.25])
        #expect(report.failed == 1 && report.filtered == 0)
        #expect(report.firstArrival == "2025-01-01T00:00:00Z" && report.lastArrival == "2025-01-01T00:00:02Z")
        #expect(report.ignoredColumns == ["id"])
    }

    @Test func `one wrong value among numbers is a rejected row, not text`() async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(
            try fixture.file("ms\n100\n200\noops\n400\n"), columns: ["ttft": "ms / 1000"], maxRejected: 0.5)
        #expect(rows.ttft == [0.1, 0.2, 0.4])
        #expect(report.rejections == [.init(reason: "ms is not a number", count: 1, firstLine: 4, found: "oops")])
    }

    @Test func `JSON lines and arrays, nested members too`() async throws {
        let fixture = try Fixture()
        let objects = [
            "{\"m\": {\"first\": 500}, \"n in\": 7, \"region\": \"iad\"}", "{\"m\": {\"first\": 250}, \"n in\": 8}",
        ]
        for (name, text) in [
            ("t.jsonl", objects.joined(separator: "\n")), ("t.json", "[" + objects.joined(separator: ",") + "]"),
        ] {
            let (rows, _) = try await fixture.read(
                try fixture.file(name, text),
                columns: ["ttft": "(m->>'$.first')::DOUBLE / 1000", "prompt_tokens": "\"n in\""],
                lengths: .exact)
            #expect(rows.ttft == [0.5, 0.25] && rows.promptTokens == [7, 8])
            #expect(
                try await fixture.read(
                    fixture.folder + "/" + name, columns: ["ttft": "(m->>'$.first')::DOUBLE"], where: "region = 'iad'"
                ).report.filtered == 1)
        }
    }

    @Test func `Parquet keeps its own types`() async throws {
        let fixture = try Fixture()
        let path = fixture.folder + "/t.parquet"
        try fixture.duckdb(
            "COPY (SELECT 250 * i AS ms, i::SMALLINT AS n, TIMESTAMP '2025-01-01' + INTERVAL (i) DAY AS since FROM range(1, 4) t(i)) TO '\(path)'"
        )
        let (rows, report) = try await fixture.read(
            path, columns: ["ttft": "ms / 1000", "prompt_tokens": "n", "arrived_at": "since"], where: "n < 3",
            lengths: .exact)
        #expect(rows.ttft == [0.25, 0.5] && report.filtered == 1 && report.lastArrival == "2025-01-03T00:00:00Z")
    }

    @Test func `semicolons, tabs and bars delimit as well`() async throws {
        let fixture = try Fixture()
        for delimiter in [";", "\t", "|"] {
            let text = "ttft,prompt_tokens\n0.5,3\n".replacing(",", with: delimiter)
            let name = delimiter == "|" ? "ttft|prompt_tokens\n0.5|3\n" : text
            #expect(try await fixture.read(try fixture.file(name), lengths: .exact).rows.ttft == [0.5])
        }
    }

    @Test func `blanks after the delimiter belong to nobody`() async throws {
        let fixture = try Fixture()
        let rows = try await fixture.read(try fixture.file("prompt_tokens, ttft\n3, 0.5\n"), lengths: .exact).rows
        #expect(rows.ttft == [0.5] && rows.promptTokens == [3])
    }

    @Test func `an unknown canonical name gets the nearest`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("ms\n1\n"), columns: ["tfft": "ms"])
        #expect(error.description.contains("tfft") && error.description.contains("perhaps ttft"))
    }

    @Test func `everything filtered is an error`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("ttft,r\n1,a\n"), where: "r = 'b'")
        #expect(error.found.contains("none of 1 rows is left"))
    }
}
