import Foundation
import Testing

private func json(_ run: Run) throws -> [String: Any] {
    #expect(run.status == 0, "\(run.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
}

@Suite struct `disco cost` {
    private static func line(_ name: String, _ bill: [String: Any]) throws -> [String: Any] {
        let lines = try #require(bill["policies"] as? [[String: Any]])
        return try #require(lines.first { $0["name"] as? String == name })
    }

    private static func number(_ name: String, _ line: [String: Any]) throws -> Double {
        try #require(line[name] as? Double, "\(name)")
    }

    @Test func `a device alone costs its joules, a server alone its tokens, by hand`() throws {
        let folder = try Sample.folder()
        let arguments = [
            "cost", "problem.yaml", "--requests-per-second", "2", "--requests-per-day", "50", "--battery", "15",
        ]
        let bill = try json(Run(arguments + ["--json"], in: folder.url))
        // Prompts of 10 + 7 i mod 50 tokens, answers of 20 + i, i = 0 ..< 60.
        var (prompts, answers) = (0.0, 0.0)
        for i in 0..<60 {
            prompts += Double(10 + (i * 7) % 50) / 60
            answers += Double(20 + i) / 60
        }
        let month = 2.0 * 86_400 * 30
        #expect(bill["requests_per_month"] as? Double == month)
        #expect(abs(try Self.number("output_tokens", bill) - answers) < 1e-9)
        let device = try Self.line("device-only", bill)
        let joules = 0.025 * prompts + 0.155 * answers
        #expect(abs(try Self.number("joules_per_request", device) - joules) < 1e-9)
        #expect(abs(try Self.number("battery_share", device) - joules * 50 / (15 * 3_600)) < 1e-12)
        let money = joules * 5e-8
        #expect(abs(try Self.number("per_month", device) - money * month) < 1e-9)
        // One request in 200 fails at the server, and is not decoded.
        let server = try Self.line("server-only", bill)
        let plain = 0.14e-6 * prompts + 0.28e-6 * answers * 0.995
        #expect(abs(try Self.number("per_1000_requests", server) - 1_000 * plain) < 1e-12)
        #expect(abs(try Self.number("per_million_output_tokens", server) - 1e6 * plain / answers) < 1e-9)
        #expect(try Self.number("saving", server) == 0)
        #expect(abs(try Self.number("saving", device) - (1 - money / plain)) < 1e-9)
        #expect(device["broken_limits"] as? [String] == ["device.prefill_share"])
        let text = try Run(arguments, in: folder.url).output
        #expect(text.contains("5,184,000 requests a month") && text.contains("device-only *"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
    }

    @Test func `the optimum and tables are billed as they were solved`() throws {
        let folder = try Sample.folder()
        let solved = try json(Run(["solve", "problem.yaml", "-o", "p.json", "--json"], in: folder.url))
        let bill = try json(Run(["cost", "problem.yaml", "--policy", "p.json", "--json"], in: folder.url))
        let cost = (solved["expected"] as? [String: Double])?["cost.mean"]
        for name in ["optimum", "p.json"] {
            #expect(try Self.line(name, bill)["per_request"] as? Double == cost)
        }
        let lost = try json(
            Run(["cost", "problem.yaml", "--set", "limits.ttft.p50.at_most=0.001", "--json"], in: folder.url))
        #expect((lost["reason"] as? String)?.contains("no policy keeps") == true)
    }

    @Test(arguments: [
        (["--requests-per-month", "0"], 64 as Int32, "above 0"), (["--battery", "-1"], 64, "--battery"),
        (["--requests-per-month", "1", "--requests-per-second", "1"], 64, "give one"),
        (["--policy", "none.json"], 66, "no such file"),
        (["--set", "endpoints.server.price=null", "--set", "endpoints.device.energy=null"], 65, "nothing to bill"),
    ])
    func `what cannot be billed is told`(arguments: [String], status: Int32, words: String) throws {
        let folder = try Sample.folder()
        let run = try Run(["cost", "problem.yaml"] + arguments, in: folder.url)
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }
}
