import Foundation
import Testing

/// `qoe.mean` and `goodput.smooth` as objectives and limits of a problem file.
struct QualityTests {
    /// The parts of `--json` that are looked at.
    private struct Answer: Decodable {
        struct Baseline: Decodable {
            let breaks: [String]
            let qoe: Double?
            enum CodingKeys: String, CodingKey {
                case breaks
                case qoe = "qoe.mean"
            }
        }
        let status: String
        let objective: Double
        let bound: Double
        let gap: Double
        let expected: [String: Double]
        let multipliers: [String: Double]
        let baselines: [String: Baseline]
        let notes: [String]
    }

    private static let streams = [
        "reader.tokens_per_second=4.8", "endpoints.server.tpot=0.02", "endpoints.device.tpot=0.05",
    ]

    private func run(_ settings: [String], _ more: [String], in folder: Folder) throws -> Run {
        try Run(
            ["solve", "problem.yaml", "-o", "policy.json"] + (Self.streams + settings).flatMap { ["--set", $0] } + more,
            in: folder.url)
    }

    /// Solves, and holds the table against the problem.
    private func solve(_ settings: [String]) throws -> Answer {
        let folder = try Sample.folder()
        let solved = try run(settings, ["--json"], in: folder)
        #expect(solved.status == 0, "\(solved.errors)")
        let checked = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"]
                + (Self.streams + settings).flatMap { ["--set", $0] }, in: folder.url)
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(solved.output.utf8))
    }

    @Test func `the best quality under a prefill budget is at least that of every baseline that keeps it`() throws {
        let answer = try solve(["objective=qoe.mean", "workload.buckets={by: exact}"])
        #expect(answer.status == "optimal" && answer.gap <= 1e-6)
        #expect(answer.objective == answer.expected["qoe.mean"])
        #expect(answer.bound >= answer.objective && answer.objective > 0 && answer.objective < 1)
        #expect((answer.expected["device.prefill_share"] ?? 1) <= 0.2 + 1e-9)
        #expect((answer.multipliers["device.prefill_share"] ?? 0) > 0)
        for (name, baseline) in answer.baselines where baseline.breaks.isEmpty {
            #expect((baseline.qoe ?? 2) <= answer.objective + 1e-9, "\(name)")
        }
        #expect(answer.notes.contains { $0.contains("qoe.mean is not monotone") })
        // More budget, more quality.
        let more = try solve(["objective=qoe.mean", "limits.device.prefill_share.at_most=0.5"])
        #expect(more.objective >= (try solve(["objective=qoe.mean"])).objective)
    }

    @Test func `the cheapest policy keeps its quality`() throws {
        // Due so early that the server alone will not do.
        let target = "metrics.ttft_target=0.3"
        let free = try solve(["objective=cost.mean", "limits={failed_share: {at_most: 1}}", target])
        let kept = try solve(["objective=cost.mean", "limits={qoe.mean: {at_least: 0.95}}", target])
        #expect(kept.status == "optimal" && kept.gap <= 1e-6)
        #expect((kept.expected["qoe.mean"] ?? 0) >= 0.95 - 1e-9)
        #expect(kept.objective >= free.objective)
        #expect((kept.multipliers["qoe.mean"] ?? 0) <= 0)
        let poor = kept.baselines.filter { ($0.value.qoe ?? 1) < 0.95 - 1e-9 }
        #expect(!poor.isEmpty && poor.allSatisfy { $0.value.breaks == ["qoe.mean"] })
    }

    @Test func `smooth goodput is maximized too, and measured against what the problem says`() throws {
        let settings = ["objective=goodput.smooth"]
        let usual = try solve(settings)
        #expect(usual.status == "optimal" && usual.bound >= usual.objective)
        #expect(usual.objective == usual.expected["goodput.smooth"])
        let lenient = try solve(settings + ["metrics.deadline.offset=5"])
        #expect(lenient.objective > usual.objective)
        let text = try run(settings, [], in: Sample.folder())
        #expect(text.output.contains("smooth goodput"))
    }

    @Test func `the replay measures against what the problem says, and agrees`() throws {
        let folder = try Sample.folder()
        let settings = ["objective=qoe.mean", "metrics={ttft_target: 0.5, alpha: 1}", "migration=none"]
        #expect(try run(settings, [], in: folder).status == 0)
        let replay = try Run(
            ["replay", "policy.json", "problem.yaml", "--json", "--requests", "20000"]
                + (Self.streams + settings).flatMap { ["--set", $0] }, in: folder.url)
        #expect(replay.status == 0, "\(replay.errors)")
        struct Settings: Decodable { let settings: [String: Double] }
        let settingsUsed = try JSONDecoder().decode(Settings.self, from: Data(replay.output.utf8)).settings
        #expect(
            settingsUsed == [
                "ttft_target": 0.5, "alpha": 1, "deadline_offset": 0, "deadline_tokens_per_second": 5,
            ])
        #expect(!replay.output.contains("the table claims"))
    }

    @Test(arguments: [
        ("objective=qoe.mean", "reader=null", "`qoe.mean` without `reader`"),
        ("limits={qoe.mean: {at_least: 0.9}}", "reader=null", "limits.qoe.mean: found `qoe.mean` without `reader`"),
        ("objective=qoe.mean", "endpoints.device.tpot=null", "needs endpoints.device.tpot, which no trace tells"),
        (
            "objective=goodput.smooth", "endpoints.server.tpot=null",
            "goodput.smooth: needs endpoints.server.tpot, which no trace tells"
        ),
        ("limits={qoe.mean: {at_least: 1.5}}", "timeout=60", "a score from 0 to 1"),
        ("objective=qoe.mean", "metrics.deadline.tokens_per_second=0", "a number > 0, in tokens per second"),
    ])
    func `what is missing is named`(_ asked: String, _ taken: String, _ message: String) throws {
        let found = try run([asked, taken], [], in: Sample.folder())
        #expect(found.status != 0)
        #expect(found.errors.contains(message), "\(found.errors)")
    }

    @Test func `answer lengths are needed, and named`() throws {
        let prompts = "prompt_tokens\n" + (0..<60).map { "\(10 + ($0 * 7) % 50)\n" }.joined()
        let found = try run(["objective=qoe.mean"], [], in: Sample.folder(["prompts.csv": prompts]))
        #expect(found.errors.contains("qoe.mean: needs output_tokens in the workload trace"), "\(found.errors)")
    }

    @Test func `a quality out of reach is refused with the nearest`() throws {
        let found = try run(
            ["limits={qoe.mean: {at_least: 0.999}, device.prefill_share: {at_most: 0.01}}"], [], in: Sample.folder())
        #expect(found.status == 3)
        #expect(found.errors.contains("qoe.mean at least 0.999"), "\(found.errors)")
    }
}
