import ArgumentParser
import Studies

/// `disco profile`.
struct Profile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a problem's traces say, before solving it.",
        discussion: """
            Prints buckets and answer lengths, the server's TTFT with the evidence
            for or against pooling, and the device's fit with its standard errors
            and residuals.
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @OptionGroup var options: ProblemOptions

    func run() async throws {
        try await Console.run {
            let (problem, profiles) = try await options.load(problem)
            let study = ProfileStudy(problem, profiles)
            Console.print(options.json ? study.json().text() : study.rendered())
        }
    }
}
