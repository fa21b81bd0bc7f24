import Testing
import Traces

/// Each foreign format's fields, units and traps.
@Suite struct AdapterTests {
    @Test func `LLMPerf: a code or a zero is a failure, and the time per token has no TTFT in it`() async throws {
        let fixture = try Fixture()
        func row(_ code: String, _ ttft: Double, _ end: Double, _ tokens: Int) -> String {
            """
            {"error_code": \(code), "error_msg": "", "inter_token_latency_s": 9.0, "ttft_s": \(ttft),
             "end_to_end_latency_s": \(end), "number_input_tokens": 550, "number_output_tokens": \(tokens)}
            """
        }
        let rows = [
            row("null", 0.5, 2.5, 5), row("-100", 0.25, 1, 3), row("429", 0, 0, 1), row("null", 0, 0, 1),
            row("null", 1, 1, 1),
        ]
        let (read, report) = try await fixture.read(
            try fixture.file("t.json", "[" + rows.joined(separator: ",\n") + "]"), lengths: .exact, output: true)
        #expect(report.format == .llmperf && report.isDetected && report.failed == 3 && report.ok == 2)
        #expect(read.ttft == [0.5, 1, .infinity, .infinity] && read.counts == [1, 1, 2, 1])
        #expect(report.medianTPOT == 0.5)
        #expect(report.ignoredColumns == ["error_msg", "inter_token_latency_s"])
    }

    @Test func `vLLM: zeros and error texts are failures, runs may follow each other`() async throws {
        let fixture = try Fixture()
        let run = """
            {"date": "x", "request_rate": "inf", "completed": 2, "failed": 1, "num_prompts": 3, "mean_ttft_ms": 50.0, \
            "input_lens": [10, 20, 30], "output_lens": [3, 0, 5], "ttfts": [0.5, 0.0, 0.25], \
            "itls": [[0.1, 0.3], [], [0.1]], "errors": ["", "", "connection reset"], "generated_texts": ["a", "", "b"], \
            "start_times": [1.5, 2.5, 3.5]}
            """
        let text = "\(run)\n\(run)\n".replacing("\\\n", with: "")
        for name in ["t.json", "t.jsonl"] {
            let (rows, report) = try await fixture.read(
                try fixture.file(name, text), lengths: .exact, output: true)
            #expect(report.format == .vllmBench && report.isDetected)
            #expect(report.rowsIn == 6 && report.failed == 4 && report.ok == 2)
            #expect(
                rows.promptTokens == [10, 20, 30] && rows.ttft == [0.5, .infinity, .infinity]
                    && rows.counts == [2, 2, 2])
            #expect(abs(report.medianTPOT! - 0.2) < 1e-15 && report.firstArrival == nil)
        }
    }

    @Test func `vLLM: a run of many megabytes on one line`() async throws {
        let fixture = try Fixture()
        let gaps = "[" + Array(repeating: "0.0123456789012345", count: 200).joined(separator: ",") + "]"
        func list(_ value: String) -> String {
            "[" + Array(repeating: value, count: 10_000).joined(separator: ",") + "]"
        }
        let text = """
            {"completed": 10000, "input_lens": \(list("7")), "output_lens": \(list("201")), "ttfts": \(list("0.5")), \
            "itls": \(list(gaps))}
            """
        let (rows, report) = try await fixture.read(try fixture.file("t.json", text), lengths: .exact)
        #expect(text.utf8.count > 1 << 25 && rows.counts == [10_000] && report.accepted == 10_000)
    }

    @Test func `vLLM: arrays of different lengths are refused`() async throws {
        let fixture = try Fixture()
        let text = "{\"completed\": 2, \"input_lens\": [1, 2], \"output_lens\": [1], \"ttfts\": [0.5, 0.5]}"
        #expect(
            try await fixture.refusal(try fixture.file("t.json", text)).found
                == "2 input_lens, 1 output_lens and 2 ttfts")
    }

    @Test func `Azure: seven fractional digits and no zone`() async throws {
        let fixture = try Fixture()
        let text =
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:46.6805901,5,0\n"
        let (rows, report) = try await fixture.read(try fixture.file(text), lengths: .exact, ttft: false, output: true)
        #expect(rows.promptTokens == [5, 374] && rows.outputTokens == [0, 44] && rows.ttft == [0, 0])
        #expect(report.firstArrival == "2023-11-16T18:15:46Z" && report.format == .azure)
        #expect(
            try await fixture.refusal(try fixture.file(text)).found.contains(
                "azure traces have lengths and arrivals, but no TTFT"))
    }

    @Test(arguments: [
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,GPT-4,472,18,490,API log\n9,GPT-4,10,0,10,API log\n",
        """
        Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
        5,a,2.5,GPT-4,472,18,490,API log
        9,b,0.5,GPT-4,10,0,10,API log

        """,
    ])
    func `BurstGPT: both layouts, no response is a failure, elapsed time is no TTFT`(_ text: String) async throws {
        let fixture = try Fixture()
        let (rows, report) = try await fixture.read(try fixture.file(text), lengths: .exact, ttft: false, output: true)
        #expect(report.format == .burstgpt && report.ok == 1 && report.failed == 1 && rows.promptTokens == [10, 472])
        #expect(report.isOrderedByArrival && report.firstArrival == nil)
        #expect(try await fixture.refusal(try fixture.file(text)).kind == .badData)
    }

    @Test func `Mooncake: lengths and milliseconds; Qwen-Bailian is not taken for it`() async throws {
        let fixture = try Fixture()
        let line = "\"timestamp\": 61114, \"input_length\": 521, \"output_length\": 132, \"hash_ids\": [1, 2]}\n"
        let (rows, report) = try await fixture.read(
            try fixture.file("m.jsonl", "{" + line), lengths: .exact, ttft: false, output: true)
        #expect(report.format == .mooncake && rows.promptTokens == [521] && rows.outputTokens == [132])
        let error = try await fixture.refusal(try fixture.file("q.jsonl", "{\"chat_id\": 159, " + line), ttft: false)
        #expect(error.found.contains("no format of ours"))
    }

    @Test func `llama-bench: each sample is a row, decoding gives the time per token`() async throws {
        let fixture = try Fixture()
        let text = """
            [{"n_prompt": 512, "n_gen": 0, "n_depth": 0, "avg_ns": 2000000000, "samples_ns": [1000000000, 3000000000]},
             {"n_prompt": 64, "n_gen": 0, "n_depth": 0, "avg_ns": 250000000, "samples_ns": [250000000]},
             {"n_prompt": 64, "n_gen": 0, "n_depth": 512, "avg_ns": 990000000, "samples_ns": [990000000]},
             {"n_prompt": 0, "n_gen": 128, "n_depth": 0, "avg_ns": 6400000000, "samples_ns": [6400000000, 12800000000]},
             {"n_prompt": 64, "n_gen": 128, "n_depth": 0, "avg_ns": 6600000000, "samples_ns": [6600000000]}]
            """
        let path = try fixture.file("b.json", text)
        let (rows, report) = try await fixture.read(path, lengths: .exact)
        #expect(report.format == .llamaBench && report.isDetected)
        #expect(rows.promptTokens == [64, 512, 512] && rows.ttft == [0.25, 1, 3])
        #expect(report.rowsIn == 7 && report.accepted == 3 && report.filtered == 4)
        #expect(report.notes.contains { $0.contains("no tokenizing or sampling time") })
        #expect(abs(report.medianTPOT! - 0.075) < 1e-15)
        let bench = try await fixture.reader.deviceBench(TraceSource(path: path))
        #expect(bench.prefill.map(\.promptTokens) == [512, 64] && bench.prefill.map(\.seconds) == [[1, 3], [0.25]])
        #expect(bench.decode.map(\.outputTokens) == [128] && bench.decode[0].secondsPerToken == [0.05, 0.1])
    }

    @Test func `a named format must have its columns`() async throws {
        let fixture = try Fixture()
        let error = try await fixture.refusal(try fixture.file("ttft\n1\n"), .llmperf)
        #expect(error.found.contains("no column ttft_s") && error.wanted == "a llmperf trace")
    }
}
