import Files

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension TraceReader {
    /// Writes the canonical rows of a trace, in its order, to `path`: `.parquet`, or `.csv` or `.jsonl` with or without
    /// `.gz` or `.zst`.
    ///
    /// The file appears whole or not at all: it is written beside its place and renamed. Failed rows have no `ttft` and
    /// the outcome `failed`; the timeout plays no part.
    /// - Throws: as `read`; `cannotWrite` if the output has another ending or cannot be written.
    public func ingest(_ source: TraceSource, to path: String) async throws(TraceError) -> TraceReport {
        let options = try Self.copyOptions(path)
        let workspace = try Workspace()
        defer { workspace.remove() }
        let file = try TraceFile(source.path, workspace: workspace)
        async let digest = file.sha256()
        async let integrity = Integrity.check(file)
        let part = try Self.part(of: path)
        let found: Result<Reading, TraceError>
        do {
            let layout = try await file.layout(duckdb, workspace: workspace)
            let plan = try await typed(TracePlan(source, layout, nil), file)
            found = .success(try await write(plan, file, part.path, options, path))
        } catch {
            found = .failure(error)
        }
        let note = try Self.verify(await integrity, file)
        var reading = try found.get()
        reading.report.sha256 = await digest ?? ""
        reading.report.notes += note
        try reading.check(source)
        do throws(FileTrouble) {
            try part.moveIntoPlace()
        } catch {
            throw TraceError(.cannotWrite, file: path, found: "the file cannot be put in its place (\(error))")
        }
        return reading.report
    }

    private func write(
        _ plan: TracePlan, _ file: TraceFile, _ part: String, _ options: String, _ path: String
    ) async throws(TraceError) -> Reading {
        let query = TraceQuery(plan: plan, file: file, selection: nil, timeout: .infinity)
        var notes: [String] = []
        if plan.format == .vllmBench { notes = try await VLLMBench.check(file, plan, duckdb) }
        let isText = options.contains("csv")
        func copy(orderedBy order: String) -> String {
            """
            COPY (SELECT prompt::BIGINT AS prompt_tokens, outp::BIGINT AS output_tokens,
            CASE WHEN state <> 1 THEN ttft_v END AS ttft, tpot,
            \(isText ? "TRY_CAST(tbt_raw AS DOUBLE[])::VARCHAR" : "TRY_CAST(tbt_raw AS DOUBLE[])") AS tbt,
            arrived AS arrived_at,
            CASE state WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' ELSE 'ok' END AS outcome,
            endpoint_raw AS endpoint, class_raw AS "class" FROM t WHERE code = 0 \(order))
            TO \(SQL.literal(part)) (\(options), USE_TMP_FILE false);
            """
        }
        let counts =
            """
            SELECT 'G', code, 0, 0, 0, -1, 0, CASE WHEN code = 0 THEN state ELSE 0 END AS k, count(*) FROM t
            GROUP BY code, k ORDER BY code, k;
            """
        let session = DuckDBSession(program: duckdb, files: [file.path, part])
        if query.hasFastWay {
            // A table keeps the order in which it was filled, the file's.
            let answer = try await session.run(query.fastTable + [counts, copy(orderedBy: "")])
            if answer.trouble.isEmpty, let clean = Reading(fast: answer.output, query) { return clean }
        }
        let answer = try await session.run(query.careful + [counts, copy(orderedBy: "ORDER BY line")])
        if let reason = Trouble(answer.trouble).reasonOfWriting {
            throw TraceError(
                .cannotWrite, file: path, found: "the file cannot be written (\(reason)); nothing was changed there")
        }
        try refuse(answer, plan, file)
        var reading = try Reading(careful: answer.output, query)
        reading.report.notes += notes
        return reading
    }

    /// What `COPY` is told for a file of this name.
    private static func copyOptions(_ path: String) throws(TraceError) -> String {
        var name = path[...]
        var compression = "none"
        for (ending, kind) in [(".gz", "gzip"), (".zst", "zstd")] where name.hasSuffix(ending) {
            name = name.dropLast(ending.count)
            compression = kind
        }
        if name.hasSuffix(".parquet"), compression == "none" { return "FORMAT parquet, COMPRESSION zstd" }
        if name.hasSuffix(".csv") { return "FORMAT csv, HEADER true, COMPRESSION \(compression)" }
        if name.hasSuffix(".jsonl") { return "FORMAT json, COMPRESSION \(compression)" }
        throw TraceError(
            .cannotWrite, file: path, found: "an ending that names no format",
            wanted: ".parquet, .csv, .csv.gz, .csv.zst, .jsonl, .jsonl.gz or .jsonl.zst")
    }

    /// An empty file beside `path` that DuckDB may write over.
    private static func part(of path: String) throws(TraceError) -> PendingFile {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        do throws(FileTrouble) {
            return try PendingFile(for: absolute)
        } catch {
            throw TraceError(
                .cannotWrite, file: path, found: "no file can be made in this folder (\(error))",
                advice: "Check the folder")
        }
    }
}
