public import Policies

extension Scheduler {
    /// One start of an endpoint for a request.
    ///
    /// An endpoint may be started twice: as a racer that lost, say, and again to continue the response. What it still
    /// sends of its first run must not be taken for the second, so events name the run they belong to.
    public struct Run: Sendable, Hashable {
        /// Who runs.
        public let endpoint: PolicyTable.Endpoint
        /// 1 for the endpoint's first start in this request, 2 for its second; there is no third.
        public let attempt: Int
        /// Tokens of the response that it is given with the prompt; 0 for the prompt alone.
        ///
        /// They are those delivered so far, and the run's own first token is token `after` + 1 of the response.
        public let after: Int

        /// A run; only a scheduler starts one, but a driver may keep it elsewhere and build it anew.
        public init(endpoint: PolicyTable.Endpoint, attempt: Int, after: Int) {
            self.endpoint = endpoint
            self.attempt = attempt
            self.after = after
        }
    }

    /// What happened.
    public enum Event: Sendable, Hashable {
        /// The request arrived.
        case submitted
        /// The run's tokens have arrived up to this one, counted from the response's first, 1.
        ///
        /// So a run that continues after 5 tokens begins with 6, and a delivery of three tokens is one event.
        case token(Run, through: Int)
        /// The run's answer is complete, and this is its last token, counted likewise: 0 for an answer without tokens.
        case ended(Run, through: Int)
        /// The run was refused or broke off; nothing more comes from it.
        case failed(Run)
        /// The time that was asked for last has come.
        case timer
    }

    /// What the driver has to do, in this order.
    public enum Command: Sendable, Hashable {
        /// Start this run with the prompt and the first `after` tokens delivered.
        case start(Run)
        /// Stop this run; whatever it still sends is ignored.
        case cancel(Run)
        /// Show these tokens of the response, received from this run, to the reader.
        case deliver(ClosedRange<Int>, from: Run)
        /// Report a timer at this time, in place of the one asked for before.
        case setTimer(Double)
        /// Stop the first run, and start the second with the prompt and the first `after` tokens delivered.
        case handOver(from: Run, to: Run)
        /// The request is done; all runs have ended or were cancelled, and no timer is needed.
        case finish(Outcome)
    }

    /// How a request ended.
    public enum Outcome: Sendable, Hashable {
        /// The response was delivered whole.
        case ok
        /// No first token by the timeout, or nobody left to begin or to continue the response.
        case failed
    }
}

extension PolicyTable.Endpoint {
    /// The endpoint that is not this one.
    var other: PolicyTable.Endpoint { self == .server ? .device : .server }
}
