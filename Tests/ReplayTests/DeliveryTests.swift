import Replay
import Serving
import TestSupport
import Testing

/// Timelines whose measures were computed by hand.
@Suite struct DeliveryTests {
    private let settings = MetricSettings(
        ttftTarget: 1, deadlineOffset: 0, deadlineTokensPerSecond: 2, alpha: 2.5)

    @Test func `a stall counts once, and the quality falls by what was read late`() {
        // A reader of 2 tokens/s: read at 1.5, 2, 4; ideal 1, 1.5, 2. Late 0.5 + 0.5 + 2 of at most 3 + 2.5 + 2.
        let delivery = Delivery(times: [1.5, 2, 4], isWhole: true, timeout: 60, readerTokensPerSecond: 2)
        let measures = delivery.measures(settings)
        #expect(measures.stall == 1.5)
        #expect(measures.qoe == 1 - 3 / 7.5)
        // Deadlines 0.5, 1, 1.5: late by 1, 1, 2.5.
        #expect(measures.idle == 2.5)
        #expect(measures.isOnTime == false)
        #expect(measures.benefit == 3 - 2.5 * 2 * 2.5)
        #expect(measures.delayed == 0)
    }

    @Test func `tokens that come before they are read are neither late nor early`() {
        // Read at 0.5, 1, 1.5, 2; ideal 1, 1.5, 2, 2.5: nothing is late, though the first deadline of 0.5 is just met.
        let delivery = Delivery(times: [0.5, 0.6, 0.7, 0.8], isWhole: true, timeout: 60, readerTokensPerSecond: 2)
        let measures = delivery.measures(settings)
        #expect(measures.stall == 0)
        #expect(measures.qoe == 1)
        #expect(measures.isOnTime)
        #expect(measures.benefit == 4)
    }

    @Test func `a catching-up reader reads on at their pace`() {
        // Read at 1, 3, 3.5, 4 (a stall of 1.5 at the second token); ideal 1, 1.5, 2, 2.5.
        let delivery = Delivery(times: [1, 3, 3, 3], isWhole: true, timeout: 60, readerTokensPerSecond: 2)
        let measures = delivery.measures(settings)
        #expect(measures.stall == 1.5)
        #expect(measures.qoe == 1 - 4.5 / (3 + 2.5 + 2 + 1.5))
    }

    @Test func `a failed request, an answer without tokens and half an answer have their stated values`() {
        let failed = Delivery(times: [], isWhole: false, timeout: 60, readerTokensPerSecond: 2).measures(settings)
        #expect((failed.qoe, failed.idle, failed.isOnTime, failed.benefit) == (0, 60, false, -2.5 * 2 * 60))
        let empty = Delivery(times: [], isWhole: true, timeout: 60, readerTokensPerSecond: 2).measures(settings)
        #expect((empty.qoe, empty.idle, empty.isOnTime, empty.benefit) == (1, 0, true, 0))
        let half = Delivery(times: [0.5, 1], isWhole: false, timeout: 60, readerTokensPerSecond: 2).measures(settings)
        #expect((half.qoe, half.idle, half.isOnTime, half.benefit) == (0, 60, false, 2 - 2.5 * 2 * 60))
    }

    @Test func `without a reader's pace only deadlines count`() {
        let measures = Delivery(times: [1, 2], isWhole: true, timeout: 60).measures(settings)
        #expect(measures.stall == nil && measures.qoe == nil && measures.delayed == nil)
        #expect(measures.idle == 1)
    }

    @Test func `only tokens that the source would have had in time are delayed by a hand-over`() {
        // Handed over after 2. Due to a reader of 2 tokens/s at 1, 1.5, 2, 2.5, 3; the source would have come at 1.4, 2.75 and 1.8.
        let handOver = Delivery.HandOver(after: 2, timesWithout: [1.4, 2.75, 1.8])
        let delivery = Delivery(
            times: [1, 1.2, 2.25, 2.7, 3], isWhole: true, timeout: 60, readerTokensPerSecond: 2, handOver: handOver)
        let measures = delivery.measures(settings)
        // Token 3 comes at 2.25, due at 2; token 4 at 2.7, when the source would have been later still; token 5 just in time.
        #expect(measures.delayed == 1)
        #expect(measures.longestDelay == 0.25)
    }

    @Test func `quality is not monotone: holding back the last token can raise it`() throws {
        func quality(last: Double) throws -> Double {
            let delivery = Delivery(times: [3, 3.5, last], isWhole: true, timeout: 60, readerTokensPerSecond: 2)
            return try #require(delivery.measures(settings).qoe)
        }
        #expect(try quality(last: 9) > quality(last: 4))
    }
}
