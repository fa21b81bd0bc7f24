package import Policies
package import Scheduling

/// What happened to a request, event by event.
package struct Course: Sendable, Hashable {
    /// A run that was started.
    package struct Start: Sendable, Hashable {
        /// Which.
        package let run: Scheduler.Run
        /// When, in seconds from submission.
        package let time: Double
        /// When it was cancelled or had sent its last token; infinite if never.
        package internal(set) var until = Double.infinity
    }

    /// All runs, in the order in which they were started.
    package internal(set) var starts: [Start] = []
    /// When each token was delivered, in seconds from submission.
    package internal(set) var times: [Double] = []
    /// Who delivered it.
    package internal(set) var sources: [PolicyTable.Endpoint] = []
    /// Tokens after which the response was handed over; nil for never.
    package internal(set) var handOverAfter: Int?
    /// When the response began, or ended where it has no tokens; nil where nobody answered.
    package internal(set) var firstAt: Double?
    /// Who answered first.
    package internal(set) var winner: PolicyTable.Endpoint?
    /// How it ended.
    package internal(set) var outcome: Scheduler.Outcome?
}

extension Replay {
    /// Walks request number `index` through the online rules, token by token in simulated time.
    /// - Complexity: O(tokens).
    package func course(_ index: Int) -> Course { course(draw(index)) }

    func course(_ draw: RequestDraw) -> Course {
        var simulation = Simulation(self, draw)
        simulation.run()
        return simulation.course
    }
}

/// Two simulated endpoints and a timer, and the scheduler that they talk to.
///
/// An endpoint that does not answer is silent: nothing tells the scheduler but the timer. Of one instant, tokens are
/// reported first and the timer last.
private struct Simulation {
    let replay: Replay
    let draw: RequestDraw
    let output: Int
    var scheduler: Scheduler
    var course = Course()
    /// Runs that have tokens to send.
    var running = Pair<Sending?>(server: nil, device: nil)
    var timer = Double.infinity
    /// The run that ended last.
    var lastEnded: Scheduler.Run?

    struct Sending {
        let run: Scheduler.Run
        let tokens: TokenRun
        /// Tokens sent; the first reported is `run.after` + 1.
        var sent = 0
    }

    init(_ replay: Replay, _ draw: RequestDraw) {
        self.replay = replay
        self.draw = draw
        output = Int(draw.row.outputTokens)
        scheduler = Scheduler(
            rules: Scheduler.Rules(
                action: draw.action, timeout: replay.world.timeout, reader: replay.leadReader(draw),
                fromServer: replay.migration(from: .server, draw), fromDevice: replay.migration(from: .device, draw)))
    }

    mutating func run() {
        handle(.submitted, at: 0)
        while scheduler.outcome == nil {
            let (server, device) = (nextTime(.server), nextTime(.device))
            let time = min(server, device, timer)
            precondition(time < .infinity, "a request that is not done waits for something")
            if time == server {
                send(.server, at: time)
            } else if time == device {
                send(.device, at: time)
            } else {
                timer = .infinity
                handle(.timer, at: time)
            }
        }
        course.outcome = scheduler.outcome
    }

    func nextTime(_ side: Side) -> Double {
        guard let sending = running[side] else { return .infinity }
        return sending.tokens.time(sending.sent, replay.paces[side].elapsed)
    }

    mutating func send(_ side: Side, at time: Double) {
        guard var sending = running[side] else { return }
        let run = sending.run
        sending.sent += 1
        let token = min(run.after + sending.sent, output)
        running[side] = token == output ? nil : sending
        if token == output { close(run, at: time) }
        if course.firstAt == nil { course.firstAt = time }
        handle(token == output ? .ended(run, through: token) : .token(run, through: token), at: time)
    }

    mutating func handle(_ event: Scheduler.Event, at time: Double) {
        if case .ended(let run, _) = event { lastEnded = run }
        for command in scheduler.handle(event, at: time) {
            switch command {
            case .start(let run): start(run, at: time)
            case .cancel(let run): cancel(run, at: time)
            case .deliver(let tokens, let run):
                precondition(tokens.lowerBound == course.times.count + 1, "tokens are delivered once and in order")
                if course.winner == nil { course.winner = run.endpoint }
                for _ in tokens {
                    course.times.append(time)
                    course.sources.append(run.endpoint)
                }
            case .setTimer(let next): timer = next
            case .handOver(let source, let target):
                course.handOverAfter = course.times.count
                cancel(source, at: time)
                start(target, at: time)
            case .finish(let outcome):
                // An answer without tokens: whoever ended it has answered.
                if outcome == .ok, course.winner == nil { course.winner = lastEnded?.endpoint }
            }
        }
    }

    mutating func start(_ run: Scheduler.Run, at time: Double) {
        course.starts.append(Course.Start(run: run, time: time))
        let side = run.endpoint.side
        let isAgain = run.attempt > 1
        let ttft = replay.ttft(of: side, draw, after: run.after, isAgain: isAgain)
        let first = replay.firstToken(startedAt: time, ttft: ttft, isContinuation: run.after > 0)
        running[side] =
            first < .infinity
            ? Sending(run: run, tokens: replay.run(of: side, first: first, draw, isAgain: isAgain)) : nil
    }

    mutating func cancel(_ run: Scheduler.Run, at time: Double) {
        if running[run.endpoint.side]?.run == run { running[run.endpoint.side] = nil }
        close(run, at: time)
    }

    mutating func close(_ run: Scheduler.Run, at time: Double) {
        guard let index = course.starts.lastIndex(where: { $0.run == run }) else { return }
        course.starts[index].until = min(course.starts[index].until, time)
    }
}

extension PolicyTable.Endpoint {
    var side: Side { self == .server ? .server : .device }
}
