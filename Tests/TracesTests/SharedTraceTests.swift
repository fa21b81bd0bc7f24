import Testing
import Traces

/// Real traces, read or refused as they deserve; skipped where the folder is missing.
@Suite struct SharedTraceTests {
    private static func path(_ name: String) -> String { "\(Fixture.shared ?? "")/\(name)" }

    private static let deepseek = "traces/deepseek_api/deepseek_streaming_clean.csv"
    private static let deepseekColumns = ["ttft": "first_token_latency_ms / 1000", "arrived_at": "timestamp"]

    @Test(.enabled(if: Fixture.has(deepseek), "public traces: set DISCO_SHARED to their folder"))
    func `the DeepSeek trace is read by mapped columns`() async throws {
        let (rows, report) = try await Fixture().read(
            Self.path(Self.deepseek), columns: Self.deepseekColumns, tuning: 0.7)
        #expect(report.rowsIn == 3159 && report.accepted == 3159 && report.failed == 0)
        #expect(abs(rows.quantile(0.5) - 1.139) < 0.001)
        #expect(abs(rows.quantile(0.99) - 6.50) < 0.01)
        #expect(report.isOrderedByArrival && report.tuningRows == 2211)
        #expect(report.firstArrival == "2025-01-11T04:21:02Z")
        #expect(report.ignoredColumns == ["total_latency_ms", "tokens_per_second", "total_tokens"])
        #expect(report.sha256.count == 64)
    }

    @Test(.enabled(if: Fixture.has(deepseek), "public traces: set DISCO_SHARED to their folder"))
    func `the DeepSeek trace without a mapping says which column to map`() async throws {
        let error = try await Fixture().refusal(Self.path(Self.deepseek))
        #expect(error.kind == .badData)
        #expect(error.description.contains("columns: {ttft: \"first_token_latency_ms / 1000\"}"))
    }

    @Test(
        .enabled(
            if: Fixture.has("traces/deepseek_api/deepseek_performance_old_raw.csv"),
            "public traces: set DISCO_SHARED to their folder"))
    func `the unfiltered DeepSeek trace has 82 ragged rows`() async throws {
        let fixture = try Fixture()
        let path = Self.path("traces/deepseek_api/deepseek_performance_old_raw.csv")
        let error = try await fixture.refusal(path, columns: Self.deepseekColumns)
        #expect(error.line == 3166)
        #expect(error.description.contains("too many fields (found 6 fields)"))
        #expect(error.description.contains("wanted 5 fields"))
        let (_, report) = try await fixture.read(path, columns: Self.deepseekColumns, maxRejected: 0.05)
        #expect(report.rowsIn == report.accepted + report.rejected)
    }

    @Test(
        .enabled(
            if: Fixture.has("traces/deepseek_api/deepseek_performance_new_raw.csv"),
            "public traces: set DISCO_SHARED to their folder"))
    func `the outage trace is refused for its 8 fields and read as far as it goes when that is allowed`() async throws {
        let fixture = try Fixture(timeout: 1e6)
        let path = Self.path("traces/deepseek_api/deepseek_performance_new_raw.csv")
        let error = try await fixture.refusal(path, columns: Self.deepseekColumns)
        #expect(error.description.contains("4233 of 7753 rows rejected"))
        #expect(error.line == 3522)
        let (rows, report) = try await fixture.read(path, columns: Self.deepseekColumns, maxRejected: 1)
        #expect(report.rowsIn == 7753 && report.accepted == 3520 && report.rejected == 4233)
        #expect(report.failed == 861 && rows.allTTFT.filter(\.isInfinite).count == report.failed)
    }

    @Test(
        .enabled(
            if: Fixture.has("traces/llmperf_leaderboard/individual"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [
            ("anyscale_70b", 150, 0), ("bedrock_13b", 150, 97), ("groq_70b", 150, 0), ("lepton_70b", 150, 130),
            ("together_13b", 150, 1),
        ])
    func `LLMPerf responses are detected`(_ name: String, _ count: Int, _ failed: Int) async throws {
        let (rows, report) = try await Fixture(timeout: 200).read(
            Self.path("traces/llmperf_leaderboard/individual/\(name).json"), lengths: .exact, output: true)
        #expect(report.format == .llmperf && report.isDetected)
        #expect(report.accepted == count && report.failed == failed)
        #expect(Set(rows.promptTokens) == [550])
    }

    @Test(
        .enabled(
            if: Fixture.has("traces/llmperf_leaderboard/all_requests.csv"),
            "public traces: set DISCO_SHARED to their folder"))
    func `LLMPerf rows flattened to CSV are read by provider`() async throws {
        let fixture = try Fixture(timeout: 200)
        let path = Self.path("traces/llmperf_leaderboard/all_requests.csv")
        let all = try await fixture.read(path)
        #expect(all.report.failed == 539)
        #expect(all.report.rowsIn == 2845 && all.report.format == .llmperf)
        let some = try await fixture.read(path, where: "provider = 'lepton' AND model = '70b'")
        #expect(some.report.filtered == 2695 && some.report.accepted == 150 && some.report.failed == 130)
    }

    @Test(.enabled(if: Fixture.has("traces/thefastest_ai"), "public traces: set DISCO_SHARED to their folder"))
    func `thefastest has one row without time`() async throws {
        let fixture = try Fixture()
        let (_, report) = try await fixture.read(
            Self.path("traces/thefastest_ai/thefastest_history.csv"), columns: ["ttft": "ttft_s", "arrived_at": "time"])
        #expect(report.rowsIn == 5985 && report.rejected == 1)
        #expect(report.rejections.first?.reason == "ttft is not positive")
        #expect(report.rejections.first?.firstLine == 2610)
    }

    @Test(
        .enabled(if: Fixture.has("traces/azure_2023"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [("code", 8819), ("conv", 19_366)])
    func `Azure traces give lengths and arrivals`(_ name: String, _ count: Int) async throws {
        let fixture = try Fixture()
        let path = Self.path("traces/azure_2023/AzureLLMInferenceTrace_\(name).csv")
        let (rows, report) = try await fixture.read(path, lengths: .exact, ttft: false, output: true, tuning: 0.7)
        #expect(report.format == .azure && report.accepted == count && report.ok == count)
        #expect(rows.requests == count)
        #expect(try await fixture.refusal(path).description.contains("no TTFT"))
    }

    @Test(
        .enabled(if: Fixture.has("traces/mooncake"), "public traces: set DISCO_SHARED to their folder"),
        arguments: [("conversation", 12_031), ("synthetic", 3993)])
    func `Mooncake traces give lengths and offsets`(_ name: String, _ count: Int) async throws {
        let (_, report) = try await Fixture().read(
            Self.path("traces/mooncake/\(name)_trace.jsonl"), lengths: .doublings, ttft: false)
        #expect(report.format == .mooncake && report.accepted == count && report.firstArrival == nil)
        #expect(report.ignoredColumns == ["hash_ids"])
    }

    @Test(.enabled(if: Fixture.has("traces/phone_energy"), "public traces: set DISCO_SHARED to their folder"))
    func `phones are device traces by mapped columns`() async throws {
        let (rows, report) = try await Fixture().read(
            Self.path("traces/phone_energy/phones_all.csv"),
            columns: [
                "prompt_tokens": "prefill_len", "ttft": "prefill_len / prefill_token_speed",
                "tpot": "1 / decode_token_speed", "output_tokens": "decode_len",
            ], where: "phone = 'mate40pro'", lengths: .exact)
        #expect(report.rowsIn == 144 && report.accepted == 36 && report.filtered == 108)
        #expect(rows.promptTokens.first == 64 && abs(rows.ttft[0] - 0.4775) < 1e-4)
    }
}
