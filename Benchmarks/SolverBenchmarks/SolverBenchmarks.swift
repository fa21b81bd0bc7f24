import FoundationEssentials
import LinearAlgebra

/// Times one piece of work a few times and prints the runs as JSON; `scripts/bench` calls it in turn with the competitors.
///
/// A piece is named first, options follow as `--name value`. Data come from files of raw numbers, so that competitors
/// in other languages work on the same ones.
@main
struct SolverBenchmarks {
    static func main() async throws {
        let options = try Options(CommandLine.arguments.dropFirst())
        // As disco does; without it the kernel supplies the pages of every array anew.
        if options.text("memory", else: "kept") == "kept" { Engine.keepFreedMemory() }
        let report: Report
        switch options.piece {
        case "engine": report = Report(engine: Engine.name)
        case "copy": report = copying(options)
        case "sort": report = try sorting(options)
        case "disco": report = try paperPolicies(options)
        case "solve": report = try solving(options)
        case "frontier": report = try frontier(options)
        case "program": report = try program(options)
        case "gemm": report = multiplying(options)
        case "gemms": report = products(options)
        case "memory": report = try peakMemory(options)
        case "risk": report = try forecasting(options)
        case "migration": report = try migrating(options)
        case "replay": report = try replaying(options)
        case "policy": report = try policyLoading(options)
        case "prices": report = try pricing(options)
        case "ingest": report = try await ingesting(options)
        default: throw UsageError(description: "no piece of work is called \(options.piece)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}

/// What a piece of work has to say.
struct Report: Encodable {
    /// CPU seconds of each run.
    var seconds: [Double]?
    /// Library, version and core type of the linear algebra.
    var engine: String?
    /// Value of the policy found, in seconds of mean TTFT.
    var objective: Double?
    /// No policy is better than this.
    var bound: Double?
    /// First length of each bucket.
    var lowerEdges: [Int]?
    /// How many (bucket, wait) values the solver computed.
    var evaluations: Int?
    /// Largest resident set of the process, in bytes, and that before the data came.
    var peakBytes: Int?
    var baseBytes: Int?
    /// Rows or samples worked on.
    var rows: Int?
    /// Mean TTFT of the policy, where a quantile was minimized.
    var mean: Double?
    /// Gap of the last linear program.
    var gap: Double?
    /// Rounds of the dual search.
    var rounds: Int?
    /// How many limits have a price.
    var binding: Int?
    /// Breakpoints of the frontier.
    var points: Int?
    /// Migration points, in tokens, of those that have one.
    var afterTokens: [Int]?
}
