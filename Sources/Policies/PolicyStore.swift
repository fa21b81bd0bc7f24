/// The tables that an online scheduler holds: the newest and, for its rollout, the last one before it that was for all requests.
///
/// A value: copy it to look things up, replace it when a table comes. What is refused leaves it as it was.
public struct PolicyStore: Sendable {
    /// The newest table that was accepted; nil before the first.
    public private(set) var newest: LoadedPolicy?
    /// The last table before `newest` that was for all requests.
    public private(set) var before: LoadedPolicy?
    /// Why the last offer was refused; nil if it was not.
    public private(set) var lastRefusal: PolicyRefusal?

    /// A store without a table.
    public init() {}

    /// What became of an offer that was not refused.
    public enum Acceptance: String, Sendable, Hashable {
        /// The table is the newest now.
        case loaded
        /// The newest table was offered once more.
        case unchanged
    }

    /// Takes a table if it is good and no older than the one held.
    /// - Parameters:
    ///   - bytes: A whole file.
    ///   - isRollback: Whether an older table, or another one of the same revision, may replace the newest; then that one is
    ///     dropped, and with it the one before.
    /// - Returns: Whether the newest table changed.
    /// - Throws: A ``PolicyRefusal``; the tables held stay.
    public mutating func offer(_ bytes: [UInt8], isRollback: Bool = false) throws(PolicyRefusal) -> Acceptance {
        do throws(PolicyRefusal) {
            let acceptance = try take(LoadedPolicy(bytes), isRollback)
            lastRefusal = nil
            return acceptance
        } catch {
            lastRefusal = error
            throw error
        }
    }

    private mutating func take(_ offered: LoadedPolicy, _ isRollback: Bool) throws(PolicyRefusal) -> Acceptance {
        guard let newest else {
            self.newest = offered
            return .loaded
        }
        if offered.table.id == newest.table.id { return .unchanged }
        let (revision, held) = (offered.table.revision, newest.table.revision)
        if revision <= held {
            guard isRollback else {
                throw revision == held ? .revisionTaken(held) : .olderRevision(found: revision, held: held)
            }
            before = nil
        } else if newest.isForAll {
            // A table that is still being rolled out is no fallback for the next one: with more percent under the same
            // salt the others would get what they were to be spared.
            before = newest
        }
        self.newest = offered
        return .loaded
    }

    /// The table for a request that arrives; nil where there is none.
    ///
    /// The newest, unless its validity has not begun, or its rollout leaves the request out and the table before is in its
    /// validity: then that one.
    /// - Parameters:
    ///   - requestID: The request's id.
    ///   - time: Seconds since 1970; nil without a clock.
    /// - Returns: A table, to be asked and kept for as long as the request runs.
    public func policy(requestID: String, at time: Double?) -> LoadedPolicy? {
        guard let newest else { return nil }
        guard newest.state(at: time) != .error else {
            guard let before, before.state(at: time) != .error else { return nil }
            return before
        }
        if let before, before.state(at: time) == .ready, !newest.rollsOut(to: requestID) { return before }
        return newest
    }

    /// What a request does; nil where no table can say (ERROR).
    /// - Parameters:
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: Any text that differs between requests.
    ///   - health: Which endpoints can be used now.
    ///   - time: When the request arrived, in seconds since 1970; nil without a clock.
    /// - Returns: The waits from the request's arrival and what they rest on.
    /// - Complexity: As that of ``LoadedPolicy/decision(promptTokens:requestID:health:at:)``; allocates nothing.
    public func decision(
        promptTokens: Int, requestID: String, health: PolicyHealth = .all, at time: Double? = nil
    ) -> PolicyDecision? {
        policy(requestID: requestID, at: time)?
            .decision(promptTokens: promptTokens, requestID: requestID, health: health, at: time)
    }

    /// The state of the newest table whose validity has begun; ERROR without any.
    /// - Parameter time: Seconds since 1970; nil without a clock.
    /// - Returns: The state.
    public func state(at time: Double?) -> PolicyState {
        guard let newest else { return .error }
        let state = newest.state(at: time)
        return state == .error ? before?.state(at: time) ?? .error : state
    }
}
