import Foundation
import Testing
import Traces

/// Files that are no traces, each with an error that says so.
@Suite struct RefusalTests {
    @Test func `a missing file and a folder are no input`() async throws {
        let fixture = try Fixture()
        let missing = try await fixture.refusal(fixture.folder + "/none.csv")
        #expect(
            missing.kind == .noSuchInput
                && missing.description == "\(fixture.folder)/none.csv: no such file. Check the path of the trace")
        #expect(try await fixture.refusal(fixture.folder).kind == .noSuchInput)
        #expect(try await fixture.refusal("").kind == .noSuchInput)
    }

    @Test(arguments: ["", "\n", "ttft\n", "ttft,prompt_tokens\n", "[]", "\n\n"])
    func `a file without rows is refused`(_ text: String) async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file(text))
        #expect(error.kind == .badData && !error.found.isEmpty)
    }

    @Test func `a header without rows says no rows`() async throws {
        let fixture = try Fixture()
        #expect(try await fixture.refusal(try fixture.file("ttft,prompt_tokens\n")).found == "no rows")
    }

    @Test func `a truncated Parquet file is refused`() async throws {
        let fixture = try Fixture()
        let whole = fixture.folder + "/whole.parquet"
        try fixture.duckdb("COPY (SELECT 0.5 AS ttft FROM range(1000)) TO '\(whole)'")
        let bytes = try Data(contentsOf: URL(filePath: whole))
        let error = try await fixture.refusal(try fixture.file("cut.parquet", bytes.prefix(bytes.count / 2)))
        #expect(error.kind == .badData && error.found.contains("truncated Parquet"))
        let text = try await fixture.refusal(try fixture.file("text.parquet", "ttft\n1\n"))
        #expect(text.found.contains("no Parquet file"))
    }

    @Test(arguments: ["gz", "zst"])
    func `a truncated compressed file is refused, since its rows would vanish`(_ ending: String) async throws {
        let fixture = try Fixture()
        let whole = fixture.folder + "/whole.csv.\(ending)"
        try fixture.duckdb(
            "COPY (SELECT round(random(), 3) + 0.001 AS ttft FROM range(50000)) TO '\(whole)' (COMPRESSION \(ending == "gz" ? "gzip" : "zstd"))"
        )
        #expect(try await fixture.read(whole).report.accepted == 50_000)
        let bytes = try Data(contentsOf: URL(filePath: whole))
        for size in [bytes.count / 2, bytes.count - 3] {
            let error = try await fixture.refusal(try fixture.file("cut.csv.\(ending)", bytes.prefix(size)))
            #expect(error.kind == .badData && error.found.contains("truncated or damaged"))
        }
    }

    @Test func `a text file named gz is refused`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("trace.csv.gz", "ttft\n1\n"))
        #expect(error.kind == .badData && error.found.contains("not by its content"))
    }

    @Test func `compressed content is known by its first bytes, whatever its name`() async throws {
        let fixture = try Fixture()
        try fixture.duckdb(
            "COPY (SELECT 0.5 AS ttft FROM range(9)) TO '\(fixture.folder)/a.csv' (FORMAT csv, COMPRESSION gzip)")
        #expect(try await fixture.read(fixture.folder + "/a.csv").report.accepted == 9)
    }

    @Test func `a missing column names the nearest one and how to map it`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("prompt_token,time_to_first_token_ms\n1,500\n")
        let error = try await fixture.refusal(
            path, .canonical, columns: ["ttft": "time_to_first_token_ms / 1000"], lengths: .exact)
        #expect(error.description.contains("no column prompt_tokens among prompt_token, time_to_first_token_ms"))
        #expect(error.advice?.contains("prompt_tokens: \"prompt_token\"") == true)
    }

    @Test func `a file of unknown columns lists them`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("when,who\n1,2\n"))
        #expect(error.description.contains("when, who") && error.wanted!.contains("ttft or prompt_tokens"))
    }

    @Test func `a doubled column is refused`() async throws {
        let fixture = try Fixture()
        #expect(
            try await fixture.refusal(try fixture.file("ttft,TTFT\n1,2\n")).found == "column TTFT stands there twice")
    }

    @Test func `an open quote is refused at its line`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("ttft,note\n1,a\n2,\"b\n3,c\n4,d\n"), maxRejected: 1)
        #expect(error.line == 3 && error.found.contains("quote"))
    }

    @Test func `a bad JSON line is rejected by its number`() async throws {
        let fixture = try Fixture()
        let text = "{\"ttft\": 0.5}\n\n{\"ttft\": 0.25}\n{\"ttft\": \n{\"ttft\": \"x\"}\n[1]\n"
        let (rows, report) = try await fixture.read(try fixture.file("t.jsonl", text), maxRejected: 0.9)
        #expect(rows.ttft == [0.25, 0.5] && report.rowsIn == 5)
        #expect(report.rejections.map(\.reason) == ["the line is not a JSON object", "ttft is not a number"])
        #expect(report.rejections.map(\.firstLine) == [4, 5] && report.rejections.map(\.count) == [2, 1])
    }

    @Test func `a key that stands twice is rejected, since either value may be meant`() async throws {
        let fixture = try Fixture()
        let text = "{\"ttft\": 0.5, \"x\": 1, \"x\": 2}\n{\"ttft\": 0.5, \"ttft\": 0.01}\n"
        let report = try await fixture.read(try fixture.file("t.jsonl", text), maxRejected: 0.5).report
        #expect(report.accepted == 1 && report.rejections.map(\.firstLine) == [2])
        #expect(report.rejections[0].reason == "a key stands twice in the JSON object")
    }

    @Test func `a wrong quote is one row where it swallows no other`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft,note\n1,a\n2,\"b\"c\n3,d\n4,e\n")
        let report = try await fixture.read(path, maxRejected: 0.5).report
        #expect(report.accepted == 3 && report.rejections.map(\.reason) == ["a wrong quote"])
        #expect(report.rejections[0].firstLine == 3)
    }

    @Test func `text that is not UTF-8 is rejected by its line`() async throws {
        let fixture = try Fixture()
        let bytes = Data("ttft,note\n1,a\n2,".utf8) + [0xff, 0xfe] + Data("\n-1,c\n".utf8)
        let report = try await fixture.read(try fixture.file("t.csv", bytes), maxRejected: 0.9).report
        #expect(report.rowsIn == 3 && report.accepted == 1)
        #expect(report.rejections.map(\.firstLine) == [3, 4])
    }

    @Test func `a header behind an empty line is refused`() async throws {
        let fixture = try Fixture()
        #expect(try await fixture.refusal(try fixture.file("\nttft,p\n1,2\n")).found == "an empty first line")
    }

    @Test func `a JSON array cut off is refused`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("t.json", "[{\"ttft\": 0.5}, {\"ttft\": "))
        #expect(error.kind == .badData && error.found.contains("malformed JSON"))
    }

    @Test func `binary data is refused`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("t.csv", Data([0x74, 0, 0x74, 0, 10, 0])))
        #expect(error.found.contains("binary data"))
    }

    @Test func `DuckDB's own words never come raw`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft_ms\n1\n")
        let error = try await fixture.refusal(path, columns: ["ttft": "ttft_mz / 1000"])
        #expect(error.kind == .badData && error.found.contains("ttft: ttft_mz / 1000"))
        #expect(!error.description.contains("LINE 1") && !error.description.contains("read_csv"))
        #expect(error.description.count < 600)
    }
}
