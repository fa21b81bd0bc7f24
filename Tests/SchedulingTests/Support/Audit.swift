import Policies
import Scheduling

/// Watches a scheduler from outside: what a reader sees, and what a careful driver would object to.
///
/// It knows the events and the commands, not the scheduler's state, and shares none of its code.
struct Audit: Hashable {
    enum Status: Hashable { case running, cancelled, ended, failed }

    struct Record: Hashable {
        var run: Run
        var status = Status.running
        /// The last token that has been reported of it, in the order of the response.
        var through: Int
    }

    var records: [Record] = []
    var delivered = 0
    /// Whose text the response is, since which token; its prefix was given to that run.
    var author: Int?
    var isSubmitted = false
    var submittedAt = 0.0
    var timer: Double?
    var outcome: Scheduler.Outcome?
    var handOvers = 0
    var mayNotStart: Set<Endpoint> = []
    var now = 0.0
    /// The latest time at which a continuation must have begun.
    var continuedAt: Double?

    init(rules: Rules) {
        if let missing = rules.missing { mayNotStart = [missing] }
    }

    private func index(_ run: Run) -> Int? { records.lastIndex { $0.run == run } }

    /// Whether the run was started, and neither cancelled nor closed.
    func isRunning(_ run: Run) -> Bool { records.contains { $0.run == run && $0.status == .running } }

    private func isRunning(_ endpoint: Endpoint) -> Bool {
        records.contains { $0.run.endpoint == endpoint && $0.status == .running }
    }

    /// Takes note of an event and of what the scheduler made of it.
    /// - Returns: What is wrong with it; nil for nothing.
    mutating func check(_ event: Event, at time: Double, _ commands: Scheduler.Commands, _ rules: Rules) -> String? {
        if time.isFinite { now = isSubmitted ? max(now, time) : time }
        let wasFinished = outcome != nil
        var lateEnd: (run: Run, through: Int)?
        switch event {
        case .submitted where !isSubmitted:
            isSubmitted = true
            submittedAt = now
        case .token(let run, let through):
            if let at = index(run), records[at].status == .running { records[at].through.grow(through) }
        case .ended(let run, let through):
            if let at = index(run), records[at].status == .running {
                records[at].through.grow(through)
                records[at].status = .ended
                // Complete too late is not in time.
                if let continuedAt, author != at, now > continuedAt + rules.timeout { mayNotStart.insert(run.endpoint) }
            } else if let at = index(run), records[at].status == .cancelled {
                lateEnd = (run, through)
            }
        case .failed(let run):
            if let at = index(run), records[at].status == .running {
                records[at].status = .failed
                mayNotStart.insert(run.endpoint)
            }
        case .timer: timer = nil
        case .submitted: break
        }
        if wasFinished { return commands.isEmpty ? nil : "commands after the end" }
        for command in commands {
            if let fault = check(command, rules, lateEnd) { return fault }
        }
        if delivered == 0 && outcome == nil && records.contains(where: { $0.status == .cancelled }) {
            return "stops a racer before anybody won"
        }
        return faultOfRest(rules)
    }

    private mutating func check(_ command: Command, _ rules: Rules, _ lateEnd: (run: Run, through: Int)?) -> String? {
        if outcome != nil { return "a command after the finish" }
        switch command {
        case .start(let run): return start(run)
        case .cancel(let run):
            guard let at = index(run), records[at].status == .running else { return "cancels what does not run" }
            records[at].status = .cancelled
            // Nobody else runs and nothing is asked for otherwise: it was given up.
            if continuedAt.map({ now >= $0 + rules.timeout }) == true && author != at {
                mayNotStart.insert(run.endpoint)
            }
        case .deliver(let tokens, let run): return deliver(tokens, run)
        case .setTimer(let time):
            guard time.isFinite else { return "a timer at no time" }
            timer = time
        case .handOver(let source, let target):
            guard let at = index(source), records[at].status == .running, author == at else {
                return "hands over what it does not stream"
            }
            records[at].status = .cancelled
            handOvers += 1
            guard let migration = rules.migration(from: source.endpoint), let reader = rules.reader else {
                return "hands over though it must never"
            }
            guard handOvers == 1, delivered >= migration.afterTokens else { return "hands over too early or again" }
            // The buffer only shrinks after the token, so it must still have been enough at the first token's time.
            if Double(delivered) < migration.bufferTokens || reader.tokensPerSecond <= 0 { return "no buffer" }
            return start(target)
        case .finish(let outcome): return finish(outcome, rules, lateEnd)
        }
        return nil
    }

    private mutating func start(_ run: Run) -> String? {
        if !isSubmitted { return "starts before the request" }
        if mayNotStart.contains(run.endpoint) { return "starts an endpoint that failed or is missing" }
        if isRunning(run.endpoint) { return "starts what runs" }
        if delivered > 0 && isRunning(run.endpoint.opposite) { return "two endpoints run after the first token" }
        if run.attempt != 1 + records.count(where: { $0.run.endpoint == run.endpoint }) || run.attempt > 2 {
            return "a wrong number of attempts"
        }
        if run.after != delivered { return "does not continue where the response is" }
        if author != nil { continuedAt = now }
        records.append(Record(run: run, through: run.after))
        return nil
    }

    private mutating func deliver(_ tokens: ClosedRange<Int>, _ run: Run) -> String? {
        guard let at = index(run) else { return "delivers from nobody" }
        let record = records[at]
        if record.status == .cancelled || record.status == .failed { return "delivers from a run that is over" }
        if tokens.lowerBound != delivered + 1 { return "leaves tokens out or delivers them twice" }
        if tokens.upperBound > record.through { return "delivers what has not come" }
        if author != at && run.after != delivered { return "the run does not know what was delivered" }
        author = at
        delivered = tokens.upperBound
        continuedAt = nil
        return nil
    }

    private mutating func finish(
        _ outcome: Scheduler.Outcome, _ rules: Rules, _ lateEnd: (run: Run, through: Int)?
    ) -> String? {
        self.outcome = outcome
        if isRunning(.server) || isRunning(.device) { return "finishes while somebody runs" }
        if outcome == .ok {
            if let author, records[author].status == .ended && records[author].through == delivered { return nil }
            // A run that added nothing to what it was given, or to nothing, and said that this is all.
            if records.contains(where: { $0.status == .ended && $0.through == delivered && $0.run.after == delivered })
            {
                return nil
            }
            if let lateEnd, let author, records[author].run == lateEnd.run, lateEnd.through == delivered { return nil }
            return "finishes before the response is whole"
        }
        let isLate = delivered == 0 && now >= submittedAt + rules.timeout
        let isHopeless = Endpoint.allCases.allSatisfy {
            mayNotStart.contains($0)
                || (rules.action.wait(of: $0) == .infinity && !mayNotStart.contains($0.opposite))
        }
        return isLate || isHopeless ? nil : "gives up while there is hope"
    }

    /// What must hold between events: somebody works on the response, or a timer will wake us.
    private func faultOfRest(_ rules: Rules) -> String? {
        guard isSubmitted, outcome == nil else { return nil }
        let isStreaming = author.map { records[$0].status == .running } == true
        if isStreaming { return nil }
        if let author, records[author].status == .ended { return "an answer is complete, and nothing follows" }
        if timer == nil && rules.timeout < .infinity { return "nothing would ever wake it" }
        if timer == nil && !isRunning(.server) && !isRunning(.device) { return "nobody works on it" }
        return nil
    }
}

extension Int {
    fileprivate mutating func grow(_ other: Int) { if other > self { self = other } }
}
