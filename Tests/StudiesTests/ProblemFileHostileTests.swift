import Foundation
import Studies
import Testing
import Traces

/// Files that are no problem files, by accident or by intent: each ends in an error, soon.
@Suite struct ProblemFileHostileTests {
    // MARK: - Anchors, tags, nesting, size

    @Test(arguments: [
        "timeout: ⚑&a 3", "disco: ⚑&a {alpha: 0.1}", "limits: ⚑&a\n  ttft.mean: {at_most: 3}", "timeout: ⚑*nowhere",
        "x-base: ⚑&a [1]\ny: *a",
    ]) func `anchors and aliases are turned away`(_ line: String) {
        expectProblemFinding(in: minimalProblem + line + "\n", found: "a YAML anchor or alias (`&name`, `*name`)")
    }

    @Test func `stars and ampersands within a value are no aliases`() throws {
        let columns = (0..<20).map { "x *y\($0) & z" }.joined(separator: " + ")
        let text = problemText(server: "trace: {path: a, columns: {ttft: '\(columns)'}, where: a &b}")
        #expect(throws: Never.self) { _ = try readProblem(text) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func `a bomb of aliases does not go off`(_ isKey: Bool) throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let list = "[\(Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", "))]"
            text += isKey ? "? &a\(level) \(list)\n: 1\n" : "a\(level): &a\(level) \(list)\n"
        }
        let error = try #require(problemError(in: text))
        #expect(error.findings[0].found.contains("anchor"), "\(error)")
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["[", "{a: ", "- ", "? ", "[[", "{", "!a ", "&a ", "'", "\"", "a:\n "])
    func `endless nesting ends in an error`(_ opening: String) throws {
        let error = try #require(problemError(in: String(repeating: opening, count: 150_000)))
        #expect(error.kind == .badData)
    }

    @Test(.timeLimit(.minutes(1))) func `block nesting of any depth ends in an error`() throws {
        let text = (0..<900).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(try #require(problemError(in: text)).findings[0].found.contains("nested"))
    }

    @Test func `more than a mebibyte is not a problem file`() throws {
        let text = minimalProblem + "# " + String(repeating: "x", count: 1 << 20)
        let error = try #require(problemError(in: text))
        #expect(error.findings[0].found == "more than 1 MiB" && error.kind == .badData)
        #expect(throws: Never.self) {
            _ = try readProblem(minimalProblem + "# " + String(repeating: "x", count: 1_000_000))
        }
    }

    @Test(.timeLimit(.minutes(1))) func `thousands of unknown fields are told soon`() throws {
        let text = minimalProblem + (0..<20_000).map { "field_\($0): 1\n" }.joined()
        #expect(try #require(problemError(in: text)).omitted == 19_990)
    }

    @Test(arguments: [
        "timeout: ⚑!!float 3", "split: ⚑!none x", "limits: ⚑!!python/object {a: 1}", "disco: ⚑!!omap [a: 1]",
    ])
    func `tags are turned away`(_ line: String) {
        expectProblemFinding(in: minimalProblem + line + "\n", wanted: "a value without a tag")
    }

    // MARK: - Characters

    @Test func `columns count characters, not bytes`() {
        expectProblemFinding(in: problemText(server: "trace: 'größe—日本.csv', ⚑tpott: 1"))
    }

    @Test func `control characters are turned away, and never printed`() throws {
        let error = try #require(problemError(in: minimalProblem + "timeout: \u{1B}[2J\n"))
        #expect(error.findings[0].found.contains("does not allow"))
        #expect(error.findings[0].place == .file(line: 6, column: 10))
        #expect(!error.description.unicodeScalars.contains("\u{1B}"))
        let escaped = try #require(self.escaped)
        #expect(!escaped.description.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }

    @Test func `the path of a setting is shown short and printable`() throws {
        let path = "a\t\u{1B}[2J." + String(repeating: "long", count: 50_000) + String(repeating: ".b", count: 50_000)
        let error = try #require(problemError(in: minimalProblem, set: [path + "=1"]))
        #expect(error.description.utf8.count < 4_000)
        #expect(!error.description.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
    }

    private var escaped: ProblemError? {
        problemError(in: minimalProblem + #""\e[2J\u202Ex": 1"# + "\ntimeout: \"\\e[2J\"\n")
    }

    @Test func `a long line is shown only around the place`() throws {
        let line = "limits: {" + (0..<200).map { "field_\($0): 1" }.joined(separator: ", ") + "}"
        let error = try #require(problemError(in: minimalProblem + line + "\n"))
        let lines = error.description.split(separator: "\n").filter { $0.contains("field_9: 1") }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.count < 130 })
        let caret = error.findings.map { "\($0.found)" }.count
        #expect(caret == 10)
    }

    @Test func `a key of the private characters that stand for keys is no trap`() {
        expectProblemFinding(
            in: minimalProblem + "⚑\u{E000}\u{E000}: 1\n", found: "the unknown field `\u{E000}\u{E000}`")
    }

    // MARK: - Files

    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "disco-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "problem.yaml")
        try Data(bytes).write(to: file)
        return try body(file.path)
    }

    private func failure(reading path: String) -> ProblemError? {
        #expect(throws: ProblemError.self) { _ = try ProblemFile.read(path: path) }
    }

    @Test func `a file is read, its settings applied and its traces found beside it`() throws {
        try withFile(Array(minimalProblem.utf8)) { path in
            let problem = try ProblemFile.read(path: path, overrides: ["timeout=5"])
            #expect(problem.timeout == 5 && problem.path == path)
            #expect(problem.workload.trace.path == path.replacing("problem.yaml", with: "prompts.csv"))
        }
    }

    @Test func `no file, a folder and an empty path are no input`() throws {
        let missing = try #require(failure(reading: "nowhere/problem.yaml"))
        #expect(missing.kind == .noInput && missing.kind.exitCode == 66)
        #expect(missing.description.hasPrefix("nowhere/problem.yaml: found no such file, wanted a problem file"))
        #expect(try #require(failure(reading: "/")).findings[0].found == "a folder")
        #expect(try #require(failure(reading: "")).kind == .noInput)
        #expect(try #require(failure(reading: "a\0b")).kind == .noInput)
    }

    @Test func `an endless file is read no further than a mebibyte`() throws {
        #expect(try #require(failure(reading: "/dev/zero")).findings[0].found == "more than 1 MiB")
    }

    @Test func `bytes that are not UTF-8 are told with their place`() throws {
        try withFile(Array("version: 1\nx: ".utf8) + [0xC3, 0x28]) { path in
            let error = try #require(failure(reading: path))
            #expect(error.kind == .badData && error.kind.exitCode == 65)
            #expect(error.findings[0].place == .file(line: 2, column: 4), "\(error)")
        }
        try withFile([0xFF, 0xFE, 0x76, 0x00]) { path in
            #expect(failure(reading: path)?.findings[0].found == "UTF-16 text")
        }
        try withFile([]) { path in
            #expect(failure(reading: path)?.findings[0].found == "no YAML value")
        }
    }
}
