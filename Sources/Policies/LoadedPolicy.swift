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

    /// The bucket of each length.
    private let index: LengthIndex
    /// The first action of each bucket, and the end of the last one's.
    private let firstChoices: [Int]
    /// The probability up to and with each action, in units of 2⁻⁵³ and rounded up, as draws are.
    private let thresholds: [Int64]
    private let actions: [PolicyTable.Action]
    private let migrations: [PolicyTable.Migrations?]
    /// The buckets of each hour of the day; 24 rows, and one for an unknown hour.
    private let hours: [LengthIndex.Row]
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
            let table = try PolicyTable(node: JSONNode(root: document.value))
            try table.validate()
            guard case .object(let members) = document.value else { return (table, table.canonicalContent()) }
            let content = JSONValue.object(members.filter { $0.name != "id" })
            return (table, JSONWriter.canonical(content, isSorted: document.isSorted, capacity: bytes.count))
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
        var firstChoices = [0]
        var thresholds: [Int64] = []
        var actions: [PolicyTable.Action] = []
        var migrations: [PolicyTable.Migrations?] = []
        let sets = table.periods.isEmpty ? [table.buckets] : table.periods.map(\.buckets)
        for set in sets {
            for bucket in set {
                var sum = 0.0
                for choice in bucket.actions {
                    sum += choice.probability
                    // A whole number reaches a number where it reaches the next whole one.
                    thresholds.append(Int64((sum * 0x1p53).rounded(.up)))
                    actions.append(choice.action)
                    migrations.append(choice.migration ?? bucket.migration)
                }
                firstChoices.append(actions.count)
            }
        }
        let index = LengthIndex(sets.map { $0.map(\.from) })
        hours = ((0..<24).map(Int?.some) + [nil]).map { index.rows[table.periodIndex(hour: $0) ?? 0] }
        self.index = index
        self.firstChoices = firstChoices
        self.thresholds = thresholds
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
        let bucket = index.bucket(promptTokens: promptTokens, in: hours[hour])
        let first = firstChoices[bucket]
        let last = firstChoices[bucket &+ 1] &- 1
        guard last > first else { return first }
        let draw = Int64(RequestHash.hash(requestID, seed: 0) &>> 11)
        // Which one it will be nobody can foresee, a processor neither: counted without a branch, where the draw reaches the
        // threshold the difference's sign is 0, else −1. The last one takes what rounding left of the sum.
        var choice = last
        for place in first..<last { choice &+= Int((draw &- thresholds[place]) &>> 63) }
        return choice
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
