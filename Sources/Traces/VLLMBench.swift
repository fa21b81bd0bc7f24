/// `vllm bench serve` results: one JSON object a run, its requests as parallel arrays in seconds.
enum VLLMBench {
    /// Looks whether each run's arrays are there and of one length.
    ///
    /// - Returns: Notes for the report.
    /// - Throws: `badData` for a summary without its requests.
    static func check(_ file: TraceFile, _ plan: TracePlan, _ program: DuckDBProgram) async throws(TraceError)
        -> [String]
    {
        let answer = try await DuckDBSession(program: program, files: [file.path]).run([
            """
            SELECT run, coalesce(len(ttfts), -1), coalesce(len(input_lens), -1), coalesce(len(output_lens), -1),
            coalesce(completed, -1), coalesce(failed, num_prompts, 0) FROM \(runs(file, plan)) ORDER BY run;
            """
        ])
        try file.reject(answer)
        var withoutDetail = 0
        for row in Fields.lines(answer.output) {
            let numbers = row.split(separator: UInt8(ascii: ",")).map(Fields.integer)
            guard numbers.count == 6 else { continue }
            let (run, ttfts, inputs, outputs, completed) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
            if ttfts < 0 || inputs < 0 || outputs < 0 {
                guard completed == 0 else {
                    throw TraceError(
                        .badData, file: file.name, line: run,
                        found: "a summary of \(max(completed, 0)) requests without the requests themselves",
                        wanted: "input_lens, output_lens and ttfts of each request",
                        advice: "Run `vllm bench serve` again with --save-result --save-detailed")
                }
                withoutDetail += numbers[5]
            } else if ttfts != inputs || ttfts != outputs {
                throw TraceError(
                    .badData, file: file.name, line: run,
                    found: "\(inputs) input_lens, \(outputs) output_lens and \(ttfts) ttfts",
                    wanted: "arrays of one length", advice: "Check that the file is as vLLM wrote it")
            }
        }
        return withoutDetail == 0 ? [] : ["\(withoutDetail) requests of runs that all failed have no lengths"]
    }

    /// A table of the runs.
    ///
    /// Only the arrays that are used are named, so the texts are skipped.
    private static func runs(_ file: TraceFile, _ plan: TracePlan) -> String {
        let format = plan.layout.container == .jsonArray ? "array" : "unstructured"
        return """
            (SELECT row_number() OVER () AS run, * FROM read_json(\(SQL.literal(file.path)), format='\(format)',
            compression='\(file.compression.jsonName)', maximum_object_size=\(1 << 28), columns={
            input_lens: 'DOUBLE[]', output_lens: 'DOUBLE[]', ttfts: 'DOUBLE[]', itls: 'DOUBLE[][]',
            start_times: 'DOUBLE[]', errors: 'VARCHAR[]', completed: 'BIGINT', failed: 'BIGINT', num_prompts: 'BIGINT'}))
            """
    }

    /// A table of the requests, in the order of the file.
    ///
    /// A run that failed as a whole gives rows without lengths.
    static func relation(_ file: TraceFile, _ plan: TracePlan) -> String {
        let source = runs(file, plan)
        return """
            SELECT row_number() OVER (ORDER BY run, i) AS __line, 0 AS __bad, * FROM (
            SELECT run, i, input_lens[i] AS input_len, output_lens[i] AS output_len, ttfts[i] AS ttft,
            CASE WHEN output_lens[i] > 1 THEN list_sum(itls[i]) / (output_lens[i] - 1) END AS tpot,
            start_times[i] AS start_time, CASE WHEN errors[i] <> '' THEN 1 ELSE 0 END AS has_error,
            \(coalesced("itls[i]")) AS tbt
            FROM (SELECT *, unnest(range(1, len(ttfts) + 1)) AS i FROM \(source) WHERE len(input_lens) = len(ttfts))
            UNION ALL
            SELECT run, i, NULL, NULL, NULL, NULL, NULL, 1, NULL
            FROM (SELECT run, unnest(range(1, coalesce(failed, num_prompts, 0) + 1)) AS i FROM \(source)
            WHERE ttfts IS NULL OR input_lens IS NULL OR output_lens IS NULL))
            """
    }

    /// Gaps under 1 ms belong to one network delivery: their time goes to the gap before them.
    private static func coalesced(_ gaps: String) -> String {
        """
        CASE WHEN len(\(gaps)) > 0 THEN list_reduce(list_transform(\(gaps), lambda g: [g]),
        lambda all_gaps, g: CASE WHEN g[1] < 0.001 THEN list_concat(all_gaps[:-2], [all_gaps[-1] + g[1]])
        ELSE list_concat(all_gaps, g) END) END
        """
    }
}
