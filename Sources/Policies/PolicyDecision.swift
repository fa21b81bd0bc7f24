/// Which endpoints can be used now.
public struct PolicyHealth: Sendable, Hashable {
    /// Whether the server can be reached.
    public var server: Bool
    /// Whether the device has its model and power to spare.
    public var device: Bool

    /// The health of both.
    public init(server: Bool = true, device: Bool = true) {
        self.server = server
        self.device = device
    }

    /// Both endpoints can be used.
    public static let all = PolicyHealth()

    /// What requests of every length do while an endpoint is missing.
    func action(_ fallback: PolicyTable.Fallback) -> PolicyTable.Action {
        switch (server, device) {
        case (true, _): fallback.deviceMissing
        case (false, true): fallback.serverMissing
        case (false, false): PolicyTable.Action(serverWait: .infinity, deviceWait: .infinity)
        }
    }
}

/// Whether a table can be trusted at some time; the raw value is what loaders in every language report.
public enum PolicyState: String, Sendable, Hashable, CaseIterable {
    /// Within the table's validity.
    case ready = "READY"
    /// Past its validity: it still decides, since an old optimum beats a guess, but somebody should solve anew.
    case stale = "STALE"
    /// No table, or none whose validity has begun: nothing decides, and the app does what it did before.
    case error = "ERROR"
}

/// What a request does, and what that rests on.
public struct PolicyDecision: Sendable, Hashable {
    /// What an action rests on.
    public enum Basis: String, Sendable, Hashable, CaseIterable {
        /// The mixture of the bucket that holds the prompt's length.
        case mixture
        /// The fallback for a missing endpoint; with both missing, nobody is ever started.
        case fallback
    }

    /// The waits from the request's arrival.
    public var action: PolicyTable.Action
    /// What it rests on.
    public var basis: Basis
    /// The state of the table that decided.
    public var state: PolicyState
    /// The revision of the table that decided, for logs.
    public var revision: Int

    /// A decision.
    public init(action: PolicyTable.Action, basis: Basis, state: PolicyState, revision: Int) {
        self.action = action
        self.basis = basis
        self.state = state
        self.revision = revision
    }
}

/// Why a table was refused; the one in use stays.
public enum PolicyRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The bytes cannot be read, or break a rule.
    case broken(PolicyError)
    /// The id is not the hash of the content.
    case changedContent(id: String, content: String)
    /// A newer table is held, and nobody asked to roll back.
    case olderRevision(found: Int, held: Int)
    /// Another table of the same revision is held, and nobody asked to roll back.
    case revisionTaken(Int)

    /// The rule's name, as conformance vectors have it.
    public var rule: String {
        switch self {
        case .broken(let error): error.rule.rawValue
        case .changedContent: "id-matches"
        case .olderRevision: "older-revision"
        case .revisionTaken: "revision-taken"
        }
    }

    /// What was found and what was wanted.
    public var description: String {
        switch self {
        case .broken(let error): error.description
        case .changedContent(let id, let content):
            "$.id: found \(id), but the content's is \(content); the table was changed after it was made [id-matches]"
        case .olderRevision(let found, let held):
            "$.revision: found \(found), but \(held) is held; say that you roll back [older-revision]"
        case .revisionTaken(let revision):
            "$.revision: found \(revision), which another table has that is held; say that you roll back [revision-taken]"
        }
    }
}
