public import Traces

/// The prompt lengths we optimize for, with what is known of the answers' lengths.
public struct WorkloadProfile: Sendable, Equatable {
    /// Distinct prompt lengths in tokens, ascending, ≥ 1.
    public let lengths: [Int]
    /// Number of requests of each length.
    public let counts: [Int]
    /// Mean answer length of each length's requests, in tokens; nil where no request of the trace has one.
    ///
    /// A length none of whose own requests has one takes the mean of all.
    public let meanOutputTokens: [Double]?
    /// Every answer length with its count, by prompt length: what survival functions are made of.
    public let outputs: [OutputCount]

    /// So many requests with one prompt and answer length.
    public struct OutputCount: Sendable, Equatable {
        /// Prompt length in tokens.
        public let promptTokens: Int
        /// Answer length in tokens.
        public let outputTokens: Int
        /// Number of requests.
        public let count: Int

        func adding(_ more: Int) -> OutputCount {
            OutputCount(promptTokens: promptTokens, outputTokens: outputTokens, count: count + more)
        }
    }

    /// Number of requests.
    public var requests: Int { counts.reduce(0, +) }

    /// Mean prompt length E[l], in tokens.
    public var meanPromptTokens: Double {
        Double(zip(lengths, counts).reduce(0) { $0 + $1.0 * $1.1 }) / Double(requests)
    }

    /// The profile of the given part of a trace's rows; nil where it has none.
    /// - Parameters:
    ///   - rows: Rows with their prompt lengths.
    ///   - part: Which rows count.
    public init?(rows: TraceRows, part: TracePart) {
        var byLength: [Int: (count: Int, answered: Int, tokens: Int)] = [:]
        var outputs: [OutputCount] = []
        for i in rows.counts.indices where part.contains(isHeldOut: rows.isHeldOut[i]) {
            var entry = byLength[rows.promptTokens[i], default: (0, 0, 0)]
            entry.count += rows.counts[i]
            if rows.outputTokens[i] >= 0 {
                entry.answered += rows.counts[i]
                entry.tokens += rows.outputTokens[i] * rows.counts[i]
                var output = OutputCount(
                    promptTokens: rows.promptTokens[i], outputTokens: rows.outputTokens[i], count: rows.counts[i])
                // Rows that differ in their hour alone are neighbours.
                if let last = outputs.last, last.promptTokens == output.promptTokens,
                    last.outputTokens == output.outputTokens
                {
                    output = outputs.removeLast().adding(output.count)
                }
                outputs.append(output)
            }
            byLength[rows.promptTokens[i]] = entry
        }
        guard !byLength.isEmpty else { return nil }
        let sorted = byLength.sorted { $0.key < $1.key }
        lengths = sorted.map(\.key)
        counts = sorted.map(\.value.count)
        let answered = sorted.reduce(0) { $0 + $1.value.answered }
        if answered > 0 {
            let overall = Double(sorted.reduce(0) { $0 + $1.value.tokens }) / Double(answered)
            meanOutputTokens = sorted.map {
                $0.value.answered > 0 ? Double($0.value.tokens) / Double($0.value.answered) : overall
            }
        } else {
            meanOutputTokens = nil
        }
        self.outputs = outputs
    }

    /// The profile of prompt lengths alone.
    /// - Precondition: at least one length, all ≥ 1.
    /// - Complexity: O(*n* + longest) for lengths up to a million tokens, else O(*n* log *n*).
    public init(promptTokens: [Int]) {
        precondition(!promptTokens.isEmpty, "a workload needs a request")
        let longest = promptTokens.reduce(0, max)
        var lengths: [Int] = []
        var counts: [Int] = []
        if longest <= 1 << 20 {
            var histogram = [Int](repeating: 0, count: longest + 1)
            for length in promptTokens { histogram[length] += 1 }
            precondition(histogram[0] == 0, "a prompt has at least one token")
            for (length, count) in histogram.enumerated() where count > 0 {
                lengths.append(length)
                counts.append(count)
            }
        } else {
            for length in promptTokens.sorted() {
                precondition(length >= 1, "a prompt has at least one token")
                if length == lengths.last {
                    counts[counts.count - 1] += 1
                } else {
                    lengths.append(length)
                    counts.append(1)
                }
            }
        }
        self.lengths = lengths
        self.counts = counts
        meanOutputTokens = nil
        outputs = []
    }
}

/// Which part of a trace a profile is made from.
public enum TracePart: Sendable, Hashable {
    /// All rows.
    case all
    /// The rows before the time split, for tuning.
    case tuning
    /// The rows after it, for judging.
    case heldOut

    /// Whether a row belongs to this part.
    public func contains(isHeldOut: Bool) -> Bool {
        switch self {
        case .all: true
        case .tuning: !isHeldOut
        case .heldOut: isHeldOut
        }
    }
}
