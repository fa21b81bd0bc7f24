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

    @Test func `the fast and the careful way agree`() async throws {
        let fixture = try Fixture()
        var text = "prompt_tokens,ttft,outcome,arrived_at,region\n"
        var state: UInt64 = 20_250_611
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<5000 {
            let outcome = ["ok", "failed", "cancelled", ""][Int(random(4))]
            let ttft = Double(random(90_000) + 1) / 1000
            text += "\(random(300) + 1),\(ttft),\(outcome),\(random(9999)),\(random(3))\n"
        }
        let clean = try fixture.file("clean.csv", text)
        let dirty = try fixture.file("dirty.csv", text + "0,1,ok,1,1\n")
        for tuning in [nil, 0.6] {
            let fast = try await fixture.read(clean, where: "region < 2", lengths: .exact, tuning: tuning)
            let careful = try await fixture.read(dirty, where: "region < 2", lengths: .exact, tuning: tuning)
            #expect(fast.rows == careful.rows && fast.report.tuningRows == careful.report.tuningRows)
            #expect(fast.report.filtered == careful.report.filtered && careful.report.rejected == 1)
        }
    }

    @Test func `equal reads give equal results`() async throws {
        let fixture = try Fixture()
        var text = "prompt_tokens,ttft,tpot\n"
        for row in 0..<20_000 {
            text += "\(row % 977 + 1),\(Double(row * 7919 % 10_007 + 1) / 1000),\(Double(row % 91 + 1) / 1000)\n"
        }
        let path = try fixture.file(text)
        let first = try await fixture.read(path, lengths: .exact, tuning: 0.7)
        for _ in 0..<3 {
            let again = try await fixture.read(path, lengths: .exact, tuning: 0.7)
            #expect(again.rows == first.rows && again.report == first.report)
        }
        #expect(first.report.sha256.count == 64)
    }
}
