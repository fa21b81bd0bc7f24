import Foundation
import Testing
import Traces

/// A folder of test inputs, gone when the test is over.
final class Fixture {
    let folder: String
    let reader: TraceReader

    /// A fixture whose reader gives up on first tokens after `timeout` seconds.
    init(timeout: Double = 60) throws {
        folder = FileManager.default.temporaryDirectory.path + "/traces-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        reader = TraceReader(duckdb: try Self.duckdb(), timeout: timeout)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// DuckDB, looked for in the repository of this file as well.
    static func duckdb() throws -> DuckDBProgram {
        var environment = ProcessInfo.processInfo.environment
        let libraries = repository + "/.tools/python/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
        if environment["DISCO_DUCKDB"] == nil, let version = versions.first {
            environment["DISCO_DUCKDB"] = "\(libraries)/\(version)/site-packages/duckdb_cli/duckdb"
        }
        return try DuckDBProgram.locate(environment: environment)
    }

    /// The repository's root.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The folder of real traces and format examples beside the repository (or `$DISCO_SHARED`); nil where missing.
    static let shared: String? = {
        if let path = ProcessInfo.processInfo.environment["DISCO_SHARED"] { return path }
        var folder = URL(filePath: repository)
        for _ in 0..<6 {
            let candidate = folder.appending(path: "shared").path
            if FileManager.default.fileExists(atPath: candidate + "/traces") { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    /// Whether the shared folder has this file.
    static func has(_ path: String) -> Bool {
        shared.map { FileManager.default.fileExists(atPath: "\($0)/\(path)") } ?? false
    }

    /// A file of `text`; its path.
    func file(_ text: String) throws -> String { try file("trace.csv", text) }

    /// A file of `text`; its path.
    func file(_ name: String, _ text: String) throws -> String {
        try file(name, Data(text.utf8))
    }

    /// A file of `bytes`; its path.
    func file(_ name: String, _ bytes: Data) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: URL(filePath: path))
        return path
    }

    /// Runs DuckDB freely, to make inputs; its output.
    @discardableResult
    func duckdb(_ sql: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: try Self.duckdb().path)
        process.arguments = ["-no-init", "-bail", "-batch", "-csv", "-noheader", "-c", sql]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: output, as: UTF8.self)
    }

    /// Reads `path`.
    func read(
        _ path: String, _ format: TraceFormat? = nil, columns: [String: String] = [:], where filter: String? = nil,
        maxRejected: Double = 0.01, lengths: TraceSelection.Lengths = .pooled, ttft: Bool = true, output: Bool = false,
        hours: Bool = false, tuning: Double? = nil
    ) async throws(TraceError) -> (rows: TraceRows, report: TraceReport) {
        let source = TraceSource(path: path, format: format, columns: columns, filter: filter, maxRejected: maxRejected)
        let selection = TraceSelection(
            lengths: lengths, needsTTFT: ttft, wantsOutputTokens: output, wantsHours: hours, tuningShare: tuning)
        return try await reader.read(source, selection)
    }

    /// The error that reading `path` must end in.
    func refusal(
        _ path: String, _ format: TraceFormat? = nil, columns: [String: String] = [:], where filter: String? = nil,
        maxRejected: Double = 0.01, lengths: TraceSelection.Lengths = .pooled, ttft: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TraceError {
        do {
            _ = try await read(
                path, format, columns: columns, where: filter, maxRejected: maxRejected, lengths: lengths, ttft: ttft)
        } catch {
            return error
        }
        Issue.record("\(path) was read", sourceLocation: sourceLocation)
        throw CancellationError()
    }
}

extension TraceRows {
    /// The TTFT of every request, ascending.
    var allTTFT: [Double] { zip(ttft, counts).flatMap { Array(repeating: $0, count: $1) }.sorted() }

    /// Lower empirical quantile of TTFT.
    func quantile(_ level: Double) -> Double {
        let all = allTTFT
        return all[max(0, Int((level * Double(all.count)).rounded(.up)) - 1)]
    }
}
