import Studies
import Testing

/// Where each rule's error points, and what it says.
@Suite struct ProblemFileErrorTests {
    // MARK: - Names

    @Test func `an unknown field names the nearest and all that are valid`() throws {
        let error = try #require(
            expectProblemFinding(
                in: minimalProblem + "limits:\n  device.prefill_share: {⚑atmost: 0.2, at_least: 0.1}\n",
                field: "limits.device.prefill_share.atmost", found: "the unknown field `atmost`",
                wanted: "`at_most`, `at_least`", advice: "Did you mean `at_most`?"))
        #expect(error.findings[0].validNames == ["at_most", "at_least"])
        #expect(
            error.description == """
                problem.yaml:7:26: limits.device.prefill_share.atmost: found the unknown field `atmost`, wanted one of \
                `at_most`, `at_least`
                      device.prefill_share: {atmost: 0.2, at_least: 0.1}
                                             ^
                    Did you mean `at_most`?
                """)
    }

    @Test(arguments: [
        ("⚑objectiv: ttft.mean", "Did you mean `objective`?"), ("⚑Timeout: 3", "Did you mean `timeout`?"),
        ("⚑limist: {}", "Did you mean `limits`?"), ("limits: {⚑ttft.mena: {}}", "Did you mean `ttft.mean`?"),
        ("limits: {⚑device-prefill-share: {}}", "Did you mean `device.prefill_share`?"),
        ("limits: {⚑device: {prefill_share: {at_most: 1}}}", "written as one word"),
        ("⚑alpha: 0.1", "known as `metrics.alpha` and `disco.alpha`"),
        ("⚑buckets: {by: exact}", "known as `workload.buckets`"),
        ("limits: {⚑ttft.p97.50: {at_most: 1}}", "Did you mean `ttft.p97.5`?"),
        ("limits: {⚑ttft.p100: {at_most: 1}}", "above 0 and below 100"),
        ("table: {⚑valid-days: 3}", "Did you mean `valid_days`?"),
    ]) func `a misplaced or misspelt name is put right`(_ line: String, _ advice: String) {
        expectProblemFinding(in: minimalProblem + line + "\n", advice: advice)
    }

    @Test func `a name that resembles nothing gets no suggestion, only the list`() {
        let error = expectProblemFinding(in: minimalProblem + "⚑qqqqqqqq: 1\n", wanted: "`version`, `workload`")
        #expect(error?.findings[0].advice == nil)
    }

    @Test func `an unknown limit is told that any percentile will do`() {
        expectProblemFinding(
            in: minimalProblem + "limits: {⚑latency: {at_most: 1}}\n",
            wanted: "or any other percentile, as in `ttft.p97.5`")
        expectProblemFinding(in: minimalProblem + "objective: ⚑latency\n", wanted: "or any other percentile")
    }

    @Test func `only the device has energy`() {
        expectProblemFinding(
            in: problemText(server: "trace: a, ⚑energy: {prefill: 1, decode: 1}"), field: "endpoints.server.energy",
            advice: "known as `endpoints.device.energy`")
    }

    @Test(arguments: [
        minimalProblem + "timeout: 3\n⚑timeout: 4\n", minimalProblem + "timeout: 3\n⚑\"timeout\": 4\n",
        minimalProblem + "\"timeout\": 3\n⚑timeout: 4\n⚑timeout: 4\n",
        minimalProblem + "disco: {alpha: 0.1, ⚑alpha: 0.1}\n",
        minimalProblem
            + "limits:\n  ttft.p99: {at_most: 3}\n  failed_share: {at_most: 0.1}\n  ⚑ttft.p99: {at_most: 3}\n",
        minimalProblem + "split: none\ntimeout: 3\n⚑split: none\n⚑timeout: 4\n",
    ]) func `a field given twice is an error at the second`(_ marked: String) {
        expectProblemFinding(in: marked, wanted: "each field once", advice: "Remove one")
    }

    @Test func `a field given twice is named by its path, with the line of the first`() {
        expectProblemFinding(
            in: minimalProblem + "limits:\n  ttft.p99: {at_most: 3}\n  ⚑ttft.p99: {at_most: 3}\n",
            field: "limits.ttft.p99",
            found: "the field a second time (first in line 7)")
    }

    @Test func `a list as a field's name is an error`() {
        expectProblemFinding(in: minimalProblem + "? ⚑[a, b]\n: 1\n", found: "a list or mapping as a field's name")
    }

    // MARK: - What must be there

    @Test(arguments: [
        ("⚑workload: {trace: a}\nendpoints: {server: {trace: a}, device: {trace: b}}\n", "version"),
        ("⚑version: 1\nendpoints: {server: {trace: a}, device: {trace: b}}\n", "workload"),
        ("⚑version: 1\nworkload: {trace: a}\n", "endpoints"),
        ("version: 1\n⚑workload: {}\nendpoints: {server: {trace: a}, device: {trace: b}}\n", "workload.trace"),
        (
            "version: 1\nworkload:\n  ⚑trace: {format: canonical}\nendpoints: {server: {trace: a}, device: {trace: b}}\n",
            "workload.trace.path"
        ),
        ("version: 1\nworkload: {trace: a}\n⚑endpoints: {server: {trace: a}}\n", "endpoints.device"),
        (minimalProblem + "⚑exchange:\n", "exchange.per_joule"),
        (minimalProblem + "⚑reader: {}\n", "reader.tokens_per_second"),
        (minimalProblem + "limits:\n  ⚑ttft.mean:\n", "limits.ttft.mean.at_most"),
        (problemText(server: "trace: a, ⚑price: {prefill: 1}"), "endpoints.server.price.decode"),
        (problemText(device: "trace: a, ⚑energy: {decode: 1}"), "endpoints.device.energy.prefill"),
        (problemText(device: "⚑ttft: {per_token: 1}"), "endpoints.device.ttft.intercept"),
        (
            minimalProblem.replacing("{trace: server.csv}", with: "{}").replacing("server:", with: "⚑server:"),
            "endpoints.server.trace"
        ),
    ]) func `a missing field is named, at what should hold it`(_ marked: String, _ field: String) {
        expectProblemFinding(in: marked, field: field, found: "nothing")
    }

    @Test func `an endpoint has a trace or a formula, not both`() {
        expectProblemFinding(
            in: problemText(device: "trace: a, ⚑ttft: {intercept: 1}"), field: "endpoints.device.ttft",
            found: "both `trace` and `ttft`", advice: "--set endpoints.device.trace=null")
    }

    // MARK: - Versions and documents

    @Test func `another version is the only complaint`() {
        expectProblemFinding(
            in: "version: ⚑2\nnew_field: 3\n", field: "version", found: "`2`", wanted: "1", advice: "newer disco")
        expectProblemFinding(
            in: minimalProblem.replacing("version: 1", with: "version: ⚑\"1\""), field: "version", advice: "quotes")
        expectProblemFinding(in: minimalProblem.replacing("version: 1", with: "version: ⚑latest"), found: "`latest`")
    }

    @Test(arguments: ["", "\n\n", "# only a comment\n", "---\n", "null\n"]) func `an empty file is an error`(
        _ text: String
    ) {
        expectProblemFinding(in: "⚑" + text, found: "no YAML value", advice: "--example")
    }

    @Test func `a file without fields is an error`() {
        expectProblemFinding(in: "⚑hello world\n", found: "`hello world`", wanted: "`version`, `workload`")
        expectProblemFinding(in: "⚑- version: 1\n", found: "a list of one item", wanted: "fields")
    }

    @Test func `a second document is an error`() {
        expectProblemFinding(in: minimalProblem + "⚑---\nversion: 1\n", found: "a second YAML document")
    }

    @Test(arguments: [
        ("timeout: 3 ⚑: 4\n", ""), ("a: b⚑: c\n", "colon"), ("disco:\n⚑\talpha: 1\n", "spaces, not tabs"),
        ("timeout: ⚑@3\n", "needs quotes"), ("limits: {a: 1\n⚑", ""), ("split: ⚑'none\n", ""),
    ]) func `what is not YAML is told with its place`(_ marked: String, _ advice: String) throws {
        let plain = marked.replacing("⚑", with: "")
        let error = try #require(problemError(in: minimalProblem + plain))
        #expect(error.findings.count == 1 && error.findings[0].wanted == "YAML", "\(error)")
        #expect((error.findings[0].advice ?? "").contains(advice), "\(error)")
    }

    // MARK: - Several at once

    @Test func `one run tells all that is wrong, in the order of the text`() throws {
        let error = try #require(
            expectProblemFinding(
                in: """
                    version: 1
                    ⚑worload: {trace: a}
                    endpoints:
                      server: {trace: a, tpot: ⚑-1}
                      device: {trace: b, residuals: ⚑maybe}
                    timeout: ⚑0
                    """))
        let fields = ["worload", "endpoints.server.tpot", "endpoints.device.residuals", "timeout"]
        #expect(error.findings.map(\.field) == fields)
    }

    @Test func `a misspelt field is not missing as well`() {
        expectProblemFinding(
            in: minimalProblem.replacing("version", with: "⚑verson"), field: "verson", advice: "`version`")
        expectProblemFinding(in: minimalProblem + "limits: {ttft.mean: {⚑atmost: 1}}\n")
    }

    @Test func `at most ten findings are listed, the rest is counted`() throws {
        let unknown = (1...25).map { "unknown_\($0): 1\n" }.joined()
        let error = try #require(problemError(in: minimalProblem + unknown))
        #expect(error.findings.count == 10 && error.omitted == 15)
        #expect(error.findings[0].field == "unknown_1" && error.findings[9].field == "unknown_10")
        #expect(error.description.hasSuffix("and 15 more"))
    }
}
