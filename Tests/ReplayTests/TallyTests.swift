import Replay
import Serving
import TestSupport
import Testing

@Suite struct TallyTests {
    @Test(arguments: 0..<8)
    func `parts of any size, merged in any order, are the whole`(seed: Int) {
        let replay = RandomReplay.make(seed: seed)
        let whole = replay.tally(0..<1000)
        var merged = replay.tally(700..<1000)
        merged.merge(replay.tally(0..<1))
        merged.merge(replay.tally(1..<700))
        #expect(merged == whole)
        #expect(merged.requests == 1000)
    }

    @Test func `any number of cores gives the same tally`() {
        // More than three pieces of 8,192 requests.
        for seed in [4, 5] {
            let replay = RandomReplay.make(seed: seed)
            let one = replay.tally(0..<25_000)
            #expect(replay.tally(0..<25_000, cores: 2) == one)
            #expect(replay.tally(0..<25_000, cores: 3) == one)
        }
    }

    @Test(arguments: 0..<26)
    func `the fast tally is that of the walk`(seed: Int) {
        let replay = RandomReplay.make(seed: seed)
        let fast = replay.outcomes(of: replay.tally(0..<300))
        let walked = replay.outcomes(of: replay.walkedTally(0..<300))
        func expectClose(_ left: Double?, _ right: Double?, _ name: String) {
            #expect((left == nil) == (right == nil), "\(name)")
            #expect(abs((left ?? 0) - (right ?? 0)) <= 1e-8 * max(1, abs(right ?? 0)), "\(name)")
        }
        for metric in Metric.reported { expectClose(fast[metric], walked[metric], metric.rawValue) }
        expectClose(fast.tbtMean, walked.tbtMean, "tbt.mean")
        expectClose(fast.stallMean, walked.stallMean, "stall")
        expectClose(fast.stalledShare, walked.stalledShare, "stalled")
        expectClose(fast.delayedTokensMean, walked.delayedTokensMean, "delay_num")
        expectClose(fast.delayMean, walked.delayMean, "delay")
        expectClose(fast.qoeMean, walked.qoeMean, "qoe.mean")
        expectClose(fast.goodput, walked.goodput, "goodput")
        expectClose(fast.smoothGoodput, walked.smoothGoodput, "goodput.smooth")
        expectClose(fast.attainment, walked.attainment, "attainment")
        expectClose(fast.brokenShare, walked.brokenShare, "broken")
        expectClose(fast.costPerMillionTokens, walked.costPerMillionTokens, "cost per million")
        // A quantile of gaps may lie one rounding away.
        if let fast = fast.tbtQuantile(0.99), let walked = walked.tbtQuantile(0.99) {
            #expect(abs(fast - walked) <= 2e-4 * walked)
        }
    }

    @Test(arguments: [10, 12, 6])
    func `what the world does not know is nil, never 0`(seed: Int) {
        let replay = RandomReplay.make(seed: seed)
        let outcomes = replay.outcomes(requests: 200)
        #expect(outcomes.ttftMean != nil)
        if replay.world.outputTokens == nil {
            #expect(outcomes.tokens == nil && outcomes.costMean == nil && outcomes.costMeanError == nil)
        } else {
            #expect(outcomes.costMean != nil)
        }
        if replay.world.outputTokens == nil || replay.world.paces == nil {
            #expect(outcomes.tbtMean == nil && outcomes.qoeMean == nil && outcomes.smoothGoodput == nil)
            #expect(outcomes.handOverShare == nil && outcomes.tally.handedOver == 0)
        }
        if replay.world.readers == nil {
            #expect(outcomes.qoeMean == nil && outcomes.stallMean == nil && outcomes.delayedTokensMean == nil)
        }
    }

    @Test func `nothing replayed is nothing known`() {
        let outcomes = RandomReplay.make(seed: 0).outcomes(requests: 0)
        for metric in Metric.reported { #expect(outcomes[metric] == nil) }
    }
}
