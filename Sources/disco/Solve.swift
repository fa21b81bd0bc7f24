import ArgumentParser
import Foundation
import Policies
import Studies
import Traces

/// Options that every command on a problem file has.
struct ProblemOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a field of the problem, e.g. limits.device.prefill_share.at_most=0.1. May be repeated.",
            valueName: "path=value"))
    var overrides: [String] = []

    @Flag(help: "Print the result as JSON on standard output.")
    var json = false

    /// The problem and its profiles; trace reports go to standard error.
    /// - Parameters:
    ///   - path: The problem file.
    ///   - settings: Fields that other options set, as `path=value`; they win over `--set`.
    ///   - output: Where the result will be written; none of the inputs.
    ///   - wantsHourEvidence: Whether the evidence on the hour of the day is wanted in any case.
    ///   - wantsHours: Profile by the hour, too; nil does where the problem has a confidence.
    ///   - wantsPaces: Whether the paces of both endpoints' traces are wanted.
    ///   - check: What must hold of the problem before any trace is read.
    /// - Returns: The problem with its profiles.
    /// - Throws: `ProblemError`, `FileError` or `StudyError`.
    func load(
        _ path: String, settings: [String] = [], output: String?, wantsHourEvidence: Bool = false,
        wantsHours: Bool? = nil, wantsPaces: Bool = false, check: (Problem) throws -> Void = { _ in }
    ) async throws -> (Problem, StudyProfiles) {
        let problem = try self.problem(path, settings: settings)
        try check(problem)
        for remark in problem.remarksOnOldPrices(at: Date()) { Console.remark(remark) }
        if let output { try FileError.keep(output, apartFrom: [path] + problem.tracePaths) }
        let duckdb = try DuckDBProgram.locate()
        let profiles = try await StudyProfiles.load(
            problem, duckdb: duckdb, wantsHourEvidence: wantsHourEvidence, wantsHours: wantsHours,
            wantsPaces: wantsPaces,
            progress: Console.progress)
        Self.report(profiles.sources)
        return (problem, profiles)
    }

    /// The problem in the file at `path`; `settings` are fields that other options set, and win over `--set`.
    func problem(_ path: String, settings: [String] = []) throws -> Problem {
        try ProblemFile.read(path: path, overrides: overrides + settings)
    }

    /// The profiles of a problem that is at hand; trace reports go to standard error.
    ///
    /// With `older` profiles to compare with, only the new traces' reports do: those of `roles`.
    func profiles(
        _ problem: Problem, cache: TraceCache, after older: StudyProfiles? = nil, roles: Set<String>? = nil
    ) async throws -> StudyProfiles {
        let profiles = try await StudyProfiles.load(
            problem, duckdb: try DuckDBProgram.locate(), wantsHours: false, cache: cache, after: older,
            progress: Console.progress)
        Self.report(profiles.sources.filter { roles?.contains($0.role) ?? true }, mark: roles == nil ? "" : "new ")
        return profiles
    }

    private static func report(_ sources: [StudyProfiles.Source], mark: String = "") {
        for source in sources {
            Console.remark("\(mark)\(source.role): \(source.report.sentence)")
            for remark in source.report.remarks { Console.remark("  \(remark)") }
        }
    }

    /// What-if questions about the problem at `path`; trace reports go to standard error.
    /// - Throws: `ProblemError`, `TraceError` or `StudyError`.
    func whatIf(_ path: String) async throws -> WhatIf {
        let whatIf = try WhatIf(
            path: path, overrides: overrides, duckdb: try DuckDBProgram.locate(), progress: Console.progress)
        for remark in whatIf.base.remarksOnOldPrices(at: Date()) { Console.remark(remark) }
        let traces = try await whatIf.traces()
        Self.report(traces.sources)
        for note in traces.notes { Console.remark("note: \(note)") }
        return whatIf
    }
}

/// `disco solve`.
struct Solve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Solve a problem and write its policy table.",
        discussion: """
            Minimizes mean TTFT, any of its quantiles, cost or energy under any number
            of limits, exactly and with a certificate, and shows the optimum beside
            nine baselines, on all rows and on held-out ones. Without -o nothing is
            written. Limits that cannot be kept together are named, with the nearest
            value of each (exit code 3).
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String?

    @Option(name: .shortAndLong, help: "Where to write the policy table (JSON).")
    var output: String?

    @Flag(help: "Print an annotated problem file and stop.")
    var example = false

    @Flag(help: "Solve without mixtures: one action per bucket; as --set deterministic=true.")
    var deterministic = false

    @OptionGroup var options: ProblemOptions

    func validate() throws {
        if problem == nil && !example {
            throw ValidationError("Which problem? Give a problem file, or --example for one to start from.")
        }
    }

    func run() async throws {
        guard let path = problem, !example else { return Console.print(ProblemFile.example) }
        try await Console.run {
            let (problem, profiles) = try await options.load(
                path, settings: deterministic ? ["deterministic=true"] : [], output: output
            ) { try SolveStudy.checkIsSolvable($0) }
            let study = try SolveStudy.solve(problem, on: profiles, progress: Console.progress)
            let table = try study.table(tool: "disco \(Disco.version)")
            if let output {
                try FileError.write(table.encoded(), to: output)
                Console.remark("wrote \(output): \(table.id)")
            }
            Console.print(options.json ? study.json(table).text() : study.rendered(table))
        }
    }
}
