/// Version 1 of the policy table: what the optimizer decided, for whom, on what evidence, and what it promises.
///
/// An online scheduler reads one JSON document (schema/policy.schema.json), checks it with ``validate()`` and asks
/// ``decision(promptTokens:requestID:hour:)`` for each request. Times are in seconds, lengths in tokens, energy in joules,
/// money in the currency that `units` names. A wait of `.infinity` means *never started* and is `null` in the file.
///
/// Any value can be built and encoded; only one without ``violations()`` is a policy.
public struct PolicyTable: Sendable, Hashable {
    /// The version this type reads and writes.
    public static let schemaVersion = 1

    /// Every version that ``decode(_:)`` understands, ascending.
    public static let knownSchemaVersions = [1]

    /// `sha256:` and the SHA-256 of ``canonicalContent()`` in 64 lowercase hexadecimal digits.
    public var id: String
    /// Counts the tables published for one deployment, ≥ 1; a loader prefers the greater.
    public var revision: Int
    /// Newest timestamp of the traces, UTC (`2026-11-21T04:00:00Z`); nil where they have none.
    public var asOf: String?
    /// From when the table may be used, UTC; nil for always.
    public var validFrom: String?
    /// Until when the table may be used, UTC, after which a loader reports STALE; nil for no end.
    public var validUntil: String?
    /// What made the table, from what.
    public var provenance: Provenance
    /// The units of all numbers.
    public var units: Units
    /// The two endpoints as the optimizer saw them.
    public var endpoints: Endpoints
    /// Seconds from the request's arrival by which there must be a first token, > 0; otherwise the request failed.
    public var timeout: Double
    /// What was optimized: a name of ``PolicyMetric``.
    public var objective: String
    /// The bounds that were asked for, by name of ``PolicyMetric``.
    public var limits: [String: Limit]
    /// The bounds that the solver used, each at least as strict as that of `limits`; nil where they are the same.
    ///
    /// They are stricter where a budget is to be kept with a stated confidence.
    public var solvedUnder: [String: Limit]?
    /// How far from the optimum the policy can be; nil for a table that no solver wrote (by hand, a baseline).
    public var certificate: Certificate?
    /// Outcomes on the traces it was tuned on, by name of ``PolicyMetric``.
    public var expected: [String: Double]
    /// Outcomes on rows that a policy, solved without them, was judged on; nil where nothing was held out.
    public var heldOut: [String: Double]?
    /// Where expected outcomes may lie in a future window; nil where nobody asked, or the traces cannot tell.
    public var expectedIntervals: Intervals?
    /// What all hours of the day do: ascending in prompt length, covering 1...∞ without gap or overlap; empty for a table
    /// by `periods`.
    public var buckets: [Bucket]
    /// What each period of the day does, each hour being in one; empty for a table that has `buckets`.
    public var periods: [Period]
    /// What a scheduler needs to hold the budget on traffic unlike the traces; nil for no guard.
    public var budgetGuard: BudgetGuard?
    /// The pace in tokens per second at which the reader's lead is counted before a hand-over; nil where none is planned.
    ///
    /// Of several paces it is the one that hardly any reader exceeds.
    public var readerTokensPerSecond: Double?
    /// What to do while an endpoint is missing.
    public var fallback: Fallback
    /// Which requests take the table while it is new; nil for all.
    public var rollout: Rollout?
    /// Largest share of requests, 0...1, for which a second endpoint may be started; nil for no bound.
    ///
    /// ``ExtraLoad`` counts them.
    public var maxExtraLoad: Double?

    /// A table, whose `id` may be empty until ``identified(bySHA256Hex:)`` gives it one.
    public init(
        id: String = "", revision: Int = 1, asOf: String? = nil, validFrom: String? = nil, validUntil: String? = nil,
        provenance: Provenance, units: Units = Units(), endpoints: Endpoints = Endpoints(), timeout: Double,
        objective: String, limits: [String: Limit] = [:], solvedUnder: [String: Limit]? = nil,
        certificate: Certificate? = nil, expected: [String: Double], heldOut: [String: Double]? = nil,
        expectedIntervals: Intervals? = nil,
        buckets: [Bucket] = [], periods: [Period] = [], budgetGuard: BudgetGuard? = nil,
        readerTokensPerSecond: Double? = nil, fallback: Fallback = Fallback(), rollout: Rollout? = nil,
        maxExtraLoad: Double? = nil
    ) {
        self.id = id
        self.revision = revision
        self.asOf = asOf
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.provenance = provenance
        self.units = units
        self.endpoints = endpoints
        self.timeout = timeout
        self.objective = objective
        self.limits = limits
        self.solvedUnder = solvedUnder
        self.certificate = certificate
        self.expected = expected
        self.heldOut = heldOut
        self.expectedIntervals = expectedIntervals
        self.buckets = buckets
        self.periods = periods
        self.budgetGuard = budgetGuard
        self.readerTokensPerSecond = readerTokensPerSecond
        self.fallback = fallback
        self.rollout = rollout
        self.maxExtraLoad = maxExtraLoad
    }

    /// Whether `id` names the content whose SHA-256 the caller computed from ``canonicalContent()``.
    /// - Parameter hash: 64 hexadecimal digits, in either case.
    /// - Returns: Whether the table's id is that hash.
    public func idMatches(sha256Hex hash: String) -> Bool { id == Self.idPrefix + hash.lowercased() }

    /// The same table under the id that belongs to its content.
    /// - Parameter hash: SHA-256 of ``canonicalContent()``, 64 hexadecimal digits.
    /// - Returns: The table with that id and the same content.
    public func identified(bySHA256Hex hash: String) -> PolicyTable {
        var table = self
        table.id = Self.idPrefix + hash.lowercased()
        return table
    }

    static let idPrefix = "sha256:"
}
