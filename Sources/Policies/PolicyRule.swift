/// The rules a policy table can break; the raw value is the rule's name in messages and fixtures.
public enum PolicyRule: String, Sendable, Hashable, CaseIterable {
    // MARK: Reading

    /// The file has at most ``PolicyTable/SizeLimits/bytes`` bytes.
    case tooLarge = "too-large"
    /// Values nest at most ``PolicyTable/SizeLimits/depth`` deep.
    case tooDeep = "too-deep"
    /// The file has at most ``PolicyTable/SizeLimits/values`` values and an object ``PolicyTable/SizeLimits/members``.
    case tooManyValues = "too-many-values"
    /// The table has at most ``PolicyTable/SizeLimits/buckets`` buckets.
    case tooManyBuckets = "too-many-buckets"
    /// The file is JSON (RFC 8259) in UTF-8.
    case notJSON = "not-json"
    /// Every number fits a double.
    case numberOverflow = "number-overflow"
    /// No object names a member twice.
    case duplicateMember = "duplicate-member"
    /// `schema_version` is one we know.
    case unknownVersion = "unknown-version"
    /// No object has a member that the schema does not name.
    case unknownMember = "unknown-member"
    /// Every object has the members that the schema requires.
    case missingMember = "missing-member"
    /// Every value has its member's type.
    case wrongType = "wrong-type"
    /// Every word is one of those its member allows.
    case unknownValue = "unknown-value"

    // MARK: Head

    /// Every number is finite (a wait may be never).
    case numberFinite = "number-finite"
    /// `id` is `sha256:` and 64 lowercase hexadecimal digits.
    case idShape = "id-shape"
    /// `revision` is in 1...2⁵³ - 1.
    case revisionRange = "revision-range"
    /// A timestamp is UTC, `2026-11-21T04:00:00Z`, with up to nine decimals.
    case timestampShape = "timestamp-shape"
    /// A span of time ends after it begins.
    case spanOrder = "span-order"
    /// A SHA-256 is 64 lowercase hexadecimal digits.
    case hashShape = "hash-shape"
    /// A count or a prompt length is in 0...2⁵³ - 1.
    case countRange = "count-range"
    /// Rows in = accepted + filtered + rejected.
    case rowsConserved = "rows-conserved"
    /// A currency is three capital letters.
    case currencyShape = "currency-shape"
    /// Prices need a currency.
    case priceWithoutCurrency = "price-without-currency"
    /// A TPOT is above 0, a price or an energy per token at least 0.
    case rateRange = "rate-range"
    /// The timeout is above 0.
    case timeoutRange = "timeout-range"
    /// The reader's pace is above 0.
    case readerRange = "reader-range"
    /// A rollout's percentage is in 0...100.
    case rolloutPercentage = "rollout-percentage"
    /// A rollout's salt is not empty.
    case rolloutSalt = "rollout-salt"
    /// The largest extra load is in 0...1.
    case extraLoadRange = "extra-load-range"

    // MARK: Claims

    /// An objective, limit, multiplier or outcome has a name of ``PolicyMetric``.
    case metricKnown = "metric-known"
    /// A limit has at least one side.
    case limitEmpty = "limit-empty"
    /// A limit's sides leave room between them.
    case limitOrder = "limit-order"
    /// The objective is among the expected outcomes.
    case objectiveReported = "objective-reported"
    /// Every limited metric is among the expected outcomes.
    case limitReported = "limit-reported"
    /// The expected outcomes keep every limit.
    case limitKept = "limit-kept"
    /// A share is in 0...1, a TTFT in 0...timeout, a cost or an energy at least 0.
    case outcomeRange = "outcome-range"
    /// The certificate's scale is at least 0.
    case scaleRange = "scale-range"
    /// The bound is not above the primal value.
    case boundBelowPrimal = "bound-below-primal"
    /// The gap is max(0, primal - bound) / scale, 0 if the scale is 0.
    case gapConsistent = "gap-consistent"
    /// What is called optimal has no gap to speak of.
    case optimalGap = "optimal-gap"
    /// Only a limit has a multiplier, and in a tie-break the objective.
    case multiplierLimit = "multiplier-limit"
    /// A multiplier is at least 0 for a limit from above alone, at most 0 for one from below alone.
    case multiplierSign = "multiplier-sign"
    /// Only a quantile has a tail.
    case tailObjective = "tail-objective"
    /// What is called the optimal quantile has a tail that proves it.
    case tailMissing = "tail-missing"
    /// A tail's time is in 0...primal.
    case tailTime = "tail-time"
    /// A tail's bound is in (1 - q, 1], q the objective's level.
    case tailBound = "tail-bound"
    /// A quantile's bound is its tail's time, or the next larger double.
    case tailProof = "tail-proof"
    /// Only the ties of a quantile are broken.
    case tieBreakObjective = "tie-break-objective"
    /// The limits that were solved under are at least as strict as those asked for.
    case solvedUnderStrict = "solved-under-strict"

    // MARK: Intervals

    /// The level of intervals is more than 0 and less than 1.
    case intervalLevel = "interval-level"
    /// A window has at least an hour.
    case intervalWindow = "interval-window"
    /// An interval's lower end is not above its upper end.
    case intervalOrder = "interval-order"

    // MARK: Periods

    /// A table has buckets for all day or periods, not both.
    case bucketsOrPeriods = "buckets-or-periods"
    /// A period's hours are in 0...23.
    case periodHourRange = "period-hour-range"
    /// A period has at least one hour, and its hours ascend.
    case periodHours = "period-hours"
    /// No hour of the day is left out.
    case periodGap = "period-gap"
    /// No hour of the day is in two periods.
    case periodOverlap = "period-overlap"
    /// A period's share is in 0...1.
    case periodShareRange = "period-share-range"
    /// The periods' shares sum to 1 ± 1e-9.
    case periodShareSum = "period-share-sum"

    // MARK: Buckets

    /// There is at least one bucket.
    case bucketsEmpty = "buckets-empty"
    /// The first bucket begins at 1.
    case bucketsStart = "buckets-start"
    /// The last bucket has no end, and only the last.
    case bucketsEnd = "buckets-end"
    /// A bucket ends where it begins or later.
    case bucketOrder = "bucket-order"
    /// No prompt length is left out between buckets.
    case bucketGap = "bucket-gap"
    /// No prompt length is in two buckets.
    case bucketOverlap = "bucket-overlap"
    /// A mixture has at least one action.
    case mixtureEmpty = "mixture-empty"
    /// A probability is in (0, 1].
    case probabilityRange = "probability-range"
    /// A mixture's probabilities sum to 1 ± 1e-9.
    case mixtureSum = "mixture-sum"
    /// A wait is at least 0, finite or never.
    case waitRange = "wait-range"
    /// Each action starts one endpoint at once.
    case waitStart = "wait-start"
    /// A finite wait ends before the timeout.
    case waitTimeout = "wait-timeout"
    /// Actions are borrowed from another bucket of the table.
    case borrowedFrom = "borrowed-from"
    /// A hand-over comes after at least one token; its buffer, saving and stall are at least 0.
    case migrationRange = "migration-range"
    /// A table with a hand-over names the reader's pace.
    case migrationReader = "migration-reader"
    /// The guard's budget is in 0...1.
    case guardBudget = "guard-budget"
    /// A fallback starts the endpoint that is left at once, and the missing one never.
    case fallbackAction = "fallback-action"
}

/// One place where a table breaks a rule.
public struct PolicyViolation: Sendable, Hashable, CustomStringConvertible {
    /// The rule.
    public var rule: PolicyRule
    /// Where, as a JSONPath (RFC 9535): `$.buckets[3].to`.
    public var path: String
    /// What was found and what was wanted, with the numbers.
    public var sentence: String

    /// A violation of `rule` at `path`.
    public init(rule: PolicyRule, path: String, sentence: String) {
        self.rule = rule
        self.path = path
        self.sentence = sentence
    }

    /// `path: sentence [rule]`.
    public var description: String { "\(path): \(sentence) [\(rule.rawValue)]" }
}
