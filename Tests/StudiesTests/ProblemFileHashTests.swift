import Studies
import Testing

/// `Problem.sha256` depends on what a problem file says, not on how.
@Suite struct ProblemFileHashTests {
    @Test func `spelling, order, comments and defaults do not matter`() throws {
        let short = try readProblem(minimalProblem, path: "a/problem.yaml")
        let long = try readProblem(
            """
            # The same, at length.
            timeout: 6.0e1
            endpoints:
              device:
                ttft: {per_token: 1e-2, intercept: .1, per_token_squared: 0.0}
              server:
                condition_on: none
                trace: {max_rejected: 0.01, path: 'server.csv'}
                residuals: "empirical"
            objective: ttft.mean
            workload:
              buckets: {count: 32}
              trace:
                path: prompts.csv
            split: {tuning_share: 0.70}
            limits: {}
            "version": 1
            """, path: "/somewhere/else.yaml")
        #expect(short.sha256 == long.sha256)
    }

    @Test func `a setting counts like a line of the file`() throws {
        #expect(
            try readProblem(minimalProblem, set: ["timeout=5"]).sha256
                == readProblem(minimalProblem + "timeout: 5\n").sha256)
    }

    @Test func `edges with and without the leading 1 are the same`() throws {
        let hashes = try ["[1, 64]", "[64]"].map { edges in
            try readProblem(minimalProblem, set: ["workload.buckets={by: edges, edges: \(edges)}"]).sha256
        }
        #expect(hashes[0] == hashes[1])
    }

    @Test func `every field changes the hash`() throws {
        let text = problemText(
            server: "trace: a, price: {prefill: 1, decode: 1}",
            device: "ttft: {intercept: 0.1}, energy: {prefill: 1, decode: 1}")
        let settings = [
            "workload.trace=x", "workload.trace.format=azure", "workload.trace.columns.ttft=x",
            "workload.trace.where=x",
            "workload.trace.max_rejected=0.5", "workload.buckets.count=8", "workload.buckets.by=exact",
            "workload.buckets={by: edges, edges: [1, 2]}", "workload.buckets.by=optimal",
            "workload.buckets={by: optimal, count: 8}", "endpoints.server.trace=x",
            "endpoints.server.condition_on=prompt_tokens", "endpoints.server.condition_on=hour_of_day",
            "endpoints.server.condition_on={hour_of_day: [0, 8]}",
            "endpoints.server.condition_on={hour_of_day: [1, 8]}",
            "endpoints.server.condition_on={hour_of_day: [0, 8], prompt_tokens: [1, 2]}",
            "endpoints.server.condition_on={hour_of_day: auto, prompt_tokens: [1, 2]}",
            "endpoints.server.condition_on={prompt_tokens: [1, 2]}", "endpoints.server.residuals=none",
            "endpoints.server.tpot=0.5", "endpoints.server.price.prefill=2", "endpoints.server.price.decode=2",
            "endpoints.server.price.per_tokens=3", "endpoints.server.price.currency=EUR",
            "endpoints.server.price.source=x",
            "endpoints.server.price.date=2025-01-31", "endpoints.device.ttft.intercept=2",
            "endpoints.device.ttft.per_token=2",
            "endpoints.device.ttft.per_token_squared=2", "endpoints.device.tpot=2", "endpoints.device.energy.prefill=2",
            "endpoints.device.energy.decode=2", "endpoints.device.price={prefill: 1, decode: 1}",
            "exchange.per_joule=2",
            "reader.tokens_per_second=2", "reader.population=[{share: 1, tokens_per_second: 3}]",
            "reader.population=[{share: 0.5, tokens_per_second: 3}, {share: 0.5, tokens_per_second: 4}]",
            "migration=none", "objective=ttft.p99", "limits.ttft.mean.at_most=1",
            "limits.ttft.mean.at_least=1",
            "timeout=2", "deterministic=true", "split=none", "split.tuning_share=0.5", "disco.alpha=0.5",
            "metrics.alpha=1", "metrics.ttft_target=2",
            "metrics.deadline.offset=1", "metrics.deadline.tokens_per_second=2",
            "table.as_of=2025-01-31",
            "table.valid_days=2", "table.revision=2", "table.rollout={percentage: 2, salt: a}",
            "table.rollout={percentage: 2, salt: b}", "table.rollout={percentage: 3, salt: a}",
            "table.max_extra_load=0.5",
        ]
        let hashes = try [readProblem(text).sha256] + settings.map { try readProblem(text, set: [$0]).sha256 }
        for (index, hash) in hashes.enumerated() {
            #expect(hashes.firstIndex(of: hash) == index, "\(index == 0 ? "no setting" : settings[index - 1])")
        }
    }

    @Test func `so do the confidence and its window, but not how the window is written`() throws {
        let text = minimalProblem + "limits: {device.prefill_share: {at_most: 0.2}}\n"
        let windows = ["24", "24h", "1d", "48h"].map { text + "confidence: 0.9\nbudget_window: \($0)\n" }
        let hashes = try ([text, text + "confidence: 0.8\n", text + "confidence: 0.9\n"] + windows).map {
            try readProblem($0).sha256
        }
        #expect(Set(hashes).count == 4)
        #expect(Set(hashes[2...5]).count == 1)
    }

    @Test func `so do the rules of hand-overs`() throws {
        let text = minimalProblem + "reader: {tokens_per_second: 4}\n"
        let rules = ["network: 1", "transfer: 1", "epsilon: 0.5", "allow_stall: true"].map { "migration: {\($0)}\n" }
        let hashes = try ([""] + rules).map { try readProblem(text + $0).sha256 }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `texts cannot pose as other fields`() throws {
        let one = try readProblem(problemText(server: #"trace: {path: a, where: "x\nendpoints.server.tpot=null"}"#))
        let other = try readProblem(problemText(server: #"trace: {path: a, where: "x\\nendpoints.server.tpot=null"}"#))
        #expect(one.sha256 != other.sha256)
    }

    @Test func `the hash is SHA-256 of the sorted lines, as another program computes it`() throws {
        #expect(
            try readProblem(minimalProblem).sha256 == "b2a72178972318cb5a43b5bf0d880193d85f01e918f3085ac407d2c681ec2fb4"
        )
    }
}
