import Policies
import Scheduling

/// All orders of events that two endpoints, a clock and a careless driver can produce, up to a few tokens each.
///
/// At each step it may let any run that was ever started, cancelled or not, send a token, two tokens, an end (before or
/// after the tokens it counts), or fail, in the present instant or one tick later; let the timer fire, on time, too late,
/// twice or early; say an event again; or report one of a run that never was.
struct Adversary: Hashable {
    struct Source: Hashable {
        var run: Run
        var sent: Int
        var isOver = false
    }

    let mostTokens: Int
    /// From this tick on time passes only by timers.
    let horizon: Double
    var scheduler: Scheduler
    var audit: Audit
    var sources: [Source] = []
    var clock = 0.0
    var last: Event?
    /// How often it may still repeat or invent an event, or let a timer fire early.
    var mischief: Int

    init(rules: Rules, mostTokens: Int, horizon: Double, mischief: Int) {
        self.mostTokens = mostTokens
        self.horizon = horizon
        self.mischief = mischief
        scheduler = Scheduler(rules: rules)
        audit = Audit(rules: rules)
    }

    struct Step: Hashable, CustomStringConvertible {
        var event: Event
        var time: Double
        var isMischief = false

        var description: String {
            func name(_ run: Run) -> String { "\(run.endpoint.rawValue) \(run.attempt) after \(run.after)" }
            let text =
                switch event {
                case .submitted: "submitted"
                case .token(let run, let through): "\(name(run)) through \(through)"
                case .ended(let run, let through): "\(name(run)) ended at \(through)"
                case .failed(let run): "\(name(run)) failed"
                case .timer: "timer"
                }
            return "\(time) s: \(text)\(isMischief ? " (mischief)" : "")"
        }
    }

    /// What may happen next.
    func steps() -> [Step] {
        guard audit.isSubmitted else {
            let early = Event.token(Run(endpoint: .server, attempt: 1, after: 0), through: 1)
            return [Step(event: .submitted, time: 0)]
                + (mischief > 0 ? [Step(event: early, time: 0, isMischief: true)] : [])
        }
        var steps: [Step] = []
        for source in sources where !source.isOver {
            let next = source.run.after + source.sent
            var events: [Event] = [.ended(source.run, through: next), .failed(source.run)]
            if source.sent < mostTokens {
                events += [.token(source.run, through: next + 1), .ended(source.run, through: next + 1)]
                // Beyond its cancel a run says one thing more: after one that was ignored, another is, too.
                if source.sent + 1 < mostTokens && audit.isRunning(source.run) {
                    events.append(.token(source.run, through: next + 2))
                }
            }
            for event in events {
                steps.append(Step(event: event, time: clock))
                if clock < horizon { steps.append(Step(event: event, time: clock + 1)) }
            }
        }
        if let timer = audit.timer { steps.append(Step(event: .timer, time: max(clock, timer))) }
        if mischief > 0 {
            steps.append(Step(event: .timer, time: clock, isMischief: true))
            for source in sources where !source.isOver {
                // Tokens that it was given, not its own.
                let stale = Event.token(source.run, through: source.run.after)
                steps.append(Step(event: stale, time: clock, isMischief: true))
            }
            if let last { steps.append(Step(event: last, time: clock, isMischief: true)) }
            for endpoint in Endpoint.allCases {
                let known = sources.count { $0.run.endpoint == endpoint }
                let stray = Run(endpoint: endpoint, attempt: known + 1, after: audit.delivered)
                for event in [.token(stray, through: audit.delivered + 1), .failed(stray)] as [Event] {
                    steps.append(Step(event: event, time: clock, isMischief: true))
                }
                steps.append(
                    Step(event: .ended(stray, through: audit.delivered), time: clock - 1, isMischief: true))
            }
        }
        return steps
    }

    /// Lets it happen.
    /// - Returns: How many commands it led to, and what is wrong with them; nil for nothing.
    mutating func take(_ step: Step) -> (commands: Int, fault: String?) {
        clock = max(clock, step.time)
        if step.isMischief { mischief -= 1 }
        last = mischief > 0 ? step.event : nil
        let before = scheduler
        if !step.isMischief { note(step.event) }
        let commands = scheduler.handle(step.event, at: step.time)
        var fault = audit.check(step.event, at: step.time, commands, scheduler.rules)
        if scheduler.delivered != audit.delivered { fault = fault ?? "counts other tokens than it delivers" }
        if scheduler.outcome != audit.outcome { fault = fault ?? "has another outcome than it told" }
        if audit.outcome != nil && before.outcome != nil && scheduler != before {
            fault = fault ?? "changes after the end"
        }
        for command in commands {
            switch command {
            case .start(let run), .handOver(_, let run): sources.append(Source(run: run, sent: 0))
            case .cancel, .deliver, .setTimer, .finish: break
            }
        }
        return (commands.count, fault)
    }

    private mutating func note(_ event: Event) {
        switch event {
        case .token(let run, let through):
            let isCancelled = !audit.isRunning(run)
            update(run) {
                $0.sent = through - run.after
                $0.isOver = isCancelled
            }
        case .ended(let run, let through):
            update(run) {
                $0.sent = max($0.sent, through - run.after)
                $0.isOver = true
            }
        case .failed(let run): update(run) { $0.isOver = true }
        case .submitted, .timer: break
        }
    }

    private mutating func update(_ run: Run, _ change: (inout Source) -> Void) {
        for index in sources.indices where sources[index].run == run { change(&sources[index]) }
    }
}
