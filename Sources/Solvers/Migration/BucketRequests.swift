public import Profiles

/// A bucket's requests of known answer length, as pairs (prompt, output), in the order in which their answers end.
///
/// Prompt and output are kept together: a long prompt may well go with a short answer.
public struct BucketRequests: Sendable {
    /// Distinct prompt lengths in tokens, ascending.
    public let lengths: [Int]
    /// The requests, ascending in their output.
    let ends: [End]

    /// Requests alike in both lengths.
    struct End: Sendable {
        /// Answer length in tokens.
        let output: Int
        /// Index into `lengths`.
        let length: Int
        /// How many requests, or how much they count.
        let weight: Double
    }

    /// Requests of the given lengths; equal ones may be given one by one.
    /// - Parameter pairs: Prompt tokens (≥ 1), output tokens (≥ 0) and weight of each; those of weight 0 are left out.
    /// - Complexity: O(*n* log *n*).
    public init(_ pairs: [(promptTokens: Int, outputTokens: Int, weight: Double)]) {
        let present = pairs.filter { $0.weight > 0 }
        lengths = Set(present.map(\.promptTokens)).sorted()
        let place = Dictionary(uniqueKeysWithValues: lengths.enumerated().map { ($0.element, $0.offset) })
        ends = present.map { End(output: $0.outputTokens, length: place[$0.promptTokens] ?? 0, weight: $0.weight) }
            .sorted { ($0.output, $0.length) < ($1.output, $1.length) }
    }

    /// The requests of each bucket of a workload.
    /// - Parameters:
    ///   - workload: Pairs of lengths; requests without an answer length do not count.
    ///   - ranges: For each bucket the range of its indices into `workload.lengths`; they ascend without overlap.
    ///   - weight: How much a request counts by its index into `workload.lengths`, for example the probability that an
    ///     endpoint answers it.
    /// - Returns: One set of requests a range, maybe empty.
    /// - Complexity: O(*n* log *n*) for *n* distinct pairs.
    public static func each(
        of workload: WorkloadProfile, in ranges: [Range<Int>], weight: (Int) -> Double = { _ in 1 }
    ) -> [BucketRequests] {
        var bucket = [Int](repeating: -1, count: workload.lengths.count)
        for (index, range) in ranges.enumerated() {
            for i in range { bucket[i] = index }
        }
        let place = Dictionary(uniqueKeysWithValues: workload.lengths.enumerated().map { ($0.element, $0.offset) })
        var pairs = [[(promptTokens: Int, outputTokens: Int, weight: Double)]](repeating: [], count: ranges.count)
        for output in workload.outputs {
            guard let i = place[output.promptTokens], bucket[i] >= 0 else { continue }
            pairs[bucket[i]].append((output.promptTokens, output.outputTokens, Double(output.count) * weight(i)))
        }
        return pairs.map(BucketRequests.init)
    }

    /// The longest answer in tokens; 0 without requests.
    public var longestOutput: Int { ends.last?.output ?? 0 }

    /// The answers as savings are summed over them, all streamed by the source.
    var answers: [WeightedAnswer] {
        ends.map { WeightedAnswer(output: $0.output, prompt: Double(lengths[$0.length]), weight: $0.weight) }
    }

    /// The total weight: the number of requests, where each counts 1.
    public var weight: Double { ends.reduce(0) { $0 + $1.weight } }
}
