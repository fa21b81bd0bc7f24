import ArgumentParser
import Policies
import Studies

extension Policy {
    /// `disco policy explain`.
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say why prompts of one length do what they do.",
            discussion: """
                Names the bucket, its actions, the rows behind them, what each limit's
                price is, and where responses are handed over. With --request-id it says
                what that request draws.
                """)

        @Argument(help: "The policy table (JSON).")
        var table: String

        @Argument(help: "Length of the prompt, in tokens.")
        var promptTokens: Int

        @Option(help: "A request whose draws are told, too.")
        var requestID: String?

        @Option(help: "Hour of the day (UTC), 0 to 23, for a table by periods (default: the busiest period).")
        var hour: Int?

        func validate() throws {
            if promptTokens < 1 {
                throw ValidationError("PROMPT-TOKENS \(promptTokens): a prompt has at least 1 token.")
            }
            try Policy.check(hour: hour)
        }

        func run() async throws {
            try await Console.run {
                let table = try Policy.table(at: table)
                Console.print(table.explained(promptTokens: promptTokens, requestID: requestID, hour: hour))
            }
        }
    }

    /// `disco policy diff`.
    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what changes from one policy table to another.",
            discussion: """
                Compares heads, limits, expected outcomes, and what prompts of each length
                do. With --problem the outcomes of both are recomputed from one problem's
                traces, so that they can be compared whatever each was made from.
                """)

        @Argument(help: "The older policy table (JSON).")
        var older: String

        @Argument(help: "The newer one.")
        var newer: String

        @Option(help: "A problem file to recompute the outcomes of both tables on (YAML).")
        var problem: String?

        @Option(
            name: .customLong("set"),
            help: ArgumentHelp("Set a field of the problem. May be repeated.", valueName: "path=value"))
        var overrides: [String] = []

        func validate() throws {
            if problem == nil, !overrides.isEmpty {
                throw ValidationError("--set needs a --problem to set a field of.")
            }
        }

        func run() async throws {
            try await Console.run {
                let (older, newer) = (try Policy.table(at: older), try Policy.table(at: newer))
                Console.print(older.differences(to: newer))
                guard let problem else { return }
                var options = ProblemOptions()
                options.overrides = overrides
                options.json = false
                let (read, profiles) = try await options.load(problem, output: nil)
                Console.print("\n" + PolicyComparison(older, newer, on: read, profiles).rendered())
            }
        }
    }

    /// `disco policy export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a policy table in another format, and say what that cannot express.",
            discussion: """
                csv                  a row per action; waits in seconds, or never
                grpc-service-config  one hedging delay for all requests: that of the bucket
                                     of most requests, or of --prompt-tokens

                What is lost is said on standard error.
                """)

        @Argument(help: "The policy table (JSON).")
        var table: String

        @Option(help: "Format: csv or grpc-service-config.")
        var to: String

        @Option(name: [.customShort("o"), .customLong("output")], help: "Where to write (default: standard output).")
        var output: String?

        @Option(help: "Whose bucket a format takes that has room for one (default: the one of most requests).")
        var promptTokens: Int?

        @Option(help: "Hour of the day (UTC), 0 to 23, likewise (default: the busiest period).")
        var hour: Int?

        func validate() throws {
            let formats = PolicyTable.ExportFormat.allCases.map(\.rawValue)
            guard formats.contains(to) else {
                throw ValidationError("--to \(to): no such format; there are \(formats.joined(separator: ", ")).")
            }
            try Policy.check(hour: hour)
        }

        func run() async throws {
            try await Console.run {
                let decoded = try Policy.table(at: table)
                guard let format = PolicyTable.ExportFormat(rawValue: to) else { return }
                let export = decoded.exported(to: format, promptTokens: promptTokens, hour: hour)
                if let output {
                    try FileError.keep(output, apartFrom: [table])
                    try FileError.write(Array(export.text.utf8), to: output)
                } else {
                    Console.print(export.text)
                }
                Console.remark("\(to) does not express:")
                for loss in export.losses { Console.remark("- \(loss)") }
            }
        }
    }

    /// A table that keeps every rule and whose id is that of its content; 65 for any other.
    static func table(at path: String) throws -> PolicyTable { try loaded(at: path).table }

    /// The same, as loaders hold it.
    static func loaded(at path: String) throws -> LoadedPolicy {
        let bytes = try FileError.read(path)
        do throws(PolicyRefusal) {
            return try LoadedPolicy(bytes)
        } catch {
            throw FileError(description: "\(path): \(error)", exitCode: 65)
        }
    }

    /// Refuses what is no hour of the day; 64.
    static func check(hour: Int?) throws {
        if let hour, !(0...23).contains(hour) { throw ValidationError("--hour \(hour): an hour is in 0 ... 23.") }
    }
}
