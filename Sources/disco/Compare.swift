import ArgumentParser
import Studies

/// `disco compare`.
struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show two results side by side, and fail where one is worse.",
        discussion: """
            A result is what `disco solve --json` printed, or a policy table. Conditions
            are on outcomes on all rows:

              --fail-if "ttft.p99 > +5%"              5 % more than in A
              --fail-if "device.prefill_share > +0.01"    0.01 more than in A
              --fail-if "failed_share > 0.02"         whatever it is in A

            Exits with 4 if any of them holds, and says which.
            """)

    @Argument(help: "The result to compare with, A.")
    var older: String

    @Argument(help: "The result to judge, B.")
    var newer: String

    @Option(help: ArgumentHelp("Fail on this. May be repeated.", valueName: "condition"))
    var failIf: [String] = []

    @Flag(help: "Print the result as JSON on standard output.")
    var json = false

    func run() async throws {
        try await Console.run {
            let gates = try failIf.map { try Gate($0) }
            let files = try [older, newer].map { try ResultFile(try FileError.read($0), path: $0) }
            let comparison = ResultComparison(files[0], files[1], failingIf: gates)
            Console.print(json ? comparison.json.text() : comparison.rendered())
            guard !comparison.failures.isEmpty else { return }
            for failure in comparison.failures { Console.remark("fails if \(failure)") }
            throw ExitCode(4)
        }
    }
}
