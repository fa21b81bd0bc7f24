import ArgumentParser
import Policies
import Studies

/// `disco policy`.
struct Policy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check and show policy tables.", subcommands: [Validate.self, Show.self])

    /// `disco policy validate`.
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a policy table: schema, buckets, probabilities, limits, certificate and id.",
            discussion: "Exits with 4 if a rule is broken, and names the rule and the place.")

        @Argument(help: "The policy table (JSON).")
        var table: String

        func run() async throws {
            try await Console.run {
                let bytes = try FileError.read(table)
                let findings = TableCheck.findings(bytes)
                guard findings.isEmpty else {
                    for finding in findings { Console.remark("\(table): \(finding)") }
                    throw ExitCode(4)
                }
                Console.print("\(table): valid\n")
            }
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
