import Foundation
import Testing

@Suite struct `disco check, on new rows of every kind` {
    private func solved(_ files: [String: String] = [:], settings: [String] = []) throws -> Folder {
        let folder = try Sample.folder(files)
        let flags = settings.flatMap { ["--set", $0] }
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"] + flags, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return folder
    }

    private func check(_ folder: Folder, _ arguments: [String]) throws -> Run {
        try Run(["check", "policy.json", "problem.yaml"] + arguments, in: folder.url)
    }

    /// The sample problem with a device that was recorded.
    private var traced: [String: String] {
        [
            "problem.yaml": Sample.problem.replacing(
                "ttft: {intercept: 0.1, per_token: 0.01}", with: "trace: device.csv"),
            "device.csv": device { $0 },
        ]
    }

    private func device(_ change: (Double) -> Double) -> String {
        "prompt_tokens,ttft\n"
            + (0..<120).map { "\(10 + $0 % 50),\(change(0.1 + 0.01 * Double(10 + $0 % 50) + Double($0 % 7) / 50))\n" }
            .joined()
    }

    @Test func `one new row tells nothing, which is said`() throws {
        let folder = try solved(["new.csv": "ttft,prompt_tokens\n50,30\n"])
        let run = try check(folder, ["--traces", "new.csv"])
        #expect(run.status == 0 && run.output.contains("1 new server row is fewer than 50"), "\(run.output)")
    }

    @Test func `without prompt lengths the server is compared as a whole`() throws {
        let folder = try solved(["new.csv": "ttft\n" + (0..<100).map { "\(2 + Double($0) / 100)\n" }.joined()])
        let run = try check(folder, ["--traces", "new.csv"])
        #expect(run.status == 4 && run.errors.contains("policy.json: server TTFT: distance"))
        #expect(run.output.contains("have no prompt_tokens") && !run.errors.contains(" tokens: distance"))
    }

    @Test func `an outage of the server is a drift, and so is one of the device`() throws {
        let folder = try solved(
            traced.merging([
                "out.csv": "ttft,prompt_tokens\n" + (0..<60).map { ",\(10 + $0 % 50)\n" }.joined(),
                "dead.csv": "prompt_tokens,ttft\n" + (0..<60).map { "\(10 + $0 % 50),\n" }.joined(),
            ]) { $1 })
        let server = try check(folder, ["--traces", "out.csv"])
        #expect(server.status == 4 && server.output.contains("never"), "\(server.errors)")
        let device = try check(folder, ["--traces", "device=dead.csv"])
        #expect(device.status == 4 && device.errors.contains("device TTFT: distance 1"), "\(device.errors)")
        #expect(device.output.contains("no line can be fitted to the new device rows"))
    }

    @Test func `a device is compared around its old line, whatever the lengths`() throws {
        let halves = device { $0 }.split(separator: "\n").enumerated().filter { $0.offset == 0 || $0.offset % 50 > 20 }
        let folder = try solved(
            traced.merging([
                "same.csv": halves.map { $0.element + "\n" }.joined(), "slow.csv": device { $0 + 0.2 },
            ]) { $1 })
        let same = try check(folder, ["--traces", "device=same.csv"])
        #expect(same.status == 0 && same.output.contains("device TTFT less its line"), "\(same.errors)")
        let slow = try check(folder, ["--traces", "device=slow.csv"])
        #expect(slow.status == 4 && slow.errors.contains("device TTFT: distance 1.00 at level"), "\(slow.errors)")
    }

    @Test func `longer prompts are a drift of the workload`() throws {
        let folder = try solved(["long.csv": "prompt_tokens\n" + (0..<80).map { "\(30 + $0 % 60)\n" }.joined()])
        let run = try check(folder, ["--traces", "workload=long.csv", "--max-budget-use", "inf"])
        // The problem asks nothing of output lengths, so their absence is no error.
        #expect(run.status == 4 && run.errors.contains("prompt tokens: distance"), "\(run.errors)")
        #expect(!run.errors.contains("server TTFT"))
    }

    @Test func `cancelled rows are compared as far as both sides can tell`() throws {
        func log(_ slow: Double) -> String {
            "ttft,prompt_tokens,outcome\n"
                + (0..<300).map { i in
                    let time = slow * Double(200 + (i * i * 37) % 900) / 1000
                    let bound = Double(300 + (i * i * 91) % 1700) / 1000
                    return "\(min(time, bound)),\(10 + i % 40),\(bound < time ? "cancelled" : "ok")\n"
                }.joined()
        }
        let folder = try solved(["server.csv": log(1), "same.csv": log(1.001), "slow.csv": log(2)])
        let same = try check(folder, ["--traces", "same.csv", "--json"])
        #expect(same.status == 0 && same.output.contains("\"method\" : \"product-limit\""), "\(same.errors)")
        #expect(try check(folder, ["--traces", "slow.csv"]).status == 4)
    }

    @Test func `a table by periods is compared period by period`() throws {
        func log(_ slow: Double, evenings: Bool = true) -> String {
            "arrived_at,ttft,prompt_tokens\n"
                + (0..<960).filter { evenings || ($0 / 20) % 24 < 16 }.map { i in
                    let hour = (i / 20) % 24
                    let time = Double(200 + (i * i * 37) % 900) / 1000 + (hour >= 16 ? slow : 0)
                    let clock = "2025-02-1\(1 + i / 480)T\(hour < 10 ? "0" : "")\(hour):\(10 + i % 20):00Z"
                    return "\(clock),\(time),\(10 + i % 50)\n"
                }.joined()
        }
        let folder = try solved(
            [
                "server.csv": log(1), "slow.csv": log(3), "mornings.csv": log(1, evenings: false),
                "problem.yaml": Sample.problem.replacing(
                    "    trace: server.csv", with: "    trace: server.csv\n    condition_on: {hour_of_day: [0, 16]}"),
            ])
        #expect(try check(folder, ["--traces", "server.csv"]).status == 0)
        let slow = try check(folder, ["--traces", "slow.csv"])
        #expect(slow.status == 4 && slow.errors.contains("server TTFT, 16:00-00:00 UTC, "), "\(slow.errors)")
        #expect(!slow.errors.contains("00:00-16:00 UTC"))
        let half = try check(folder, ["--traces", "mornings.csv"])
        #expect(half.output.contains("no new server rows at 16:00-00:00"), "\(half.errors)\(half.output)")
        let allDay = try Run(
            [
                "check", "policy.json", "problem.yaml", "--traces", "server.csv", "--set",
                "endpoints.server.condition_on=none",
            ],
            in: folder.url)
        #expect(allDay.status == 4 && allDay.errors.contains("periods: "), "\(allDay.errors)")
    }

    @Test func `a table for another problem is refused with 4, and another problem file is noted`() throws {
        let folder = try solved(["other.csv": Sample.server + "0.4,20\n"])
        for setting in ["limits.device.prefill_share.at_most=0.1", "objective=ttft.p99", "timeout=30"] {
            let run = try check(folder, ["--traces", "server.csv", "--set", setting, "--json"])
            #expect(run.status == 4 && run.output.contains("\"holds\" : false"), "\(run.errors)")
            #expect(run.errors.contains("policy.json: \(setting.prefix { $0 != "." && $0 != "=" })"), "\(run.errors)")
        }
        let moved = try check(folder, ["--traces", "server.csv", "--set", "endpoints.server.trace=other.csv"])
        #expect(moved.output.contains("another hash") && moved.output.contains("another server trace"))
    }

    @Test(arguments: [
        ("one.csv", "ttft\n", 65), ("nothing.csv", "", 65), ("cut.csv", "ttft,outcome\n1,cancelled\n2,cancelled\n", 65),
        ("words.csv", "ttft\nsoon\nlater\n", 65), ("lengths.csv", "prompt_tokens\n5\n", 65),
    ])
    func `new rows that tell nothing end with 65, and the file is named`(name: String, text: String, status: Int) throws
    {
        let folder = try solved([name: text])
        let run = try check(folder, ["--traces", name])
        #expect(run.status == Int32(status) && run.errors.contains(name) && run.output.isEmpty, "\(run.errors)")
    }

    @Test func `files that are missing, no policies, and options that say nothing`() throws {
        let folder = try solved()
        #expect(try check(folder, ["--traces", "none.csv"]).status == 66)
        #expect(try Run(["check", "none.json", "problem.yaml", "--traces", "server.csv"], in: folder.url).status == 66)
        #expect(try Run(["check", "policy.json", "none.yaml", "--traces", "server.csv"], in: folder.url).status == 66)
        #expect(
            try Run(["check", "server.csv", "problem.yaml", "--traces", "server.csv"], in: folder.url).status == 65)
        for wrong in [
            [], ["--traces", "sever=server.csv"], ["--traces", "device="], ["--traces", "a.csv", "--traces", "b.csv"],
            ["--traces", "server.csv", "--level", "2"], ["--traces", "server.csv", "--max-regret", "-1"],
        ] {
            let run = try check(folder, wrong)
            #expect(run.status == 64, "\(wrong): \(run.errors)")
        }
    }

    @Test func `a table with a margin is held against one with the same margin`() throws {
        let hours = (0..<960).map { i in
            let late = i % 48 > 40 && i % 3 == 0 ? 4.0 : 0
            return "\(1800 * i),\(0.4 + Double((i * i * 37) % 700) / 1000 + late)\n"
        }
        let folder = try solved([
            "server.csv": "arrived_at,ttft\n" + hours.joined(),
            "new.csv": "arrived_at,ttft\n" + hours.prefix(96).joined(),
            "problem.yaml": Sample.problem.replacing("at_most: 0.2}", with: "at_most: 0.05}") + "confidence: 0.95\n",
        ])
        let run = try check(folder, ["--traces", "new.csv"])
        #expect(run.status == 0 && run.output.contains("under the stricter limits"), "\(run.errors)")
        #expect(run.output.contains("the server rows have no prompt_tokens"))
    }

    @Test func `a formula has no rows to compare with`() throws {
        let folder = try solved(["phone.csv": device { $0 }])
        let run = try check(folder, ["--traces", "device=phone.csv", "--max-regret", "inf", "--max-budget-use", "inf"])
        #expect(run.status == 0 && run.output.contains("device: the problem has a formula"), "\(run.errors)")
    }
}
