import ArgumentParser
import Foundation
import Policies
import Studies
import Traces

/// `disco check`.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether the world has drifted since a policy table was made.",
        discussion: """
            Holds new logs against the traces that the table was made from: how far
            the server's TTFT has moved, all in all and by bucket (Kolmogorov-Smirnov
            distance, with its level), and the prompt lengths and the device where
            there are new rows of them; how much of each limit the table uses on the
            new rows; and what solving anew would gain. For a cron job, see
            docs/check.md:

              disco check policy.json problem.yaml --traces yesterday.csv

            --traces new.csv stands for the server's trace, and for every other trace
            that the problem reads from the same file. --traces workload=new.csv,
            server=... and device=... name one each. New files have the format, columns
            and filter of those they replace.

            Exits with 4 if anything is past a limit, and says what, what was found and
            what was wanted.
            """)

    @Argument(help: "The policy table (JSON).")
    var table: String

    @Argument(help: "The problem file that the table was made from (YAML).")
    var problem: String

    @Option(
        name: .customLong("traces"),
        help: ArgumentHelp("New rows. May be repeated, once a role.", valueName: "[role=]path"))
    var traces: [String] = []

    @Option(help: "Largest distance of two distributions, 0 ... 1.")
    var maxDistance = 0.1

    @Option(help: "A distance counts if chance explains it with at most this probability.")
    var level = 0.01

    @Option(help: "Largest part of a limit that may be used, beyond three standard errors.")
    var maxBudgetUse = 1.0

    @Option(help: "Largest loss against solving anew, as a share of the objective.")
    var maxRegret = 0.05

    @Option(help: "When the table's validity is looked at (default: now).")
    var at: String?

    @OptionGroup var options: ProblemOptions

    func validate() throws {
        guard !traces.isEmpty else {
            throw ValidationError("Which new rows? Give --traces new.csv, or --traces workload=new.csv and the like.")
        }
        var seen: Set<NewTrace.Role?> = []
        for text in traces {
            let trace = NewTrace(text)
            guard seen.insert(trace.role).inserted else {
                throw ValidationError(
                    "--traces \(text): \(trace.role?.rawValue ?? "the server's file") is given twice.")
            }
            guard !trace.path.isEmpty else { throw ValidationError("--traces \(text): which file?") }
            let roles = NewTrace.Role.allCases.map(\.rawValue)
            if trace.role == nil, let equals = text.firstIndex(of: "="), !FileManager.default.fileExists(atPath: text),
                text[..<equals].allSatisfy(\.isLetter)
            {
                throw ValidationError(
                    "--traces \(text): \(text[..<equals]) is none of \(roles.joined(separator: ", ")), and no such file."
                )
            }
        }
        for (name, value) in [("--max-distance", maxDistance), ("--level", level)] where !(0...1).contains(value) {
            throw ValidationError("\(name) \(value): lies within 0 ... 1.")
        }
        for (name, value) in [("--max-budget-use", maxBudgetUse), ("--max-regret", maxRegret)] where !(value >= 0) {
            throw ValidationError("\(name) \(value): is at least 0.")
        }
        if let at, Self.seconds(at) == nil {
            throw ValidationError("--at \(at): write a time in UTC such as 2026-11-21T04:00:00Z.")
        }
    }

    func run() async throws {
        try await Console.run {
            let loaded = try Policy.loaded(at: table)
            let read = try options.problem(problem)
            for remark in read.remarksOnOldPrices(at: Date()) { Console.remark(remark) }
            let time = at.flatMap(Self.seconds) ?? Date().timeIntervalSince1970
            var study = DriftStudy(
                loaded.table, for: read, state: loaded.state(at: time),
                limits: DriftLimits(
                    distance: maxDistance, level: level, budgetUse: maxBudgetUse, regret: maxRegret))
            if study.findings.isEmpty {
                let (new, roles) = try read.replacing(traces.map(NewTrace.init))
                let cache = TraceCache()
                let then = try await options.profiles(read.replacing([]).problem, cache: cache)
                let now = try await options.profiles(
                    new, cache: cache, after: then, roles: Set(roles.map(\.rawValue)))
                let rows = try await DriftRows.read(
                    read, new, roles: roles, for: loaded.table, duckdb: try DuckDBProgram.locate(), cache: cache)
                try study.judge(read, then, new, now, roles: roles, rows, progress: Console.progress)
            }
            Console.print(options.json ? study.json.text() : study.rendered())
            for finding in study.findings { Console.remark("\(table): \(finding)") }
            guard study.findings.isEmpty else { throw ExitCode(4) }
            if !options.json { Console.print("\(table): holds\n") }
        }
    }

    /// Seconds since 1970 of a time in UTC.
    private static func seconds(_ text: String) -> Double? {
        (try? Date(text, strategy: .iso8601))?.timeIntervalSince1970
    }
}
