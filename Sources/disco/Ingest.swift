public import ArgumentParser
import Studies
public import Traces

extension TraceFormat: ExpressibleByArgument {}

/// `disco ingest`.
struct Ingest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a trace of any known format and write canonical rows.",
        discussion: """
            The format is detected where --format does not say. Columns of an own log
            are mapped by expressions:

              disco ingest log.csv -o rows.parquet \\
                --column 'ttft=first_token_ms / 1000' --column prompt_tokens=n_in
            """)

    @Argument(help: "The trace.")
    var trace: String

    @Option(name: .shortAndLong, help: "Where to write: .parquet, .csv or .jsonl, text also with .gz or .zst.")
    var output: String

    @Option(help: "The trace's format.")
    var format: TraceFormat?

    @Option(
        name: .customLong("column"),
        help: ArgumentHelp("An expression for a canonical column. May be repeated.", valueName: "name=expression"))
    var columns: [String] = []

    @Option(name: .customLong("where"), help: "Keep only rows for which this expression is true.")
    var filter: String?

    @Option(help: "Largest share of rows that may be rejected, 0 ... 1.")
    var maxRejected = 0.01

    @Option(help: "No first token by then, in seconds, is a failure.")
    var timeout = 60.0

    @Flag(help: "Print the report as JSON on standard output.")
    var json = false

    func validate() throws {
        for column in columns where !column.contains("=") {
            throw ValidationError("--column \(column): write name=expression, such as ttft=first_token_ms/1000")
        }
        guard (0...1).contains(maxRejected) else { throw ValidationError("--max-rejected lies within 0 ... 1") }
        guard timeout > 0 else { throw ValidationError("--timeout is a positive number of seconds") }
    }

    func run() async throws {
        try await Console.run {
            let pairs = columns.map { column in
                let parts = column.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }
            let source = TraceSource(
                path: trace, format: format, columns: Dictionary(pairs) { $1 }, filter: filter, maxRejected: maxRejected
            )
            let reader = TraceReader(duckdb: try DuckDBProgram.locate(), timeout: timeout)
            let report = try await reader.ingest(source, to: output)
            if json { return Console.print(report.json.text()) }
            Console.print(([report.sentence] + report.remarks).joined(separator: "\n") + "\n")
        }
    }
}
