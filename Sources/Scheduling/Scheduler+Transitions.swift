import Policies

// Each function is one transition, or what several have in common; docs/scheduling.md draws them.
extension Scheduler {
    // MARK: Time

    /// Marks a run that is over, before anything is decided: it needs no cancel, and has nothing to hand over.
    /// - Returns: Whether the event closed a run that was running.
    mutating func close(_ event: Event) -> Bool {
        let (run, status): (Run, Side.Status)
        switch event {
        case .ended(let ended, _): (run, status) = (ended, .ended)
        case .failed(let failed): (run, status) = (failed, .failed)
        case .submitted, .token, .timer: return false
        }
        guard self[run.endpoint].status == .running, self[run.endpoint].run == run else { return false }
        self[run.endpoint].status = status
        return true
    }

    /// Takes a decision that waited for its instant to be over, or for a deadline to pass.
    /// - Returns: Whether it took one; another may have become due.
    mutating func settle(isOver: Bool, _ commands: inout Commands) -> Bool {
        switch phase {
        case .tied(let endpoint) where (isOver || now > instant) && self[endpoint].status != .failed:
            win(endpoint, heldThrough, at: instant, isWhole: heldWhole, &commands)
        case .leaving(let source) where (isOver || now > instant) && self[source].status == .running:
            handOver(from: source, &commands)
        case .waiting where now > deadline || (isOver && now == deadline):
            finish(.failed, &commands)
        case .continuing(let endpoint) where now > deadline || (isOver && now == deadline):
            cancel(endpoint, &commands)
            self[endpoint].status = .failed
            fallBack(from: endpoint, &commands)
        default: return false
        }
        return true
    }

    /// Asks for the next timer, where it is another than that asked for last.
    mutating func setTimer(_ commands: inout Commands) {
        var next = Double.infinity
        switch phase {
        case .waiting:
            next = deadline
            if server.status == .unstarted { next = min(next, submittedAt + rules.action.serverWait) }
            if device.status == .unstarted { next = min(next, submittedAt + rules.action.deviceWait) }
        case .tied, .leaving: next = instant
        case .continuing: next = deadline
        case .idle, .streaming, .finished: break
        }
        if next != timerAt && next < .infinity { commands.append(.setTimer(next)) }
        timerAt = next
    }

    // MARK: Dispatch

    mutating func submit(_ commands: inout Commands) {
        guard phase == .idle else { return }
        if now == -.infinity { now = 0 }
        submittedAt = now
        deadline = now + rules.timeout
        phase = .waiting
        startWhoIsDue(&commands)
        if isNeverStarted(.server) && isNeverStarted(.device) { finish(.failed, &commands) }
    }

    private func isNeverStarted(_ endpoint: PolicyTable.Endpoint) -> Bool {
        switch self[endpoint].status {
        case .unstarted: rules.action.wait(of: endpoint) == .infinity
        case .failed: true
        case .running, .cancelled, .ended: false
        }
    }

    /// Starts who has waited long enough, or has nobody else to wait for.
    mutating func startWhoIsDue(_ commands: inout Commands) {
        startIfDue(.server, &commands)
        startIfDue(.device, &commands)
    }

    private mutating func startIfDue(_ endpoint: PolicyTable.Endpoint, _ commands: inout Commands) {
        guard self[endpoint].status == .unstarted else { return }
        if now >= submittedAt + rules.action.wait(of: endpoint) || self[endpoint.other].status == .failed {
            commands.append(.start(start(endpoint)))
        }
    }

    private mutating func start(_ endpoint: PolicyTable.Endpoint) -> Run {
        let run = Run(endpoint: endpoint, attempt: self[endpoint].run.attempt + 1, after: delivered)
        self[endpoint] = Side(status: .running, run: run, startedAt: now)
        return run
    }

    private mutating func cancel(_ endpoint: PolicyTable.Endpoint, _ commands: inout Commands) {
        guard self[endpoint].status == .running else { return }
        self[endpoint].status = .cancelled
        commands.append(.cancel(self[endpoint].run))
    }

    // MARK: Tokens

    /// Tokens came, and with `isWhole` there are no more.
    mutating func receive(_ run: Run, _ through: Int, isWhole: Bool, _ commands: inout Commands) {
        guard isAwaited(run), isWhole || (through > delivered && self[run.endpoint].status == .running) else { return }
        let endpoint = run.endpoint
        switch phase {
        case .waiting where isBeatenInTie(endpoint):
            phase = .tied(endpoint)
            instant = now
            heldThrough = through
            heldWhole = isWhole
        case .tied(endpoint):
            heldThrough = max(heldThrough, through)
            heldWhole = isWhole
        case .waiting, .tied:
            win(endpoint, through, at: now, isWhole: isWhole, &commands)
        case .streaming(endpoint), .leaving(endpoint), .continuing(endpoint):
            deliver(endpoint, through, isWhole: isWhole, at: now, &commands)
        case .idle, .streaming, .leaving, .continuing, .finished: break
        }
    }

    /// Whether the response waits for this run, which may just have ended or failed.
    private func isAwaited(_ run: Run) -> Bool {
        guard self[run.endpoint].run == run else { return false }
        return switch phase {
        case .waiting, .tied: true
        case .streaming(let endpoint), .leaving(let endpoint), .continuing(let endpoint): endpoint == run.endpoint
        case .idle, .finished: false
        }
    }

    /// Whether the other endpoint, should it answer in this very instant, would win: it was started before, or is the
    /// server and was started together with this one.
    private func isBeatenInTie(_ endpoint: PolicyTable.Endpoint) -> Bool {
        let own = self[endpoint]
        let rival = self[endpoint.other]
        guard rival.status == .running else { return false }
        return rival.startedAt < own.startedAt || (rival.startedAt == own.startedAt && endpoint == .device)
    }

    /// The endpoint answered first: its tokens go out and the other is stopped.
    private mutating func win(
        _ endpoint: PolicyTable.Endpoint, _ through: Int, at time: Double, isWhole: Bool, _ commands: inout Commands
    ) {
        firstTokenAt = time
        deliver(endpoint, through, isWhole: isWhole, at: time, &commands)
        if !isWhole { cancel(endpoint.other, &commands) }
    }

    private mutating func deliver(
        _ endpoint: PolicyTable.Endpoint, _ through: Int, isWhole: Bool, at time: Double, _ commands: inout Commands
    ) {
        if through > delivered {
            commands.append(.deliver(delivered + 1...through, from: self[endpoint].run))
            delivered = through
        }
        if isWhole {
            finish(.ok, &commands)
        } else if isHandOverDue(from: endpoint, at: time) {
            phase = .leaving(endpoint)
            instant = time
        } else {
            phase = .streaming(endpoint)
        }
    }

    // MARK: Hand-over

    /// Whether the source hands over here, unless the response ends in this very instant.
    private func isHandOverDue(from source: PolicyTable.Endpoint, at time: Double) -> Bool {
        guard handOver == nil, let reader = rules.reader, let migration = rules.migration(from: source) else {
            return false
        }
        return self[source.other].status != .failed
            && migration.isDue(delivered: delivered, secondsSinceFirst: time - firstTokenAt, reader: reader)
    }

    private mutating func handOver(from source: PolicyTable.Endpoint, _ commands: inout Commands) {
        self[source].status = .cancelled
        let leaving = self[source].run
        let taking = continueOn(source.other)
        handOver = HandOver(source: leaving, target: taking)
        commands.append(.handOver(from: leaving, to: taking))
    }

    private mutating func continueOn(_ endpoint: PolicyTable.Endpoint) -> Run {
        phase = .continuing(endpoint)
        deadline = now + rules.timeout
        return start(endpoint)
    }

    /// The end of a run that handed over too early to know of it.
    ///
    /// Where it had no token left, and nobody has added one, the response is whole. The target would be asked to continue
    /// what is complete, which costs its prefill, and small models do go on talking.
    mutating func endLate(_ run: Run, _ through: Int, _ commands: inout Commands) {
        guard case .continuing = phase, let handOver, run == handOver.source else { return }
        if through == delivered && delivered == handOver.target.after { finish(.ok, &commands) }
    }

    // MARK: Failure and end

    mutating func fail(_ run: Run, _ commands: inout Commands) {
        guard isAwaited(run) else { return }
        let endpoint = run.endpoint
        switch phase {
        case .waiting:
            startWhoIsDue(&commands)
            if self[endpoint.other].status != .running { finish(.failed, &commands) }
        case .tied(endpoint):
            // Nothing of it was delivered, and the other still runs: as if it had not answered.
            phase = .waiting
        case .tied(let holder):
            win(holder, heldThrough, at: instant, isWhole: heldWhole, &commands)
        case .streaming, .leaving, .continuing:
            fallBack(from: endpoint, &commands)
        case .idle, .finished: break
        }
    }

    /// The other endpoint continues after the tokens delivered, unless it failed, too.
    private mutating func fallBack(from endpoint: PolicyTable.Endpoint, _ commands: inout Commands) {
        if self[endpoint.other].status == .failed {
            finish(.failed, &commands)
        } else {
            commands.append(.start(continueOn(endpoint.other)))
        }
    }

    private mutating func finish(_ outcome: Outcome, _ commands: inout Commands) {
        cancel(.server, &commands)
        cancel(.device, &commands)
        phase = .finished(outcome)
        commands.append(.finish(outcome))
    }
}
