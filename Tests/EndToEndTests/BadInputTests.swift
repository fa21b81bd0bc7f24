import Foundation
import Testing

/// Each wrong input: its exit code, words of its message, and nothing half-written.
@Suite struct `Bad input` {
    private func expectRefusal(
        _ folder: Folder, _ arguments: [String] = [], status: Int32, words: [String],
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = folder.names
        let run = try Run(
            ["solve", "problem.yaml", "-o", "policy.json"] + arguments, environment: environment, in: folder.url)
        #expect(run.status == status, "\(run.errors)\(run.output)", sourceLocation: sourceLocation)
        for word in words {
            #expect(run.errors.contains(word), "no '\(word)' in: \(run.errors)", sourceLocation: sourceLocation)
        }
        #expect(run.output.isEmpty, sourceLocation: sourceLocation)
        #expect(folder.names == before, "nothing is written", sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("", ["server.csv"]),
        ("ttft,prompt_tokens\n", ["server.csv"]),
        ("latency,prompt_tokens\n1,5\n", ["server.csv", "ttft", "latency"]),
        ("ttft,prompt_tokens\n1,5\nfast,6\n", ["server.csv:3", "fast"]),
        ("ttft,prompt_tokens\n1,5\nnan,6\n", ["server.csv:3"]),
        ("ttft,prompt_tokens\n1,5\n-2,6\n", ["server.csv:3", "-2"]),
        ("ttft,prompt_tokens\n1,5\n0,6\n", ["server.csv:3"]),
        ("ttft,prompt_tokens\n1,0\n2,6\n", ["server.csv:2"]),
        ("ttft,prompt_tokens\n1,5,9,9\n2,6\n", ["server.csv:2"]),
        ("ttft,prompt_tokens\n1,5\r\n2,6\n", ["server.csv", "CR LF"]),
    ])
    func `a wrong server trace is refused with its place`(text: String, words: [String]) throws {
        try expectRefusal(try Sample.folder(["server.csv": text]), status: 65, words: words)
    }

    @Test func `a missing trace and a directory in its place`() throws {
        let folder = try Sample.folder()
        try expectRefusal(
            folder, ["--set", "endpoints.server.trace.path=nowhere.csv"], status: 66, words: ["nowhere.csv"])
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "traces"), withIntermediateDirectories: true)
        try expectRefusal(
            folder, ["--set", "endpoints.server.trace.path=traces"], status: 66, words: ["traces", "folder"])
    }

    @Test func `a truncated Parquet file`() throws {
        let folder = try Sample.folder()
        #expect(try Run(["ingest", "server.csv", "-o", "server.parquet"], in: folder.url).status == 0)
        let whole = try folder.read("server.parquet")
        try whole.prefix(whole.count / 2).write(to: folder.url.appending(path: "server.parquet"))
        try expectRefusal(
            folder, ["--set", "endpoints.server.trace.path=server.parquet"], status: 65, words: ["server.parquet"])
    }

    @Test(arguments: [
        ("limits.device.prefill_share.at_most=-0.1", ["at_most", "-0.1"]),
        ("limits.device.prefill_share.at_most=1.5", ["at_most", "1.5"]),
        ("timeout=0", ["timeout"]),
        ("workload.buckets.count=0", ["count"]),
    ])
    func `a number out of range`(setting: String, words: [String]) throws {
        let folder = try Sample.folder()
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json", "--set", setting], in: folder.url)
        #expect(run.status == 64, "\(run.errors)")
        for word in words { #expect(run.errors.contains(word), "no '\(word)' in: \(run.errors)") }
        #expect(!folder.has("policy.json"))
    }

    @Test func `an unknown field is named with the nearest valid one`() throws {
        let problem = Sample.problem.replacing("at_most", with: "at_mots")
        try expectRefusal(
            try Sample.folder(["problem.yaml": problem]), status: 65, words: ["problem.yaml:14:", "at_mots", "at_most"])
    }

    @Test func `a missing problem, an empty one, and one that is not YAML`() throws {
        let folder = try Folder()
        try expectRefusal(folder, status: 66, words: ["problem.yaml"])
        try folder.write("problem.yaml", "")
        try expectRefusal(folder, status: 65, words: ["problem.yaml"])
        try folder.write("problem.yaml", "a: [1\nb: }")
        try expectRefusal(folder, status: 65, words: ["problem.yaml"])
    }

    @Test func `limits that exclude each other end with 3 and say what is reachable`() throws {
        let problem = Sample.problem + "  server.prefill_share: {at_most: 0.5}\n"
        try expectRefusal(
            try Sample.folder(["problem.yaml": problem]), status: 3,
            words: ["device.prefill_share", "server.prefill_share", "0.8"])
    }

    @Test func `limits in conflict are named with the nearest value of each, others are not`() throws {
        let folder = try Sample.folder()
        let tight = ["--set", "limits.ttft.p99.at_most=0.8", "--set", "limits.failed_share.at_most=0.9"]
        let run = try Run(["solve", "problem.yaml"] + tight, in: folder.url)
        #expect(run.status == 3, "\(run.errors)")
        #expect(
            run.errors.contains(
                "no policy keeps ttft.p99 at most 0.8 and device.prefill_share at most 0.2 together"))
        #expect(run.errors.contains("Nearest, the others kept, ttft.p99 at most "))
        #expect(!run.errors.contains("failed_share"), "it is not to blame: \(run.errors)")
    }

    @Test func `metrics without figures are refused before anything is solved`() throws {
        let lengths = "prompt_tokens\n" + (0..<60).map { "\(10 + $0)\n" }.joined()
        let folder = try Sample.folder(["prompts.csv": lengths])
        try expectRefusal(
            folder, ["--set", "limits.energy.mean.at_most=5"], status: 65, words: ["energy.mean", "output_tokens"])
    }

    @Test(arguments: [
        ["--set", "workload.buckets={by: optimal, count: 4}"], ["--set", "confidence=0.9"],
    ])
    func `what does not go with hours of the day is said, not ignored`(_ arguments: [String]) throws {
        let hours = ["--set", "endpoints.server.condition_on=hour_of_day"]
        try expectRefusal(
            try Sample.folder(), hours + arguments, status: 65, words: ["hour_of_day"])
    }

    @Test func `a table that cannot be written ends with 73 and leaves the old one`() throws {
        let folder = try Sample.folder()
        let run = try Run(["solve", "problem.yaml", "-o", "no/such/folder/policy.json"], in: folder.url)
        #expect(run.status == 73 && run.errors.contains("no/such/folder/policy.json"), "\(run.errors)")
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "taken"), withIntermediateDirectories: true)
        #expect(try Run(["solve", "problem.yaml", "-o", "taken"], in: folder.url).status == 73)
        #expect(folder.names == ["problem.yaml", "prompts.csv", "server.csv", "taken"])
    }

    @Test func `an output that is an input, or no ordinary file, is left alone`() throws {
        let folder = try Sample.folder()
        for input in ["problem.yaml", "server.csv", "./prompts.csv"] {
            let before = try folder.read(input)
            let run = try Run(["solve", "problem.yaml", "-o", input], in: folder.url)
            #expect(run.status == 64 && run.errors.contains("is an input"), "\(run.errors)")
            #expect(try folder.read(input) == before)
        }
        #expect(try Run(["ingest", "server.csv", "-o", "server.csv"], in: folder.url).status == 64)
        #expect(try Run(["solve", "problem.yaml", "-o", "/dev/null"], in: folder.url).status == 73)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.json"), withDestinationPath: folder.path("target.json"))
        try folder.write("target.json", "old")
        #expect(try Run(["solve", "problem.yaml", "-o", "link.json"], in: folder.url).status == 0)
        #expect(try folder.read("target.json").count > 1_000, "a link leads to its target")
    }

    @Test func `numbers that make no valid table are refused`() throws {
        let folder = try Sample.folder()
        for setting in [
            "endpoints.server.price={prefill: 1e308, decode: 1e308}", "table={as_of: 2025-01-31, valid_days: 1e300}",
        ] {
            let run = try Run(["solve", "problem.yaml", "-o", "policy.json", "--set", setting], in: folder.url)
            #expect(run.status == 65 && run.errors.contains("problem.yaml"), "\(setting): \(run.status) \(run.errors)")
            #expect(!folder.has("policy.json"))
        }
    }

    @Test func `an expression that changes from run to run is refused`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            ["solve", "problem.yaml", "--set", "endpoints.server.trace={path: server.csv, where: random() > 0.5}"],
            in: folder.url)
        #expect(run.status == 65 && run.errors.contains("random"), "\(run.errors)")
    }

    @Test func `without DuckDB the message says how to install it`() throws {
        // A copy of the program outside the repository finds neither .tools nor, with this PATH, anything else.
        let folder = try Sample.folder()
        try FileManager.default.copyItem(at: Run.program, to: folder.url.appending(path: "disco"))
        let run = try Run(
            ["solve", "problem.yaml", "-o", "policy.json"], environment: ["PATH": "/nonexistent"], in: folder.url,
            program: folder.url.appending(path: "disco"))
        #expect(run.status == 69 && run.errors.contains("duckdb") && run.errors.contains("make tools"), "\(run.errors)")
        try expectRefusal(
            folder, status: 69, words: ["DISCO_DUCKDB"], environment: ["DISCO_DUCKDB": "/nonexistent/duckdb"])
    }

    @Test func `usage errors end with 64`() throws {
        #expect(try Run(["solve"]).status == 64)
        #expect(try Run(["solv", "x.yaml"]).status == 64)
        #expect(try Run(["ingest", "a.csv", "-o", "b.csv", "--column", "ttft"]).status == 64)
    }

    @Test func `a policy table that breaks a rule ends with 4 and names it`() throws {
        let folder = try Sample.folder()
        #expect(try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url).status == 0)
        let text = try String(decoding: folder.read("policy.json"), as: UTF8.self)
        try folder.write("policy.json", text.replacing("\"from\": 1,", with: "\"from\": 2,"))
        let run = try Run(["policy", "validate", "policy.json"], in: folder.url)
        #expect(run.status == 4 && run.errors.contains("buckets"), "\(run.errors)")
        try folder.write("policy.json", text.replacing("\"timeout\": 60", with: "\"timeout\": 61"))
        let changed = try Run(["policy", "validate", "policy.json"], in: folder.url)
        #expect(changed.status == 4 && changed.errors.contains("SHA-256"), "\(changed.errors)")
        #expect(try Run(["policy", "show", "server.csv"], in: folder.url).status == 65)
    }
}

@Suite struct `Extreme but valid input` {
    @Test func `all server requests failed`() throws {
        let folder = try Sample.folder(["server.csv": "ttft,outcome\n" + String(repeating: ",failed\n", count: 20)])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
        let json = try Run(["solve", "problem.yaml", "--json"], in: folder.url)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let baselines = try #require(result["baselines"] as? [String: [String: Any]])
        #expect(baselines["server-only"]?["failed_share"] as? Double == 1)
        #expect(baselines["server-only"]?["ttft.mean"] as? Double == 60)
        #expect(baselines["race"]?["failed_share"] as? Double == 0)
    }

    @Test func `all device requests failed`() throws {
        let device = "prompt_tokens,ttft,outcome\n" + (1...20).map { "\($0),,failed\n" }.joined()
        let problem = Sample.problem.replacing("ttft: {intercept: 0.1, per_token: 0.01}", with: "trace: device.csv")
        let folder = try Sample.folder(["device.csv": device, "problem.yaml": problem])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 65 && run.errors.contains("device.csv: all 20 device requests failed"), "\(run.errors)")
        #expect(!folder.has("policy.json"))
    }

    @Test func `one request of each kind`() throws {
        let folder = try Sample.folder(["server.csv": "ttft\n0.5\n", "prompts.csv": "prompt_tokens\n12\n"])
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("nothing is held out"))
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
    }

    @Test func `one bucket`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            ["solve", "problem.yaml", "-o", "policy.json", "--set", "workload.buckets.count=1"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            try String(decoding: folder.read("policy.json"), as: UTF8.self).components(separatedBy: "\"from\"").count
                == 2)
    }

    @Test func `no limit at all races`() throws {
        let problem = Sample.problem.replacing("limits:\n  device.prefill_share: {at_most: 0.2}\n", with: "")
        let folder = try Sample.folder(["problem.yaml": problem])
        let run = try Run(["solve", "problem.yaml"], in: folder.url)
        #expect(run.status == 0 && run.output.contains("race"), "\(run.errors)\(run.output)")
    }
}
