public import Policies
public import Scheduling
public import Serving

/// What is replayed: for each prompt length a mixture of actions and when to hand over, wherever it came from.
public struct ReplayPolicy: Sendable, Hashable {
    /// One action of a mixture, and when a response that it began is handed over.
    public struct Choice: Sendable, Hashable {
        /// Share of the bucket's requests that take it.
        public var probability: Double
        /// How long each endpoint waits.
        public var action: PolicyTable.Action
        /// When the server hands over to the device; nil for never.
        public var fromServer: Migration?
        /// When the device hands over to the server; nil for never.
        public var fromDevice: Migration?

        /// An action and its hand-overs.
        public init(
            probability: Double, action: PolicyTable.Action, fromServer: Migration? = nil, fromDevice: Migration? = nil
        ) {
            self.probability = probability
            self.action = action
            self.fromServer = fromServer
            self.fromDevice = fromDevice
        }
    }

    /// What prompts of some lengths do.
    public struct Bucket: Sendable, Hashable {
        /// Shortest prompt, in tokens; the next bucket's begins where this one ends.
        public var from: Int
        /// The mixture, in the order in which its probabilities are summed for a draw.
        public var choices: [Choice]

        /// What prompts of `from` tokens and more do.
        public init(from: Int, choices: [Choice]) {
            self.from = from
            self.choices = choices
        }

        /// What prompts of `from` tokens and more do, hand-overs being the same for all actions.
        public init(
            from: Int, choices: [PolicyTable.Choice], fromServer: Migration? = nil, fromDevice: Migration? = nil
        ) {
            self.init(
                from: from,
                choices: choices.map {
                    Choice(
                        probability: $0.probability, action: $0.action, fromServer: fromServer, fromDevice: fromDevice)
                })
        }

        /// The action that most requests take, the first of several.
        var likeliest: Choice? { choices.max { $0.probability < $1.probability } }
    }

    /// The buckets, ascending from 1 token.
    public let buckets: [Bucket]
    /// The pace at which a reader's lead is counted before a hand-over; nil for that of the very reader.
    public let leadTokensPerSecond: Double?

    /// A policy.
    /// - Precondition: Buckets ascend from 1; each has actions, whose probabilities sum to 1 within 1e-9, one wait of each
    ///   being 0.
    public init(_ buckets: [Bucket], leadTokensPerSecond: Double? = nil) {
        precondition(
            buckets.first?.from == 1 && zip(buckets, buckets.dropFirst()).allSatisfy { $0.from < $1.from },
            "buckets cover 1 ... ∞")
        precondition(
            buckets.allSatisfy { bucket in
                abs(bucket.choices.reduce(0) { $0 + $1.probability } - 1) <= 1e-9
                    && bucket.choices.allSatisfy {
                        $0.probability >= 0 && min($0.action.serverWait, $0.action.deviceWait) == 0
                            && max($0.action.serverWait, $0.action.deviceWait) >= 0
                    }
            }, "probabilities sum to 1, and an action starts one endpoint at once")
        self.buckets = buckets
        self.leadTokensPerSecond = leadTokensPerSecond
    }

    /// A plan for all lengths, with no hand-over.
    public init(_ plan: DispatchPlan) {
        self.init(
            zip(plan.lowerEdges, plan.mixtures).map { edge, mixture in
                Bucket(
                    from: edge,
                    choices: mixture.parts.map {
                        PolicyTable.Choice(
                            probability: $0.probability, serverWait: $0.action.serverWait,
                            deviceWait: $0.action.deviceWait)
                    })
            })
    }

    /// What a policy table does at an hour of the day, hand-overs included.
    /// - Parameters:
    ///   - table: A valid table.
    ///   - hour: Hour in UTC; a table for all day does not look at it, one by periods takes its busiest without it.
    public init(_ table: PolicyTable, hour: Int? = nil) {
        let buckets = table.periodIndex(hour: hour).map { table.periods[$0].buckets } ?? table.buckets
        self.init(
            buckets.map { bucket in
                Bucket(
                    from: bucket.from,
                    choices: bucket.actions.map { choice in
                        func migration(_ source: PolicyTable.Endpoint) -> Migration? {
                            (choice.migration ?? bucket.migration)?[from: source].handOver.map {
                                Migration(afterTokens: $0.afterTokens, bufferTokens: $0.bufferTokens)
                            }
                        }
                        return Choice(
                            probability: choice.probability, action: choice.action, fromServer: migration(.server),
                            fromDevice: migration(.device))
                    })
            }, leadTokensPerSecond: table.readerTokensPerSecond)
    }

    /// A plan, with the hand-overs of another policy at every length: those of its likeliest action.
    public init(_ plan: DispatchPlan, handOversOf other: ReplayPolicy) {
        let own = ReplayPolicy(plan).buckets
        let others = other.buckets
        let edges = Set(own.map(\.from) + others.map(\.from)).sorted()
        self.init(
            edges.map { edge in
                let model = others[others.map(\.from).interval(holding: edge)].likeliest
                return Bucket(
                    from: edge,
                    choices: own[own.map(\.from).interval(holding: edge)].choices.map {
                        Choice(
                            probability: $0.probability, action: $0.action, fromServer: model?.fromServer,
                            fromDevice: model?.fromDevice)
                    })
            }, leadTokensPerSecond: other.leadTokensPerSecond)
    }

    /// The same waits, and every response stays with who began it.
    public var withoutHandOvers: ReplayPolicy {
        ReplayPolicy(
            buckets.map { bucket in
                Bucket(
                    from: bucket.from,
                    choices: bucket.choices.map { Choice(probability: $0.probability, action: $0.action) })
            }, leadTokensPerSecond: leadTokensPerSecond)
    }

    /// Whether any response may be handed over.
    public var handsOver: Bool {
        buckets.contains { $0.choices.contains { $0.fromServer != nil || $0.fromDevice != nil } }
    }
}
