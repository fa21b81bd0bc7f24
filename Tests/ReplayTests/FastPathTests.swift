import Policies
import Replay
import Scheduling
import TestSupport
import Testing

/// The fast path against the walk through the online rules: 10,000 requests of 100 worlds.
@Suite struct FastPathTests {
    private static let requests = 100

    @Test(arguments: 0..<100)
    func `every token comes from the same endpoint at the same time, to the last bit, and counts alike`(seed: Int) {
        let replay = RandomReplay.make(seed: seed)
        for index in 0..<Self.requests {
            let course = replay.course(index)
            let tokens = replay.tokens(index)
            #expect(tokens.map(\.time) == course.times, "request \(index)")
            #expect(tokens.map(\.isServer) == course.sources.map { $0 == .server }, "request \(index)")
            expectAlike(replay.record(index), replay.record(index, course), "request \(index)")
        }
    }

    private func expectAlike(_ fast: ReplayRecord, _ walked: ReplayRecord, _ place: String) {
        #expect(fast.ttft == walked.ttft, "\(place)")
        #expect(fast.winner == walked.winner, "\(place)")
        #expect(fast.serverStarted == walked.serverStarted && fast.deviceStarted == walked.deviceStarted, "\(place)")
        #expect(fast.serverDecode == walked.serverDecode && fast.deviceDecode == walked.deviceDecode, "\(place)")
        #expect(fast.isHandedOver == walked.isHandedOver, "\(place)")
        #expect(abs(fast.serverPrefill - walked.serverPrefill) < 1e-9, "\(place)")
        #expect(abs(fast.devicePrefill - walked.devicePrefill) < 1e-9, "\(place)")
        let (left, right) = (fast.measures, walked.measures)
        #expect(
            left.tokens == right.tokens && left.isWhole == right.isWhole && left.isOnTime == right.isOnTime, "\(place)")
        #expect(left.delayed == right.delayed, "\(place)")
        for path in [\DeliveryMeasures.stall, \.qoe, \.longestDelay] {
            #expect((left[keyPath: path] == nil) == (right[keyPath: path] == nil), "\(place)")
            #expect(abs((left[keyPath: path] ?? 0) - (right[keyPath: path] ?? 0)) < 1e-9, "\(place) \(path)")
        }
        #expect(abs(left.idle - right.idle) < 1e-9 && abs(left.benefit - right.benefit) < 1e-7, "\(place)")
    }

    @Test func `the worlds have every kind of request`() {
        var seen: [String: Int] = [:]
        for seed in 0..<100 {
            let replay = RandomReplay.make(seed: seed)
            for index in 0..<20 {
                let record = replay.record(index)
                let course = replay.course(index)
                if record.winner < 0 { seen["failed", default: 0] += 1 }
                if record.winner >= 0 && record.measures.tokens == 0 { seen["empty", default: 0] += 1 }
                if record.isHandedOver && record.measures.isWhole { seen["handed over", default: 0] += 1 }
                if record.isHandedOver && !record.measures.isWhole { seen["broken", default: 0] += 1 }
                if course.starts.contains(where: { $0.run.attempt == 2 }) { seen["started again", default: 0] += 1 }
                if record.isHandedOver && course.sources.last == course.sources.first { seen["back", default: 0] += 1 }
                if record.measures.delayed ?? 0 > 0 { seen["delayed", default: 0] += 1 }
                if record.ttft == 4 { seen["at the timeout", default: 0] += 1 }
            }
        }
        let kinds = ["failed", "empty", "handed over", "broken", "started again", "back", "delayed", "at the timeout"]
        for kind in kinds {
            #expect(seen[kind, default: 0] >= 5, "\(kind): \(seen[kind, default: 0])")
        }
    }
}
