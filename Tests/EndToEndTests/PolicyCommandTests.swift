import Foundation
import Testing

@Suite struct `disco policy explain to verify` {
    /// Two tables that `disco solve` writes for the sample problem, the second with half the budget.
    private func solved() throws -> Folder {
        let folder = try Sample.folder()
        for (name, settings) in [
            ("a.json", []),
            ("b.json", ["--set", "limits.device.prefill_share.at_most=0.1", "--set", "table.revision=2"]),
        ] {
            let run = try Run(["solve", "problem.yaml", "-o", name] + settings, in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
        }
        return folder
    }

    @Test(arguments: ["explain", "diff", "export", "sign", "verify"])
    func `the help is as it was reviewed`(command: String) throws {
        let place = Bundle.module.bundleURL.appending(path: "Help/policy-\(command).txt")
        let run = try Run(["policy", command, "--help"], environment: ["COLUMNS": "80"])
        #expect(run.status == 0)
        #expect(run.output == (try String(contentsOf: place, encoding: .utf8)))
    }

    @Test func `a length is explained by its bucket, its rows and the limit's price`() throws {
        let folder = try solved()
        let run = try Run(["policy", "explain", "a.json", "23", "--request-id", "some-id"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in [
            "23 prompt tokens: bucket ", "Evidence: ", "minimize ttft.mean under a price on device.prefill_share",
            "one point (0.01) more of device.prefill_share would buy", "Request \"some-id\"",
        ] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        let far = try Run(["policy", "explain", "a.json", "9007199254740993"], in: folder.url)
        #expect(far.status == 0 && far.output.contains("+ tokens"))
    }

    @Test func `a difference names limits, outcomes and lengths, and recomputes both on one problem`() throws {
        let folder = try solved()
        let same = try Run(["policy", "diff", "a.json", "a.json"], in: folder.url)
        #expect(same.status == 0 && same.output == "the same table\n")
        let run = try Run(["policy", "diff", "a.json", "b.json", "--problem", "problem.yaml"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        for word in [
            "revision: 1 -> 2", "limits.device.prefill_share: at most 0.2 -> at most 0.1", "expected outcome",
            "prompt tokens\n", "  old: ", "  new: ", "on problem.yaml",
        ] {
            #expect(run.output.contains(word), "\(word) is missing in:\n\(run.output)")
        }
        // What each table expects of its own problem is what is recomputed on it: the same trace.
        let rows = run.output.split(separator: "\n").filter { $0.hasPrefix("device.prefill_share") }
        #expect(rows.count == 2)
        for row in rows {
            let numbers = row.split(separator: " ").dropFirst().prefix(2).compactMap { Double($0) }
            #expect(numbers.count == 2 && abs(numbers[0] - 0.2) < 1e-6 && abs(numbers[1] - 0.1) < 1e-6, "\(row)")
        }
    }

    @Test func `a table as CSV has a row per action, and what is lost is said`() throws {
        let folder = try solved()
        let run = try Run(["policy", "export", "a.json", "--to", "csv", "-o", "a.csv"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.isEmpty && run.errors.contains("csv does not express:\n- "))
        let rows = try #require(String(data: folder.read("a.csv"), encoding: .utf8)).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows.count > 2 && rows.allSatisfy { $0.count == rows[0].count } && rows[0][3] == "probability")
        let table = try #require(
            try JSONSerialization.jsonObject(with: folder.read("a.json")) as? [String: Any])
        let buckets = try #require(table["buckets"] as? [[String: Any]])
        #expect(rows.count - 1 == buckets.reduce(0) { $0 + (($1["actions"] as? [Any])?.count ?? 0) })
    }

    @Test func `a table as gRPC service config has one delay, that of the bucket asked for`() throws {
        let folder = try solved()
        for length in ["1", "23", "1000"] {
            let run = try Run(
                ["policy", "export", "a.json", "--to", "grpc-service-config", "--prompt-tokens", length], in: folder.url
            )
            #expect(run.status == 0 && run.errors.contains("two endpoints"), "\(run.errors)")
            let config = try #require(
                try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: [[String: Any]]])
            let method = try #require(config["methodConfig"]?.first)
            #expect((method["timeout"] as? String)?.hasSuffix("s") == true)
            if let hedging = method["hedgingPolicy"] as? [String: Any] {
                let delay = try #require(hedging["hedgingDelay"] as? String)
                #expect(delay.wholeMatch(of: /[0-9]+(\.[0-9]{1,9})?s/) != nil, "\(delay)")
                #expect(hedging["maxAttempts"] as? Int == 2)
            }
        }
    }

    /// The keys of RFC 8032, 7.1, test 1, in PEM.
    private let keys = [
        "key.pem": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
            + "-----END PRIVATE KEY-----\n",
        "public.pem": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
            + "-----END PUBLIC KEY-----\n",
    ]

    @Test func `a signed table is verified, a changed one is refused with 4`() throws {
        let folder = try solved()
        for (name, text) in keys { try folder.write(name, text) }
        let sign = try Run(["policy", "sign", "a.json", "--key", "key.pem"], in: folder.url)
        #expect(sign.status == 0 && folder.has("a.json.sig"), "\(sign.errors)")
        let verify = ["policy", "verify", "a.json", "--key", "public.pem"]
        #expect(try Run(verify, in: folder.url).status == 0)
        let other = try Run(
            ["policy", "verify", "b.json", "--key", "public.pem", "--signature", "a.json.sig"], in: folder.url)
        #expect(other.status == 4 && other.errors.contains("b.json: "), "\(other.errors)")
        let text = try #require(String(data: folder.read("a.json"), encoding: .utf8))
        try folder.write("a.json", text.replacing("\"revision\": 1", with: "\"revision\": 3"))
        let changed = try Run(verify, in: folder.url)
        #expect(changed.status == 4 && changed.errors.contains("id-matches"), "\(changed.errors)")
        #expect(try Run(["policy", "sign", "a.json", "--key", "key.pem", "-o", "c.sig"], in: folder.url).status == 4)
        #expect(!folder.has("c.sig"))
    }

    @Test func `trouble has its exit code, and inputs are never overwritten`() throws {
        let folder = try solved()
        for (name, text) in keys { try folder.write(name, text) }
        let table = try folder.read("a.json")
        for (arguments, status) in [
            (["explain", "none.json", "5"], 66), (["explain", "a.json", "0"], 64), (["explain", "a.json", "x"], 64),
            (["explain", "a.json", "5", "--hour", "24"], 64), (["explain", "problem.yaml", "5"], 65),
            (["diff", "a.json"], 64), (["diff", "a.json", "key.pem"], 65),
            (["diff", "a.json", "b.json", "--set", "x=1"], 64),
            (["diff", "a.json", "b.json", "--problem", "none.yaml"], 66), (["export", "a.json", "--to", "xml"], 64),
            (["export", "a.json", "--to", "csv", "-o", "a.json"], 64),
            (["export", "a.json", "--to", "csv", "-o", "/proc/x"], 73),
            (["sign", "a.json", "--key", "public.pem"], 65),
            (["sign", "a.json", "--key", "key.pem", "-o", "key.pem"], 64),
            (["sign", "a.json", "--key", "none.pem"], 66), (["verify", "a.json", "--key", "public.pem"], 66),
            (["verify", "a.json", "--key", "public.pem", "--signature", "problem.yaml"], 65),
        ] as [([String], Int32)] {
            let run = try Run(["policy"] + arguments, in: folder.url)
            #expect(run.status == status, "\(arguments): \(run.errors)")
            #expect(!run.errors.isEmpty)
        }
        #expect(try folder.read("a.json") == table)
    }
}
