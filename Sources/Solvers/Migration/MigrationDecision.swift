/// When to hand a running response over to the other endpoint, and what that saves.
public struct MigrationPoint: Sendable, Hashable {
    /// i*: output tokens that the source delivers first, ≥ 1.
    public let afterTokens: Int
    /// B: tokens that the reader must have ahead for the hand-over to go unnoticed, ≥ 0.
    ///
    /// 0 where the source is slower than the reader: nothing gathers ahead, and the target comes within one gap.
    public let bufferTokens: Double
    /// J(never) − J(i*): money per request that the source answers, > 0.
    public let expectedSaving: Double
    /// The hand-over time that holds for all but ε, in seconds.
    public let handOverSeconds: Double
    /// Mean seconds by which a hand-over to a target slower than its reader delays the end of reading; nil where such
    /// targets are not allowed.
    public let stallSeconds: Double?
}

/// Why a response is never handed over.
public enum NoMigration: String, Sendable, Hashable, CaseIterable {
    /// Handing over costs at least what it saves, at every token.
    case dearer
    /// Wherever it would save, the reader would wait for the target's first token.
    case tooSlow = "too-slow"
    /// People read faster than the target decodes.
    case readerTooFast = "reader-too-fast"
    /// The target fails in a share ε of requests or more.
    case targetFails = "target-fails"
    /// No request of the bucket has a known answer length.
    case noOutputLengths = "no-output-lengths"
    /// An endpoint's time per output token is not known.
    case tpotUnknown = "tpot-unknown"
    /// An endpoint's price is not known.
    case priceUnknown = "price-unknown"
}

/// What a bucket does with the running responses of one endpoint.
public enum MigrationDecision: Sendable, Hashable {
    /// Hand over.
    case handOver(MigrationPoint)
    /// Do not, and why.
    case never(NoMigration)

    /// The hand-over; nil for never.
    public var point: MigrationPoint? { if case .handOver(let point) = self { point } else { nil } }
}
