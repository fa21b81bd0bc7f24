import Foundation
import Testing

/// The built program, run as a user runs it.
struct Run {
    let status: Int32
    let output: String
    let errors: String

    /// The program beside the test bundle.
    static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "disco")
    }

    /// Runs `disco` with `arguments`; `environment` replaces single variables.
    init(_ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil, program: URL = Run.program)
        throws
    {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        // Files, not pipes: a pipe that fills while the other is read would block the program.
        let place = FileManager.default.temporaryDirectory.appending(path: "disco-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let (out, err) = (place.appending(path: "out"), place.appending(path: "err"))
        for file in [out, err] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: err)
        try process.run()
        process.waitUntilExit()
        status = process.terminationStatus
        output = try String(contentsOf: out, encoding: .utf8)
        errors = try String(contentsOf: err, encoding: .utf8)
    }
}

/// A folder of files for one test, removed with it.
final class Folder {
    let url: URL

    init(_ files: [String: String] = [:]) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "disco-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, text) in files { try write(name, text) }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ name: String, _ text: String) throws {
        let place = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: place, atomically: true, encoding: .utf8)
    }

    func read(_ name: String) throws -> Data { try Data(contentsOf: url.appending(path: name)) }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// Names of all files in the folder, sorted.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

/// A small but whole problem: prompts, a server trace with ties and a failure, a device formula.
enum Sample {
    static let prompts =
        "prompt_tokens,output_tokens\n" + (0..<60).map { "\(10 + ($0 * 7) % 50),\(20 + $0)\n" }.joined()
    static let server =
        "ttft,prompt_tokens\n"
        + (0..<200).map { i in
            i == 70
                ? ",30\n"
                : "\(Double(200 + (i * i * 37) % 900 + (i.isMultiple(of: 19) ? 4_000 : 0)) / 1000),\(10 + i % 40)\n"
        }.joined()
    static let problem = """
        version: 1
        workload:
          trace: prompts.csv
          buckets: {by: quantile, count: 4}
        endpoints:
          server:
            trace: server.csv
            price: {prefill: 0.14, decode: 0.28, per_tokens: 1000000, currency: USD, source: test, date: 2025-01-15}
          device:
            ttft: {intercept: 0.1, per_token: 0.01}
            energy: {prefill: 0.025, decode: 0.155}
        exchange: {per_joule: 0.00000005}
        limits:
          device.prefill_share: {at_most: 0.2}

        """

    static func folder(_ changes: [String: String] = [:]) throws -> Folder {
        try Folder(
            ["prompts.csv": prompts, "server.csv": server, "problem.yaml": problem].merging(changes) { $1 })
    }
}
