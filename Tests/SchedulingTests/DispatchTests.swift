import Policies
import Scheduling
import Testing

@Suite struct `Dispatch and race` {
    @Test func `who waits 0 starts at once and who waits longer by a timer`() {
        var scheduler = Scheduler(device: 1.5)
        #expect(Array(scheduler.handle(.submitted, at: 10)) == [.start(server()), .setTimer(11.5)])
        #expect(Array(scheduler.handle(.timer, at: 11.5)) == [.start(device()), .setTimer(70)])
    }

    @Test func `who has no wait left when the other answers is started, who has some is not`() {
        // "Strictly later than w": an answer at w is in time, since the timer comes after everything else of its instant.
        var scheduler = Scheduler(device: 1)
        _ = scheduler(.submitted, 0)
        #expect(scheduler(.token(server(), through: 1), 1) == [.deliver(1...1, from: server())])
        #expect(scheduler(.timer, 1) == [])

        var late = Scheduler(device: 1)
        _ = late(.submitted, 0)
        #expect(late(.timer, 1) == [.start(device())])
        #expect(late(.token(server(), through: 1), 1) == [.deliver(1...1, from: server()), .cancel(device())])
    }

    @Test func `a token that overtakes a late timer starts nobody`() {
        var scheduler = Scheduler(device: 1)
        _ = scheduler(.submitted, 0)
        #expect(scheduler(.token(server(), through: 1), 1.01) == [.deliver(1...1, from: server())])
        #expect(scheduler(.timer, 1.02) == [])
    }

    @Test func `the first token wins and the loser is cancelled`() {
        var scheduler = Scheduler.race()
        #expect(scheduler(.token(device(), through: 1), 0.5) == [])
        #expect(scheduler(.timer, 0.5) == [.deliver(1...1, from: device()), .cancel(server())])
        #expect(scheduler(.token(server(), through: 1), 0.6) == [])
        #expect(scheduler(.token(device(), through: 2), 0.6) == [.deliver(2...2, from: device())])
        #expect(scheduler(.ended(device(), through: 2), 0.6) == [.finish(.ok)])
        #expect(scheduler.outcome == .ok && scheduler.delivered == 2)
    }

    @Test(arguments: [true, false])
    func `two first tokens at once, started together, are the server's, in either order`(isServerFirst: Bool) {
        var scheduler = Scheduler.race()
        let events: [Event] = [.token(server(), through: 1), .token(device(), through: 1)]
        var commands = (isServerFirst ? events : events.reversed()).flatMap { scheduler($0, 2) }
        commands += scheduler(.timer, 2)
        #expect(commands == [.deliver(1...1, from: server()), .cancel(device())])
    }

    @Test(arguments: [true, false])
    func `two first tokens at once are of the endpoint that was started first, in either order`(isServerFirst: Bool) {
        var scheduler = Scheduler(server: 1, device: 0)
        #expect(scheduler(.submitted, 0) == [.start(device())])
        #expect(scheduler(.timer, 1) == [.start(server())])
        let events: [Event] = [.token(server(), through: 1), .token(device(), through: 1)]
        var commands = (isServerFirst ? events : events.reversed()).flatMap { scheduler($0, 2) }
        commands += scheduler(.timer, 2)
        #expect(commands == [.deliver(1...1, from: device()), .cancel(server())])
    }

    @Test func `a tie is closed by the next later event where the timer is late`() {
        var scheduler = Scheduler.race()
        #expect(Array(scheduler.handle(.token(device(), through: 2), at: 2)) == [.setTimer(2)])
        #expect(
            scheduler(.token(server(), through: 1), 2.5) == [.deliver(1...2, from: device()), .cancel(server())])
    }

    @Test func `tokens of the instant of a tie are delivered together`() {
        var scheduler = Scheduler.race()
        #expect(scheduler(.token(device(), through: 1), 2) == [])
        #expect(scheduler(.token(device(), through: 3), 2) == [])
        #expect(scheduler(.ended(device(), through: 3), 2) == [])
        #expect(scheduler(.timer, 2) == [.deliver(1...3, from: device()), .cancel(server()), .finish(.ok)])
    }

    @Test func `an answer without tokens is an answer`() {
        var alone = Scheduler()
        _ = alone(.submitted, 0)
        #expect(alone(.ended(server(), through: 0), 1) == [.finish(.ok)])
        #expect(alone.delivered == 0)

        var race = Scheduler.race()
        #expect(race(.ended(server(), through: 0), 1) == [.cancel(device()), .finish(.ok)])

        var tie = Scheduler.race()
        #expect(tie(.ended(device(), through: 0), 1) == [])
        #expect(tie(.token(server(), through: 1), 1) == [.deliver(1...1, from: server())])
    }

    @Test func `no first token by the timeout is a failure, and one at the timeout is in time`() {
        var silent = Scheduler.race(timeout: 3)
        #expect(silent(.timer, 3) == [.cancel(server()), .cancel(device()), .finish(.failed)])
        #expect(silent.outcome == .failed)

        var inTime = Scheduler.race(timeout: 3)
        #expect(inTime(.token(server(), through: 1), 3) == [.deliver(1...1, from: server()), .cancel(device())])
        #expect(inTime(.timer, 3) == [])

        var late = Scheduler.race(timeout: 3)
        #expect(
            late(.token(server(), through: 1), 3.5) == [.cancel(server()), .cancel(device()), .finish(.failed)])
    }

    @Test func `a wait at or beyond the timeout starts nobody`() {
        for wait in [3, 4.0] {
            var scheduler = Scheduler(device: wait, timeout: 3)
            #expect(Array(scheduler.handle(.submitted, at: 0)) == [.start(server()), .setTimer(3)])
            #expect(scheduler(.timer, 3) == [.cancel(server()), .finish(.failed)])
        }
    }

    @Test func `waits that are both above 0 are waited for`() {
        var scheduler = Scheduler(server: 1, device: 2)
        #expect(Array(scheduler.handle(.submitted, at: 0)) == [.setTimer(1)])
        #expect(Array(scheduler.handle(.timer, at: 1)) == [.start(server()), .setTimer(2)])
    }

    @Test func `where nobody may ever start the request has failed`() {
        var never = Scheduler(server: .infinity)
        #expect(never(.submitted, 0) == [.finish(.failed)])
    }

    @Test func `a missing endpoint is never started and the other does not wait for it`() {
        var scheduler = Scheduler(device: 5, missing: .server)
        #expect(scheduler(.submitted, 0) == [.start(device())])
        #expect(scheduler(.failed(device()), 1) == [.finish(.failed)])
    }

    @Test func `without a timeout no timer is asked for`() {
        var scheduler = Scheduler(timeout: .infinity)
        #expect(timers(scheduler.handle(.submitted, at: 0)) == [])
    }

    @Test func `a timer that fires early is asked for again`() {
        var scheduler = Scheduler(device: 1)
        _ = scheduler(.submitted, 0)
        #expect(Array(scheduler.handle(.timer, at: 0.999)) == [.setTimer(1)])
        #expect(scheduler(.timer, 1) == [.start(device())])
    }
}
