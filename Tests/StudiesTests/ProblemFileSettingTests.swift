import Serving
import Studies
import Testing
import Traces

/// `--set path=value`.
@Suite struct ProblemFileSettingTests {
    @Test func `a setting makes the sections on its way`() throws {
        let problem = try readProblem(
            minimalProblem, set: ["limits.device.prefill_share.at_most=0.1", "reader.tokens_per_second=5"])
        #expect(problem.limits == [Problem.Limit(metric: .devicePrefillShare, atMost: 0.1)])
        #expect(problem.readers == Readers(tokensPerSecond: 5))
    }

    @Test func `a setting wins over the file, and a later over an earlier`() throws {
        #expect(try readProblem(minimalProblem + "timeout: 10\n", set: ["timeout=20"]).timeout == 20)
        #expect(try readProblem(minimalProblem, set: ["timeout=20", "timeout = 30"]).timeout == 30)
        #expect(try readProblem(minimalProblem + "timeout: never\n", set: ["timeout=20"]).timeout == 20)
    }

    @Test(arguments: [
        ("limits.ttft.p99.at_most=2", Metric.ttftP99), ("limits.ttft.p99.9.at_most=2", .ttftP999),
        ("limits.ttft.mean.at_most=2", .ttftMean), ("limits.ttft.p99.9={at_most: 2}", .ttftP999),
        ("limits.ttft.p97.5.at_most=2", Metric(rawValue: "ttft.p97.5") ?? .ttftMean),
        ("limits.ttft.p1={at_most: 2}", Metric(rawValue: "ttft.p1") ?? .ttftMean),
    ]) func `names with dots are found, the longest first`(_ setting: String, _ metric: Metric) throws {
        #expect(try readProblem(minimalProblem, set: [setting]).limits == [Problem.Limit(metric: metric, atMost: 2)])
    }

    @Test func `lists, mappings and texts with = are values too`() throws {
        let problem = try readProblem(
            minimalProblem,
            set: [
                "workload.buckets={by: edges, edges: [1, 64]}", "endpoints.server.trace.where=\"region = 'iad'\"",
                "endpoints.server.trace.columns.prompt_tokens=n_in * 2", "objective=ttft.p99",
            ])
        #expect(problem.workload.buckets == .edges([1, 64]))
        #expect(
            problem.server.ttft
                == .trace(
                    TraceSource(path: "server.csv", columns: ["prompt_tokens": "n_in * 2"], filter: "region = 'iad'")))
        #expect(problem.objective == .ttftP99)
    }

    @Test func `a short form grows into the mapping it stands for`() throws {
        #expect(
            try readProblem(minimalProblem, set: ["workload.trace.format=azure"]).workload.trace
                == TraceSource(path: "prompts.csv", format: .azure))
        #expect(try readProblem(minimalProblem + "split: none\n", set: ["split.tuning_share=0.5"]).tuningShare == 0.5)
        #expect(try readProblem(minimalProblem, set: ["split=none"]).tuningShare == nil)
    }

    @Test func `null removes a field, and a section that it leaves empty`() throws {
        let text = minimalProblem + "timeout: 10\nlimits: {ttft.mean: {at_most: 1}}\nreader: {tokens_per_second: 5}\n"
        let removals = [
            "timeout=null", "limits.ttft.mean.at_most=~", "reader.tokens_per_second=null", "exchange.per_joule=null",
        ]
        #expect(try readProblem(text, set: removals).sha256 == readProblem(minimalProblem).sha256)
        let swap = ["endpoints.device.ttft=null", "endpoints.device.trace=phone.csv"]
        #expect(try readProblem(minimalProblem, set: swap).device.ttft == .trace(TraceSource(path: "phone.csv")))
    }

    @Test func `a required field may come from the command line alone`() throws {
        let text = minimalProblem.replacing("workload: {trace: prompts.csv}\n", with: "")
        #expect(try readProblem(text, set: ["workload.trace=p.csv"]).workload.trace.path == "p.csv")
    }

    @Test(arguments: [
        ("timeout", 8, "--set limits.device.prefill_share.at_most=0.1"), ("=3", 1, ""), ("", 1, ""),
        ("timeout=", 9, "timeout=null"),
        ("timout=3", 1, "`timeout`"),
        ("limits.device.prefill_shar.at_most=0.1", 8, "`limits.device.prefill_share.at_most`"),
        ("limits.device.prefill_share.atmost=0.1", 29, "`limits.device.prefill_share.at_most`"),
        ("device.price.decode=1", 1, "`endpoints.device.price.decode`"),
        ("device.prefill_share=1", 1, "`limits.device.prefill_share`"),
        ("endpoints.serve.tpot=1", 11, "`endpoints.server.tpot`"), ("timeout.seconds=3", 9, "--set timeout="),
        ("limits.ttft.p100.at_most=1", 8, "above 0 and below 100"), ("limits.ttft.p097.5.at_most=1", 8, "`ttft.p97.5`"),
        ("limits..at_most=3", 8, ""), (".=3", 1, ""),
    ]) func `a setting that cannot be read is a usage error with its place`(
        _ setting: String, _ column: Int, _ advice: String
    ) {
        expectSettingRefused(of: setting, column: column, advice: advice.isEmpty ? nil : advice)
    }

    @Test(arguments: [
        ("timeout=-3", 9), ("timeout=soon", 9), ("timeout=[", 10), ("timeout=3: 4: 5", 13), ("timeout=*a", 9),
        ("limits.ttft.mean={at_most: 1, at_least: 2}", 41), ("split.tuning_share=1", 20), ("timeout=&a 3", 9),
        ("limits={ttft.mean: {atmost: 1}}", 21), ("version=2", 9),
    ]) func `a setting's wrong value is a usage error with its place`(_ setting: String, _ column: Int) {
        expectSettingRefused(of: setting, column: column)
    }

    @Test func `the message shows the setting with a caret`() throws {
        let error = try #require(problemError(in: minimalProblem, set: ["limits.device.prefill_share.at_most=20"]))
        #expect(
            error.description == """
                --set: limits.device.prefill_share.at_most: found `20`, wanted a share from 0 to 1
                    limits.device.prefill_share.at_most=20
                                                        ^
                    20 % is written 0.2.
                """)
    }

    @Test func `a wrong file beside a wrong setting is bad data`() throws {
        let error = try #require(problemError(in: minimalProblem + "timeout: 0\n", set: ["disco.alpha=7"]))
        #expect(error.kind == .badData && error.findings.map(\.field) == ["disco.alpha", "timeout"])
    }

    @Test func `a file that is not YAML is not hidden by a setting`() throws {
        #expect(try #require(problemError(in: "hello\n", set: ["version=1"])).findings[0].found == "`hello`")
    }
}
