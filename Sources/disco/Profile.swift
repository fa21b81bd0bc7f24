import ArgumentParser
import Studies

/// `disco profile`.
struct Profile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a problem's traces say, before solving it.",
        discussion: """
            Prints buckets and answer lengths, the server's TTFT with the evidence
            for or against pooling over lengths and hours, and the device's fit with its standard errors
            and residuals.
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @Option(name: .shortAndLong, help: "Where to write the profile as JSON, besides printing it.")
    var output: String?

    @OptionGroup var options: ProblemOptions

    func run() async throws {
        try await Console.run {
            let (problem, profiles) = try await options.load(problem, output: output, wantsHourEvidence: true)
            let study = ProfileStudy(problem, profiles)
            if let output {
                try FileError.write(Array(study.json().text().utf8), to: output)
                Console.remark("wrote \(output)")
            }
            Console.print(options.json ? study.json().text() : study.rendered())
        }
    }
}
