import ArgumentParser
import Policies
import Studies

/// `disco policy`.
struct Policy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check, show, explain, compare, export and sign policy tables.",
        subcommands: [Validate.self, Show.self, Explain.self, Diff.self, Export.self, Sign.self, Verify.self])

    /// `disco policy validate`.
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a policy table: schema, buckets, probabilities, limits, certificate and id.",
            discussion: """
                With --problem every number that the table claims is recomputed from the
                problem's traces: outcomes, limits, primal value, and the dual bound at
                the table's multipliers over all waits of every bucket. The check shares
                no code with the solvers.

                Exits with 4 if anything is wrong, and says what and where.
                """)

        @Argument(help: "The policy table (JSON).")
        var table: String

        @Option(help: "The problem file to check the table against (YAML).")
        var problem: String?

        @OptionGroup var options: ProblemOptions

        func validate() throws {
            if problem == nil && (options.json || !options.overrides.isEmpty) {
                throw ValidationError("--json and --set need a --problem to check the table against.")
            }
        }

        func run() async throws {
            try await Console.run {
                let bytes = try FileError.read(table)
                try report(TableCheck.findings(bytes))
                guard let path = problem else { return Console.print("\(table): valid\n") }
                let decoded = try PolicyTable.decode(bytes)
                let (problem, profiles) = try await options.load(path, output: nil)
                Console.progress("recomputing")
                let check = PolicyCheck(decoded, against: problem, on: profiles)
                Console.print(options.json ? check.json().text() : check.rendered())
                try report(check.findings)
                if !options.json { Console.print("\(table): valid for \(path)\n") }
            }
        }

        /// Prints findings and ends with 4 if there are any.
        private func report(_ findings: [String]) throws {
            guard !findings.isEmpty else { return }
            for finding in findings { Console.remark("\(table): \(finding)") }
            throw ExitCode(4)
        }
    }

    /// `disco policy show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a policy table for people.")

        @Argument(help: "The policy table (JSON).")
        var table: String

        func run() async throws {
            try await Console.run {
                let bytes = try FileError.read(table)
                do {
                    Console.print(try PolicyTable.decode(bytes).rendered())
                } catch {
                    throw FileError(description: "\(table): \(error)", exitCode: 65)
                }
            }
        }
    }
}
