import Foundation
import Testing

/// Problem files and traces from strangers: they run no command, write no file, and read none but the named traces.
@Suite struct StrangersTests {
    /// A folder with a small problem, a secret beside it, and a link to the secret.
    private static func folder(_ changes: [String: String]) throws -> Folder {
        let folder = try Sample.folder(changes.merging(["secret.csv": "ttft,word\n77.25,canary\n"]) { $1 })
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.csv"), withDestinationPath: folder.path("secret.csv"))
        return folder
    }

    /// Fails if the run has shown the secret or left anything in the folder but `names`.
    private static func expectNothingDone(
        _ run: Run, _ folder: Folder, _ before: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for said in [run.output, run.errors] {
            #expect(!said.contains("canary") && !said.contains("77.25"), "\(said)", sourceLocation: sourceLocation)
            #expect(!said.contains("root:x"), sourceLocation: sourceLocation)
        }
        let steers = run.errors.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 || $0 == "\u{202E}" }
        #expect(!steers, "\(run.errors)", sourceLocation: sourceLocation)
        #expect(folder.names == before, "\(run.errors)", sourceLocation: sourceLocation)
    }

    /// A YAML text in single quotes.
    private static func yaml(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private static let expressions = [
        "(FROM read_csv('secret.csv'))", "(SELECT 1)", "(FROM 'secret.csv')", "(TABLE 'secret.csv')",
        "read_text('@/secret.csv')", "length(getenv('HOME'))", "ttft IN (FROM read_csv('@/link.csv'))",
        "(FROM read_csv('@/server.csv/../secret.csv'))", "(FROM read_csv('@/*.csv'))", "(FROM glob('@/*'))",
        "(FROM query('select word from read_csv(''@/secret.csv'')'))", "(FROM sniff_csv('@/secret.csv'))",
        "ttft; COPY (SELECT 1) TO '@/pwned'", "ttft); COPY t TO '@/pwned'; --", "(COPY t TO '@/pwned')",
        "1; .shell touch @/pwned", ".shell touch @/pwned", "ttft -- ", "ttft /* */", "1 FROM read_csv('@/secret.csv')",
        "ATTACH '@/pwned.db'", "(ATTACH '@/pwned.db')", "INSTALL httpfs", "LOAD '@/x.duckdb_extension'",
        "’; .shell touch @/pwned", "ttft\u{37E} .shell touch @/pwned", "\u{FF07}; .shell touch @/pwned",
        "$$a$$", "'open", "\"open", "1\\'; .shell touch @/pwned", "PRAGMA version", "SET lock_configuration=false",
        "(1); SET enable_external_access=true", "EXPORT DATABASE '@/pwned'", "CALL pragma_version()", "`touch @/pwned`",
        "$(touch @/pwned)", "1 | .once @/pwned", "{'a': (FROM read_csv('@/secret.csv'))}",
    ]

    @Test(arguments: expressions) func `an expression does no more than compute`(_ expression: String) throws {
        for field in ["columns: {ttft: ⚑}", "where: ⚑"] {
            let folder = try Self.folder([:])
            let text = Self.yaml(expression.replacing("@", with: folder.url.path))
            let trace = "{path: server.csv, \(field.replacing("⚑", with: text))}"
            try folder.write(
                "problem.yaml", Sample.problem.replacing("trace: server.csv", with: "trace: \(trace)"))
            let before = folder.names
            let run = try Run(["solve", "problem.yaml", "--json"], in: folder.url)
            #expect(run.status == 65, "\(run.errors)")
            Self.expectNothingDone(run, folder, before)
        }
    }

    private static let names = [
        "a\n.shell touch pwned\n.csv", "a';\n.shell touch pwned\n--.csv", "'; COPY (SELECT 1) TO 'pwned'; --.csv",
        "a'];\n.shell touch pwned\n.csv", "x.csv;.shell touch pwned", "$(touch pwned).csv", "`touch pwned`.csv",
        "|touch pwned.csv", "a'), read_csv('secret.csv", "{secret,x}.csv", "sec*.csv", "secre?.csv", "[s]ecret.csv",
        "-c.csv", "--version.csv", "%s%n.csv", "‘’;.shell touch pwned.csv", "\u{1B}[2J.csv", "\u{202E}.csv", "a\\n.csv",
    ]

    @Test(arguments: names) func `a file's name is a name, whatever is in it`(_ name: String) throws {
        let folder = try Self.folder([name: "ttft,prompt_tokens\n0.5,3\n"])
        let before = folder.names
        let run = try Run(["ingest", "./" + name, "-o", "out.csv"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(String(decoding: try folder.read("out.csv"), as: UTF8.self).hasSuffix("\n3,,0.5,,,,ok,,\n"))
        #expect(folder.names == (before + ["out.csv"]).sorted())
        let solved = try Run(
            ["solve", "problem.yaml", "--set", "endpoints.server.trace=\(Self.yaml("./" + name))"], in: folder.url)
        #expect([0, 3, 64, 65, 66].contains(solved.status), "\(solved.errors)")
        Self.expectNothingDone(solved, folder, folder.names)
    }

    @Test func `a path with the marks of a pattern is one file, or none`() throws {
        let folder = try Self.folder([:])
        for path in [
            "sec*.csv", "secre?.csv", "{secret,server}.csv", "file:secret.csv", "https://localhost/secret.csv",
        ] {
            let run = try Run(
                ["solve", "problem.yaml", "--set", "endpoints.server.trace=\(Self.yaml(path))"], in: folder.url)
            #expect(run.status == 66, "\(path): \(run.errors)")
            Self.expectNothingDone(run, folder, folder.names)
        }
    }

    @Test(arguments: [
        "x'; COPY (SELECT 1) TO 'pwned'; --", "x\"; COPY (SELECT 1) TO 'pwned'; --", "x\";\n.shell touch pwned\n--",
        "x\n.shell touch pwned\n", "$$", "a/b~c", "\u{1B}[2J", "\\", "‘; .shell touch pwned ’", "'||getenv('HOME')||'",
    ]) func `columns and keys may have any name, and values any text`(_ name: String) throws {
        let key = String(decoding: try JSONEncoder().encode([name]), as: UTF8.self).dropFirst().dropLast()
        let quoted = "\"" + name.replacing("\"", with: "\"\"") + "\""
        let folder = try Self.folder([
            "t.jsonl": "{\(key): \(key), \"ttft\": 0.5}\n{\(key): 1, \"ttft\": \(key)}\n",
            "t.csv": "\(quoted),ttft\n\(quoted),0.5\n1,\(quoted)\n",
        ])
        for file in ["t.jsonl", "t.csv"] {
            let before = folder.names
            let run = try Run(["ingest", file, "-o", "out.csv", "--max-rejected", "0.5"], in: folder.url)
            #expect([0, 65].contains(run.status), "\(run.errors)")
            if run.status == 0 { try FileManager.default.removeItem(atPath: folder.path("out.csv")) }
            #expect(folder.names == before)
            #expect(!run.errors.contains("\u{1B}"))
        }
    }

    @Test func `settings that a person's DuckDB begins with are not read`() throws {
        let folder = try Self.folder([".duckdbrc": ".shell touch pwned\nCOPY (SELECT 1) TO 'pwned2';\n"])
        let before = folder.names
        let run = try Run(["solve", "problem.yaml"], environment: ["HOME": folder.url.path], in: folder.url)
        #expect(run.status == 0 && folder.names == before, "\(run.errors)")
    }

    @Test func `an expression or a header without end is bad data, not a missing program`() throws {
        let long = String(repeating: "ttft + ", count: 30_000) + "1"
        let wide = (0..<9_000).map { "c\($0)" }.joined(separator: ",")
        let folder = try Self.folder([
            "problem.yaml": Sample.problem.replacing(
                "trace: server.csv", with: "trace: {path: server.csv, columns: {ttft: \(long)}}"),
            "wide.csv": "ttft,\(wide)\n0.5,\(wide)\n",
        ])
        let run = try Run(["solve", "problem.yaml"], in: folder.url)
        #expect(run.status == 65 && run.errors.contains("wanted at most"), "\(run.errors)")
        let ingest = try Run(["ingest", "wide.csv", "-o", "out.csv"], in: folder.url)
        #expect([0, 65].contains(ingest.status), "\(ingest.errors)")
    }
}
