import Foundation
import Testing

@Suite struct `disco compare` {
    /// A folder with two results: the sample solved within budgets of 0.2 and 0.1, as JSON and as table.
    private func folder() throws -> Folder {
        let folder = try Sample.folder()
        for (name, budget) in [("a", "0.2"), ("b", "0.1")] {
            let run = try Run(
                [
                    "solve", "problem.yaml", "--json", "-o", "\(name).table.json", "--set",
                    "limits.device.prefill_share.at_most=\(budget)",
                ], in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            try folder.write("\(name).json", run.output)
        }
        return folder
    }

    @Test func `a result and its table are the same, and changes are those of the outcomes`() throws {
        let folder = try folder()
        func compared(_ arguments: [String]) throws -> [[String: Any]] {
            let run = try Run(["compare"] + arguments + ["--json"], in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
            return try #require(json["expected"] as? [[String: Any]])
        }
        for row in try compared(["a.json", "a.table.json"]) {
            #expect(row["change"] as? Double == 0, "\(row)")
        }
        let rows = try compared(["a.json", "b.table.json"])
        let share = try #require(rows.first { $0["metric"] as? String == "device.prefill_share" })
        #expect(abs(try #require(share["change"] as? Double) + 0.1) < 1e-9)
        let mean = try #require(rows.first { $0["metric"] as? String == "ttft.mean" })
        #expect(try #require(mean["change"] as? Double) > 0)
    }

    @Test(arguments: [
        ("ttft.mean > +0%", 4 as Int32), ("ttft.mean > +1000%", 0), ("ttft.mean < -1%", 0), ("ttft.mean>0", 4),
        ("device.prefill_share < -0.09", 4), ("device.prefill_share < -0.11", 0), ("device.prefill_share > 0.15", 0),
        ("failed_share > +0", 0), ("ttft.p97.5 > 1", 4),
    ])
    func `a condition that holds ends with 4, and says what was found`(condition: String, status: Int32) throws {
        let folder = try folder()
        let run = try Run(["compare", "a.json", "b.json", "--fail-if", condition], in: folder.url)
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.contains(condition) == (status == 4))
        #expect(run.output.contains("all rows") && run.output.contains("held out"))
        #expect(run.output.contains("\(status == 4 ? 0 : 1) of 1 conditions are kept."))
    }

    @Test(arguments: [
        (["a.json", "b.json", "--fail-if", "ttft.mean"], 64 as Int32, "no > or <"),
        (["a.json", "b.json", "--fail-if", "ttft.men > 1"], 64, "ttft.mean"),
        (["a.json", "b.json", "--fail-if", "ttft.p9 9 > 1"], 64, "ttft.p9 9"),
        (["a.json", "b.json", "--fail-if", "ttft.mean > 5%"], 64, "a change"),
        (["a.json", "b.json", "--fail-if", "ttft.mean > +x%"], 64, "a change"),
        (["a.json", "none.json"], 66, "no such file"), (["a.json", "problem.yaml"], 65, "disco solve --json"),
    ])
    func `what cannot be compared is told`(arguments: [String], status: Int32, words: String) throws {
        let folder = try folder()
        let run = try Run(["compare"] + arguments, in: folder.url)
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }
}
