import Costs
import Policies
import Serving
import Studies
import Testing
import Traces

/// What each field becomes in `Problem`.
@Suite struct ProblemFileFieldTests {
    @Test func `the shortest file gets every default`() throws {
        let problem = try readProblem(minimalProblem)
        #expect(problem.workload.trace == TraceSource(path: "prompts.csv"))
        #expect(problem.workload.buckets == .quantile(count: 32))
        #expect(problem.server == Problem.EndpointSpec(ttft: .trace(TraceSource(path: "server.csv"))))
        #expect(problem.device.ttft == .formula(intercept: 0.1, perToken: 0.01, perTokenSquared: 0))
        #expect(problem.objective == .ttftMean)
        #expect(problem.limits.isEmpty)
        #expect(problem.moneyPerJoule == nil && problem.readers == nil)
        #expect(problem.migration == MigrationRules(network: 0, transfer: 0, epsilon: 0.01, allowsStall: false))
        #expect(!problem.isDeterministic)
        #expect(problem.timeout == 60 && problem.tuningShare == 0.7 && problem.discoAlpha == 0.05)
        #expect(problem.confidence == nil && problem.budgetWindowHours == 24)
        #expect(problem.asOf == nil && problem.validityDays == nil && problem.revision == 1)
        #expect(problem.path == "problem.yaml" && problem.sha256.count == 64)
    }

    @Test func `the example reads, and says what the design's problem says`() throws {
        let problem = try readProblem(ProblemFile.example, path: "studies/example.yaml")
        #expect(problem.workload.trace == TraceSource(path: "studies/prompts.csv", format: .canonical))
        #expect(problem.server.ttft == .trace(TraceSource(path: "studies/server.csv", format: .llmperf)))
        let price = try #require(problem.server.price)
        #expect(price.prefill == 0.14 / 1e6 && price.decode == 0.28 / 1e6 && price.currency == "USD")
        #expect(price.date == "2025-01-15" && price.source == "the provider's price list")
        #expect(problem.device.ttft == .formula(intercept: 0.148, perToken: 0.00668, perTokenSquared: 0))
        #expect(problem.device.energy == Problem.Energy(prefill: 0.025, decode: 0.155))
        #expect(problem.device.tpot == 0.084 && problem.server.tpot == 0.021)
        #expect(problem.moneyPerJoule == 5e-8 && problem.readers == Readers(tokensPerSecond: 4.8))
        #expect(problem.limits == [Problem.Limit(metric: .devicePrefillShare, atMost: 0.2)])
    }

    @Test func `the example with its optional fields uncommented reads, and has the same defaults`() throws {
        let optional = [
            "buckets:", "  by:", "  count:", "condition_on:", "timeout:", "split:", "disco:", "max_rejected:",
            "deterministic:", "migration:",
        ]
        let lines = ProblemFile.example.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let isOptional = optional.contains { line.drop { $0 == " " }.starts(with: "# " + $0) }
            return isOptional ? String(line).replacing("# ", with: "", maxReplacements: 1) : String(line)
        }
        let text = lines.joined(separator: "\n")
        #expect(text != ProblemFile.example)
        #expect(try readProblem(text).sha256 == readProblem(ProblemFile.example).sha256)
    }

    @Test func `a trace has a path, a format, columns, a filter and a tolerance`() throws {
        let text = minimalProblem.replacing(
            "{trace: prompts.csv}",
            with: """
                {trace: {path: /logs/a b.csv, format: vllm-bench, columns: {ttft: "ms / 1000", prompt_tokens: n},
                  where: "region = 'iad'", max_rejected: 0.5}}
                """)
        #expect(
            try readProblem(text).workload.trace
                == TraceSource(
                    path: "/logs/a b.csv", format: .vllmBench, columns: ["ttft": "ms / 1000", "prompt_tokens": "n"],
                    filter: "region = 'iad'", maxRejected: 0.5))
    }

    @Test(arguments: TraceFormat.allCases) func `every trace format is read by its name`(_ format: TraceFormat) throws {
        let problem = try readProblem(problemText(server: "trace: {path: a, format: \(format.rawValue)}"))
        #expect(problem.server.ttft == .trace(TraceSource(path: "a", format: format)))
    }

    @Test(arguments: Metric.reported + ["ttft.p0.1", "ttft.p97.5", "ttft.p99.999999"].compactMap(Metric.init))
    func `every metric is an objective and can be limited`(_ metric: Metric) throws {
        let text = problemText(
            device: "ttft: {intercept: 1}, price: {prefill: 0, decode: 0}, energy: {prefill: 1, decode: 1}")
        let problem = try readProblem(
            text
                + "reader: {tokens_per_second: 4}\nobjective: \(metric.rawValue)\nlimits:\n  \(metric.rawValue): {at_least: 0.5, at_most: 0.5}\n"
        )
        #expect(problem.objective == metric)
        #expect(problem.limits == [Problem.Limit(metric: metric, atMost: 0.5, atLeast: 0.5)])
    }

    @Test func `limits come in the order of the metrics, not of the file`() throws {
        let problem = try readProblem(
            minimalProblem + """
                limits: {failed_share: {at_most: 0.1}, ttft.p99: {at_most: 2}, ttft.p97.5: {at_most: 2},
                  ttft.p9: {at_most: 1}, ttft.mean: {at_most: 1}}

                """)
        #expect(
            problem.limits.map(\.metric.rawValue) == ["ttft.mean", "ttft.p9", "ttft.p97.5", "ttft.p99", "failed_share"])
    }

    @Test func `quantiles are reported where the problem names them, beside the usual ones`() throws {
        #expect(try readProblem(minimalProblem).reportedQuantiles == Metric.reportedQuantiles)
        let problem = try readProblem(
            minimalProblem + "objective: ttft.p97.5\nlimits: {ttft.p1: {at_most: 2}, ttft.p99: {at_most: 2}}\n")
        #expect(
            problem.reportedQuantiles.map(\.rawValue) == [
                "ttft.p1", "ttft.p50", "ttft.p90", "ttft.p95", "ttft.p97.5", "ttft.p99", "ttft.p99.9",
            ])
    }

    @Test(arguments: [
        ("{by: quantile}", Problem.BucketChoice.quantile(count: 32)), ("{count: 8}", .quantile(count: 8)),
        ("{by: exact}", .exact), ("{by: edges, edges: [1, 64]}", .edges([1, 64])),
        ("{by: edges, edges: [64, 1e3]}", .edges([1, 64, 1000])), ("", .quantile(count: 32)),
        ("{by: optimal}", .optimal(count: 32)), ("{by: optimal, count: 5}", .optimal(count: 5)),
    ]) func `buckets are chosen by a rule`(_ yaml: String, _ choice: Problem.BucketChoice) throws {
        let text = minimalProblem.replacing("{trace: prompts.csv}", with: "\n  trace: prompts.csv\n  buckets: \(yaml)")
        #expect(try readProblem(text).workload.buckets == choice)
    }

    @Test(arguments: [
        ("none", Problem.Conditioning.pooled), ("prompt_tokens", .promptTokens(lowerEdges: [])),
        ("{prompt_tokens: [1, 64, 256]}", .promptTokens(lowerEdges: [1, 64, 256])),
        ("{prompt_tokens: [64]}", .promptTokens(lowerEdges: [1, 64])),
        ("{prompt_tokens: auto}", .promptTokens(lowerEdges: [])), ("hour_of_day", .pooled),
    ]) func `TTFT may be conditioned on the prompt length`(_ yaml: String, _ choice: Problem.Conditioning) throws {
        #expect(try readProblem(problemText(server: "trace: a, condition_on: \(yaml)")).server.conditioning == choice)
    }

    @Test(
        arguments: [
            ("none", Problem.Conditioning.pooled, nil), ("hour_of_day", .pooled, .chosen),
            ("{hour_of_day: auto}", .pooled, .chosen), ("{hour_of_day: [0, 8, 18]}", .pooled, .starting([0, 8, 18])),
            ("{hour_of_day: [6, 23]}", .pooled, .starting([6, 23])),
            (
                "{prompt_tokens: [1, 64], hour_of_day: [0, 8]}", .promptTokens(lowerEdges: [1, 64]), .starting([0, 8])
            ), ("{hour_of_day: auto, prompt_tokens: auto}", .promptTokens(lowerEdges: []), .chosen),
        ] as [(String, Problem.Conditioning, Problem.PeriodChoice?)])
    func `the server's TTFT may be conditioned on the hour of the day, and on the length besides`(
        _ yaml: String, _ lengths: Problem.Conditioning, _ periods: Problem.PeriodChoice?
    ) throws {
        let problem = try readProblem(problemText(server: "trace: a, condition_on: \(yaml)"))
        #expect(problem.server.conditioning == lengths && problem.server.periods == periods)
    }

    @Test(arguments: ["⚑hour_of_day", "{⚑hour_of_day: [0, 8]}", "{prompt_tokens: [1, 2], ⚑hour_of_day: auto}"])
    func `the device knows no hour of the day`(_ yaml: String) {
        expectProblemFinding(
            in: problemText(server: "trace: a", device: "trace: b, condition_on: \(yaml)"))
    }

    @Test func `either endpoint may be a trace or a formula`() throws {
        let problem = try readProblem(
            problemText(
                server: "ttft: {intercept: 0.3, per_token_squared: 1e-9}", device: "trace: phone.csv, residuals: none"))
        #expect(problem.server.ttft == .formula(intercept: 0.3, perToken: 0, perTokenSquared: 1e-9))
        #expect(problem.device.ttft == .trace(TraceSource(path: "phone.csv")))
        #expect(!problem.device.usesResiduals)
    }

    @Test(arguments: [("true", true), ("false", false)])
    func `a problem may do without mixtures`(_ word: String, _ isDeterministic: Bool) throws {
        #expect(try readProblem(minimalProblem + "deterministic: \(word)\n").isDeterministic == isDeterministic)
        let set = try readProblem(minimalProblem + "deterministic: maybe\n", set: ["deterministic=\(word)"])
        #expect(set.isDeterministic == isDeterministic)
    }

    @Test(arguments: [
        ("24h", 24), ("24", 24), ("1h", 1), ("7d", 168), ("365d", 8760), ("8760", 8760), ("'7d'", 168),
    ]) func `a budget's confidence has a window of hours or days`(_ text: String, _ hours: Int) throws {
        let problem = try readProblem(
            minimalProblem + "limits: {device.prefill_share: {at_most: 0.2}}\nconfidence: 0.9\nbudget_window: \(text)\n"
        )
        #expect(problem.confidence == 0.9 && problem.budgetWindowHours == hours)
    }

    @Test(arguments: [
        "0", "0h", "-1h", "1.5h", "366d", "8761", "h", "d", "24 h", "1w", "24hh", "99999999999999999999d",
    ])
    func `other windows are refused`(_ text: String) throws {
        let file = minimalProblem + "limits: {device.prefill_share: {at_most: 0.2}}\nconfidence: 0.9\n"
        let error = try #require(problemError(in: file + "budget_window: \(text)\n"))
        #expect(error.findings.map(\.field) == ["budget_window"])
    }

    @Test(arguments: ["0.49", "1", "95", "-0.1", ".nan"]) func `other confidences are refused`(_ text: String) throws {
        let file = minimalProblem + "limits: {device.prefill_share: {at_most: 0.2}}\nconfidence: \(text)\n"
        #expect(try #require(problemError(in: file)).findings.map(\.field) == ["confidence"])
    }

    @Test func `a confidence needs a budget, and a window needs a confidence`() throws {
        for limits in ["", "limits: {device.prefill_share: {at_least: 0.2}}\n", "limits: {ttft.mean: {at_most: 1}}\n"] {
            let error = try #require(problemError(in: minimalProblem + limits + "confidence: 0.9\n"))
            #expect(error.findings.map(\.field) == ["confidence"])
        }
        let file = minimalProblem + "limits: {server.prefill_share: {at_most: 0.2}}\nbudget_window: 24h\n"
        #expect(try #require(problemError(in: file)).findings.map(\.field) == ["budget_window"])
    }

    @Test func `readers have one pace or are a population`() throws {
        let one = try readProblem(minimalProblem + "reader: {tokens_per_second: 4}\n")
        #expect(one.readers == Readers(tokensPerSecond: 4))
        let two = "reader: {population: [{share: 0.2, tokens_per_second: 5}, {share: 0.7995, tokens_per_second: 4}]}\n"
        let paces = try #require(try readProblem(minimalProblem + two).readers).paces
        #expect(paces.map(\.tokensPerSecond) == [4, 5])
        #expect(paces.map(\.share) == [0.7995 / 0.9995, 0.2 / 0.9995])
        let set = try readProblem(
            minimalProblem, set: ["reader.population=[{share: 1, tokens_per_second: 4}]"])
        #expect(set.readers == one.readers && set.sha256 == one.sha256)
    }

    @Test func `the rules of hand-overs have defaults, and are none at all without a wish for them`() throws {
        let text = minimalProblem + "reader: {tokens_per_second: 4}\n"
        let full = "migration: {network: 0.05, transfer: 1e-7, epsilon: 0.02, allow_stall: true}\n"
        #expect(
            try readProblem(text + full).migration
                == MigrationRules(network: 0.05, transfer: 1e-7, epsilon: 0.02, allowsStall: true))
        for text in [text, text + "migration: {}\n", text + "migration:\n"] {
            #expect(try readProblem(text).migration == MigrationRules())
        }
        for text in [text, minimalProblem] { #expect(try readProblem(text + "migration: none\n").migration == nil) }
    }

    @Test func `the rest of the fields`() throws {
        let problem = try readProblem(
            minimalProblem + """
                timeout: 12.5
                split: none
                disco: {alpha: 0.1}
                exchange: {per_joule: 0}
                reader: {tokens_per_second: 5}
                table: {as_of: 2025-01-31T08:00:00.5+02:00, valid_days: 30, revision: 7, rollout: {percentage: 12.5, salt: spring}, max_extra_load: 0.25}
                """)
        #expect(problem.timeout == 12.5 && problem.tuningShare == nil && problem.discoAlpha == 0.1)
        #expect(problem.moneyPerJoule == 0 && problem.readers == Readers(tokensPerSecond: 5))
        #expect(problem.asOf == "2025-01-31T06:00:00.5Z" && problem.validityDays == 30 && problem.revision == 7)
        #expect(problem.rollout == .init(percentage: 12.5, salt: "spring") && problem.maxExtraLoad == 0.25)
    }

    @Test(arguments: [
        ("2025-01-31", "2025-01-31T00:00:00Z"), ("2025-01-31T08:00Z", "2025-01-31T08:00:00Z"),
        ("2025-01-31T23:30-01:00", "2025-02-01T00:30:00Z"), ("2024-03-01T00:15:00+00:30", "2024-02-29T23:45:00Z"),
    ]) func `as_of is kept in UTC`(_ text: String, _ utc: String) throws {
        #expect(try readProblem(minimalProblem + "table: {as_of: \(text)}\n").asOf == utc)
    }

    @Test(arguments: [
        ("1_000_000", 1e6), ("1e6", 1e6), ("+1000000", 1e6), ("1.0E+6", 1e6), ("1000000.", 1e6), (".5", 0.5),
        ("5e-324", Double.leastNonzeroMagnitude),
    ]) func `numbers are decimals with an exponent, and _ between digits`(_ text: String, _ value: Double) throws {
        #expect(try readProblem(minimalProblem + "timeout: \(text)\n").timeout == value)
    }

    @Test(arguments: [
        ("problem.yaml", "a.csv", "a.csv"), ("studies/p.yaml", "a.csv", "studies/a.csv"),
        ("/p.yaml", "../a.csv", "/../a.csv"), ("x/p.yaml", "/abs/a.csv", "/abs/a.csv"),
        ("x/p.yaml", "s3://bucket/a.parquet", "s3://bucket/a.parquet"),
    ]) func `a relative trace path counts from the problem file's folder`(
        _ file: String, _ written: String, _ path: String
    ) throws {
        let text = problemText(server: "trace: {path: '\(written)'}", device: "trace: \(written)")
            .replacing("prompts.csv", with: written)
        let problem = try readProblem(text, path: file)
        #expect(problem.workload.trace.path == path)
        #expect(problem.server.ttft == .trace(TraceSource(path: path)))
        #expect(problem.device.ttft == .trace(TraceSource(path: path)))
    }

    @Test func `an empty section is a section without fields`() throws {
        #expect(try readProblem(minimalProblem + "limits:\ntable: {}\ndisco: ~\n").limits.isEmpty)
    }

    @Test func `Windows line ends, a byte order mark and a document marker are no hindrance`() throws {
        let text = "\u{FEFF}---\r\n" + minimalProblem.replacing("\n", with: "\r\n") + "...\r\n"
        #expect(try readProblem(text).sha256 == readProblem(minimalProblem).sha256)
    }
}
