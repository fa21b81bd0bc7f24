import Foundation
import Testing

/// `disco solve` with every kind of question.
struct ObjectiveTests {
    /// The parts of `--json` that are looked at.
    private struct Answer: Decodable {
        struct Bucket: Decodable { let actions: [[String: Double?]] }
        struct Tail: Decodable {
            let time: Double
            let bound: Double
        }
        struct TieBreak: Decodable {
            let primal: Double
            let gap: Double
        }
        struct Partition: Decodable {
            struct Loss: Decodable {
                let buckets: Int
                let loss: Double
            }
            let loss: Double?
            let losses: [Loss]?
        }
        let metric: String
        let status: String
        let objective: Double
        let bound: Double
        let gap: Double
        let expected: [String: Double]
        let multipliers: [String: Double]
        let tail: Tail?
        let tie_break: TieBreak?
        let buckets: [Bucket]
        let partition: Partition
    }

    private func solve(_ settings: [String], _ more: [String] = []) throws -> Answer {
        let folder = try Sample.folder()
        let run = try Run(
            ["solve", "problem.yaml", "--json"] + settings.flatMap { ["--set", $0] } + more, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(run.output.utf8))
    }

    @Test func `the best p99 within a budget comes with the proof that none is better`() throws {
        let answer = try solve(["objective=ttft.p99"])
        #expect(answer.metric == "ttft.p99" && answer.status == "optimal")
        #expect(answer.expected["ttft.p99"] == answer.objective)
        let tail = try #require(answer.tail)
        #expect(tail.bound > 0.01 && tail.time.nextUp == answer.objective)
        let tie = try #require(answer.tie_break)
        #expect(abs(tie.primal - (answer.expected["ttft.mean"] ?? 0)) < 1e-9 && tie.gap <= 1e-6)
        #expect(answer.objective < (try solve([])).expected["ttft.p99"] ?? 0)
    }

    @Test func `the cheapest policy keeps its tail, and a tighter tail is never cheaper`() throws {
        var last = 0.0
        for tail in [4.0, 1.2, 0.9] {
            let limits = "limits={ttft.p99: {at_most: \(tail)}}"
            let answer = try solve(["objective=cost.mean", limits])
            #expect(answer.status == "optimal" && answer.gap <= 1e-6)
            #expect((answer.expected["ttft.p99"] ?? .infinity) <= tail)
            #expect(answer.objective >= last - 1e-15)
            last = answer.objective
        }
    }

    @Test func `the fastest policy keeps its energy and leaves most answers to the server`() throws {
        let limits = "limits={energy.mean: {at_most: 3}, device.answer_share: {at_most: 0.4}}"
        let answer = try solve([limits])
        #expect(answer.gap <= 1e-6 && answer.bound <= answer.objective)
        #expect((answer.expected["energy.mean"] ?? .infinity) <= 3 + 1e-9)
        #expect((answer.expected["device.answer_share"] ?? 1) <= 0.4 + 1e-9)
        #expect(!answer.multipliers.isEmpty && answer.multipliers.values.allSatisfy { $0 >= 0 })
    }

    @Test func `a limit from below has a price of its own`() throws {
        let answer = try solve([
            "objective=energy.mean", "limits={device.answer_share: {at_least: 0.3}, ttft.mean: {at_most: 2}}",
        ])
        #expect((answer.expected["device.answer_share"] ?? 0) >= 0.3 - 1e-9)
        #expect((answer.multipliers["device.answer_share"] ?? 0) < 0)
    }

    @Test(arguments: ["ttft.mean", "ttft.p95"]) func `without mixtures every bucket has one action and limits hold`(
        _ objective: String
    ) throws {
        let mixed = try solve(["objective=\(objective)"])
        let single = try solve(["objective=\(objective)"], ["--deterministic"])
        #expect(single.buckets.allSatisfy { $0.actions.count == 1 })
        #expect((single.expected["device.prefill_share"] ?? 1) <= 0.2 + 1e-9)
        #expect(single.objective >= mixed.objective && single.bound <= mixed.objective + 1e-12)
    }

    @Test(arguments: ["ttft.mean", "ttft.p99"]) func `optimal buckets lose no more than quantile buckets`(
        _ objective: String
    ) throws {
        let quantile = try solve(["objective=\(objective)", "workload.buckets={by: quantile, count: 4}"])
        let optimal = try solve(["objective=\(objective)", "workload.buckets={by: optimal, count: 4}"])
        #expect(optimal.buckets.count <= 4)
        #expect(optimal.objective <= quantile.objective + 1e-12)
        let losses = try #require(optimal.partition.losses)
        #expect(losses.first?.buckets == 1 && losses.contains { $0.buckets == 4 })
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0.loss >= $1.loss })
        #expect(quantile.partition.losses == nil)
    }
}
