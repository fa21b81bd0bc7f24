import Foundation
import TestSupport
import Testing

/// What is written is there whole or not at all, whoever is killed, and however full the disk.
@Suite(.serialized) struct WritingTests {
    private static func revision(_ number: Int) -> [String] {
        ["solve", "problem.yaml", "-o", "policy.json", "--set", "table.revision=\(number)"]
    }

    /// The bytes of `policy.json` under both revisions.
    private static func bothTables(_ folder: Folder) throws -> [Data] {
        try (1...2).map { number in
            let run = try Run(revision(number), in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            return try folder.read("policy.json")
        }
    }

    /// Names in the folder that are none of the sample's.
    private static func strays(_ folder: Folder) -> [String] {
        folder.names.filter { !["policy.json", "problem.yaml", "prompts.csv", "server.csv", "tmp"].contains($0) }
    }

    @Test func `a solve that is killed leaves the old table or the new one, and the next one tidies up`() throws {
        let folder = try Sample.folder()
        let temporary = folder.url.appending(path: "tmp")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
        let tables = try Self.bothTables(folder)
        let began = ContinuousClock.now
        _ = try Run(Self.revision(2), in: folder.url)
        let whole = ContinuousClock.now - began
        var random = SeededGenerator(seed: 7)
        for round in 0..<20 {
            let process = Process()
            process.executableURL = Run.program
            process.arguments = Self.revision(1 + round % 2)
            process.currentDirectoryURL = folder.url
            process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) { $1 }
            (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
            try process.run()
            let moment = Double.random(in: round.isMultiple(of: 2) ? 0..<1.1 : 0.8..<1.05, using: &random)
            usleep(
                UInt32(moment * Double(whole.components.attoseconds) / 1e12) + UInt32(whole.components.seconds)
                    * 1_000_000)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(tables.contains(try folder.read("policy.json")), "round \(round): a part of a table")
            #expect(Self.strays(folder).count <= 1)
        }
        let last = try Run(Self.revision(1), environment: ["TMPDIR": temporary.path], in: folder.url)
        #expect(last.status == 0 && Self.strays(folder).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).isEmpty)
    }

    @Test(arguments: 0..<6) func `of two solves onto one place at once, one wins whole`(_ round: Int) async throws {
        let folder = try Sample.folder()
        let tables = try Self.bothTables(folder)
        if round.isMultiple(of: 2) { try FileManager.default.removeItem(atPath: folder.path("policy.json")) }
        let url = folder.url
        let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 1...2 {
                group.addTask { try Run(Self.revision(number), in: url).status }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [0, 0])
        #expect(tables.contains(try folder.read("policy.json")) && Self.strays(folder).isEmpty)
    }

    // MARK: - No room

    /// Commands that write, each with the files that must be there first.
    private static let writers: [[String]] = [
        ["solve", "problem.yaml", "-o", "@"], ["profile", "problem.yaml", "-o", "@"],
        ["ingest", "big.csv", "-o", "@.csv"], ["ingest", "big.csv", "-o", "@.parquet"],
        ["ingest", "big.csv", "-o", "@.jsonl.zst"], ["policy", "export", "table.json", "--to", "csv", "-o", "@"],
        ["policy", "sign", "table.json", "--key", "key.pem", "-o", "@"],
    ]

    /// A folder with what a writer needs.
    private static func prepared(for command: [String]) throws -> Folder {
        var random = SeededGenerator(seed: 3)
        let rows = (0..<20_000).map { _ in "\(Double.random(in: 0.1..<3, using: &random)),\(Int.random(in: 1..<900))\n"
        }
        let folder = try Sample.folder(["big.csv": "ttft,prompt_tokens\n" + rows.joined()])
        if command.contains("table.json") {
            #expect(try Run(["solve", "problem.yaml", "-o", "table.json"], in: folder.url).status == 0)
        }
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        try folder.write("key.pem", key + "-----END PRIVATE KEY-----\n")
        return folder
    }

    private static func expectRefused(
        _ run: Run, _ old: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == 73, "\(run.errors)", sourceLocation: sourceLocation)
        #expect(run.errors.contains("cannot be written"), "\(run.errors)", sourceLocation: sourceLocation)
        #expect(run.errors.contains("nothing was changed there"), "\(run.errors)", sourceLocation: sourceLocation)
        let kept = FileManager.default.contents(atPath: old).map { String(decoding: $0, as: UTF8.self) }
        #expect(kept == "old", sourceLocation: sourceLocation)
    }

    @Test(.enabled(if: Disk.canBeMounted, "a tmpfs cannot be mounted here"), arguments: writers)
    func `a full disk ends with 73 and leaves the old file`(_ command: [String]) throws {
        let (folder, disk) = (try Self.prepared(for: command), try Disk(kibibytes: 64))
        let target = disk.folder + "/out"
        let arguments = command.map { $0.replacing("@", with: target) }
        let old = try #require(arguments.first { $0.hasPrefix(target) })
        try Data("old".utf8).write(to: URL(filePath: old))
        try disk.fill()
        let run = try Run(arguments, in: folder.url)
        Self.expectRefused(run, old)
        #expect(run.errors.contains("No space left on device"), "\(run.errors)")
        #expect(disk.names == ["filler", URL(filePath: old).lastPathComponent].sorted())
    }

    @Test(arguments: writers) func `a limit on the size of files is a full disk, too`(_ command: [String]) throws {
        let folder = try Self.prepared(for: command)
        let target = folder.path("out")
        let arguments = command.map { $0.replacing("@", with: target) }
        let old = try #require(arguments.first { $0.hasPrefix(target) })
        try Data("old".utf8).write(to: URL(filePath: old))
        let before = folder.names
        // The small ones have less than a block; DuckDB and the solver need one for themselves.
        let blocks = command.contains("table.json") ? 0 : 1
        let words = ([Run.program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        // Only standard error is looked at, through a pipe, which has no limit.
        let run = try Run(
            ["-c", "exec 3>&2; { (ulimit -f \(blocks); exec \(words)) 2>&1 >/dev/null; echo status $?; } | cat >&3"],
            in: folder.url,
            program: URL(filePath: "/bin/bash"))
        #expect(run.errors.contains("status 73"), "\(run.errors)")
        #expect(run.errors.contains("File too large"), "\(run.errors)")
        #expect(try String(contentsOfFile: old, encoding: .utf8) == "old" && folder.names == before)
    }

    @Test func `a standard output that is full ends with 73, and full standard errors are nobody's trouble`() throws {
        let folder = try Sample.folder()
        func run(_ redirection: String) throws -> Int32 {
            let words = "'\(Run.program.path)' solve problem.yaml \(redirection)"
            return try Run(["-c", words], in: folder.url, program: URL(filePath: "/bin/bash")).status
        }
        #expect(try run(">/dev/full") == 73)
        #expect(try run("2>/dev/full") == 0)
        #expect(try run("-o policy.json 2>/dev/full") == 0)
        #expect(try run("2>&-") == 0)
    }
}

/// A tiny file system in memory.
final class Disk {
    let folder: String

    init(kibibytes: Int) throws {
        folder = FileManager.default.temporaryDirectory.path + "/disco-disk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        guard Self.system(["mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", folder]) else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit {
        _ = Self.system(["umount", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Leaves no room but for an empty file.
    func fill() throws {
        let path = folder + "/filler"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: path))
        while (try? file.write(contentsOf: Data(count: 4_096))) != nil {}
        try? file.close()
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() }

    static let canBeMounted: Bool = (try? Disk(kibibytes: 64)) != nil

    private static func system(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
