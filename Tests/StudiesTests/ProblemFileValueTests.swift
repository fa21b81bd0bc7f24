import Studies
import Testing

/// Which values are turned away, and how that is said.
@Suite struct ProblemFileValueTests {
    @Test(arguments: [
        "timeout: ⚑0", "timeout: ⚑-1", "timeout: ⚑.inf", "timeout: ⚑-.inf", "timeout: ⚑.nan", "timeout: ⚑1e999",
        "timeout: ⚑soon", "timeout: ⚑\"60\"", "timeout: ⚑[60]", "timeout: ⚑{s: 60}", "⚑timeout:", "timeout: ⚑true",
        "timeout: ⚑0x10", "timeout: ⚑1:30", "timeout: ⚑_1", "timeout: ⚑1__", "timeout: ⚑1e", "timeout: ⚑.",
        "timeout: ⚑infinity", "timeout: ⚑60s",
        "limits: {device.prefill_share: {at_most: ⚑-0.1}}", "limits: {device.prefill_share: {at_most: ⚑1.1}}",
        "limits: {device.prefill_share: {at_least: ⚑.NaN}}", "limits: {ttft.p99: {at_most: ⚑-1}}",
        "limits: {failed_share: {at_most: ⚑2}}", "limits: {device.prefill_share: ⚑0.2}", "limits: ⚑[ttft.mean]",
        "limits: {ttft.mean: {at_most: 1, at_least: ⚑1.5}}",
        "objective: ⚑ttft.max", "objective: ⚑[ttft.mean]", "⚑objective:",
        "split: ⚑some", "split: {tuning_share: ⚑0}", "split: {tuning_share: ⚑1}", "split: ⚑0.7",
        "disco: {alpha: ⚑1.5}", "metrics: {ttft_target: ⚑-1}", "metrics: {deadline: {tokens_per_second: ⚑0}}",
        "metrics: {deadline: {offset: ⚑-1}}", "metrics: {alpha: ⚑-1}", "metrics: ⚑3", "disco: ⚑0.05",
        "exchange: {per_joule: ⚑-1}", "exchange: ⚑0.1",
        "reader: {tokens_per_second: ⚑0}", "reader: {population: ⚑[]}", "reader: {population: ⚑4}",
        "reader: {population: [⚑4]}", "reader: {population: [{share: ⚑0, tokens_per_second: 4}]}",
        "reader: {population: [{share: 1, tokens_per_second: ⚑-4}]}",
        "reader: {population: [{share: 1, tokens_per_second: 4, ⚑pace: 4}]}",
        "reader: {population: [⚑{share: 1}]}", "reader: {population: ⚑[{share: 0.9, tokens_per_second: 4}]}",
        "reader: {tokens_per_second: 4, population: ⚑[{share: 1, tokens_per_second: 4}]}",
        "migration: ⚑off", "migration: ⚑[none]", "migration: {network: ⚑-1}", "migration: {transfer: ⚑-1}",
        "migration: {epsilon: ⚑0}", "migration: {epsilon: ⚑1}", "migration: {allow_stall: ⚑yes}",
        "migration: ⚑{network: 1}",
        "table: {revision: ⚑0}", "table: {revision: ⚑1.5}", "table: {valid_days: ⚑0}", "table: {as_of: ⚑yesterday}",
        "table: {rollout: {percentage: ⚑101, salt: a}}", "table: {rollout: {percentage: 1, salt: ⚑\"\"}}",
        "table: {⚑rollout: {percentage: 1}}", "table: {⚑rollout: {salt: a}}", "table: {max_extra_load: ⚑1.5}",
        "table: {as_of: ⚑2025-02-29}", "table: {as_of: ⚑2025-01-31T08:00:00}", "table: {as_of: ⚑2025-01-31T24:00:00Z}",
        "table: {as_of: ⚑2025-01-31T08:00:00.}", "table: {as_of: ⚑2025-01-31T08:00:00.Z}",
    ]) func `a top-level value that is wrong is told with its place`(_ line: String) {
        expectProblemFinding(in: minimalProblem + line + "\n")
    }

    @Test(arguments: [
        "trace: ⚑[a]", "trace: ⚑''", "trace: {path: ⚑''}", "trace: {path: ⚑\"a\\nb\"}", "trace: {path: ⚑\"a\\0b\"}",
        "trace: {path: a, format: ⚑csv}", "trace: {path: a, columns: {⚑ttfb: x}}",
        "trace: {path: a, columns: {ttft: ⚑[x]}}",
        "trace: {path: a, ⚑where:  }", "trace: {path: a, max_rejected: ⚑1.1}", "trace: {path: a, columns: ⚑ttft}",
        "trace: a, condition_on: ⚑hour", "trace: a, condition_on: {prompt_tokens: ⚑64}",
        "trace: a, condition_on: {prompt_tokens: ⚑[]}", "trace: a, condition_on: {prompt_tokens: [1, ⚑1]}",
        "trace: a, condition_on: {prompt_tokens: [64, ⚑32]}", "trace: a, condition_on: {prompt_tokens: [⚑0, 32]}",
        "trace: a, condition_on: {prompt_tokens: [1, ⚑2.5]}", "trace: a, condition_on: ⚑[prompt_tokens]",
        "trace: a, condition_on: {hour_of_day: ⚑8}", "trace: a, condition_on: {hour_of_day: ⚑[]}",
        "trace: a, condition_on: {hour_of_day: ⚑[8]}", "trace: a, condition_on: {hour_of_day: [0, ⚑24]}",
        "trace: a, condition_on: {hour_of_day: [⚑-1, 8]}", "trace: a, condition_on: {hour_of_day: [8, ⚑8]}",
        "trace: a, condition_on: {hour_of_day: [18, ⚑8]}", "trace: a, condition_on: {hour_of_day: [0, ⚑8.5]}",
        "trace: a, condition_on: {hour_of_day: ⚑often}", "trace: a, condition_on: {⚑hours: [0, 8]}",
        "trace: a, ⚑condition_on: {}",
        "ttft: {intercept: 1}, condition_on: ⚑hour_of_day",
        "ttft: {intercept: 1}, condition_on: ⚑prompt_tokens", "ttft: {intercept: 1}, residuals: ⚑empirical",
        "ttft: {intercept: ⚑-1}", "ttft: ⚑{intercept: 0}", "ttft: ⚑0.3", "ttft: {intercept: 1, per_token: ⚑-0.1}",
        "trace: a, residuals: ⚑normal", "trace: a, tpot: ⚑0", "trace: a, tpot: ⚑21ms",
        "trace: a, price: {prefill: ⚑-1, decode: 1}", "trace: a, price: {prefill: 1, decode: ⚑-0.1}",
        "trace: a, price: {prefill: 1, decode: 1, per_tokens: ⚑0}",
        "trace: a, price: {prefill: 1, decode: 1, currency: ⚑usd}",
        "trace: a, price: {prefill: 1e300, decode: 1, per_tokens: ⚑1e-300}", "trace: a, price: ⚑0.1",
        "trace: a, price: {prefill: 1, decode: 1, date: ⚑15.01.2025}",
        "trace: a, price: {prefill: 1, decode: 1, date: ⚑2025-13-01}",
    ]) func `an endpoint's value that is wrong is told with its place`(_ fields: String) {
        expectProblemFinding(in: problemText(server: fields))
    }

    @Test(arguments: [
        "{count: ⚑0}", "{count: ⚑-3}", "{count: ⚑2.5}", "{count: ⚑1e9}", "{by: ⚑quantiles}", "{by: edges, edges: ⚑64}",
        "{by: edges, edges: [64, ⚑many]}", "{by: exact, count: ⚑3}", "{edges: ⚑[1, 2]}", "⚑32",
        "{by: quantile, edges: ⚑[1]}", "{by: optimal, edges: ⚑[1, 2]}", "{by: optimal, count: ⚑0}",
    ]) func `buckets that make no sense are told with their place`(_ buckets: String) {
        expectProblemFinding(in: minimalProblem.replacing("prompts.csv}", with: "prompts.csv, buckets: \(buckets)}"))
    }

    @Test func `a bucket rule without its edges is told at the section`() {
        expectProblemFinding(
            in: minimalProblem.replacing("prompts.csv}", with: "prompts.csv, ⚑buckets: {by: edges}}"),
            field: "workload.buckets.edges")
    }

    @Test(arguments: [
        ("timeout: ⚑60s", "without `s`"), ("timeout: ⚑500ms", "written 0.5, in seconds"),
        ("timeout: ⚑\"60\"", "Remove the quotes."), ("timeout: ⚑'1,5'", ""), ("timeout: ⚑1,5", "point"),
        ("timeout: ⚑007", "leading zeros"), ("timeout: ⚑.inf", "finite"), ("timeout: ⚑1e999", "too large"),
        ("disco: {alpha: ⚑5%}", "written 0.05"), ("disco: {alpha: ⚑5}", "5 % is written 0.05"),
        ("limits: {ttft.mean: ⚑1}", "Write ttft.mean: {at_most: 1}"), ("objective: ⚑ttft.p999", "`ttft.p99.9`"),
        ("objective: ⚑ttft.p99.0", "`ttft.p99`"), ("objective: ⚑ttft.p0", "above 0 and below 100"),
        ("objective: ⚑TTFT.P09.10", "`ttft.p9.1`"), ("objective: ⚑ttft.p1.2345678", "six decimals"),
        ("deterministic: ⚑yes", "Write `true`."), ("deterministic: ⚑OFF", "Write `false`."),
        ("deterministic: ⚑'true'", "Remove the quotes."), ("deterministic: ⚑maybe", ""), ("⚑deterministic:", ""),
        ("deterministic: ⚑[true]", ""), ("deterministic: ⚑True", "Write `true`."),
        ("objective: ⚑ttft", ""), ("split: {tuning_share: ⚑70}", "70 % is written 0.7"),
    ]) func `what was probably meant is said`(_ line: String, _ advice: String) {
        expectProblemFinding(in: minimalProblem + line + "\n", advice: advice.isEmpty ? nil : advice)
    }

    @Test func `a format's nearest name is suggested`() {
        expectProblemFinding(in: problemText(server: "trace: {path: a, format: ⚑vllm_bench}"), advice: "`vllm-bench`")
    }

    @Test func `the floor above the ceiling names both`() {
        expectProblemFinding(
            in: minimalProblem + "limits: {ttft.mean: {at_least: ⚑1.5, at_most: 1}}\n",
            field: "limits.ttft.mean.at_least",
            found: "`1.5`", wanted: "no more than `at_most`, 1.0")
    }

    @Test func `two currencies are an error`() {
        let price = "price: {prefill: 1, decode: 1, currency:"
        expectProblemFinding(
            in: problemText(server: "trace: a, \(price) USD}", device: "trace: b, \(price) ⚑EUR}"), found: "`EUR`",
            wanted: "`USD`")
    }

    @Test func `costs need a price and energies need joules`() {
        expectProblemFinding(in: minimalProblem + "objective: ⚑cost.mean\n", found: "`cost.mean` without any price")
        expectProblemFinding(
            in: minimalProblem + "limits: {⚑energy.mean: {at_most: 3}}\n", found: "`energy.mean` without any energy")
        let energy = problemText(device: "trace: b, energy: {prefill: 1, decode: 1}")
        expectProblemFinding(in: energy + "objective: ⚑cost.mean\n")
        #expect(throws: Never.self) { _ = try readProblem(energy + "objective: cost.mean\nexchange: {per_joule: 1}\n") }
    }
}
