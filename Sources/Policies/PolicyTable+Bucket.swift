extension PolicyTable {
    /// One of the two places that can answer a request.
    public enum Endpoint: String, Sendable, Hashable, CaseIterable {
        /// The hosted model.
        case server
        /// The model on the user's own machine.
        case device
    }

    /// How long each endpoint waits before it is started.
    ///
    /// An endpoint with a wait w > 0 is started if and only if the other has not answered by w.
    public struct Action: Sendable, Hashable {
        /// The server's wait from the request's arrival, in seconds, 0...∞; ∞ for never.
        public var serverWait: Double
        /// The device's wait from the request's arrival, in seconds, 0...∞; ∞ for never.
        public var deviceWait: Double

        /// An action with the given waits, in seconds.
        public init(serverWait: Double, deviceWait: Double) {
            self.serverWait = serverWait
            self.deviceWait = deviceWait
        }

        /// The wait of `endpoint`, in seconds.
        public func wait(of endpoint: Endpoint) -> Double { endpoint == .server ? serverWait : deviceWait }
    }

    /// One action of a mixture.
    public struct Choice: Sendable, Hashable {
        /// Share of the bucket's requests that take the action, in (0, 1].
        public var probability: Double
        /// What those requests do.
        public var action: Action
        /// What their running responses do, where it differs from the bucket's; nil for the bucket's.
        public var migration: Migrations?

        /// An action taken with the given probability.
        public init(probability: Double, action: Action, migration: Migrations? = nil) {
            self.probability = probability
            self.action = action
            self.migration = migration
        }

        /// An action taken always (or with `probability`), with its waits in seconds.
        public init(probability: Double = 1, serverWait: Double, deviceWait: Double, migration: Migrations? = nil) {
            self.init(
                probability: probability, action: Action(serverWait: serverWait, deviceWait: deviceWait),
                migration: migration)
        }
    }

    /// What a bucket's actions rest on.
    public struct Evidence: Sendable, Hashable {
        /// Workload requests whose prompt length falls into the bucket, ≥ 0.
        public var requests: Int
        /// Server rows behind the TTFT distribution that the bucket uses, ≥ 0.
        public var serverRows: Int
        /// Prompt tokens at which the bucket begins that these actions were taken from; nil where they are its own.
        public var borrowedFrom: Int?

        /// Evidence in rows.
        public init(requests: Int, serverRows: Int, borrowedFrom: Int? = nil) {
            self.requests = requests
            self.serverRows = serverRows
            self.borrowedFrom = borrowedFrom
        }
    }

    /// A range of prompt lengths and what its requests do.
    public struct Bucket: Sendable, Hashable {
        /// Shortest prompt, in tokens, ≥ 1.
        public var from: Int
        /// Longest prompt, in tokens, ≥ `from`; nil for no bound, which only the last bucket may have.
        public var to: Int?
        /// The mixture, in the order in which its probabilities are summed for a draw.
        public var actions: [Choice]
        /// What the mixture rests on.
        public var evidence: Evidence
        /// What running responses do, but those of actions that have their own; nil where nobody asked, which is never.
        public var migration: Migrations?

        /// A bucket for prompts no shorter than `from` and no longer than `to` tokens.
        public init(from: Int, to: Int?, actions: [Choice], evidence: Evidence, migration: Migrations? = nil) {
            self.from = from
            self.to = to
            self.actions = actions
            self.evidence = evidence
            self.migration = migration
        }
    }

    /// What to do while an endpoint is missing; nothing else is known then, so it holds for every length.
    public struct Fallback: Sendable, Hashable {
        /// While the server cannot be reached: the device at once, the server never.
        public var serverMissing: Action
        /// While the device has no model or no power to spare: the server at once, the device never.
        public var deviceMissing: Action

        /// The fallback; there is only one that makes sense, and it is the default.
        public init(
            serverMissing: Action = Action(serverWait: .infinity, deviceWait: 0),
            deviceMissing: Action = Action(serverWait: 0, deviceWait: .infinity)
        ) {
            self.serverMissing = serverMissing
            self.deviceMissing = deviceMissing
        }
    }

    /// What an online guard needs to hold the budget whatever the traffic.
    ///
    /// It starts `endpoint` for a prompt of l tokens only while
    ///
    ///     spent + l ≤ budget · seen + slack
    ///
    /// where `spent` is the prompt tokens the endpoint has prefilled, `seen` those of all requests including this one,
    /// and `slack`, in tokens, is the scheduler's own choice.
    public struct BudgetGuard: Sendable, Hashable {
        /// The endpoint whose prefill is constrained.
        public var endpoint: Endpoint
        /// Largest share of all prompt tokens that it may prefill, 0...1.
        public var budget: Double

        /// A guard of `endpoint` at `budget`.
        public init(endpoint: Endpoint, budget: Double) {
            self.endpoint = endpoint
            self.budget = budget
        }
    }
}
