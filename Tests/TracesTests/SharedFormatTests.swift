import Testing
import Traces

/// The format examples: read right, or refused with file, what was found and what was wanted.
@Suite struct SharedFormatTests {
    private static func path(_ name: String) -> String { "\(Fixture.shared ?? "")/formats/\(name)" }

    @Test(
        .enabled(if: Fixture.has("formats"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [
            ("azure_llm_2023.csv", TraceFormat.azure, 5, 0, 5), ("burstgpt.csv", .burstgpt, 3, 0, 3),
            ("mooncake.jsonl", .mooncake, 3, 0, 3), ("llmperf_individual_responses.json", .llmperf, 4, 1, 4),
            ("vllm_bench_serve_detailed_2024.trimmed.json", .vllmBench, 10, 1, 10),
            ("vllm_bench_serve_all_failed_v0.25.1.json", .vllmBench, 8, 8, 8),
            ("llama_bench.json", .llamaBench, 10, 0, 5),
        ])
    func `is read`(_ name: String, _ format: TraceFormat, _ rows: Int, _ failed: Int, _ accepted: Int) async throws {
        let needsTTFT = ![.azure, .burstgpt, .mooncake].contains(format)
        let (read, report) = try await Fixture().read(Self.path(name), ttft: needsTTFT)
        #expect(report.format == format && report.isDetected)
        #expect(report.rowsIn == rows && report.failed == failed && report.accepted == accepted, "\(name)")
        #expect(read.requests == accepted && report.rowsIn == report.accepted + report.filtered + report.rejected)
    }

    @Test(
        .enabled(if: Fixture.has("formats"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [
            ("llama_bench_m1_8gb.md", "Markdown"), ("llama_bench.csv", "found 41 fields"),
            ("vllm_bench_serve_summary_v0.25.1.json", "--save-detailed"),
            ("qwen_bailian.jsonl", "input_length"), ("servegen_trace.csv", "2.965"),
            ("vidur_trace.csv", "num_prefill_tokens"),
            ("thefastest_latest.json", "results"), ("guidellm_report_v2.trimmed.json", "benchmarks"),
            ("genai_perf_profile_export.json", "experiments"), ("llmperf_summary.json", "results_ttft_s"),
            ("aiperf_profile_export.jsonl", "metrics"),
            ("aiperf_profile_export_aiperf.trimmed.json", "time_to_first_token"),
            ("inference_perf_stage_lifecycle_metrics.json", "load_summary"),
            ("otel_flat_trace_inference_perf.json", "trace_id"), ("servegen_dataset.trimmed.json", "no format of ours"),
            ("thefastest_history.csv", "ttft_s"), ("llm_profiler_phone_energy.csv", "prefill_len"),
            ("tomdoerr_deepseek_old.csv", "first_token_latency_ms / 1000"),
            ("tomdoerr_deepseek_new_ragged.csv", "first_token_latency_ms / 1000"),
        ])
    func `is refused with what was found`(_ name: String, _ part: String) async throws {
        let error = try await Fixture().refusal(Self.path(name))
        #expect(error.kind == .badData && error.description.hasPrefix(Self.path(name)))
        #expect(error.description.contains(part), "\(error.description)")
        #expect(error.wanted != nil || error.advice != nil)
    }

    @Test(
        .enabled(if: Fixture.has("formats"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [
            ("tomdoerr_deepseek_old.csv", ["ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"], 5, 0),
            (
                "tomdoerr_deepseek_new_ragged.csv",
                ["ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"], 8, 1
            ),
            ("thefastest_history.csv", ["ttft": "ttft_s"], 5, 0),
            ("vidur_trace.csv", ["prompt_tokens": "num_prefill_tokens", "output_tokens": "num_decode_tokens"], 3, 0),
            ("qwen_bailian.jsonl", ["prompt_tokens": "input_length", "arrived_at": "timestamp"], 1, 0),
            (
                "llm_profiler_phone_energy.csv",
                ["prompt_tokens": "prefill_len", "ttft": "prefill_len / prefill_token_speed"], 5, 0
            ),
            ("aiperf_profile_export.jsonl", ["ttft": "(metrics->'$.request_latency.value')::DOUBLE / 1000"], 2, 1),
        ])
    func `is read by mapped columns`(_ name: String, _ columns: [String: String], _ rows: Int, _ failed: Int)
        async throws
    {
        let (_, report) = try await Fixture().read(
            Self.path(name), columns: columns, maxRejected: 0.5, ttft: columns["ttft"] != nil)
        #expect(report.rowsIn == rows && report.failed == failed, "\(report)")
        #expect(report.format == .canonical)
    }
}
