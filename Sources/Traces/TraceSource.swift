/// A trace to read: where it is, what format it has, and how its columns map onto ours.
public struct TraceSource: Sendable, Hashable {
    /// The file's path as the user wrote it, already resolved against the problem file's folder.
    public var path: String
    /// The format's name; nil asks for detection.
    public var format: TraceFormat?
    /// Expressions over the file's own columns, by canonical column name (`ttft: "first_token_ms / 1000"`).
    public var columns: [String: String]
    /// A filter over the file's own columns; rows it excludes are counted as `filtered`, not as rejected.
    public var filter: String?
    /// Largest share of rows that may be rejected before the read fails, in 0...1.
    public var maxRejected: Double

    /// A trace at `path`, read with the default tolerance of 1 % rejected rows.
    public init(
        path: String, format: TraceFormat? = nil, columns: [String: String] = [:], filter: String? = nil,
        maxRejected: Double = 0.01
    ) {
        self.path = path
        self.format = format
        self.columns = columns
        self.filter = filter
        self.maxRejected = maxRejected
    }
}

/// The trace formats we read; the raw value is the name used in problem files.
public enum TraceFormat: String, Sendable, Hashable, CaseIterable, Codable {
    /// Our own columns (design: docs/formats.md), as CSV, JSON lines or Parquet, plain, gzip or zstd.
    case canonical
    /// LLMPerf's individual responses (JSON array).
    case llmperf
    /// `vllm bench serve --save-result --save-detailed` (JSON object of parallel arrays).
    case vllmBench = "vllm-bench"
    /// `llama-bench` output (CSV, JSON or JSON lines), for device fits.
    case llamaBench = "llama-bench"
    /// Azure LLM inference traces (lengths and arrivals only).
    case azure
    /// BurstGPT (lengths and arrivals only).
    case burstgpt
    /// Mooncake (lengths and arrivals only).
    case mooncake
}
