import Foundation
import Testing
import Traces

/// User text goes into statements as expressions and paths, and must do no more than that.
@Suite struct SandboxTests {
    private static let text = "first_ms,region,pro'mpt\n500,iad,3\n700,fra,4\n"

    @Test(arguments: [
        "1; DROP TABLE t", "1\n.shell touch pwned", "1;\n.shell touch pwned", "1 -- rest", "1 /* rest */", "(1", "1)",
        "'a", "\"a",
        "", "  ", "1\0", "$$a$$", "(SELECT 1)", "(select content from read_text('/etc/passwd'))", "[1", "{'a': 1",
        "(FROM read_text('/etc/passwd'))", "(\u{20}from query('select random()'))", "((FROM range(3)))",
        "(TABLE duckdb_settings)", "(VALUES (1))", "(WITH a AS (FROM range(1)) FROM a)", "exists(FROM '/etc/passwd')",
        "(DESCRIBE t)", "(SUMMARIZE t)", "(PIVOT t ON a)", "1\u{85}.shell touch pwned\u{2028};",
        "‘1’; .shell touch pwned",
        String(repeating: "1 + ", count: 3_000) + "1",
    ])
    func `what is no single expression is refused before DuckDB sees it`(_ text: String) async throws {
        let fixture = try Fixture()
        let path = try fixture.file(Self.text)
        let error = try await fixture.refusal(path, columns: ["ttft": text])
        #expect(error.kind == .badData && error.found.hasPrefix("columns: ttft: "))
        let filter = try await fixture.refusal(path, columns: ["ttft": "first_ms / 1000"], where: text)
        #expect(filter.kind == .badData && filter.found.hasPrefix("where: "))
    }

    @Test(arguments: [
        "getenv('HOME')", "length(getenv('PATH'))", "read_text('/etc/passwd')",
        "1 FROM read_text('/etc/passwd')", "1 IN 'etc/passwd'", "1 TO 'pwned'", "COPY t TO 'pwned'", "INSTALL httpfs",
        "LOAD '/tmp/x.duckdb_extension'", "ATTACH '/etc/passwd'", "glob('/etc/*')", "sniff_csv('/etc/passwd')",
        "getenv(‘HOME’)", "1 UNION ALL FROM read_csv('/etc/passwd')", "1 LIMIT 1 OFFSET (1), (1)",
    ])
    func `other files and the environment stay shut`(_ text: String) async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file(Self.text), columns: ["ttft": text])
        #expect(error.kind == .badData && !error.description.contains("root:"))
    }

    @Test func `expressions may quote names and words`() async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(
            try fixture.file(Self.text), columns: ["ttft": "\"first_ms\" / 1000", "prompt_tokens": "\"pro'mpt\""],
            where: "region IN ('iad', 'it''s; -- no /* comment')", lengths: .exact)
        #expect(rows.ttft == [0.5] && rows.promptTokens == [3] && report.filtered == 1)
    }

    @Test func `a path is one file, whatever is in its name`() async throws {
        let fixture = try Fixture()
        _ = try fixture.file("a1.csv", "ttft\n9\n9\n")
        _ = try fixture.file("ab.csv", "ttft\n9\n9\n")
        for name in [
            "a*.csv", "a?.csv", "a[1b].csv", "{a,b}.csv", "it's.csv", "a \"b\";.csv", "ä b.csv", "-c.csv",
            "x=1/y=2.csv",
        ] {
            let path = try fixture.file(name, "ttft\n0.5\n")
            let (rows, report) = try await fixture.read(path)
            #expect(rows.ttft == [0.5] && rows.counts == [1] && report.path == path, "\(name)")
        }
        #expect(try await fixture.refusal(fixture.folder + "/*.csv").kind == .noSuchInput)
    }

    @Test func `the texts of prompts and answers are not read`() async throws {
        let fixture = try Fixture()
        let (_, report) = try await fixture.read(
            try fixture.file("ttft,prompt,answer\n0.5,\"secret, \"\"quoted\"\"\nline\",words\n"))
        #expect(report.ignoredColumns == ["prompt", "answer"])
        #expect(!String(describing: report).contains("secret"))
        let long = String(repeating: "secret ", count: 5_000_000)
        let refused = try await fixture.refusal(try fixture.file("long.csv", "ttft,prompt\n0.5,\(long)\n-1,b\n"))
        #expect(!refused.description.contains("secret") && refused.kind == .badData)
        let ragged = try await fixture.refusal(try fixture.file("r.csv", "ttft,prompt\n0.5,a secret,b\n"))
        #expect(!ragged.description.contains("secret"))
    }
}
