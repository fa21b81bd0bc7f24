extension PolicyTable {
    /// The index of the bucket that holds prompts of the given length, in a table for all day.
    /// - Parameter promptTokens: Length of the prompt, in tokens. Below 1 counts as 1: an empty prompt is a request
    ///   too, and looking it up must not stop an app.
    /// - Returns: An index into `buckets`.
    /// - Precondition: The table has a bucket; it is valid, or the answer means nothing.
    /// - Complexity: O(log *n*) in the number of buckets; allocates nothing.
    public func bucketIndex(promptTokens: Int) -> Int { Self.index(in: buckets, promptTokens: promptTokens) }

    /// The index of the period that holds the given hour of the day; nil in a table for all day.
    ///
    /// Without an hour it is the period in which most requests arrive: an app that does not know the time must not stop.
    /// - Parameter hour: Hour of the day in UTC, modulo 24; nil where unknown.
    /// - Returns: An index into `periods`, or nil.
    /// - Complexity: O(1): there are 24 hours.
    public func periodIndex(hour: Int?) -> Int? {
        guard !periods.isEmpty else { return nil }
        if let hour {
            let hour = ((hour % 24) + 24) % 24
            if let own = periods.firstIndex(where: { $0.hours.contains(hour) }) { return own }
        }
        var busiest = 0
        for index in periods.indices where periods[index].share > periods[busiest].share { busiest = index }
        return busiest
    }

    static func index(in buckets: [Bucket], promptTokens: Int) -> Int {
        precondition(!buckets.isEmpty, "a policy table without buckets decides nothing; validate it first")
        // The last bucket that begins at or before the length.
        var low = 0
        var high = buckets.count
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if buckets[middle].from <= promptTokens { low = middle } else { high = middle }
        }
        return low
    }

    /// What the request does: the first action of its bucket whose cumulative probability exceeds the request's draw.
    ///
    /// The same id always draws the same, so a retry within the period repeats its action and a log can be checked
    /// afterwards. An action is decided by what is known when the request arrives, never by its answer.
    /// - Parameters:
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: Any text that differs between requests.
    ///   - hour: Hour of the day in UTC at which the request arrived, modulo 24 (``hourOfDay(secondsSince1970:)``). A table
    ///     for all day does not look at it; without it a table by periods takes its busiest one.
    /// - Returns: Waits from the request's arrival, in seconds.
    /// - Precondition: The table is valid.
    /// - Complexity: O(log *n* + *m* + *k*): buckets, actions of the mixture, bytes of the id. Allocates nothing.
    public func decision(promptTokens: Int, requestID: String, hour: Int? = nil) -> Action {
        let buckets = bucketsInForce(hour: hour)
        let actions = buckets[Self.index(in: buckets, promptTokens: promptTokens)].actions
        return actions[Self.drawn(actions, requestID)].action
    }

    /// The buckets that hold at an hour.
    func bucketsInForce(hour: Int?) -> [Bucket] { periodIndex(hour: hour).map { periods[$0].buckets } ?? buckets }

    /// Which action of a mixture a request draws.
    static func drawn(_ actions: [Choice], _ requestID: String) -> Int {
        let last = actions.count - 1
        precondition(last >= 0, "a bucket without actions decides nothing; validate the table first")
        guard last > 0 else { return 0 }
        let draw = draw(requestID: requestID)
        var cumulative = 0.0
        for index in 0..<last {
            cumulative += actions[index].probability
            if cumulative > draw { return index }
        }
        return last
    }
}
