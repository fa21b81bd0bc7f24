import Costs
import Foundation
import Serving
import Studies

/// What must hold of any bytes that are given as a problem file.
///
/// A line that begins with `#set ` is a comment in YAML; here it is given as a `--set` as well.
enum ProblemProperties {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return try checkFile(bytes) }
        let settings = text.split(separator: "\n").filter { $0.hasPrefix("#set ") }.prefix(4).map {
            String($0.dropFirst("#set ".count))
        }
        let problem: Problem
        do throws(ProblemError) {
            problem = try ProblemFile.parse(text, path: "problem.yaml", overrides: settings)
        } catch {
            return try check(error)
        }
        try check(problem)
        do throws(ProblemError) {
            let mark = text.unicodeScalars.first == "\u{FEFF}" ? "" : "\u{FEFF}"
            let again = try ProblemFile.parse(mark + text, path: "problem.yaml", overrides: settings)
            try requireSame(again == problem)
        } catch {
            throw BrokenProperty(description: "a file that reads differently the second time: \(error)")
        }
    }

    private static func requireSame(_ condition: Bool) throws(ProblemError) {
        guard condition else { throw ProblemError(kind: .badData, path: "another problem", findings: []) }
    }

    /// Every refusal says what is wrong, where, and nothing that steers a terminal.
    private static func check(_ error: ProblemError) throws(BrokenProperty) {
        try hold(!error.findings.isEmpty && error.findings.count <= 10, "\(error.findings.count) findings")
        try hold(isFitToPrint(error.description), "an error that no terminal should be shown")
        try hold([64, 65, 66].contains(error.kind.exitCode), "exit code \(error.kind.exitCode)")
        for finding in error.findings {
            switch finding.place {
            case .file(let line, let column): try hold(line >= 1 && column >= 1, "a finding at \(line):\(column)")
            case .setting(_, let column): try hold(column >= 1, "a finding at column \(column) of a setting")
            case .wholeFile: break
            }
        }
    }

    /// What the solvers rely on without asking.
    private static func check(_ problem: Problem) throws(BrokenProperty) {
        try hold(problem.sha256.utf8.count == 64, "a problem without a hash")
        let numbers = [
            problem.timeout, problem.moneyPerJoule, problem.tuningShare, problem.confidence, problem.discoAlpha,
            problem.server.tpot, problem.device.tpot, problem.server.price?.prefill, problem.server.price?.decode,
            problem.device.energy?.prefill, problem.device.energy?.decode,
        ]
        try hold(numbers.allSatisfy { ($0 ?? 0).isFinite && ($0 ?? 0) >= 0 }, "a number that is none")
        try hold(problem.timeout > 0, "no time for a request")
        for limit in problem.limits {
            try hold(limit.atMost != nil || limit.atLeast != nil, "a limit that limits nothing")
            try hold([limit.atMost, limit.atLeast].allSatisfy { ($0 ?? 0).isFinite }, "an endless limit")
        }
        switch problem.workload.buckets {
        case .quantile(let count), .optimal(let count): try hold(count >= 1, "\(count) buckets")
        case .edges(let edges):
            try hold(zip(edges, edges.dropFirst()).allSatisfy(<) && edges.allSatisfy { $0 >= 1 }, "edges \(edges)")
        case .exact: break
        }
        _ = try? SolveStudy.checkIsSolvable(problem)
    }

    /// Bytes that are no text must come from a file, since a string cannot hold them.
    private static func checkFile(_ bytes: [UInt8]) throws(BrokenProperty) {
        let path = "/dev/shm/disco-fuzz-\(ProcessInfo.processInfo.processIdentifier).yaml"
        guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else { return }
        defer { try? FileManager.default.removeItem(atPath: path) }
        do throws(ProblemError) {
            _ = try ProblemFile.read(path: path)
        } catch {
            return try check(error)
        }
        throw BrokenProperty(description: "bytes that are no text are read as a problem")
    }
}
