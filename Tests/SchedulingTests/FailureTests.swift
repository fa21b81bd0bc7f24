import Policies
import Scheduling
import Testing

@Suite struct `Failures and stray events` {
    @Test func `who fails before its first token is replaced at once, however long the other was to wait`() {
        for wait in [1.5, 100, .infinity] {
            var scheduler = Scheduler(device: wait)
            _ = scheduler(.submitted, 0)
            #expect(scheduler(.failed(server()), 0.2) == [.start(device())])
            #expect(scheduler(.timer, 1.5) == [])
            #expect(scheduler(.ended(device(), through: 2), 2) == [.deliver(1...2, from: device()), .finish(.ok)])
        }
    }

    @Test func `a racer that fails leaves the race to the other`() {
        var scheduler = Scheduler.race()
        #expect(scheduler(.failed(server()), 0.2) == [])
        #expect(scheduler(.token(device(), through: 1), 1) == [.deliver(1...1, from: device())])
    }

    @Test func `a request has failed when both have`() {
        var scheduler = Scheduler.race()
        #expect(scheduler(.failed(device()), 0.2) == [])
        #expect(scheduler(.failed(server()), 0.3) == [.finish(.failed)])
    }

    @Test func `who breaks off is continued by the other, even the loser of the race`() {
        var scheduler = Scheduler.race()
        _ = scheduler(.token(server(), through: 3), 1)
        let continued = device(2, after: 3)
        #expect(scheduler(.failed(server()), 2) == [.start(continued)])
        #expect(scheduler(.token(device(), through: 9), 2.1) == [], "of its first run")
        #expect(scheduler(.token(continued, through: 4), 3) == [.deliver(4...4, from: continued)])
        #expect(scheduler(.failed(continued), 4) == [.finish(.failed)])
        #expect(scheduler.delivered == 4)
    }

    @Test func `who breaks off after the other failed ends the request`() {
        var scheduler = Scheduler.race()
        _ = scheduler(.failed(server()), 0.5)
        _ = scheduler(.token(device(), through: 1), 1)
        #expect(scheduler(.failed(device()), 2) == [.finish(.failed)])
    }

    @Test func `who continues has a timeout of its own`() {
        var scheduler = Scheduler(timeout: 5)
        _ = scheduler(.submitted, 0)
        _ = scheduler(.token(server(), through: 1), 4)
        #expect(
            Array(scheduler.handle(.failed(server()), at: 10)) == [.start(device(1, after: 1)), .setTimer(15)])
        #expect(scheduler(.timer, 15) == [.cancel(device(1, after: 1)), .finish(.failed)])
    }

    @Test func `who fails in the instant of a tie loses it`() {
        var holder = Scheduler.race()
        _ = holder(.token(device(), through: 1), 1)
        #expect(holder(.failed(device()), 1) == [])
        #expect(holder(.timer, 1) == [])
        #expect(holder(.token(server(), through: 1), 2) == [.deliver(1...1, from: server())])

        var rival = Scheduler.race()
        _ = rival(.token(device(), through: 1), 1)
        #expect(rival(.failed(server()), 1) == [.deliver(1...1, from: device())])
    }

    @Test func `a failure that follows a cancel is none`() {
        var scheduler = Scheduler.race()
        _ = scheduler(.token(server(), through: 1), 1)
        #expect(scheduler(.failed(device()), 1.1) == [])
        #expect(scheduler(.failed(server()), 2) == [.start(device(2, after: 1))])
    }

    @Test func `events twice, backwards or of runs that never were change nothing`() {
        var scheduler = Scheduler(device: 5)
        #expect(scheduler(.token(server(), through: 1), 0) == [], "before the request")
        #expect(scheduler(.submitted, 0) == [.start(server())])
        #expect(scheduler(.submitted, 0) == [])
        for stray in [device(0), device(1), device(2), server(2), server(1, after: 1), server(0), server(.max)] {
            #expect(scheduler(.token(stray, through: 1), 1) == [])
            #expect(scheduler(.ended(stray, through: 1), 1) == [])
            #expect(scheduler(.failed(stray), 1) == [])
        }
        #expect(scheduler(.token(server(), through: 0), 1) == [])
        #expect(scheduler(.token(server(), through: .min), 1) == [])
        #expect(scheduler(.token(server(), through: 2), 1) == [.deliver(1...2, from: server())])
        #expect(scheduler(.token(server(), through: 2), 2) == [])
        #expect(scheduler(.token(server(), through: 1), 2) == [])
        #expect(scheduler(.ended(server(), through: 2), 2) == [.finish(.ok)])
        #expect(scheduler(.ended(server(), through: 2), 2) == [])
        #expect(scheduler(.failed(server()), 3) == [])
        #expect(scheduler(.timer, 60) == [])
        #expect(scheduler.outcome == .ok && scheduler.delivered == 2)
    }

    @Test func `a token that a run was given is none of its own`() {
        var race = Scheduler.race(timeout: 3)
        #expect(race(.token(server(), through: 0), 1) == [])
        #expect(race(.token(device(), through: 1), 2) == [] && race(.timer, 2).count == 2, "the race goes on")

        var continued = Scheduler(timeout: 3)
        _ = continued(.submitted, 0)
        _ = continued(.token(server(), through: 4), 1)
        _ = continued(.failed(server()), 2)
        #expect(continued(.token(device(1, after: 4), through: 4), 3) == [])
        #expect(continued(.timer, 5) == [.cancel(device(1, after: 4)), .finish(.failed)], "it has not answered")
    }

    @Test func `an end that overtakes its tokens brings them along`() {
        var scheduler = Scheduler()
        _ = scheduler(.submitted, 0)
        #expect(scheduler(.token(server(), through: 1), 1) == [.deliver(1...1, from: server())])
        #expect(scheduler(.ended(server(), through: 4), 1.5) == [.deliver(2...4, from: server()), .finish(.ok)])
        #expect(scheduler(.token(server(), through: 4), 1.6) == [])
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -5])
    func `a time that is none, or before the last one, counts as the last one`(time: Double) {
        var scheduler = Scheduler(device: 0, timeout: 3)
        _ = scheduler(.submitted, 2)
        #expect(scheduler(.token(device(), through: 1), time) == [])
        #expect(scheduler(.token(server(), through: 1), 2) == [.deliver(1...1, from: server()), .cancel(device())])

        var submittedOddly = Scheduler(timeout: 3)
        #expect(timers(submittedOddly.handle(.submitted, at: time)) == [time == -5 ? -2 : 3])
    }

    @Test func `a scheduler and its commands hold no references, so copying and handling allocate nothing`() {
        #expect(_isPOD(Scheduler.self))
        #expect(_isPOD(Scheduler.Commands.self))
    }
}
