internal import Spelling

extension TraceFormat {
    /// The format whose columns these are; nil where none fits.
    static func detect(_ layout: Layout) -> TraceFormat? {
        if layout.has("ttfts", "input_lens") || layout.has("mean_ttft_ms", "completed") { return .vllmBench }
        if layout.has("ttft_s", "end_to_end_latency_s", "number_output_tokens") { return .llmperf }
        if layout.has("n_prompt", "n_gen", "avg_ns") { return .llamaBench }
        if layout.has("TIMESTAMP", "ContextTokens", "GeneratedTokens") { return .azure }
        if layout.has("Timestamp", "Request tokens", "Response tokens") { return .burstgpt }
        // Qwen-Bailian looks the same, but counts its timestamps in seconds and has a chat.
        if layout.has("timestamp", "input_length", "output_length"), !layout.has("chat_id") { return .mooncake }
        if layout.has("ttft") || layout.has("prompt_tokens") { return .canonical }
        return nil
    }

    /// What a file of unknown columns is refused with.
    static func undetected(_ layout: Layout, file: String) -> TraceError {
        TraceError(
            .badData, file: file, found: "no format of ours has these columns: \(list(layout.columns))",
            wanted: "ttft or prompt_tokens, or a named format", advice: mappingAdvice(layout))
    }

    /// How to map a file's own columns, with its likeliest ones as the example.
    static func mappingAdvice(_ layout: Layout, for missing: CanonicalColumn = .ttft) -> String {
        let near = nearest(missing.rawValue, in: layout.columns) ?? "first_token_s"
        let isMilliseconds = near.lowercased().contains("ms")
        return
            "Map them in the problem file: `columns: {\(missing.rawValue): \"\(isMilliseconds ? near + " / 1000" : near)\"}`"
    }

    /// Names as a list for messages, shortened.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).map { String($0.prefix(40)) }.joined(separator: ", ")
        return names.isEmpty ? "none" : names.count > 12 ? shown + " and \(names.count - 12) more" : shown
    }

    /// The name most like `wanted`: one that holds a word of it, else one within a few edits.
    static func nearest(_ wanted: String, in names: [String]) -> String? {
        let hints: [String: [String]] = [
            "ttft": ["ttft", "first_token", "firsttoken", "time_to_first", "first"],
            "prompt_tokens": ["prompt_tok", "input_tok", "prompt", "input", "n_in", "context"],
        ]
        for hint in hints[wanted] ?? [] {
            if let name = names.first(where: { $0.lowercased().contains(hint) }) { return name }
        }
        return Spelling.nearest(to: wanted, among: names)
    }
}
