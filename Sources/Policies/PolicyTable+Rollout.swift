extension PolicyTable {
    /// Which requests take a new table; the others stay with the last one that was for all.
    public struct Rollout: Sendable, Hashable {
        /// Percent of the requests, 0...100.
        public var percentage: Double
        /// Any text but the empty one.
        ///
        /// Under the same salt a request that takes the table at some percentage does so at every
        /// greater one; another salt chooses other requests.
        public var salt: String

        /// A rollout to a percentage of the requests.
        public init(percentage: Double, salt: String) {
            self.percentage = percentage
            self.salt = salt
        }
    }

    func checkRollout(_ findings: inout Findings) {
        if let rollout {
            if findings.requireFinite(rollout.percentage, "$.rollout.percentage") {
                findings.require(
                    (0...100).contains(rollout.percentage), .rolloutPercentage, "$.rollout.percentage",
                    "found \(rollout.percentage), wanted 0 ... 100")
            }
            findings.require(!rollout.salt.isEmpty, .rolloutSalt, "$.rollout.salt", "wanted a text that is not empty")
        }
        if let maxExtraLoad, findings.requireFinite(maxExtraLoad, "$.max_extra_load") {
            findings.require(
                (0...1).contains(maxExtraLoad), .extraLoadRange, "$.max_extra_load",
                "found \(maxExtraLoad), wanted a share of 0 ... 1")
        }
    }
}

extension PolicyTable.Rollout {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["percentage", "salt"])
        self.init(percentage: try members["percentage"].number(), salt: try members["salt"].string())
    }

    var json: JSONValue { .members([("percentage", .number(percentage)), ("salt", .string(salt))]) }
}

/// How often a second endpoint was started, so that a consumer can refuse to do so too often.
///
/// A value without a clock: who wants a sliding window subtracts what has left it.
public struct ExtraLoad: Sendable, Hashable {
    /// Requests so far, this one included.
    public var requests: Int
    /// Requests for which a second endpoint was started before both had answered or failed.
    public var secondStarts: Int

    /// Counts so far.
    public init(requests: Int = 0, secondStarts: Int = 0) {
        self.requests = requests
        self.secondStarts = secondStarts
    }

    /// Whether one more second start keeps within a limit.
    ///
    ///     second starts + 1 ≤ limit · requests + slack
    ///
    /// - Parameters:
    ///   - limit: ``PolicyTable/maxExtraLoad``; nil for no bound.
    ///   - slack: Second starts allowed in advance; the consumer's own choice, without any the first request has none.
    /// - Returns: Whether the second endpoint may be started.
    public func allowsSecondStart(limit: Double?, slack: Double = 1) -> Bool {
        guard let limit else { return true }
        return Double(secondStarts) + 1 <= limit * Double(requests) + slack
    }
}
