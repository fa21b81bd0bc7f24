import Foundation
import Testing

@Suite struct `disco solve` {
    @Test func `solves a whole problem, prints its table and writes it`() throws {
        let folder = try Sample.folder()
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in ["optimum", "disco-d", "disco-s", "single-r", "server-only", "prompt tokens", "held out"] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        #expect(run.errors.contains("200 rows = 200 accepted"))
        #expect(run.errors.contains("1 failed"))
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
        #expect(try Run(["policy", "show", "policy.json"], in: folder.url).output.contains("device.prefill_share"))
        #expect(folder.names == ["policy.json", "problem.yaml", "prompts.csv", "server.csv"])
    }

    @Test func `invariant 2: the same inputs give the same bytes`() throws {
        let folder = try Sample.folder()
        let runs = try ["a.json", "b.json"].map {
            try Run(["solve", "problem.yaml", "--json", "-o", $0], in: folder.url)
        }
        #expect(runs.allSatisfy { $0.status == 0 })
        #expect(runs[0].output == runs[1].output)
        #expect(try folder.read("a.json") == folder.read("b.json"))
    }

    @Test func `invariant 4: other prices, same waits`() throws {
        let folder = try Sample.folder()
        func waits(_ settings: [String]) throws -> String {
            let run = try Run(
                ["solve", "problem.yaml", "--json"] + settings.flatMap { ["--set", $0] }, in: folder.url)
            let result = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            let buckets = try #require(result["buckets"])
            return String(
                decoding: try JSONSerialization.data(withJSONObject: buckets, options: .sortedKeys), as: UTF8.self)
        }
        let dear = [
            "endpoints.server.price.prefill=1.4", "endpoints.server.price.decode=2.8", "exchange.per_joule=0.0000005",
        ]
        #expect(try waits([]) == waits(dear))
    }

    @Test func `--json holds the objective, its bound and gap, and every outcome by name`() throws {
        let folder = try Sample.folder()
        let run = try Run(["solve", "problem.yaml", "--json"], in: folder.url)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let objective = try #require(result["objective"] as? Double)
        let bound = try #require(result["bound"] as? Double)
        let gap = try #require(result["gap"] as? Double)
        #expect(objective >= bound - 1e-12 && abs(gap) <= 1e-9)
        let expected = try #require(result["expected"] as? [String: Double])
        #expect(abs(try #require(expected["ttft.mean"]) - objective) < 1e-9)
        #expect(try #require(expected["device.prefill_share"]) <= 0.2 + 1e-9)
        #expect(expected["cost.mean"] != nil && expected["energy.mean"] != nil && expected["failed_share"] != nil)
        #expect((result["held_out"] as? [String: Double])?["ttft.p99"] != nil)
        let baselines = try #require(result["baselines"] as? [String: [String: Any]])
        #expect(
            baselines.keys.sorted() == [
                "device-only", "disco-d", "disco-s", "fixed-hedge", "race", "server-only", "single-r", "stoch-d",
                "stoch-s",
            ])
        for (name, outcomes) in baselines where (outcomes["breaks"] as? [String])?.isEmpty == true {
            #expect(try #require(outcomes["ttft.mean"] as? Double) >= objective - 1e-9, "\(name)")
        }
    }

    @Test(arguments: ["0", "1", "0.05"])
    func `any budget from nothing to everything is solved and kept`(budget: String) throws {
        let folder = try Sample.folder()
        let run = try Run(
            ["solve", "problem.yaml", "--json", "--set", "limits.device.prefill_share.at_most=\(budget)"],
            in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let result = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let share = try #require((result["expected"] as? [String: Double])?["device.prefill_share"])
        #expect(share <= (Double(budget) ?? 0) + 1e-9)
    }

    @Test func `a server limit is the mirror case`() throws {
        let problem = Sample.problem.replacing("device.prefill_share", with: "server.prefill_share")
        let folder = try Sample.folder(["problem.yaml": problem])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
        #expect(run.output.contains("One more point of server.prefill_share"))
    }

    @Test func `a baseline that beats coarse buckets is pointed out, and exact buckets beat it`() throws {
        let problem = Sample.problem.replacing("device.prefill_share", with: "server.prefill_share")
        let folder = try Sample.folder(["problem.yaml": problem])
        func output(_ buckets: String) throws -> String {
            try Run(["solve", "problem.yaml", "--set", "workload.buckets=\(buckets)"], in: folder.url).output
        }
        #expect(try output("{count: 1}").contains("disco-s has a smaller mean"))
        #expect(try !output("{by: exact}").contains("has a smaller mean"))
    }

    @Test func `conditioning on prompt length cuts the buckets where the server changes`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "solve", "problem.yaml", "-o", "policy.json", "--set",
                "endpoints.server.condition_on={prompt_tokens: [1, 30]}",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("2 length groups"))
        #expect(try String(decoding: folder.read("policy.json"), as: UTF8.self).contains("\"from\": 30"))
    }

    @Test func `buckets without requests take a neighbour's action and say so`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "solve", "problem.yaml", "-o", "policy.json", "--set",
                "workload.buckets={by: edges, edges: [1, 20, 500]}",
            ],
            in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try String(decoding: folder.read("policy.json"), as: UTF8.self).contains("\"borrowed_from\": 20"))
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
    }

    @Test func `invariant 8: no prompt or answer text reaches any output, from a good row or a bad one`() throws {
        let prompts =
            "prompt,prompt_tokens,answer\n"
            + (1...300).map { "tell me a secret \($0),\($0 == 7 ? "many secrets" : "\($0)"),\"another, secret\"\n" }
            .joined()
        let folder = try Sample.folder(["prompts.csv": prompts])
        let runs = [
            try Run(["ingest", "prompts.csv", "-o", "rows.jsonl"], in: folder.url),
            try Run(["solve", "problem.yaml", "-o", "policy.json", "--json"], in: folder.url),
            try Run(["profile", "problem.yaml"], in: folder.url),
        ]
        for run in runs {
            #expect(run.status == 0, "\(run.errors)")
            // What stands in a column that we read may be quoted: it is how a user finds the fault.
            let text = (run.output + run.errors).replacing("many secrets", with: "")
            #expect(!text.contains("secret"), "\(text)")
        }
        for file in ["rows.jsonl", "policy.json"] {
            #expect(try !String(decoding: folder.read(file), as: UTF8.self).contains("secret"))
        }
    }

    @Test func `a table says until when it is valid`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "solve", "problem.yaml", "-o", "policy.json", "--set", "table.as_of=2025-01-31T08:00:00.5+02:00",
                "--set",
                "table.valid_days=30",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            try String(decoding: folder.read("policy.json"), as: UTF8.self).contains(
                "\"valid_until\": \"2025-03-02T06:00:00Z\""))
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
    }

    @Test func `a table says which requests take it and how many may start a second endpoint`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "solve", "problem.yaml", "-o", "policy.json", "--set", "table.rollout={percentage: 10, salt: spring}",
                "--set", "table.max_extra_load=0.3",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let table = try #require(
            try JSONSerialization.jsonObject(with: folder.read("policy.json")) as? [String: Any])
        #expect(table["rollout"] as? NSDictionary == ["percentage": 10, "salt": "spring"])
        #expect(table["max_extra_load"] as? Double == 0.3)
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
    }

    @Test func `--example prints a problem file that parses`() throws {
        let folder = try Folder(["problem.yaml": try Run(["solve", "--example"]).output])
        let run = try Run(["solve", "problem.yaml"], in: folder.url)
        #expect(run.status == 66, "its traces are not there, and nothing else is wrong: \(run.errors)")
    }

    @Test func `profile shows the fit, the evidence and the buckets`() throws {
        let device =
            "prompt_tokens,ttft\n"
            + (1...80).map { "\($0),\(0.1 + 0.01 * Double($0) + ($0.isMultiple(of: 3) ? 0.02 : 0))\n" }.joined()
        let problem = Sample.problem.replacing("ttft: {intercept: 0.1, per_token: 0.01}", with: "trace: device.csv")
        let folder = try Sample.folder(["device.csv": device, "problem.yaml": problem])
        let run = try Run(["profile", "problem.yaml"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in ["R^2", "std. error", "residuals", "rank correlation", "output p90", "held out"] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        let json = try Run(["profile", "problem.yaml", "--json", "-o", "profile.json"], in: folder.url)
        #expect(try folder.read("profile.json") == Data(json.output.utf8))
        #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [String: Any])
        #expect(try Run(["solve", "problem.yaml"], in: folder.url).status == 0)
    }
}
