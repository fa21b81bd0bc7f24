import ArgumentParser
import Studies

/// `disco risk`.
struct Risk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how sure a prefill budget is to hold later.",
        discussion: """
            Solves on the earlier part of the traces (`split` in the problem file)
            under each rule for a margin - none, bootstrap, worst rolling window, the
            stricter of the last two - and judges on the later part. Needs arrival
            times and a limit on a prefill share.
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @Option(name: .customLong("rolling"), help: "Length of a rolling window to try, in hours. May be repeated.")
    var rollingHours: [Int] = [4, 8, 24]

    @Flag(help: "Tune on the later part and judge on the earlier.")
    var reverse = false

    @OptionGroup var options: ProblemOptions

    func validate() throws {
        for hours in rollingHours where hours < 1 { throw ValidationError("A window of \(hours) hours is none.") }
    }

    func run() async throws {
        try await Console.run {
            let (problem, profiles) = try await options.load(problem, output: nil, wantsHours: true)
            let comparison = try RiskComparison.compare(
                problem, on: profiles, rollingHours: rollingHours, isReversed: reverse)
            Console.print(options.json ? comparison.json.text() : comparison.rendered())
        }
    }
}
