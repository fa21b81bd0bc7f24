import Policies

/// The online rules for one request, as a value: events in, commands out; it does nothing itself and knows no clock.
///
/// A driver owns the endpoints, the text and the time. It submits the request, carries out what ``handle(_:at:)`` returns,
/// and reports what comes back, until ``Command/finish(_:)``. Replay does so in simulated time, an app in real time, so
/// what is replayed is what runs. docs/scheduling.md has the states and transitions.
///
/// Times are in seconds of any one clock. Events are expected in the order of their times, and **a timer after everything
/// else of its instant**: then the outcome does not depend on the order of events within an instant, and is that of the
/// formulas (docs/maths/dispatch.md). In any other order, with events twice, late, or from runs that are over or never
/// were, each token of the response is still delivered once and in order, and none is left out.
public struct Scheduler: Sendable, Hashable {
    /// What was decided when the request arrived.
    public let rules: Rules
    /// Tokens delivered so far.
    public internal(set) var delivered = 0

    /// What the request is waiting for.
    enum Phase: Sendable, Hashable {
        /// Its submission.
        case idle
        /// A first token.
        case waiting
        /// The end of the instant in which this endpoint answered: another, started before, may do so too.
        case tied(PolicyTable.Endpoint)
        /// More from this endpoint.
        case streaming(PolicyTable.Endpoint)
        /// The end of the instant in which this endpoint's hand-over fell due: the response may end in it.
        case leaving(PolicyTable.Endpoint)
        /// The first token of this endpoint, which continues the response.
        case continuing(PolicyTable.Endpoint)
        /// Nothing.
        case finished(Outcome)
    }

    /// One of the two endpoints, as far as this request goes.
    struct Side: Sendable, Hashable {
        enum Status: Sendable, Hashable { case unstarted, running, cancelled, ended, failed }

        var status = Status.unstarted
        var run: Run
        var startedAt = 0.0
    }

    var phase = Phase.idle
    var server = Side(run: Run(endpoint: .server, attempt: 0, after: 0))
    var device = Side(run: Run(endpoint: .device, attempt: 0, after: 0))
    /// The latest time that was reported.
    var now = -Double.infinity
    /// When the request was submitted.
    var submittedAt = 0.0
    /// When the first token arrived.
    var firstTokenAt = 0.0
    /// The instant that a tie or a hand-over waits out.
    var instant = 0.0
    /// The latest time for the first token, of the response or of its continuation.
    var deadline = Double.infinity
    /// The timer that was asked for last; infinite if it fired or is not needed.
    var timerAt = Double.infinity
    /// What the endpoint of a tie has sent, not delivered yet.
    var heldThrough = 0
    /// Whether its answer is complete.
    var heldWhole = false
    /// The run that handed over and the one that took over; nil before.
    var handOver: HandOver?

    struct HandOver: Sendable, Hashable {
        var source: Run
        var target: Run
    }

    /// A scheduler for one request, not submitted yet.
    public init(rules: Rules) {
        self.rules = rules
        if let missing = rules.missing { self[missing].status = .failed }
    }

    /// How the request ended; nil while it runs.
    public var outcome: Outcome? { if case .finished(let outcome) = phase { outcome } else { nil } }

    subscript(endpoint: PolicyTable.Endpoint) -> Side {
        get { endpoint == .server ? server : device }
        set { if endpoint == .server { server = newValue } else { device = newValue } }
    }

    /// Takes an event and says what to do.
    ///
    /// An event that has no meaning here, of a run that is over, say, leads to no command.
    /// - Parameters:
    ///   - event: What happened.
    ///   - time: When, in seconds of the driver's clock. A time before the latest one, or not finite, counts as the latest.
    /// - Returns: What to do, in order.
    /// - Complexity: O(1); allocates nothing.
    public mutating func handle(_ event: Event, at time: Double) -> Commands {
        var commands = Commands()
        if case .finished = phase { return commands }
        if time > now && time.isFinite { now = time }
        let isTimer = event == .timer
        // Fired or, from a clock that runs ahead, fired early: it is asked for again where it is still needed.
        if isTimer { timerAt = .infinity }
        let wasRunning = close(event)
        while settle(isOver: isTimer, &commands) {}
        switch event {
        case .submitted: submit(&commands)
        case .token(let run, let through): receive(run, through, isWhole: false, &commands)
        case .ended(let run, let through) where wasRunning: receive(run, through, isWhole: true, &commands)
        case .ended(let run, let through): endLate(run, through, &commands)
        case .failed(let run): if wasRunning { fail(run, &commands) }
        case .timer: if phase == .waiting { startWhoIsDue(&commands) }
        }
        setTimer(&commands)
        return commands
    }
}
