import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One run of the `duckdb` program over a list of statements, shut off from everything but the files it is given.
struct DuckDBSession: Sendable {
    let program: DuckDBProgram
    /// Absolute paths of the files that the statements may open.
    let files: [String]

    /// What the program said.
    struct Answer: Sendable {
        /// Standard output: comma-separated rows without a header.
        var output: [UInt8]
        /// Standard error, shortened; empty where all statements went through.
        var trouble: String
    }

    /// The most bytes of a statement; Linux takes no argument of more than 128 KiB.
    private static let longestStatement = 130_000

    /// Runs `statements`, stopping at the first that fails.
    ///
    /// The sandbox holds against reading other files, globs, `ATTACH`, `INSTALL` and shell lines: the files are allowed
    /// by name before `.safe_mode` closes the rest.
    /// - Throws: `missingProgram` if DuckDB does not start, `badData` if a statement is too long to be passed to it.
    func run(_ statements: [String]) async throws(TraceError) -> Answer {
        guard statements.allSatisfy({ $0.utf8.count <= Self.longestStatement }) else {
            throw TraceError(
                .badData, file: files.first ?? "", found: "more names of columns than a statement can hold",
                wanted: "at most some thousand columns", advice: "Is this a trace? Keep the columns that are needed")
        }
        let allowed = files.map(SQL.literal).joined(separator: ", ")
        var arguments = ["-no-init", "-bail", "-batch", "-csv", "-noheader"]
        arguments += ["-cmd", "SET TimeZone='UTC';"]
        arguments += ["-cmd", "SET allowed_paths=[\(allowed)];", "-cmd", ".safe_mode"]
        for statement in statements { arguments += ["-c", statement] }
        do {
            let result = try await Subprocess.run(
                .name(program.name), arguments: Arguments(arguments),
                environment: .custom(["PATH": program.folder, "HOME": "/nonexistent"]),
                input: .none, output: .sequence, error: .string(limit: 1 << 28)
            ) { execution in
                var output: [UInt8] = []
                for try await buffer in execution.standardOutput {
                    unsafe buffer.withUnsafeBytes { bytes in unsafe output.append(contentsOf: bytes) }
                }
                return output
            }
            let said = result.standardError
            var trouble = ""
            if case .exited(0) = result.terminationStatus {
                // Warnings of an orderly end are DuckDB's own business.
            } else if case .signaled(SIGXFSZ) = result.terminationStatus {
                trouble = "Error: File too large"
            } else {
                trouble = said.isEmpty ? "duckdb ended with \(result.terminationStatus)" : said
            }
            return Answer(output: result.closureResult, trouble: trouble)
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            // It quotes a line of the file, and the line is as long as that.
            return Answer(output: [], trouble: "Maximum line size of the reader exceeded")
        } catch {
            throw TraceError(
                .missingProgram, file: program.path, found: "duckdb does not run: \(error)",
                advice: "Run `make tools`, or set DISCO_DUCKDB")
        }
    }
}
