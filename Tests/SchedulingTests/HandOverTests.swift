import Policies
import Scheduling
import Testing

@Suite struct `Hand-over` {
    /// One hand-over, after 3 tokens with 2 in the buffer at 5 tokens/s.
    private static let migration = Migration(afterTokens: 3, bufferTokens: 2)

    /// The server streams its first token at 1 s.
    private static func streaming(timeout: Double = 60, _ migration: Migration = migration) -> Scheduler {
        var scheduler = Scheduler.race(timeout: timeout, fromServer: migration)
        _ = scheduler(.token(server(), through: 1), 1)
        return scheduler
    }

    private let target = device(2, after: 3)

    /// The server has handed over after its third token at 1.2 s: 3 - 5 · 0.2 = 2.
    private func handedOver(timeout: Double = 60) -> Scheduler {
        var scheduler = Self.streaming(timeout: timeout)
        #expect(scheduler(.token(server(), through: 2), 1.1) == [.deliver(2...2, from: server())])
        #expect(scheduler(.token(server(), through: 3), 1.2) == [.deliver(3...3, from: server())])
        #expect(scheduler(.timer, 1.2) == [.handOver(from: server(), to: target)])
        return scheduler
    }

    @Test func `the target continues where the source stopped`() {
        var scheduler = handedOver()
        #expect(scheduler(.token(target, through: 4), 2) == [.deliver(4...4, from: target)])
        #expect(scheduler(.ended(target, through: 4), 3) == [.finish(.ok)])
    }

    @Test func `it waits for the buffer, and is called off where that never fills`() {
        // Buffers: 3 - 5 · 0.6 = 0 and 4 - 5 · 0.7 = 0.5 are short, 8 - 5 · 0.8 = 4 is not.
        var scheduler = Self.streaming()
        #expect(scheduler(.token(server(), through: 3), 1.6) == [.deliver(2...3, from: server())])
        #expect(scheduler(.token(server(), through: 4), 1.7) == [.deliver(4...4, from: server())])
        #expect(scheduler(.token(server(), through: 8), 1.8) == [.deliver(5...8, from: server())])
        #expect(scheduler(.timer, 1.8) == [.handOver(from: server(), to: device(2, after: 8))])

        var slow = Self.streaming()
        for index in 2...9 {
            #expect(
                slow(.token(server(), through: index), Double(index))
                    == [.deliver(index...index, from: server())])
            #expect(slow(.timer, Double(index)) == [])
        }
        #expect(slow(.ended(server(), through: 9), 9) == [.finish(.ok)])
    }

    @Test func `it takes a whole delivery`() {
        // Three tokens at once are past i* = 3 by one: all of what has come is shown.
        var scheduler = Self.streaming()
        #expect(scheduler(.token(server(), through: 4), 1.1) == [.deliver(2...4, from: server())])
        #expect(scheduler(.timer, 1.1) == [.handOver(from: server(), to: device(2, after: 4))])
    }

    @Test func `tokens that come one by one in an instant are one delivery`() {
        var scheduler = Self.streaming()
        for index in 2...4 {
            #expect(
                scheduler(.token(server(), through: index), 1.1) == [.deliver(index...index, from: server())])
        }
        #expect(scheduler(.timer, 1.1) == [.handOver(from: server(), to: device(2, after: 4))])
    }

    @Test func `a response that ends with the token of its hand-over is not handed over`() {
        var scheduler = Self.streaming()
        #expect(scheduler(.token(server(), through: 3), 1.2) == [.deliver(2...3, from: server())])
        #expect(scheduler(.ended(server(), through: 3), 1.2) == [.finish(.ok)])
        #expect(scheduler(.timer, 1.2) == [])
    }

    @Test func `a late end of the source that left nothing out ends the response`() {
        var scheduler = handedOver()
        #expect(scheduler(.ended(server(), through: 3), 1.3) == [.cancel(target), .finish(.ok)])
    }

    @Test func `a late end of the source that left tokens out does not`() {
        var scheduler = handedOver()
        #expect(scheduler(.ended(server(), through: 4), 1.3) == [])
        #expect(scheduler(.token(target, through: 4), 2) == [.deliver(4...4, from: target)])
        #expect(scheduler(.ended(server(), through: 4), 2) == [])
    }

    @Test func `what the source still sends is ignored, its failure, too`() {
        var scheduler = handedOver()
        #expect(scheduler(.token(server(), through: 4), 1.25) == [])
        #expect(scheduler(.failed(server()), 1.3) == [])
        #expect(scheduler(.token(target, through: 4), 2) == [.deliver(4...4, from: target)])
    }

    @Test func `what the loser of the race still sends is not taken for its second run`() {
        var scheduler = handedOver()
        #expect(scheduler(.token(device(), through: 4), 1.3) == [])
        #expect(scheduler(.ended(device(), through: 4), 1.3) == [])
        #expect(scheduler(.failed(device()), 1.3) == [])
        #expect(scheduler(.token(target, through: 4), 2) == [.deliver(4...4, from: target)])
    }

    @Test func `a target that fails gives the response back to the source`() {
        var scheduler = handedOver()
        #expect(scheduler(.failed(target), 1.5) == [.start(server(2, after: 3))])
        #expect(
            scheduler(.token(server(2, after: 3), through: 9), 3) == [.deliver(4...9, from: server(2, after: 3))])
        #expect(scheduler(.timer, 3) == [], "nothing goes to an endpoint that failed")
    }

    @Test func `a target that never answers has failed when its timeout is over`() {
        var scheduler = Self.streaming(timeout: 4)
        _ = scheduler(.token(server(), through: 3), 1.2)
        #expect(
            Array(scheduler.handle(.timer, at: 1.2))
                == [.handOver(from: server(), to: target), .setTimer(5.2)])
        #expect(scheduler(.timer, 5.2) == [.cancel(target), .start(server(2, after: 3))])
        #expect(scheduler(.token(target, through: 4), 5.3) == [])
        #expect(scheduler(.timer, 9.2) == [.cancel(server(2, after: 3)), .finish(.failed)])
    }

    @Test func `a target that fails after some tokens gives back what it has delivered`() {
        var scheduler = handedOver()
        _ = scheduler(.token(target, through: 5), 2)
        let resumed = server(2, after: 5)
        #expect(scheduler(.failed(target), 2.1) == [.start(resumed)])
        // The first run's end is no end of this response any more.
        #expect(scheduler(.ended(server(), through: 5), 2.2) == [])
        #expect(scheduler(.ended(resumed, through: 5), 3) == [.finish(.ok)])
    }

    @Test func `a source that fails when it is to hand over falls back instead`() {
        var scheduler = Self.streaming()
        _ = scheduler(.token(server(), through: 3), 1.2)
        #expect(scheduler(.failed(server()), 1.2) == [.start(target)])
        #expect(scheduler(.timer, 1.2) == [])
    }

    @Test func `nothing is handed over to an endpoint that failed in this request or is missing`() {
        var failed = Scheduler.race(fromServer: Self.migration)
        #expect(failed(.failed(device()), 0.5) == [])
        #expect(failed(.token(server(), through: 9), 1) == [.deliver(1...9, from: server())])
        #expect(failed(.timer, 1) == [])

        var missing = Scheduler(fromServer: Self.migration, missing: .device)
        _ = missing(.submitted, 0)
        _ = missing(.token(server(), through: 9), 1)
        #expect(missing(.timer, 1) == [])
    }

    @Test func `a response is handed over once`() {
        let eager = Migration(afterTokens: 1, bufferTokens: 0)
        var scheduler = Scheduler.race(fromServer: eager, fromDevice: eager)
        _ = scheduler(.token(server(), through: 1), 1)
        let target = device(2, after: 1)
        #expect(scheduler(.timer, 1) == [.handOver(from: server(), to: target)])
        #expect(scheduler(.token(target, through: 2), 1.1) == [.deliver(2...2, from: target)])
        #expect(scheduler(.timer, 1.1) == [])
    }

    @Test func `the device may hand over to a server that was never started`() {
        let eager = Migration(afterTokens: 1, bufferTokens: 0)
        var scheduler = Scheduler(server: .infinity, device: 0, fromDevice: eager)
        #expect(scheduler(.submitted, 0) == [.start(device())])
        _ = scheduler(.token(device(), through: 2), 1)
        #expect(scheduler(.timer, 1) == [.handOver(from: device(), to: server(1, after: 2))])
    }

    @Test func `a tie and a hand-over may fall into one instant, and be settled by one late event`() {
        let eager = Migration(afterTokens: 1, bufferTokens: 1)
        var scheduler = Scheduler.race(fromDevice: eager)
        #expect(scheduler(.token(device(), through: 1), 1) == [])
        #expect(
            scheduler(.token(device(), through: 2), 2)
                == [
                    .deliver(1...1, from: device()), .cancel(server()),
                    .handOver(from: device(), to: server(2, after: 1)),
                ])
    }

    @Test func `nothing migrates without a reader`() {
        var scheduler = Scheduler(pace: nil, fromServer: Migration(afterTokens: 1, bufferTokens: 0))
        _ = scheduler(.submitted, 0)
        _ = scheduler(.token(server(), through: 9), 1)
        #expect(scheduler(.timer, 1) == [])
    }

    @Test func `a source slower than its reader hands over where no buffer is asked for`() {
        var scheduler = Self.streaming(Migration(afterTokens: 2, bufferTokens: 0))
        #expect(scheduler(.token(server(), through: 2), 9) == [.deliver(2...2, from: server())])
        #expect(scheduler(.timer, 9) == [.handOver(from: server(), to: device(2, after: 2))])
    }

    @Test func `a buffer that is short by rounding is none too short`() {
        // 11 - 3 · 0.1 · 10 is 8, and a little less where tenths are added up.
        let seconds = (1...10).reduce(1.0) { sum, _ in sum + 0.1 } - 1
        let reader = Reader(tokensPerSecond: 3)
        #expect(reader.buffer(delivered: 11, secondsSinceFirst: seconds) < 8)
        #expect(
            Migration(afterTokens: 11, bufferTokens: 8).isDue(delivered: 11, secondsSinceFirst: seconds, reader: reader)
        )
    }

    @Test func `the buffer is what was delivered less what was read`() {
        let reader = Reader(tokensPerSecond: 4)
        #expect(reader.buffer(delivered: 10, secondsSinceFirst: 1.5) == 4)
        #expect(reader.buffer(delivered: 1, secondsSinceFirst: 1.5) == 0, "nobody reads ahead")
        let migration = Migration(afterTokens: 9, bufferTokens: 4)
        #expect(migration.isDue(delivered: 10, secondsSinceFirst: 1.5, reader: reader))
        #expect(!migration.isDue(delivered: 10, secondsSinceFirst: 1.51, reader: reader))
        #expect(!migration.isDue(delivered: 8, secondsSinceFirst: 0, reader: reader))
    }
}
