/// `llama-bench` results: one record a test, with the time of each repetition in nanoseconds (JSON) or their mean (CSV).
enum LlamaBench {
    /// One row for each repetition of a test, with its `seconds`.
    static func samples(_ relation: String, _ plan: TracePlan) -> String {
        let samples = plan.layout.has("samples_ns") ? "TRY_CAST(\"samples_ns\" AS DOUBLE[])" : "NULL::DOUBLE[]"
        return """
            SELECT * EXCLUDE (ns), ns / 1e9 AS seconds FROM (SELECT *,
            unnest(CASE WHEN len(\(samples)) > 0 THEN \(samples) ELSE ["avg_ns"] END) AS ns FROM (\(relation)))
            """
    }
}

/// What `llama-bench` says of a device: prompt processing and decoding, measured apart.
public struct DeviceBench: Sendable, Equatable {
    /// Prompt processing of one length.
    public struct Prefill: Sendable, Equatable {
        /// Prompt length, in tokens.
        public var promptTokens: Int
        /// Seconds of each repetition (CSV: their mean only).
        public var seconds: [Double]
    }

    /// Decoding of one length from an empty context.
    public struct Decode: Sendable, Equatable {
        /// Tokens decoded in a repetition.
        public var outputTokens: Int
        /// Seconds per output token of each repetition (CSV: their mean only).
        public var secondsPerToken: [Double]
    }

    /// Prompt processing tests, in the file's order.
    public var prefill: [Prefill] = []
    /// Decoding tests, in the file's order.
    public var decode: [Decode] = []

    /// The median over the repetitions of all decoding tests, in seconds per output token; nil without any.
    public var medianTPOT: Double? {
        let all = decode.flatMap(\.secondsPerToken).sorted()
        guard !all.isEmpty else { return nil }
        return (all[(all.count - 1) / 2] + all[all.count / 2]) / 2
    }
}

extension TraceReader {
    /// Reads a `llama-bench` file as what it is: tests of a device, not requests.
    /// - Throws: as `read`.
    public func deviceBench(_ source: TraceSource) async throws(TraceError) -> DeviceBench {
        var source = source
        source.format = .llamaBench
        let workspace = try Workspace()
        defer { workspace.remove() }
        let file = try TraceFile(source.path, workspace: workspace)
        let layout = try await file.layout(duckdb, workspace: workspace)
        let plan = try await typed(TracePlan(source, layout, nil), file)
        return try await bench(plan, file)
    }

    /// The tests of a planned `llama-bench` file.
    func bench(_ plan: TracePlan, _ file: TraceFile) async throws(TraceError) -> DeviceBench {
        let query = TraceQuery(plan: plan, file: file, selection: nil, timeout: timeout)
        let user = plan.source.filter.map { "coalesce((\($0)), false)" } ?? "true"
        let depth = plan.layout.has("n_depth") ? "coalesce(\"n_depth\", 0) = 0" : "true"
        let answer = try await DuckDBSession(program: duckdb, files: [file.path]).run(
            query.setup + [
                """
                SELECT __line, "n_prompt", "n_gen", seconds FROM (\(query.relation)) WHERE \(user) AND \(depth)
                AND __bad = 0 AND seconds > 0 AND ("n_prompt" > 0) <> ("n_gen" > 0) ORDER BY __line;
                """
            ])
        try file.reject(answer)
        var bench = DeviceBench()
        var last = -1
        for row in Fields.lines(answer.output) {
            let fields = row.split(separator: UInt8(ascii: ","))
            guard fields.count == 4, let prompt = Fields.double(fields[1]), let output = Fields.double(fields[2]),
                let seconds = Fields.double(fields[3])
            else { continue }
            let line = Fields.integer(fields[0])
            let isNew = line != last
            if prompt > 0 {
                if isNew { bench.prefill.append(.init(promptTokens: Int(prompt), seconds: [])) }
                bench.prefill[bench.prefill.count - 1].seconds.append(seconds)
            } else {
                if isNew { bench.decode.append(.init(outputTokens: Int(output), secondsPerToken: [])) }
                bench.decode[bench.decode.count - 1].secondsPerToken.append(seconds / output)
            }
            last = line
        }
        return bench
    }
}
