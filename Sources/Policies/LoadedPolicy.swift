/// A policy table that was read, validated and laid out for look-ups; it never changes, so threads may share it.
///
/// A request asks once when it arrives, and keeps the table it asked: a newer one may take its place meanwhile.
public final class LoadedPolicy: Sendable {
    /// The table.
    public let table: PolicyTable
    /// Seconds since 1970 from which the table may be used; −∞ for always.
    public let validFrom: Double
    /// Seconds since 1970 from which it is stale; ∞ for never.
    public let validUntil: Double

    /// The buckets of each set in a row: where they begin, in tokens.
    private let starts: [Int]
    /// The first action of each bucket, and the end of the last one's.
    private let firstChoices: [Int]
    /// The probability up to and with each action; ∞ for the last one of a bucket.
    private let cumulative: [Double]
    private let actions: [PolicyTable.Action]
    private let migrations: [PolicyTable.Migrations?]
    /// Where the buckets of each hour of the day begin and end; 24 pairs, and one for an unknown hour.
    private let buckets: [Range<Int>]
    /// The seed of the rollout's draws and the share of requests below which they fall.
    private let rolloutSeed: UInt64
    private let rolloutShare: Double

    /// Reads, validates and lays out a table.
    /// - Parameter bytes: A whole file.
    /// - Throws: A ``PolicyRefusal`` if the bytes cannot be read, break a rule, or are not those that the id was made from.
    /// - Complexity: O(*n*) in the number of bytes, of which there may be ``PolicyTable/SizeLimits/bytes``.
    public convenience init(_ bytes: [UInt8]) throws(PolicyRefusal) {
        let (table, content) = try Self.read(bytes)
        let hash = SHA256.hexadecimal(of: content)
        guard table.idMatches(sha256Hex: hash) else { throw .changedContent(id: table.id, content: "sha256:" + hash) }
        self.init(valid: table)
    }

    /// The table in a file, and the bytes that its id is the hash of.
    ///
    /// These are the document's own, which are written faster than the table's; the reader leaves no member out.
    private static func read(_ bytes: [UInt8]) throws(PolicyRefusal) -> (table: PolicyTable, content: [UInt8]) {
        do throws(PolicyError) {
            let document = try JSONReader.read(bytes)
            let table = try PolicyTable(node: JSONNode(root: document))
            try table.validate()
            guard case .object(let members) = document else { return (table, table.canonicalContent()) }
            return (table, JSONWriter.canonical(.object(members.filter { $0.name != "id" })))
        } catch {
            throw .broken(error)
        }
    }

    /// Validates and lays out a table in memory, under whatever id.
    /// - Throws: A ``PolicyError`` with all violations.
    public convenience init(_ table: PolicyTable) throws(PolicyError) {
        try table.validate()
        self.init(valid: table)
    }

    private init(valid table: PolicyTable) {
        self.table = table
        validFrom = table.validFrom.flatMap(Timestamp.init)?.secondsSince1970 ?? -.infinity
        validUntil = table.validUntil.flatMap(Timestamp.init)?.secondsSince1970 ?? .infinity
        rolloutSeed = RequestHash.seed(salt: table.rollout?.salt ?? "")
        rolloutShare = (table.rollout?.percentage ?? 100) / 100
        var starts: [Int] = []
        var firstChoices = [0]
        var cumulative: [Double] = []
        var actions: [PolicyTable.Action] = []
        var migrations: [PolicyTable.Migrations?] = []
        func lay(_ set: [PolicyTable.Bucket]) -> Range<Int> {
            let first = starts.count
            for bucket in set {
                starts.append(bucket.from)
                var sum = 0.0
                for (index, choice) in bucket.actions.enumerated() {
                    sum += choice.probability
                    // The last one takes what rounding left of the sum.
                    cumulative.append(index == bucket.actions.count - 1 ? .infinity : sum)
                    actions.append(choice.action)
                    migrations.append(choice.migration ?? bucket.migration)
                }
                firstChoices.append(actions.count)
            }
            return first..<starts.count
        }
        let sets = table.periods.isEmpty ? [lay(table.buckets)] : table.periods.map { lay($0.buckets) }
        buckets = ((0..<24).map(Int?.some) + [nil]).map { sets[table.periodIndex(hour: $0) ?? 0] }
        self.starts = starts
        self.firstChoices = firstChoices
        self.cumulative = cumulative
        self.actions = actions
        self.migrations = migrations
    }

    // MARK: Look-up

    /// What a request does.
    /// - Parameters:
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: Any text that differs between requests; the same id draws the same action of a mixture.
    ///   - health: Which endpoints can be used now.
    ///   - time: When the request arrived, in seconds since 1970; nil without a clock: a table by periods takes its busiest one,
    ///     and none is stale.
    /// - Returns: The waits from the request's arrival and what they rest on.
    /// - Complexity: O(log *n* + *m* + *k*): buckets, actions of the mixture, bytes of the id. Allocates nothing.
    public func decision(
        promptTokens: Int, requestID: String, health: PolicyHealth = .all, at time: Double? = nil
    ) -> PolicyDecision {
        let time = Self.usable(time)
        let state = state(at: time)
        guard health == .all else {
            return PolicyDecision(
                action: health.action(table.fallback), basis: .fallback, state: state, revision: table.revision)
        }
        let choice = choice(promptTokens: promptTokens, requestID: requestID, at: time)
        return PolicyDecision(action: actions[choice], basis: .mixture, state: state, revision: table.revision)
    }

    /// When a response that `source` streams is handed to the other endpoint; nil for never.
    ///
    /// Never where an endpoint is missing: there is nobody to take over, or nobody to hand over.
    /// - Parameters:
    ///   - source: Who streams.
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: The request's id; under which action it runs may matter.
    ///   - health: Which endpoints can be used now.
    ///   - time: When the request arrived, in seconds since 1970; nil without a clock.
    /// - Returns: From which token on, and what the reader must have ahead.
    /// - Complexity: As that of a decision.
    public func handOver(
        from source: PolicyTable.Endpoint, promptTokens: Int, requestID: String, health: PolicyHealth = .all,
        at time: Double? = nil
    ) -> PolicyTable.HandOver? {
        guard health == .all else { return nil }
        return migrations[choice(promptTokens: promptTokens, requestID: requestID, at: Self.usable(time))]?[
            from: source
        ].handOver
    }

    /// Who takes over a running response after a token was delivered; nil to stay.
    ///
    /// Ask at each token until the answer is an endpoint; a response is handed over once at most, and never to an endpoint
    /// that failed in this request. `Scheduler` does all that.
    /// - Parameters:
    ///   - delivered: Tokens delivered so far, this one included.
    ///   - seconds: Seconds from the response's first token to this one.
    ///   - source: Who streams.
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: The request's id.
    ///   - health: Which endpoints can be used now.
    ///   - time: When the request arrived, in seconds since 1970; nil without a clock.
    /// - Returns: The other endpoint from the token on at which `after_tokens` are delivered and the reader has
    ///   `buffer_tokens` (less 10⁻⁹, for rounding) ahead.
    /// - Complexity: As that of a decision.
    public func migration(
        after delivered: Int, secondsSinceFirst seconds: Double, from source: PolicyTable.Endpoint, promptTokens: Int,
        requestID: String, health: PolicyHealth = .all, at time: Double? = nil
    ) -> PolicyTable.Endpoint? {
        guard let pace = table.readerTokensPerSecond,
            let handOver = handOver(
                from: source, promptTokens: promptTokens, requestID: requestID, health: health, at: time),
            delivered >= handOver.afterTokens
        else { return nil }
        let ahead = max(0, Double(delivered) - pace * seconds)
        guard ahead >= handOver.bufferTokens - 1e-9 else { return nil }
        return source == .server ? .device : .server
    }

    /// The place of the action that a request draws.
    private func choice(promptTokens: Int, requestID: String, at time: Double?) -> Int {
        let hour = table.periods.isEmpty ? 24 : time.map(PolicyTable.hourOfDay(secondsSince1970:)) ?? 24
        let bucket = bucket(promptTokens: promptTokens, in: buckets[hour])
        var place = firstChoices[bucket]
        guard firstChoices[bucket + 1] - place > 1 else { return place }
        let draw = PolicyTable.draw(requestID: requestID)
        while cumulative[place] <= draw { place += 1 }
        return place
    }

    /// The last bucket of a set that begins at or before the length.
    private func bucket(promptTokens: Int, in set: Range<Int>) -> Int {
        // A bucket begins at 2⁵³ − 1 at the latest, so that no difference overflows.
        let length = min(max(promptTokens, 1), JSONNode.largestInteger)
        var first = set.lowerBound
        var count = set.count
        while count > 1 {
            let half = count >> 1
            // The half is added where the upper one begins at or before the length, and shifted out where not: a branch here
            // is taken at random, and of a mask or a product the compiler makes one.
            let difference = length &- starts[first &+ half]
            first &+= half &>> (difference &>> (Int.bitWidth - 1))
            count &-= half
        }
        return first
    }

    // MARK: Time

    /// READY before the end of the table's validity, STALE from then on, ERROR before its begin.
    /// - Parameter time: Seconds since 1970; nil without a clock.
    /// - Returns: The state; without a clock READY.
    public func state(at time: Double?) -> PolicyState {
        guard let time = Self.usable(time) else { return .ready }
        return time < validFrom ? .error : time < validUntil ? .ready : .stale
    }

    /// Whether the request is one of those that the table is for while it is new.
    func rollsOut(to requestID: String) -> Bool {
        rolloutShare >= 1 || RequestHash.unit(RequestHash.hash(requestID, seed: rolloutSeed)) < rolloutShare
    }

    /// Whether the table is for all requests.
    var isForAll: Bool { rolloutShare >= 1 }

    /// A time that calendars know; anything else counts as no clock.
    static func usable(_ time: Double?) -> Double? {
        guard let time, time.magnitude <= 1e15 else { return nil }
        return time
    }
}
