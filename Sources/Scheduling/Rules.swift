public import Policies

/// Who the tokens are for: one token each 1 / pace seconds, from the first one on.
public struct Reader: Sendable, Hashable {
    /// The pace r_c, in tokens per second, > 0.
    public let tokensPerSecond: Double

    /// A reader of the given pace.
    /// - Precondition: The pace is above 0.
    public init(tokensPerSecond: Double) {
        precondition(tokensPerSecond > 0, "a reader's pace is above 0, not \(tokensPerSecond) tokens/s")
        self.tokensPerSecond = tokensPerSecond
    }

    /// Tokens that were delivered and not yet read: max(0, delivered - r_c · seconds since the first token).
    ///
    /// Who replays the rules by other means uses this very expression, so that both round alike.
    /// - Parameters:
    ///   - delivered: Tokens delivered so far.
    ///   - seconds: Seconds since the first of them.
    /// - Returns: The buffer, in tokens.
    @inlinable
    public func buffer(delivered: Int, secondsSinceFirst seconds: Double) -> Double {
        max(0, Double(delivered) - tokensPerSecond * seconds)
    }
}

/// When a response leaves the endpoint that streams it for the cheaper one.
public struct Migration: Sendable, Hashable {
    /// Fewest tokens that the source delivers before it hands over: i*, ≥ 1.
    public let afterTokens: Int
    /// Smallest buffer at the hand-over, in tokens, so that the reader does not notice it: r_c · h, ≥ 0.
    ///
    /// 0 asks for nothing: a source slower than the reader never gathers a buffer.
    public let bufferTokens: Double

    /// A hand-over at the first token from `afterTokens` on at which the buffer is `bufferTokens` or more.
    /// - Precondition: `afterTokens` is at least 1, and `bufferTokens` at least 0.
    public init(afterTokens: Int, bufferTokens: Double) {
        precondition(afterTokens >= 1, "a source hands over after a token at the earliest, not after \(afterTokens)")
        precondition(bufferTokens >= 0, "a buffer is at least 0 tokens, not \(bufferTokens)")
        self.afterTokens = afterTokens
        self.bufferTokens = bufferTokens
    }

    /// Whether the source hands over here: delivered ≥ `afterTokens`, and the buffer ≥ `bufferTokens` - 10⁻⁹.
    ///
    /// Without the billionth of a token, rounding of the clock could put off a hand-over that is planned for a steady
    /// stream's very token.
    /// - Parameters:
    ///   - delivered: Tokens delivered so far.
    ///   - seconds: Seconds since the first of them.
    ///   - reader: Who reads them.
    /// - Returns: Whether both conditions hold.
    @inlinable
    public func isDue(delivered: Int, secondsSinceFirst seconds: Double, reader: Reader) -> Bool {
        delivered >= afterTokens
            && reader.buffer(delivered: delivered, secondsSinceFirst: seconds) >= bufferTokens - 1e-9
    }
}

extension Scheduler {
    /// All that is decided about a request when it arrives.
    public struct Rules: Sendable, Hashable {
        /// How long each endpoint waits before it is started, in seconds.
        public let action: PolicyTable.Action
        /// Seconds from the request's arrival by which there must be a first token, > 0, ∞ for no bound.
        ///
        /// An endpoint that continues a response has as long from its start.
        public let timeout: Double
        /// Who reads; nil where the pace is unknown, and then nothing migrates.
        public let reader: Reader?
        /// When the server hands over to the device; nil for never.
        public let fromServer: Migration?
        /// When the device hands over to the server; nil for never.
        public let fromDevice: Migration?
        /// An endpoint that must not be started at all; nil where both are there.
        public let missing: PolicyTable.Endpoint?

        /// Rules for one request.
        /// - Precondition: The timeout is above 0, and no wait is NaN.
        public init(
            action: PolicyTable.Action, timeout: Double, reader: Reader? = nil, fromServer: Migration? = nil,
            fromDevice: Migration? = nil, missing: PolicyTable.Endpoint? = nil
        ) {
            precondition(timeout > 0, "a timeout is above 0, not \(timeout) s")
            precondition(!action.serverWait.isNaN && !action.deviceWait.isNaN, "a wait is a number or never")
            self.action = action
            self.timeout = timeout
            self.reader = reader
            self.fromServer = fromServer
            self.fromDevice = fromDevice
            self.missing = missing
        }

        /// What the table says about a request.
        /// - Parameters:
        ///   - table: A valid policy table.
        ///   - promptTokens: Length of the prompt, in tokens.
        ///   - requestID: Any text that differs between requests; it draws the action of a mixture.
        ///   - hour: Hour of the day in UTC at which the request arrived; nil where unknown.
        ///   - missing: An endpoint that cannot be used now; the table's fallback is taken.
        public init(
            _ table: PolicyTable, promptTokens: Int, requestID: String, hour: Int? = nil,
            missing: PolicyTable.Endpoint? = nil
        ) {
            let action =
                switch missing {
                case nil: table.decision(promptTokens: promptTokens, requestID: requestID, hour: hour)
                case .server: table.fallback.serverMissing
                case .device: table.fallback.deviceMissing
                }
            func migration(_ source: PolicyTable.Endpoint) -> Migration? {
                table.handOver(from: source, promptTokens: promptTokens, requestID: requestID, hour: hour).map {
                    Migration(afterTokens: $0.afterTokens, bufferTokens: $0.bufferTokens)
                }
            }
            self.init(
                action: action, timeout: table.timeout,
                reader: table.readerTokensPerSecond.map(Reader.init(tokensPerSecond:)),
                fromServer: migration(.server), fromDevice: migration(.device), missing: missing)
        }

        /// When `source` hands over to the other endpoint; nil for never.
        public func migration(from source: PolicyTable.Endpoint) -> Migration? {
            source == .server ? fromServer : fromDevice
        }
    }
}
