extension PolicyTable {
    /// When a running response is handed to the other endpoint, which prefills prompt and tokens so far and goes on.
    public struct HandOver: Sendable, Hashable {
        /// Output tokens that the source delivers at least, ≥ 1.
        public var afterTokens: Int
        /// Tokens that the reader must have ahead, ≥ 0: max(0, delivered − pace · seconds since the first token), where the pace
        /// is the table's ``PolicyTable/readerTokensPerSecond``.
        ///
        /// The hand-over begins at the first token from `afterTokens` on at which so many are ahead, and never if there is
        /// none. 0 asks for nothing: the source is slower than the reader, and the target comes within one of its gaps.
        public var bufferTokens: Double
        /// What it saves per response that the source began, in the table's money; less than 0 only where it is energy that
        /// is minimized or limited.
        public var expectedSaving: Double
        /// Mean seconds by which reading ends later, since the target is slower than the reader; nil where it is not.
        public var stall: Double?

        /// A hand-over.
        public init(afterTokens: Int, bufferTokens: Double, expectedSaving: Double, stall: Double? = nil) {
            self.afterTokens = afterTokens
            self.bufferTokens = bufferTokens
            self.expectedSaving = expectedSaving
            self.stall = stall
        }
    }

    /// Why responses are not handed over.
    public enum NoHandOver: String, Sendable, Hashable, CaseIterable {
        /// It costs at least what it saves.
        case dearer
        /// Wherever it would save, the reader would wait for the target's first token.
        case tooSlow = "too-slow"
        /// People read faster than the target decodes.
        case readerTooFast = "reader-too-fast"
        /// The target fails too often.
        case targetFails = "target-fails"
        /// The bucket's requests have no known answer lengths.
        case noOutputLengths = "no-output-lengths"
        /// An endpoint's time per output token is not known.
        case tpotUnknown = "tpot-unknown"
        /// An endpoint's price is not known.
        case priceUnknown = "price-unknown"
    }

    /// What a bucket does with the running responses of one endpoint.
    public enum Migration: Sendable, Hashable {
        /// Hands them over.
        case handOver(HandOver)
        /// Leaves them where they are.
        case never(NoHandOver)

        /// The hand-over; nil for never.
        public var handOver: HandOver? { if case .handOver(let handOver) = self { handOver } else { nil } }
    }

    /// What a bucket does with running responses, by who streams.
    public struct Migrations: Sendable, Hashable {
        /// While the device streams.
        public var deviceToServer: Migration
        /// While the server streams.
        public var serverToDevice: Migration

        /// Both directions.
        public init(deviceToServer: Migration, serverToDevice: Migration) {
            self.deviceToServer = deviceToServer
            self.serverToDevice = serverToDevice
        }

        /// The direction away from `source`.
        public subscript(from source: Endpoint) -> Migration { source == .device ? deviceToServer : serverToDevice }
    }

    /// When a response that `source` streams is handed to the other endpoint, whatever its request drew; nil for never.
    ///
    /// An endpoint that failed in this request is no target, whatever the table says.
    /// - Parameters:
    ///   - source: Who streams.
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - hour: Hour of the day in UTC at which the request arrived; see ``decision(promptTokens:requestID:hour:)``.
    /// - Returns: From which token on, and what must be ahead: the bucket's, which actions may have their own of.
    /// - Precondition: The table is valid.
    /// - Complexity: O(log *n*) in the number of buckets; allocates nothing.
    public func handOver(from source: Endpoint, promptTokens: Int, hour: Int? = nil) -> HandOver? {
        let buckets = bucketsInForce(hour: hour)
        return buckets[Self.index(in: buckets, promptTokens: promptTokens)].migration?[from: source].handOver
    }

    /// When a response that `source` streams is handed to the other endpoint under the action that its request drew; nil for
    /// never.
    /// - Parameters:
    ///   - source: Who streams.
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: What drew the action; see ``decision(promptTokens:requestID:hour:)``.
    ///   - hour: Hour of the day in UTC at which the request arrived.
    /// - Returns: From which token on, and what must be ahead.
    /// - Precondition: The table is valid.
    /// - Complexity: As that of a decision.
    public func handOver(from source: Endpoint, promptTokens: Int, requestID: String, hour: Int? = nil) -> HandOver? {
        let buckets = bucketsInForce(hour: hour)
        let bucket = Self.index(in: buckets, promptTokens: promptTokens)
        let own = buckets[bucket].actions[Self.drawn(buckets[bucket].actions, requestID)].migration
        return (own ?? buckets[bucket].migration)?[from: source].handOver
    }
}

// MARK: - Rules

extension PolicyTable {
    func checkMigration(of bucket: Bucket, _ path: @autoclosure () -> String, _ findings: inout Findings) {
        if let migration = bucket.migration { check(migration, path() + ".migration", &findings) }
        for (place, choice) in bucket.actions.enumerated() {
            if let migration = choice.migration {
                check(migration, "\(path()).actions[\(place)].migration", &findings)
            }
        }
    }

    private func check(_ migration: Migrations, _ path: String, _ findings: inout Findings) {
        let directions = [
            ("device_to_server", migration.deviceToServer), ("server_to_device", migration.serverToDevice),
        ]
        for (name, direction) in directions {
            guard let handOver = direction.handOver else { continue }
            let place = "\(path).\(name)"
            findings.require(
                readerTokensPerSecond != nil, .migrationReader, place,
                "a hand-over counts what the reader has ahead, but $.reader names no pace")
            checkCount(handOver.afterTokens, place + ".after_tokens", &findings)
            findings.require(
                handOver.afterTokens != 0, .migrationRange, place + ".after_tokens",
                "found 0, wanted at least one token")
            _ = findings.requireFinite(handOver.expectedSaving, place + ".expected_saving")
            let amounts = [("buffer_tokens", handOver.bufferTokens), ("stall", handOver.stall ?? 0)]
            for (member, amount) in amounts where findings.requireFinite(amount, "\(place).\(member)") {
                findings.require(
                    amount >= 0, .migrationRange, "\(place).\(member)", "found \(amount), wanted at least 0")
            }
        }
    }

    func checkReader(_ findings: inout Findings) {
        guard let pace = readerTokensPerSecond, findings.requireFinite(pace, "$.reader.tokens_per_second") else {
            return
        }
        findings.require(
            pace > 0, .readerRange, "$.reader.tokens_per_second", "found \(pace), wanted more than 0 tokens per second")
    }
}

// MARK: - JSON

extension PolicyTable.Migrations {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["device_to_server", "server_to_device"])
        self.init(
            deviceToServer: try PolicyTable.Migration(node: members["device_to_server"]),
            serverToDevice: try PolicyTable.Migration(node: members["server_to_device"]))
    }

    var json: JSONValue {
        .members([("device_to_server", deviceToServer.json), ("server_to_device", serverToDevice.json)])
    }
}

extension PolicyTable.Migration {
    init(node: JSONNode) throws(PolicyError) {
        if node.member("never") != nil {
            self = .never(try node.members(["never"])["never"].word(PolicyTable.NoHandOver.self))
            return
        }
        let members = try node.members(["after_tokens", "buffer_tokens", "expected_saving"], optional: ["stall"])
        self = .handOver(
            PolicyTable.HandOver(
                afterTokens: try members["after_tokens"].integer(), bufferTokens: try members["buffer_tokens"].number(),
                expectedSaving: try members["expected_saving"].number(),
                stall: try node.member("stall") == nil ? nil : members["stall"].number()))
    }

    fileprivate var json: JSONValue {
        switch self {
        case .never(let reason): .members([("never", .string(reason.rawValue))])
        case .handOver(let handOver):
            .members(
                [
                    ("after_tokens", .integer(handOver.afterTokens)), ("buffer_tokens", .number(handOver.bufferTokens)),
                    ("expected_saving", .number(handOver.expectedSaving)),
                ] + (handOver.stall.map { [("stall", .number($0))] } ?? []))
        }
    }
}
