import Costs
import Policies
import Replay
import Scheduling
import Serving
import Testing

/// Policy tables in the replay, and whole timelines by hand.
@Suite struct TablePolicyTests {
    private static let evidence = PolicyTable.Evidence(requests: 1, serverRows: 1)

    private static var table: PolicyTable {
        var table = PolicyTable(
            provenance: .init(tool: "a test"), timeout: 60, objective: "cost.mean", expected: ["cost.mean": 1],
            buckets: [
                .init(from: 1, to: 9, actions: [.init(serverWait: 0, deviceWait: 0)], evidence: evidence),
                .init(from: 10, to: nil, actions: [.init(serverWait: 0, deviceWait: 0.75)], evidence: evidence),
            ])
        table.readerTokensPerSecond = 2
        table.buckets[1].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: 3, bufferTokens: 2.25, expectedSaving: 1)))
        return table
    }

    /// One request of 12 prompt and 8 output tokens; server: first token after 1 s, then 8 a second; device: 0.5 s and 0.125 s
    /// a generated token from 12 on, 4 a second.
    private static func world(prompt: Int, readers: Readers) -> ReplayWorld {
        ReplayWorld(
            promptTokens: [prompt], outputTokens: [8], server: .init(TimeSamples([1])),
            device: .init { 0.5 + 0.125 * Double(max(0, $0 - 12)) },
            paces: .init(server: .constant(0.125), device: .constant(0.25)), timeout: 60,
            costs: CostModel(
                server: .init(prefill: 1, decode: 4), device: .init(prefill: 0.5, decode: 0.25)), readers: readers,
            network: 0.25, transfer: 3)
    }

    @Test func `a table's hand-over takes place where its buffer suffices`() throws {
        let world = Self.world(prompt: 12, readers: Readers(tokensPerSecond: 2))
        let replay = Replay(world, ReplayPolicy(Self.table), seed: 1)
        let course = replay.course(0)
        // The server's tokens come at 1, 1.125, 1.25; the device, started at 0.75, loses. After 3 tokens 3 - 2 · 0.25 = 2.5 are ahead.
        // The device is started again at 1.25 with 15 tokens: 0.25 + 0.875 later it begins, at 2.375.
        #expect(course.handOverAfter == 3)
        #expect(course.times == [1, 1.125, 1.25, 2.375, 2.625, 2.875, 3.125, 3.375])
        #expect(course.starts.map(\.time) == [0, 0.75, 1.25])
        let record = replay.record(0)
        #expect(record.serverPrefill == 12 && record.devicePrefill == 12 + 15)
        #expect(record.serverDecode == 3 && record.deviceDecode == 5)
        // Token 4 is read at 2.5: nothing is late.
        #expect(record.measures.stall == 0 && record.measures.delayed == 0)
        let outcomes = replay.outcomes(requests: 10)
        // 12 + 27 / 2 prefilled, 3 · 4 + 5 / 4 decoded, and the transfer of 3.
        let cost: Double = 41.75
        #expect(outcomes.costMean == cost)
        #expect(outcomes.costPerMillionTokens == cost / 8 * 1e6)
        #expect(outcomes.prefillShare(of: .device) == 1 && outcomes.handOverShare == 1)
        // Gaps: 2 of 0.125, 1 of 1.125, 4 of 0.25.
        let gaps: Double = 2.375
        #expect(outcomes.tbtMean == gaps / 7)
        #expect(outcomes.tbtQuantile(0.99) == 1.125 && outcomes.tbtQuantile(0.5) == 0.25)
    }

    @Test func `a faster reader than the table planned for notices the hand-over`() {
        // 4 tokens a second: due at 1.75, 2, 2.25, 2.5, 2.75 after the hand-over; each comes 0.625 s late.
        let world = Self.world(prompt: 12, readers: Readers(tokensPerSecond: 4))
        let replay = Replay(world, ReplayPolicy(Self.table), seed: 1)
        let measures = replay.record(0).measures
        #expect(measures.delayed == 5 && measures.longestDelay == 0.625 && measures.stall == 0.625)
        let outcomes = replay.outcomes(requests: 4)
        #expect(outcomes.delayedTokensPerHandOver == 5 && outcomes.noticedShare == 1 && outcomes.delayMean == 0.625)
    }

    @Test
    func `a bucket without a hand-over has none, and the loser of a race is charged in full or by the time it had`() {
        let world = Self.world(prompt: 9, readers: Readers(tokensPerSecond: 2))
        let replay = Replay(world, ReplayPolicy(Self.table), seed: 1)
        let record = replay.record(0)
        #expect(record.winner == 1 && record.ttft == 0.5 && !record.isHandedOver)
        #expect(record.serverPrefill == 9 && record.devicePrefill == 9)
        let elapsed = ReplayWorld(
            promptTokens: world.promptTokens, outputTokens: world.outputTokens, server: world.server,
            device: world.device, timeout: 60, loserCharge: .elapsed)
        // The server had half of its second.
        #expect(Replay(elapsed, ReplayPolicy(Self.table), seed: 1).record(0).serverPrefill == 4.5)
    }
}
