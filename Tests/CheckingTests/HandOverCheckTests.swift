import Checking
import Costs
import Distributions
import Profiles
import Serving
import Testing
import Traces

/// Hand-overs that a table claims, against the problem alone.
///
/// A prompt of 10 tokens with an answer of 100; the server at 1 s, the device at 0.5 s, both 1 / 8 s a token, a reader of 4 a second.
/// The device takes over in time from token 3 on: 2 / 8 + 0.5 = 3 / 4.
@Suite struct `The check of hand-overs` {
    private func question(limits: [Limit] = [], handsOver: Bool = true) throws -> DispatchQuestion {
        var rows = TraceRows()
        rows.promptTokens = [10]
        rows.outputTokens = [100]
        rows.ttft = [1]
        rows.hours = [TraceRows.noHour]
        rows.isCensored = [false]
        rows.isHeldOut = [false]
        rows.counts = [1]
        let workload = try #require(WorkloadProfile(rows: rows, part: .all))
        let profile = ServingProfile(
            workload: workload, server: ServerProfile(pooled: Empirical(samples: [1])),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0), lengths: [10]), timeout: 60)
        return DispatchQuestion(
            worlds: [World(profile, lowerEdges: [1])],
            costs: CostModel(
                server: PerToken(prefill: 1, decode: 3), device: PerToken(prefill: 0.125, decode: 1),
                deviceEnergy: PerToken(prefill: 0, decode: 1), moneyPerJoule: 0),
            objective: .ttftMean, limits: limits,
            handOvers: handsOver
                ? HandOverSettings(serverTPOT: 0.125, deviceTPOT: 0.125, readers: Readers(tokensPerSecond: 4)) : nil)
    }

    private static let good = HandOverClaim(
        world: 0, prompts: 1...(.max), action: .only(.server), source: .server, afterTokens: 3, bufferTokens: 2,
        expectedSaving: 97 * 2 - 13 * 0.125)

    @Test func `the best hand-over holds, and so does a later one that says what it saves`() throws {
        let check = HandOverCheck(try question())
        #expect(check.findings(on: Self.good).isEmpty)
        var later = Self.good
        (later.afterTokens, later.expectedSaving) = (10, 90 * 2 - 20 * 0.125)
        #expect(check.findings(on: later).isEmpty)
    }

    @Test func `a stall, another lead and another saving are named`() throws {
        let check = HandOverCheck(try question())
        var early = Self.good
        (early.afterTokens, early.expectedSaving) = (2, 98 * 2 - 12 * 0.125)
        #expect(check.findings(on: early).contains { $0.contains("after 2 tokens is late for 1.0") })
        var lead = Self.good
        lead.bufferTokens = 1
        #expect(check.findings(on: lead).map { $0.contains("needs 2.0 tokens ahead") } == [true])
        var saving = Self.good
        saving.expectedSaving += 1e-3
        #expect(check.findings(on: saving).map { $0.contains("the table says") } == [true])
        #expect(try HandOverCheck(question(handsOver: false)).findings(on: Self.good).count == 1)
        var elsewhere = Self.good
        elsewhere.prompts = 20...30
        #expect(check.findings(on: elsewhere).isEmpty)
    }

    /// 1 s of the server against 1 / 8 s a token: (i − 1) / 8 + 1 ≤ i / 4 from i = 7 on.
    @Test func `what is dearer than never is refused, but where it is energy that counts`() throws {
        let dear = HandOverClaim(
            world: 0, prompts: 1...(.max), action: .only(.device), source: .device, afterTokens: 7, bufferTokens: 4,
            expectedSaving: -(93 * 2 + 17))
        #expect(
            try HandOverCheck(question()).findings(on: dear).map { $0.contains("a response more than none") } == [true])
        let energy = try question(limits: [Limit(metric: .energyMean, atMost: 50)])
        #expect(HandOverCheck(energy).findings(on: dear).isEmpty)
    }
}
