import Foundation
import Testing
import Traces

/// Where DuckDB is found.
@Suite struct ProgramTests {
    @Test func `DISCO_DUCKDB comes first`() throws {
        let path = try Fixture.duckdb().path
        #expect(try DuckDBProgram.locate(environment: ["DISCO_DUCKDB": path, "PATH": "/nowhere"]).path == path)
    }

    @Test func `a wrong DISCO_DUCKDB is an error, not a reason to look elsewhere`() {
        #expect(throws: TraceError.self) { try DuckDBProgram.locate(environment: ["DISCO_DUCKDB": "/nowhere/duckdb"]) }
    }

    @Test func `a program that does not run says how to install it`() async throws {
        let fixture = try Fixture()
        let path = try fixture.file("ttft\n1\n")
        let reader = TraceReader(duckdb: DuckDBProgram(path: fixture.folder + "/duckdb"), timeout: 60)
        do {
            _ = try await reader.read(TraceSource(path: path), TraceSelection(lengths: .pooled, needsTTFT: true))
            Issue.record("read")
        } catch {
            #expect(error.kind == .missingProgram && error.description.contains("make tools"))
        }
    }

    @Test func `equal reads give equal results`() async throws {
        let fixture = try Fixture()
        var text = "prompt_tokens,ttft,tpot\n"
        for row in 0..<20_000 { text += "\(row % 977 + 1),\(Double(row * 7919 % 10_007 + 1) / 1000),\(Double(row % 91 + 1) / 1000)\n" }
        let path = try fixture.file(text)
        let first = try await fixture.read(path, lengths: .exact, tuning: 0.7)
        for _ in 0..<3 {
            let again = try await fixture.read(path, lengths: .exact, tuning: 0.7)
            #expect(again.rows == first.rows && again.report == first.report)
        }
        #expect(first.report.sha256.count == 64)
    }
}
