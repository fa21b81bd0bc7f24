public import Policies

extension Scheduler.Rules {
    /// What a loaded table says about a request.
    ///
    /// With both endpoints missing nobody is ever started, and the request fails at once.
    /// - Parameters:
    ///   - policy: A table, from a `PolicyStore`, say.
    ///   - promptTokens: Length of the prompt, in tokens.
    ///   - requestID: Any text that differs between requests; it draws the action of a mixture.
    ///   - health: Which endpoints can be used now.
    ///   - time: When the request arrived, in seconds since 1970; nil without a clock.
    public init(
        _ policy: LoadedPolicy, promptTokens: Int, requestID: String, health: PolicyHealth = .all,
        at time: Double? = nil
    ) {
        func migration(_ source: PolicyTable.Endpoint) -> Migration? {
            policy.handOver(
                from: source, promptTokens: promptTokens, requestID: requestID, health: health, at: time
            ).map { Migration(afterTokens: $0.afterTokens, bufferTokens: $0.bufferTokens) }
        }
        self.init(
            action: policy.decision(promptTokens: promptTokens, requestID: requestID, health: health, at: time).action,
            timeout: policy.table.timeout,
            reader: policy.table.readerTokensPerSecond.map(Reader.init(tokensPerSecond:)),
            fromServer: migration(.server), fromDevice: migration(.device),
            missing: !health.server ? .server : !health.device ? .device : nil)
    }
}
