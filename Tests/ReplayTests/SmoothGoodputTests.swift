import Replay
import Serving
import TestSupport
import Testing

/// Why smooth goodput exists: older metrics reward delaying tokens and abandoning late requests.
@Suite struct SmoothGoodputTests {
    private let settings = MetricSettings()
    private let timeout = 60.0

    private func benefit(_ times: [Double], isWhole: Bool = true) -> Double {
        Delivery(times: times, isWhole: isWhole, timeout: timeout).measures(settings).benefit
    }

    /// The older goal: the first token within `ttft`, and each within `tbt` of the one before.
    private func meetsTimesBetweenTokens(_ times: [Double], ttft: Double, tbt: Double) -> Bool {
        (times.first ?? 0) <= ttft && zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= tbt }
    }

    @Test func `delaying tokens meets a goal on the time between them, and does not raise smooth goodput`() {
        // Two tokens come early and the third after a pause; holding the second back halves the longest gap.
        let times = [0.2, 0.3, 0.9]
        let held = [0.2, 0.55, 0.9]
        #expect(!meetsTimesBetweenTokens(times, ttft: 1, tbt: 0.5))
        #expect(meetsTimesBetweenTokens(held, ttft: 1, tbt: 0.5))
        #expect(benefit(held) <= benefit(times))
        // Where the delay is felt, the benefit falls.
        #expect(benefit([0.2, 0.8, 0.9]) < benefit(times))
    }

    @Test func `abandoning late requests raises goodput and attainment, and lowers smooth goodput`() {
        // Two are in time, a third is 4 s late and the last to be done.
        let inTime = [0.2, 0.4, 0.6]
        let late = [4.2, 4.4, 4.6]
        let all = [inTime, inTime, late].map { Delivery(times: $0, isWhole: true, timeout: timeout).measures(settings) }
        let kept = Array(all.prefix(2))
        // The older goodput counts tokens in time until all is done, the older attainment what was completed.
        func goodput(_ measures: [DeliveryMeasures], until end: Double) -> Double {
            measures.reduce(0) { $0 + ($1.isOnTime ? Double($1.tokens) : 0) } / end
        }
        func attainment(_ measures: [DeliveryMeasures]) -> Double {
            Double(measures.count { $0.isOnTime }) / Double(measures.count)
        }
        #expect(goodput(kept, until: 0.6) > goodput(all, until: 4.6))
        #expect(attainment(kept) > attainment(all))
        // Smooth goodput sums over all requests submitted, in a time that is theirs.
        let whole = benefit(inTime) + benefit(inTime) + benefit(late)
        for delivered in 0...2 {
            let abandoned = benefit(Array(late.prefix(delivered)), isWhole: false)
            #expect(benefit(inTime) + benefit(inTime) + abandoned < whole)
        }
    }

    @Test(arguments: 0..<200)
    func `no delay and no abandoning raises the benefit of any response`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        var time = 0.0
        let times = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
            time += Double.random(in: 0...1, using: &generator) * (seed.isMultiple(of: 3) ? 30 : 0.5)
            return time
        }
        let before = benefit(times)
        var latest = 0.0
        let delayed = times.map { time in
            latest = max(latest, time + max(0, Double.random(in: -1...1, using: &generator)))
            return latest
        }
        #expect(benefit(delayed) <= before)
        for delivered in 0...times.count {
            #expect(benefit(Array(delayed.prefix(delivered)), isWhole: false) <= before)
        }
    }
}
