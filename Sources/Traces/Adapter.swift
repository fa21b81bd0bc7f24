/// The columns of a canonical request row (docs/formats.md).
enum CanonicalColumn: String, Sendable, CaseIterable {
    case promptTokens = "prompt_tokens"
    case outputTokens = "output_tokens"
    case ttft, tpot, tbt
    case arrivedAt = "arrived_at"
    case outcome, endpoint
    case tenant = "class"
}

/// How a foreign format's columns map onto the canonical row: SQL expressions over its own columns.
struct Adapter: Sendable {
    /// What a column of the file is read as.
    enum ColumnType: Sendable {
        case text, number, time, boolean
    }

    let format: TraceFormat
    /// Columns that must be there.
    var required: [String] = []
    /// Types of the columns that `mapping` uses.
    var types: [String: ColumnType] = [:]
    /// Expressions by canonical column, over quoted column names.
    var mapping: [CanonicalColumn: String] = [:]
    /// Rows that are measurements, but not of requests, are left out as `filtered`.
    var filter: String?
    /// Remarks for the report.
    var notes: [String] = []
    /// What lengths-only formats say when TTFT is asked of them.
    var hasTTFT = true

    /// The adapter of `format` for a file with these columns.
    static func of(_ format: TraceFormat, _ layout: Layout) -> Adapter {
        switch format {
        case .canonical: Adapter(format: .canonical)
        case .llmperf: llmperf
        case .vllmBench: vllmBench
        case .llamaBench: llamaBench(layout)
        case .azure: azure
        case .burstgpt: burstgpt(layout)
        case .mooncake: mooncake
        }
    }

    /// LLMPerf: `inter_token_latency_s` includes TTFT, so the time per token comes from the ends; a failed row may
    /// carry plausible times.
    private static let llmperf = Adapter(
        format: .llmperf,
        required: ["ttft_s", "number_input_tokens", "number_output_tokens", "end_to_end_latency_s"],
        types: [
            "ttft_s": .number, "number_input_tokens": .number, "number_output_tokens": .number,
            "end_to_end_latency_s": .number, "error_code": .text,
        ],
        mapping: [
            .promptTokens: "\"number_input_tokens\"", .outputTokens: "\"number_output_tokens\"", .ttft: "\"ttft_s\"",
            .tpot: """
            CASE WHEN "number_output_tokens" > 1
            THEN ("end_to_end_latency_s" - "ttft_s") / ("number_output_tokens" - 1) END
            """,
            .outcome:
                "CASE WHEN \"ttft_s\" = 0 OR \"ttft_s\" IS NULL OR \"error_code\" IS NOT NULL THEN 'failed' ELSE 'ok' END",
        ],
        notes: ["time per output token is (end to end - TTFT) / (tokens - 1): inter_token_latency_s includes TTFT"])

    /// vLLM's arrays, one row a request (`VLLMBench` makes the columns).
    private static let vllmBench = Adapter(
        format: .vllmBench,
        types: [
            "input_len": .number, "output_len": .number, "ttft": .number, "tpot": .number, "start_time": .number,
            "has_error": .number,
        ],
        mapping: [
            .promptTokens: "\"input_len\"", .outputTokens: "\"output_len\"", .ttft: "\"ttft\"", .tpot: "\"tpot\"",
            .arrivedAt: "\"start_time\"", .tbt: "\"tbt\"",
            .outcome:
                "CASE WHEN \"has_error\" = 1 OR (\"ttft\" = 0 AND \"output_len\" = 0) THEN 'failed' ELSE 'ok' END",
        ])

    /// llama-bench: one row a sample of prompt processing (`seconds` is made by `TracePlan`).
    private static func llamaBench(_ layout: Layout) -> Adapter {
        var adapter = Adapter(
            format: .llamaBench, required: ["n_prompt", "n_gen", "avg_ns"],
            types: ["n_prompt": .number, "n_gen": .number, "avg_ns": .number, "samples_ns": .text, "n_depth": .number],
            mapping: [.promptTokens: "\"n_prompt\"", .ttft: "\"seconds\"", .endpoint: "'device'"],
            filter: "\"n_prompt\" > 0 AND \"n_gen\" = 0",
            notes: ["llama-bench measures prompt processing: no tokenizing or sampling time"])
        if layout.has("n_depth") {
            adapter.filter = "\"n_prompt\" > 0 AND \"n_gen\" = 0 AND coalesce(\"n_depth\", 0) = 0"
        }
        return adapter
    }

    private static let azure = Adapter(
        format: .azure, required: ["TIMESTAMP", "ContextTokens", "GeneratedTokens"],
        types: ["TIMESTAMP": .text, "ContextTokens": .number, "GeneratedTokens": .number],
        mapping: [
            .promptTokens: "\"ContextTokens\"", .outputTokens: "\"GeneratedTokens\"", .arrivedAt: "\"TIMESTAMP\"",
        ],
        notes: ["timestamps carry no zone and are taken as UTC"], hasTTFT: false)

    /// BurstGPT in both layouts; `Elapsed time` is the whole response, never a TTFT.
    private static func burstgpt(_ layout: Layout) -> Adapter {
        Adapter(
            format: .burstgpt, required: ["Timestamp", "Request tokens", "Response tokens"],
            types: ["Timestamp": .number, "Request tokens": .number, "Response tokens": .number],
            mapping: [
                .promptTokens: "\"Request tokens\"", .outputTokens: "\"Response tokens\"", .arrivedAt: "\"Timestamp\"",
                .outcome: "CASE WHEN \"Response tokens\" = 0 THEN 'failed' ELSE 'ok' END",
            ],
            notes: layout.has("Elapsed time") ? ["Elapsed time is the whole response, not a TTFT: not read"] : [],
            hasTTFT: false)
    }

    private static let mooncake = Adapter(
        format: .mooncake, required: ["timestamp", "input_length", "output_length"],
        types: ["timestamp": .number, "input_length": .number, "output_length": .number],
        mapping: [
            .promptTokens: "\"input_length\"", .outputTokens: "\"output_length\"", .arrivedAt: "\"timestamp\" / 1000",
        ], hasTTFT: false)
}
