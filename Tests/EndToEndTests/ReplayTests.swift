import Foundation
import Testing

/// `disco replay`, from a solved table and its problem to the terminal.
@Suite struct `disco replay` {
    private struct Answer: Decodable {
        struct Policy: Decodable {
            let name: String
            let outcomes: [String: Double]
            let standard_errors: [String: Double]
            let without_hand_overs: [String: Double]?
            let breaks: [String]
        }
        let policies: [Policy]
        let goodput_unit: String
        let notes: [String]
    }

    private struct Solved: Decodable {
        let expected: [String: Double]
        let baselines: [String: [String: Value]]

        /// Baselines hold other members, too.
        struct Value: Decodable {
            let number: Double?
            init(from decoder: any Decoder) throws { number = try? decoder.singleValueContainer().decode(Double.self) }
        }
    }

    private static let pace = [
        "reader.tokens_per_second=4", "endpoints.server.tpot=0.02", "endpoints.device.tpot=0.05",
    ]

    /// Solves, then replays the table; `changes` are settings of the replay alone.
    private func replay(
        _ settings: [String], changes: [String] = [], files: [String: String] = [:], requests: Int = 2000,
        arguments: [String] = ["--json"]
    ) throws -> (solve: Run, replay: Run, folder: Folder) {
        let folder = try Sample.folder(files)
        func flags(_ settings: [String]) -> [String] { settings.flatMap { ["--set", $0] } }
        let solve = try Run(["solve", "problem.yaml", "-o", "policy.json", "--json"] + flags(settings), in: folder.url)
        #expect(solve.status == 0, "\(solve.errors)")
        let replay = try Run(
            ["replay", "policy.json", "problem.yaml", "--requests", "\(requests)"] + arguments
                + flags(settings + changes), in: folder.url)
        return (solve, replay, folder)
    }

    private func answer(_ run: Run) throws -> Answer {
        #expect(run.status == 0, "\(run.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
    }

    /// Server rows over two days, whose evenings are slow.
    private static let evenings =
        "arrived_at,prompt_tokens,ttft\n"
        + (0..<384).map { i in
            let (hour, quarter) = (i / 4 % 24, i % 4)
            let slow = hour >= 16 ? 2.0 : 0
            let date =
                "2025-01-0\(1 + i / 96)T\(hour < 10 ? "0" : "")\(hour):\(quarter == 0 ? "00" : "\(quarter * 15)"):00Z"
            return "\(date),\(10 + i % 50),\(Double(1 + i % 7) / 8 + slow)\n"
        }.joined()

    private static let slowDevice =
        "prompt_tokens,ttft\n"
        + (0..<80).map { i in
            i % 9 == 4 ? "\(10 + i % 50),\n" : "\(10 + i % 50),\(0.2 + Double(i % 50) / 100 + Double(i % 7) / 40)\n"
        }
        .joined()

    @Test(arguments: [
        [], ["objective=ttft.p90"], ["endpoints.server.condition_on={prompt_tokens: [1, 30]}"],
        ["endpoints.device={trace: device.csv, energy: {prefill: 0.025, decode: 0.155}}"],
        ["endpoints.server={trace: evenings.csv, condition_on: {hour_of_day: [0, 16]}}"],
        [
            "endpoints.server={ttft: {intercept: 0.2, per_token: 0.01}, price: {prefill: 1, decode: 2, currency: USD, per_tokens: 1000}}"
        ],
    ])
    func `replay and formula agree for the table and every baseline`(settings: [String]) throws {
        let (solve, run, _) = try replay(
            settings, files: ["device.csv": Self.slowDevice, "evenings.csv": Self.evenings], requests: 3000)
        let solved = try JSONDecoder().decode(Solved.self, from: Data(solve.output.utf8))
        let answer = try answer(run)
        #expect(answer.policies.map(\.name).first == "policy" && answer.policies.count == 10)
        for policy in answer.policies {
            let formula =
                policy.name == "policy"
                ? solved.expected : solved.baselines[policy.name]?.compactMapValues(\.number) ?? [:]
            for metric in [
                "ttft.mean", "device.prefill_share", "server.prefill_share", "device.answer_share", "failed_share",
                "cost.mean",
            ] {
                guard let expected = formula[metric] else { continue }
                let found = try #require(policy.outcomes[metric])
                let error = policy.standard_errors[metric] ?? 0
                #expect(
                    abs(found - expected) <= 4 * error + 1e-9 * max(1, abs(expected))
                        + (metric == "failed_share" ? 4e-3 : 0),
                    "\(policy.name) \(metric): formula \(expected), replay \(found) ± \(error)")
            }
        }
    }

    @Test func `the same seed gives the same bytes on one, two and three cores, another seed others`() throws {
        let (_, one, folder) = try replay(Self.pace, requests: 17_000, arguments: ["--json", "--workers", "1"])
        let flags = Self.pace.flatMap { ["--set", $0] } + ["--requests", "17000", "--json"]
        for workers in ["2", "3"] {
            let run = try Run(["replay", "policy.json", "problem.yaml", "--workers", workers] + flags, in: folder.url)
            #expect(run.output == one.output)
        }
        let other = try Run(["replay", "policy.json", "problem.yaml", "--seed", "2"] + flags, in: folder.url)
        #expect(other.output != one.output && other.status == 0)
    }

    @Test func `hand-overs are told beside the same waits without them, and alone endpoints have none`() throws {
        let (_, run, folder) = try replay(Self.pace)
        let answer = try answer(run)
        for policy in answer.policies {
            let isAlone = ["server-only", "device-only"].contains(policy.name)
            #expect((policy.without_hand_overs == nil) == isAlone, "\(policy.name)")
            #expect(
                (policy.outcomes["hand_over.share"] ?? 0 > 0) == !isAlone || policy.name == "disco-s", "\(policy.name)")
        }
        let own = answer.policies[0]
        #expect(own.outcomes["cost.mean"] ?? 1 < own.without_hand_overs?["cost.mean"] ?? 0)
        #expect(own.outcomes["ttft.mean"] == own.without_hand_overs?["ttft.mean"])
        #expect(answer.goodput_unit == "tokens/request")
        let text = try Run(
            ["replay", "policy.json", "problem.yaml", "--requests", "500"] + Self.pace.flatMap { ["--set", $0] },
            in: folder.url)
        for word in ["policy", "disco-d", "± is one standard error", "Handed over", "saved %", "smooth", "QoE"] {
            #expect(text.output.contains(word), "\(word) is missing in:\n\(text.output)")
        }
        #expect(text.output.contains("Baselines hand over as the table does"))
    }

    @Test func `arrival times make goodput a rate`() throws {
        let prompts =
            "arrived_at,prompt_tokens,output_tokens\n"
            + (0..<60).map { "\($0 / 2),\(10 + $0 % 50),\(20 + $0)\n" }.joined()
        let (_, timed, _) = try replay(Self.pace, files: ["prompts.csv": prompts])
        let rate = try answer(timed)
        #expect(rate.goodput_unit == "tokens/s")
        let (_, untimed, _) = try replay(
            Self.pace, files: ["prompts.csv": prompts.replacing("arrived_at", with: "at")])
        let perRequest = try answer(untimed)
        // 60 requests from second 0 to second 29.
        for name in ["goodput.smooth", "goodput.deadline"] {
            let (fast, slow) = (
                try #require(rate.policies[0].outcomes[name]), try #require(perRequest.policies[0].outcomes[name])
            )
            #expect(abs(fast - slow * 60 / 29) <= 1e-9 * abs(fast))
        }
    }

    @Test func `deadlines, their weight and the target of quality can be set`() throws {
        let (_, run, folder) = try replay(Self.pace)
        let usual = try answer(run).policies[0].outcomes
        func outcomes(_ arguments: String...) throws -> [String: Double] {
            try answer(
                Run(
                    ["replay", "policy.json", "problem.yaml", "--json", "--requests", "2000"] + arguments
                        + Self.pace.flatMap { ["--set", $0] }, in: folder.url)
            ).policies[0].outcomes
        }
        #expect(try outcomes("--alpha", "0")["goodput.smooth"] == usual["output_tokens.mean"])
        #expect(try outcomes("--deadline-offset", "1")["slo.attainment"] ?? 0 > usual["slo.attainment"] ?? 1)
        #expect(try outcomes("--deadline-pace", "50")["slo.attainment"] ?? 1 < usual["slo.attainment"] ?? 0)
        #expect(try outcomes("--ttft-target", "0")["qoe.mean"] ?? 1 < usual["qoe.mean"] ?? 0)
    }

    @Test func `tokens follow each other as the traces have it, unless the problem says how`() throws {
        let server = Sample.server.split(separator: "\n").enumerated().map { i, row in
            i == 0 ? "\(row),tpot" : "\(row),\(i.isMultiple(of: 50) ? 0.5 : 0.02)"
        }.joined(separator: "\n")
        let device =
            "prompt_tokens,output_tokens,ttft,tbt\n"
            + (0..<80).map { "\(10 + $0 % 50),4,\(0.2 + Double($0 % 50) / 100),\"[0.04, 0.03125, 0.0625]\"\n" }.joined()
        let traced = "endpoints.device={trace: device.csv, energy: {prefill: 0.025, decode: 0.155}}"
        let (_, run, _) = try replay(
            ["reader.tokens_per_second=4", traced, "migration=none"],
            files: ["server.csv": server, "device.csv": device])
        let found = try answer(run)
        #expect(
            run.output.contains("\"server\" : \"per-response\"") && run.output.contains("\"device\" : \"recorded\""))
        func outcomes(_ name: String, _ answer: Answer) throws -> [String: Double] {
            try #require(answer.policies.first { $0.name == name }).outcomes
        }
        // Differences of sums of gaps.
        #expect(abs((try outcomes("device-only", found)["tbt.p99"] ?? 0) - 0.0625) < 1e-9)
        let mean = try #require(try outcomes("device-only", found)["tbt.mean"])
        #expect(abs(mean - (0.04 + 0.03125 + 0.0625) / 3) < 1e-3)
        #expect(try outcomes("server-only", found)["tbt.p99"] == 0.5)
        let (_, steady, _) = try replay(
            ["reader.tokens_per_second=4", traced, "migration=none", "endpoints.server.tpot=0.02"],
            files: ["server.csv": server, "device.csv": device])
        #expect(try outcomes("server-only", try answer(steady))["tbt.p99"] == 0.02)
    }
}
