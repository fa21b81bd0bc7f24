import Foundation
import Testing

@Suite struct `disco policy validate` {
    /// The table that `disco solve` writes for the sample problem with some settings.
    private func solved(_ settings: [String] = []) throws -> (folder: Folder, settings: [String]) {
        let folder = try Sample.folder()
        let flags = settings.flatMap { ["--set", $0] }
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"] + flags, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return (folder, flags)
    }

    @Test(arguments: [
        [], ["limits.device.prefill_share.at_most=0.05"],
        ["endpoints.server.condition_on={prompt_tokens: [1, 30]}"], ["workload.buckets={by: exact}"],
        ["objective=cost.mean", "limits.ttft.mean.at_most=0.6"],
        ["objective=ttft.p90"],
        ["limits.device.answer_share.at_least=0.1", "limits.ttft.p95.at_most=2"],
    ])
    func `every number of a solved table is recomputed and holds`(settings: [String]) throws {
        let (folder, flags) = try solved(settings)
        let run = try Run(["policy", "validate", "policy.json", "--problem", "problem.yaml"] + flags, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in ["recomputed", "claimed", "bound", "at most", "policy.json: valid for problem.yaml"] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        let json = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml", "--json"] + flags, in: folder.url)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(result["valid"] as? Bool == true && (result["notes"] as? [String])?.isEmpty == true)
    }

    @Test(arguments: ["device.prefill_share", "server.prefill_share"])
    func `cancelled rows leave mass open, and the table holds all the same`(metric: String) throws {
        func trace(_ times: (Int) -> Double) -> String {
            "ttft,prompt_tokens,outcome\n"
                + (0..<240).map { i in
                    i % 40 == 7
                        ? ",\(10 + i % 40),failed\n"
                        : "\(times(i)),\(10 + i % 40),\(i % 9 == 4 || i == 239 ? "cancelled" : "ok")\n"
                }.joined()
        }
        let problem = Sample.problem.replacing(
            "device.prefill_share: {at_most: 0.2}", with: "\(metric): {at_most: 0.4}"
        )
        .replacing("ttft: {intercept: 0.1, per_token: 0.01}", with: "trace: device.csv")
        let folder = try Sample.folder([
            "problem.yaml": problem,
            "server.csv": trace { Double(200 + ($0 * $0 * 37) % 900) / 1000 + ($0 == 239 ? 9 : 0) },
            "device.csv": trace { 0.1 + 0.01 * Double(10 + $0 % 40) + Double($0 % 7) / 50 + ($0 == 239 ? 5 : 0) },
        ])
        func validate(_ settings: [String]) throws -> Run {
            let flags = settings.flatMap { ["--set", $0] }
            let solve = try Run(["solve", "problem.yaml", "-o", "policy.json"] + flags, in: folder.url)
            #expect(solve.status == 0, "\(settings): \(solve.errors)")
            return try Run(["policy", "validate", "policy.json", "--problem", "problem.yaml"] + flags, in: folder.url)
        }
        for settings in [
            [], ["limits.failed_share.at_most=0.01"], ["objective=failed_share"],
            ["limits.device.answer_share.at_least=0.3", "timeout=3"],
            // No wait lies between the last time seen and never: there nothing is known of what it would do.
            ["limits={device.prefill_share: {at_least: 0.99}}", "objective=device.answer_share"],
            ["limits={server.prefill_share: {at_least: 0.99}}", "objective=device.answer_share"],
        ] {
            let run = try validate(settings)
            #expect(run.status == 0, "\(settings): \(run.errors)")
        }
    }

    @Test(arguments: [
        "limits.device.prefill_share.at_most=0.19", "objective=ttft.p99", "timeout=30",
        "endpoints.device.ttft.intercept=0.3",
    ])
    func `a table for another problem is refused with 4, and the difference named`(setting: String) throws {
        let (folder, _) = try solved()
        let run = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml", "--set", setting], in: folder.url)
        #expect(run.status == 4)
        let word = setting.hasPrefix("endpoints") ? "recomputed" : String(setting.prefix { $0 != "." && $0 != "=" })
        #expect(run.errors.contains("policy.json: ") && run.errors.contains(word), "\(run.errors)")
        let json = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml", "--json", "--set", setting],
            in: folder.url)
        #expect(json.status == 4 && json.output.contains("\"valid\" : false"))
    }

    @Test func `other traces than the table's are noted, and their numbers decide`() throws {
        let (folder, _) = try solved()
        try folder.write("server.csv", Sample.server + "40,10\n")
        let run = try Run(["policy", "validate", "policy.json", "--problem", "problem.yaml"], in: folder.url)
        #expect(run.status == 4)
        #expect(run.output.contains("another server trace"))
    }

    @Test func `settings without a problem are a usage error`() throws {
        let (folder, _) = try solved()
        #expect(try Run(["policy", "validate", "policy.json", "--json"], in: folder.url).status == 64)
        #expect(
            try Run(["policy", "validate", "policy.json", "--problem", "none.yaml"], in: folder.url).status == 66)
    }
}
