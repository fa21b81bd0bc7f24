import ArgumentParser
import Foundation
import Policies
import Serving
import Studies

/// `disco replay`.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a policy table on a problem's traces, beside every baseline.",
        discussion: """
            Draws requests from the traces and walks each from its dispatch to its
            last token by the online rules: who starts, who answers, when the response
            is handed over, and what its reader sees. Shares no formula with the
            solvers. Prints TTFT, shares, cost, stalls, Andes QoE, token-deadline
            attainment, goodput and smooth goodput, with standard errors.

            The same seed gives the same bytes, on any number of cores. Baselines hand
            responses over as the table does; server-only and device-only never do.
            """)

    @Argument(help: "The policy table (JSON).")
    var table: String

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @Option(help: "Requests to draw for each policy.")
    var requests = 100_000

    @Option(help: "Which requests are drawn.")
    var seed = 1

    @Option(help: "Cores to use; the result does not depend on it (default: all).")
    var workers: Int?

    @Option(help: "When the first token is due for Andes QoE, in seconds (default: the problem's, else 1).")
    var ttftTarget: Double?

    @Option(help: "Pace V of the token deadlines, in tokens per second (default: the problem's, else 5).")
    var deadlinePace: Double?

    @Option(help: "Seconds added to every token's deadline (default: the problem's, else 0).")
    var deadlineOffset: Double?

    @Option(
        help:
            "What a token that an idle reader could have read weighs in smooth goodput (default: the problem's, else 2.5)."
    )
    var alpha: Double?

    @OptionGroup var options: ProblemOptions

    func validate() throws {
        if requests < 1 { throw ValidationError("--requests \(requests): at least one request is replayed.") }
        if let workers, workers < 1 { throw ValidationError("--workers \(workers): at least one core is used.") }
        if let deadlinePace, !(deadlinePace > 0 && deadlinePace.isFinite) {
            throw ValidationError("--deadline-pace \(deadlinePace): a pace is above 0.")
        }
        if let alpha, !(alpha >= 0 && alpha.isFinite) {
            throw ValidationError("--alpha \(alpha): a weight is at least 0.")
        }
        for (name, value) in [("--ttft-target", ttftTarget), ("--deadline-offset", deadlineOffset)] {
            if let value, !(value >= 0 && value.isFinite) {
                throw ValidationError("\(name) \(value): a time is at least 0.")
            }
        }
    }

    func run() async throws {
        try await Console.run {
            let decoded = try Self.table(at: table)
            let (problem, profiles) = try await options.load(problem, output: nil, wantsPaces: true)
            let study = try ReplayStudy.replay(
                decoded, on: problem, profiles,
                options: .init(
                    requests: requests, seed: seed, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount,
                    metrics: MetricSettings(
                        ttftTarget: ttftTarget ?? problem.metrics.ttftTarget,
                        deadlineOffset: deadlineOffset ?? problem.metrics.deadlineOffset,
                        deadlineTokensPerSecond: deadlinePace ?? problem.metrics.deadlineTokensPerSecond,
                        alpha: alpha ?? problem.metrics.alpha)), progress: Console.progress)
            Console.print(options.json ? study.json.text() : study.rendered())
        }
    }

    /// The table at `path`, edited after it was made or not.
    /// - Throws: `FileError`, 65 where it is not one.
    private static func table(at path: String) throws -> PolicyTable {
        let bytes = try FileError.read(path)
        do {
            let table = try PolicyTable.decode(bytes)
            if let violation = table.violations().first {
                throw FileError(description: "\(path): \(violation); see disco policy validate", exitCode: 65)
            }
            return table
        } catch let error as PolicyError {
            throw FileError(description: "\(path): \(error)", exitCode: 65)
        }
    }
}
