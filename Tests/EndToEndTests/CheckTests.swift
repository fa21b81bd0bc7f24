import Foundation
import Testing

@Suite struct `disco check` {
    /// The sample problem with its table, and new server rows.
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

    private func json(_ folder: Folder, _ arguments: [String]) throws -> (status: Int32, result: [String: Any]) {
        let run = try check(folder, arguments + ["--json"])
        let result = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        return (run.status, try #require(result, "\(run.errors)"))
    }

    /// TTFT and prompt lengths of a trace of the sample's kind.
    private func rows(_ trace: String) -> [(ttft: Double, length: Int)] {
        trace.split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            return (Double(cells[0]) ?? .infinity, Int(cells[1]) ?? 0)
        }
    }

    private func trace(_ rows: [(ttft: Double, length: Int)]) -> String {
        "ttft,prompt_tokens\n" + rows.map { "\($0.ttft.isFinite ? "\($0.ttft)" : ""),\($0.length)\n" }.joined()
    }

    /// The sample's server, slower for long prompts.
    private var slower: String {
        trace(rows(Sample.server).map { ($0.ttft + ($0.length >= 25 ? 0.5 : 0), $0.length) })
    }

    private func distance(_ first: [Double], _ second: [Double]) -> Double {
        func below(_ sample: [Double], _ t: Double) -> Double {
            Double(sample.count { $0 <= t }) / Double(sample.count)
        }
        return (first + second).filter(\.isFinite).reduce(0) { max($0, abs(below(first, $1) - below(second, $1))) }
    }

    @Test func `the help is as it was reviewed`() throws {
        let place = Bundle.module.bundleURL.appending(path: "Help/check.txt")
        let run = try Run(["check", "--help"], environment: ["COLUMNS": "80"])
        #expect(run.status == 0)
        #expect(run.output == (try String(contentsOf: place, encoding: .utf8)))
    }

    @Test func `the same traces hold, without any distance`() throws {
        let folder = try solved()
        let run = try check(folder, ["--traces", "server.csv", "--traces", "workload=prompts.csv"])
        #expect(run.status == 0 && run.output.contains("policy.json: holds"), "\(run.errors)")
        let (status, result) = try json(folder, ["--traces", "server.csv", "--traces", "workload=prompts.csv"])
        #expect(status == 0 && result["holds"] as? Bool == true && result["state"] as? String == "READY")
        let drift = try #require(result["drift"] as? [[String: Any]])
        #expect(drift.count == 6 && drift.allSatisfy { $0["distance"] as? Double == 0 })
        #expect(drift.allSatisfy { $0["adjusted_level"] as? Double == 1 && $0["drifted"] as? Bool == false })
        let regret = try #require(result["regret"] as? [String: Any])
        #expect(regret["share"] as? Double == 0)
        let outcomes = try #require(result["outcomes"] as? [String: [String: Double]])
        #expect(outcomes.count > 8 && outcomes.values.allSatisfy { $0["then"] == $0["now"] })
        #expect((result["notes"] as? [String])?.isEmpty == true)
    }

    @Test func `a slower server is named by its buckets, with exit code 4`() throws {
        let folder = try solved(["new.csv": slower])
        let run = try check(folder, ["--traces", "new.csv"])
        #expect(run.status == 4)
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("note: ") })
        let (_, result) = try json(folder, ["--traces", "new.csv"])
        let drift = try #require(result["drift"] as? [[String: Any]])
        let (old, new) = (rows(Sample.server), rows(slower))
        for entry in drift {
            let from = entry["from"] as? Int ?? 0
            let to = entry["to"] as? Int ?? .max
            func times(_ rows: [(ttft: Double, length: Int)]) -> [Double] {
                rows.filter { (from...to).contains($0.length) }.map(\.ttft)
            }
            let wanted = distance(times(old), times(new))
            #expect(abs((entry["distance"] as? Double ?? -1) - wanted) < 1e-12, "\(entry)")
            let words = "server TTFT\(from == 0 ? "" : ", \(from)\(to == .max ? "+" : "-\(to)") tokens"): distance"
            #expect(run.errors.contains(words) == (wanted > 0.1), "\(words): \(run.errors)")
        }
        #expect(drift.contains { $0["from"] as? Int == 1 && $0["distance"] as? Double == 0 })
        #expect(run.errors.contains("device.prefill_share: ") && run.errors.contains("wanted at most 1"))
    }

    /// Of each new row: the share of prompt tokens that the device prefills if the server is as late as that.
    private func startedShares(_ times: [Double], _ policy: Data) throws -> [Double] {
        let table = try #require(try JSONSerialization.jsonObject(with: policy) as? [String: Any])
        let buckets = try #require(table["buckets"] as? [[String: Any]])
        let lengths = (0..<60).map { 10 + ($0 * 7) % 50 }
        let all = Double(lengths.reduce(0, +))
        return times.map { time in
            var tokens = 0.0
            for length in lengths {
                let bucket = buckets.last { ($0["from"] as? Int ?? 0) <= length }
                for action in bucket?["actions"] as? [[String: Any]] ?? [] {
                    let wait = action["device_wait"] as? Double ?? .infinity
                    let probability = action["probability"] as? Double ?? 0
                    if wait == 0 || time > wait { tokens += Double(length) * probability }
                }
            }
            return tokens / all
        }
    }

    private func numbers(_ object: Any?) throws -> [String: Double] {
        try #require(object as? [String: Any]).compactMapValues { $0 as? Double }
    }

    private func isNear(_ value: Double?, _ other: Double?, within tolerance: Double) -> Bool {
        guard let value, let other else { return false }
        return abs(value - other) <= tolerance
    }

    @Test func `budget use is summed by hand, its error too, and regret is that of solving the new rows`() throws {
        let new = (0..<2000).map { i -> (ttft: Double, length: Int) in
            let time = Double(220 + (i * i * 37) % 1100) / 1000
            return (i % 11 == 0 ? time + 3 : time, 10 + i % 40)
        }
        let folder = try solved(["new.csv": trace(new)])
        let (_, result) = try json(folder, ["--traces", "new.csv"])
        let late = try startedShares(new.map(\.ttft), folder.read("policy.json"))
        let count = Double(late.count)
        let mean = late.reduce(0, +) / count
        let squares = late.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (squares / count / count).squareRoot()
        let budget = try numbers((result["budgets"] as? [Any])?.first)
        #expect(isNear(budget["now"], mean, within: 1e-9) && isNear(budget["use"], mean / 0.2, within: 1e-8))
        // Twenty parts tell a standard error within a sixth; three times that is chance once in many seeds.
        #expect(isNear(budget["standard_error"], error, within: error / 2), "\(budget), by hand \(error)")
        let other = ["--json", "--set", "endpoints.server.trace=new.csv"]
        let solve = try Run(["solve", "problem.yaml"] + other, in: folder.url)
        let best = try numbers(try JSONSerialization.jsonObject(with: Data(solve.output.utf8)))
        let regret = try numbers(result["regret"])
        #expect(isNear(regret["solved"], best["objective"], within: 1e-9))
        let validate = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"] + other, in: folder.url)
        let values = try JSONSerialization.jsonObject(with: Data(validate.output.utf8)) as? [String: Any]
        let held = try numbers((values?["values"] as? [String: Any])?["ttft.mean"])
        #expect(isNear(regret["held"], held["low"], within: 1e-9))
    }

    @Test func `each limit can be set, and lets pass what is within it`() throws {
        let folder = try solved(["new.csv": slower])
        let loose = ["--max-distance", "0.8", "--max-budget-use", "3"]
        #expect(try check(folder, ["--traces", "new.csv"] + loose).status == 0)
        let tight = try check(folder, ["--traces", "new.csv", "--max-distance", "0.5", "--max-budget-use", "inf"])
        #expect(tight.status == 4 && tight.errors.contains("34-46 tokens") && !tight.errors.contains(" 22-33 tokens"))
        #expect(!tight.errors.contains("of its bound"))
        let sure = try check(folder, ["--traces", "new.csv", "--level", "1e-30", "--max-budget-use", "1"])
        #expect(sure.status == 4 && !sure.errors.contains("distance") && sure.errors.contains("of its bound"))
        // A table whose waits suit another server: faster by far than the one it was made for.
        try folder.write("fast.csv", trace(rows(Sample.server).map { ($0.ttft / 20, $0.length) }))
        let regret = try check(folder, ["--traces", "fast.csv", "--level", "0", "--max-regret", "0"])
        #expect(regret.status == 4 && regret.errors.contains("regret: ttft.mean"), "\(regret.output)")
    }

    @Test func `a stale table is said to be, and checked all the same`() throws {
        let folder = try solved(settings: ["table.as_of=2025-01-20", "table.valid_days=7"])
        let old = try check(folder, ["--traces", "server.csv", "--at", "2025-02-01T00:00:00Z"])
        #expect(old.status == 0 && old.output.contains("STALE") && old.output.contains("2025-01-27"), "\(old.output)")
        let fresh = try check(folder, ["--traces", "server.csv", "--at", "2025-01-21T00:00:00Z"])
        #expect(fresh.output.contains("READY") && !fresh.output.contains("STALE"))
        #expect(try check(folder, ["--traces", "server.csv", "--at", "soon"]).status == 64)
    }
}
