import Foundation
import Testing

/// Hand-overs of running responses, from the problem file to the policy table and the terminal.
@Suite struct MigrationTests {
    private struct Answer: Decodable {
        struct HandOver: Decodable {
            let after_tokens: Int?
            let buffer_tokens: Double?
            let expected_saving: Double?
            let stall: Double?
            let never: String?
        }
        struct Migration: Decodable {
            let device_to_server: HandOver
            let server_to_device: HandOver
        }
        struct Bucket: Decodable {
            let from: Int
            let to: Int?
            let migration: Migration?
            let actions: [Action]

            /// The action that the bucket's own hand-overs are for.
            var likeliest: Action {
                actions.reduce(actions[0]) { $1.probability > $0.probability ? $1 : $0 }
            }
        }
        struct Action: Decodable, Equatable {
            let probability: Double
            let server_wait: Double?
            let device_wait: Double?
        }
        let buckets: [Bucket]
        let expected: [String: Double]
        let notes: [String]
        let policy_id: String
    }

    /// The sample's server bills 2.8e-7 a token; its device draws 0.155 J, 7.75e-9.
    ///
    /// Both decode faster than people read.
    private static let settings = [
        "reader.tokens_per_second=4", "endpoints.server.tpot=0.02", "endpoints.device.tpot=0.05",
    ]

    private func solve(_ settings: [String], _ files: [String: String] = [:]) throws -> (Answer, Run) {
        let folder = try Sample.folder(files)
        let run = try Run(
            ["solve", "problem.yaml", "--json"] + settings.flatMap { ["--set", $0] }, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return (try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8)), run)
    }

    /// The server's times in the sample.
    private static let serverTimes = Sample.server.split(separator: "\n").dropFirst().compactMap {
        $0.split(separator: ",", omittingEmptySubsequences: false).first.flatMap { Double($0) }
    }

    @Test func `a table that hands over is not one for a problem without a reader`() throws {
        let folder = try Sample.folder()
        let solved = try Run(
            ["solve", "problem.yaml", "-o", "p.json"] + Self.settings.flatMap { ["--set", $0] }, in: folder.url)
        #expect(solved.status == 0, "\(solved.errors)")
        let others = Self.settings.filter { !$0.hasPrefix("reader") }.flatMap { ["--set", $0] }
        for command in [
            ["policy", "validate", "p.json", "--problem", "problem.yaml"],
            ["check", "p.json", "problem.yaml", "--traces", "server.csv"],
        ] {
            let run = try Run(command + others, in: folder.url)
            #expect(run.status == 4, "\(run.errors)")
            #expect(run.errors.contains("the problem has no reader"), "\(run.errors)")
        }
    }

    /// D(l) = 0.1 + 0.01 l: (i - 1) 0.02 + 0.1 + 0.01 (l + i) <= i / 4, l the longest of the bucket but for 1 in 100 requests.
    @Test func `responses of a dear server move to the device as soon as the reader does not notice`() throws {
        let (answer, _) = try solve(Self.settings)
        let prompts = (0..<60).map { (length: 10 + ($0 * 7) % 50, output: 20 + $0) }
        for bucket in answer.buckets {
            let migration = try #require(bucket.migration)
            #expect(migration.device_to_server.never == "dearer")
            let own = prompts.filter { $0.length >= bucket.from && $0.length <= bucket.to ?? .max }
            let longest = own.reduce(0) { max($0, $1.length) }
            func delay(_ i: Int) -> Double { 0.1 + 0.01 * Double(longest + i) }
            let i = try #require((1..<20).first { Double($0 - 1) * 0.02 + delay($0) <= Double($0) / 4 + 1e-9 })
            #expect(migration.server_to_device.after_tokens == i)
            #expect(abs((migration.server_to_device.buffer_tokens ?? 0) - 4 * delay(i)) < 1e-9)
            // Of the responses that the server begins, which are more of the long prompts.
            let (saving, begun) = own.reduce((0.0, 0.0)) { sums, request in
                let left = Double(request.output - i)
                let saved = left * (2.8e-7 - 0.155 * 5e-8) - Double(request.length + i) * 0.025 * 5e-8
                let answer = (bucket.likeliest.device_wait ?? 60) + 0.1 + 0.01 * Double(request.length)
                let wins = Double(Self.serverTimes.filter { $0 <= answer }.count)
                return (sums.0 + wins * saved, sums.1 + wins)
            }
            #expect(abs((migration.server_to_device.expected_saving ?? 0) - saving / begun) < 1e-14)
            #expect(migration.server_to_device.stall == nil)
        }
    }

    @Test func `waits stay as they are where cost does not count, and outcomes count the hand-overs`() throws {
        let (with, _) = try solve(Self.settings)
        let (without, _) = try solve(["migration=none"] + Self.settings)
        #expect(with.buckets.map(\.actions) == without.buckets.map(\.actions) && with.policy_id != without.policy_id)
        for (name, value) in without.expected where name != "cost.mean" && name != "energy.mean" {
            #expect(with.expected[name] == value)
        }
        #expect((with.expected["cost.mean"] ?? 1) < 0.8 * (without.expected["cost.mean"] ?? 0))
        #expect((with.expected["energy.mean"] ?? 0) > (without.expected["energy.mean"] ?? 1))
        #expect(without.buckets.allSatisfy { $0.migration == nil } && without.notes == with.notes)
        let (silent, _) = try solve(Array(Self.settings.dropFirst()))
        #expect(silent.buckets.allSatisfy { $0.migration == nil })
    }

    @Test func `the table holds them, is valid, and tells them`() throws {
        let folder = try Sample.folder()
        let settings = Self.settings.flatMap { ["--set", $0] }
        let solved = try Run(["solve", "problem.yaml", "-o", "policy.json"] + settings, in: folder.url)
        #expect(solved.status == 0 && solved.output.contains("hand over  from"), "\(solved.errors)")
        #expect(solved.output.contains("device to server never: it costs more"))
        let checked = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"] + settings, in: folder.url)
        #expect(checked.status == 0, "\(checked.output) \(checked.errors)")
        let shown = try Run(["policy", "show", "policy.json"], in: folder.url)
        #expect(shown.status == 0 && shown.output.contains("server to device") == false)
        #expect(shown.output.contains("saves USD"))
    }

    @Test(arguments: [
        (["endpoints.device.tpot=null"], "endpoints.device.tpot", "tpot-unknown"),
        (["endpoints.server.price=null"], "endpoints.server.price", "price-unknown"),
        (["exchange=null"], "exchange.per_joule", "price-unknown"),
    ])
    func `what is missing for hand-overs is a note and a reason`(
        changes: [String], wanted: String, reason: String
    ) throws {
        let (answer, _) = try solve(Self.settings + changes)
        #expect(answer.notes.contains { $0.contains("not handed over") && $0.contains(wanted) }, "\(answer.notes)")
        for bucket in answer.buckets { #expect(bucket.migration?.server_to_device.never == reason) }
    }

    @Test func `without answer lengths nothing is handed over, and it says so`() throws {
        let prompts = "prompt_tokens\n" + (10..<70).map { "\($0)\n" }.joined()
        let (answer, _) = try solve(Self.settings, ["prompts.csv": prompts])
        #expect(answer.notes.contains { $0.contains("not handed over") && $0.contains("output_tokens") })
        for bucket in answer.buckets { #expect(bucket.migration?.server_to_device.never == "no-output-lengths") }
    }

    @Test func `a reader faster than both endpoints is handed over only where a stall is allowed`() throws {
        let fast = Self.settings + ["reader.tokens_per_second=60"]
        let (answer, _) = try solve(fast)
        for bucket in answer.buckets { #expect(bucket.migration?.server_to_device.never == "reader-too-fast") }
        let slow = Self.settings + ["endpoints.device.tpot=0.4", "migration.allow_stall=true"]
        let (allowed, _) = try solve(slow)
        for bucket in allowed.buckets { #expect(bucket.migration?.server_to_device.stall ?? 0 > 0) }
    }

    @Test func `a population of readers shares the risk`() throws {
        let paces = "reader={population: [{share: 0.995, tokens_per_second: 4}, {share: 0.005, tokens_per_second: 90}]}"
        let (one, _) = try solve(Self.settings)
        let (many, _) = try solve([paces] + Self.settings.dropFirst())
        #expect(
            one.buckets.map { $0.migration?.server_to_device.after_tokens }
                == many.buckets.map { $0.migration?.server_to_device.after_tokens })
    }

    @Test(arguments: [
        ("reader.tokens_per_second=6", "is late for"),
        ("endpoints.server.price.decode=0.001", "a response more than none"),
        ("endpoints.device.energy.decode=0.1", "the table says"), ("migration=none", "the problem asks for none"),
        ("endpoints.device.tpot=0.3", "faster than the target"),
    ])
    func `a table whose hand-overs stall, cost more or save something else than it says is refused`(
        change: String, words: String
    ) throws {
        let folder = try Sample.folder()
        let settings = Self.settings.flatMap { ["--set", $0] }
        let solved = try Run(["solve", "problem.yaml", "-o", "policy.json"] + settings, in: folder.url)
        #expect(solved.status == 0, "\(solved.errors)")
        let checked = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"] + settings + ["--set", change],
            in: folder.url)
        #expect(checked.status == 4 && checked.errors.contains(words), "\(checked.errors)")
    }

    @Test(arguments: ["cost.mean", "energy.mean"])
    func `waits and hand-overs are solved together, and every number is recomputed`(objective: String) throws {
        let folder = try Sample.folder()
        let settings = (Self.settings + ["objective=\(objective)", "limits.ttft.mean.at_most=0.6"])
            .flatMap { ["--set", $0] }
        let solved = try Run(["solve", "problem.yaml", "-o", "policy.json"] + settings, in: folder.url)
        #expect(solved.status == 0 && solved.output.contains("optimal: "), "\(solved.output) \(solved.errors)")
        let checked = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"] + settings, in: folder.url)
        #expect(checked.status == 0, "\(checked.output) \(checked.errors)")
    }

    @Test func `answers of no token are never handed over`() throws {
        let prompts = "prompt_tokens,output_tokens\n" + (10..<70).map { "\($0),0\n" }.joined()
        let (answer, _) = try solve(Self.settings, ["prompts.csv": prompts])
        for bucket in answer.buckets { #expect(bucket.migration?.server_to_device.never == "dearer") }
        #expect(answer.expected["cost.mean"] != nil)
    }
}
