import Foundation
import Testing

/// Server requests every 20 minutes, slow ones at certain hours of the day and on busy days.
private func server(days: Int, dated: Bool = true) -> String {
    var lines = [dated ? "arrived_at,ttft" : "ttft"]
    for i in 0..<days * 72 {
        let (day, slot) = (i / 72, i % 72)
        let isBusy = slot >= 45 && slot < 60 && day % 3 != 1
        let ttft = Double(400 + (i * i * 37) % 700 + (isBusy && i % 3 == 0 ? 4_000 : 0)) / 1000
        lines.append(dated ? "\(i * 1_200),\(ttft)" : "\(ttft)")
    }
    return lines.joined(separator: "\n") + "\n"
}

private let problem = Sample.problem.replacingOccurrences(of: "at_most: 0.2", with: "at_most: 0.1")

private func json(_ run: Run) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
}

@Suite struct `disco risk` {
    @Test func `a long trace supports the level, and a short one says that it does not`() throws {
        for (days, level) in [(20, 0.9), (4, nil)] as [(Int, Double?)] {
            let folder = try Sample.folder(["server.csv": server(days: days), "problem.yaml": problem])
            let arguments = ["risk", "problem.yaml", "--set", "confidence=0.9"]
            let run = try Run(arguments + ["--json"], in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            let risk = try #require(try json(run)["risk"] as? [String: Any])
            #expect(risk["level"] as? Double == level)
            let effective = try #require(risk["effective_budget"] as? Double)
            #expect(effective < 0.1 && effective > 0)
            let optimum = try #require(risk["optimum"] as? [String: Double])
            #expect(try #require(optimum["worst_window"]) <= 0.1 + 1e-9)
            #expect(try #require(optimum["predicted"]) <= 0.1 + 1e-9)
            let text = try Run(arguments, in: folder.url).output
            #expect(text.contains("No level is claimed") == (level == nil))
            #expect(text.contains("With 90 % confidence") == (level != nil))
            #expect(text.contains("Prompt lengths are taken as steady: their trace has no arrival times."))
        }
    }

    @Test func `each rule keeps what it promises on the part it was tuned on, either way round`() throws {
        let folder = try Sample.folder(["server.csv": server(days: 20), "problem.yaml": problem])
        for direction in [[], ["--reverse"]] {
            let run = try Run(["risk", "problem.yaml", "--json", "--rolling", "6"] + direction, in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            let rules = try #require(try json(run)["rules"] as? [[String: Any]])
            #expect(rules.map { $0["rule"] as? String } == ["plain", "bootstrap", "rolling-6h", "both"])
            for (rule, value) in zip(rules, ["share", "predicted", "worst_window"]) {
                let forecast = try #require(rule["forecast"] as? [String: Double])
                #expect(try #require(forecast[value]) <= 0.1 + 1e-9)
            }
            #expect(
                try Run(["risk", "problem.yaml", "--json", "--rolling", "6"] + direction, in: folder.url).output
                    == run.output)
        }
    }

    @Test func `without arrival times it refuses, and says which traces need them`() throws {
        let folder = try Sample.folder(["server.csv": server(days: 20, dated: false), "problem.yaml": problem])
        let run = try Run(["risk", "problem.yaml"], in: folder.url)
        #expect(run.status == 65)
        #expect(run.errors.contains("no arrival times") && run.errors.contains("server and workload"))
        #expect(run.output.isEmpty)
    }

    @Test(arguments: ["split=none", "limits=null"]) func `it needs a budget and a held-out part`(setting: String) throws
    {
        let folder = try Sample.folder(["server.csv": server(days: 9), "problem.yaml": problem])
        let run = try Run(["risk", "problem.yaml", "--set", setting], in: folder.url)
        #expect(run.status == 65 && run.output.isEmpty)
    }

    @Test func `a window of no hours is a usage error`() throws {
        #expect(try Run(["risk", "problem.yaml", "--rolling", "0"]).status == 64)
    }
}
