import Foundation
import Testing
import Traces

/// Canonical rows to a file.
@Suite struct IngestTests {
    private static let text =
        "ttft,prompt_tokens,outcome,arrived_at,class,tpot,tbt\n0.3333333333333333,3,ok,1700000000.25,a b,0.02,\"[0.1, 0.2]\"\n"
        + "5,4,failed,1700000001,,,\n70,5,cancelled,1700000002,,,\n"

    @Test func `CSV has every canonical column, exactly`() async throws {
        let fixture = try Fixture()
        let output = fixture.folder + "/out.csv"
        let report = try await fixture.reader.ingest(TraceSource(path: try fixture.file(Self.text)), to: output)
        #expect(report.accepted == 3 && report.ok == 1 && report.failed == 1 && report.cancelled == 1)
        #expect(report.sha256.count == 64)
        #expect(
            try String(contentsOfFile: output, encoding: .utf8) == """
                prompt_tokens,output_tokens,ttft,tpot,tbt,arrived_at,outcome,endpoint,class
                3,,0.3333333333333333,0.02,"[0.1, 0.2]",1700000000.25,ok,,a b
                4,,,,,1700000001.0,failed,,
                5,,70.0,,,1700000002.0,cancelled,,

                """)
    }

    @Test func `what is written is read back as it was`() async throws {
        let fixture = try Fixture()
        let source = try fixture.file(Self.text)
        let first = try await fixture.read(source, lengths: .exact)
        for name in ["o.parquet", "o.jsonl", "o.csv", "o.jsonl.zst"] {
            let output = fixture.folder + "/" + name
            _ = try await fixture.reader.ingest(TraceSource(path: source), to: output)
            let second = try await fixture.read(output, lengths: .exact)
            #expect(second.rows == first.rows && second.report.medianTPOT == 0.02, "\(name)")
            #expect(second.report.ok == first.report.ok && second.report.failed == first.report.failed)
        }
    }

    @Test func `an older file is replaced, and nothing is left beside it`() async throws {
        let fixture = try Fixture()
        let output = try fixture.file("old.csv", "old")
        _ = try await fixture.reader.ingest(TraceSource(path: try fixture.file("ttft\n1\n")), to: output)
        #expect(try String(contentsOfFile: output, encoding: .utf8).hasPrefix("prompt_tokens"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.folder).sorted() == ["old.csv", "trace.csv"])
    }

    @Test func `a refused trace leaves the older file alone`() async throws {
        let fixture = try Fixture()
        let output = try fixture.file("old.csv", "old")
        let source = TraceSource(path: try fixture.file("ttft\n-1\n"))
        await #expect(throws: TraceError.self) { try await fixture.reader.ingest(source, to: output) }
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.folder).count == 2)
    }

    @Test(arguments: ["/nowhere/at/all.csv", "out.xlsx", "out.parquet.gz"])
    func `what cannot be written says so`(_ name: String) async throws {
        let fixture = try Fixture()
        let source = TraceSource(path: try fixture.file("ttft\n1\n"))
        do {
            _ = try await fixture.reader.ingest(source, to: name.hasPrefix("/") ? name : fixture.folder + "/" + name)
            Issue.record("written")
        } catch {
            #expect(error.kind == .cannotWrite)
        }
    }

    @Test func `gaps under a millisecond are one delivery`() async throws {
        let fixture = try Fixture()
        let text = """
            {"completed": 1, "input_lens": [10], "output_lens": [5], "ttfts": [0.5], "itls": [[0.25, 0.0005, 0.125, 0.25]]}
            """
        let output = fixture.folder + "/o.csv"
        _ = try await fixture.reader.ingest(TraceSource(path: try fixture.file("t.json", text)), to: output)
        #expect(try String(contentsOfFile: output, encoding: .utf8).contains("\"[0.2505, 0.125, 0.25]\""))
    }
}
