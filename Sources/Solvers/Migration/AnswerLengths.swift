internal import Profiles

/// How long the answers to prompts of each length are: P(o | l), for every distinct prompt length of a workload.
///
/// A length none of whose own requests has a known answer takes the answers of all, as its mean does.
struct AnswerLengths: Sendable {
    /// Answer lengths in tokens, ascending within each range.
    private(set) var outputs: [Int] = []
    /// Their probabilities; they sum to 1 within each range.
    private(set) var shares: [Double] = []
    /// For each prompt length its part of the two.
    private let ranges: [Range<Int>]
    /// Whether the length has answers of its own.
    let isKnown: [Bool]

    /// The answers to the prompts of `workload`; nil where none is known.
    /// - Complexity: O(*n* log *n*) for *n* distinct pairs.
    init?(_ workload: WorkloadProfile) {
        guard !workload.outputs.isEmpty else { return nil }
        let ascending = workload.outputs.sorted {
            ($0.promptTokens, $0.outputTokens) < ($1.promptTokens, $1.outputTokens)
        }
        var ranges: [Range<Int>?] = workload.lengths.map { _ in nil }
        var (outputs, shares): ([Int], [Double]) = ([], [])
        func append(_ counts: some Sequence<(tokens: Int, count: Int)>) -> Range<Int> {
            let start = outputs.count
            var total = 0
            for (tokens, count) in counts {
                outputs.append(tokens)
                shares.append(Double(count))
                total += count
            }
            for k in start..<outputs.count { shares[k] /= Double(total) }
            return start..<outputs.count
        }
        var next = 0
        for (index, length) in workload.lengths.enumerated() {
            while next < ascending.count, ascending[next].promptTokens < length { next += 1 }
            let first = next
            while next < ascending.count, ascending[next].promptTokens == length { next += 1 }
            guard first < next else { continue }
            ranges[index] = append(ascending[first..<next].map { ($0.outputTokens, $0.count) })
        }
        isKnown = ranges.map { $0 != nil }
        if isKnown.contains(false) {
            var counts: [Int: Int] = [:]
            for output in ascending { counts[output.outputTokens, default: 0] += output.count }
            let all = append(counts.sorted { $0.key < $1.key }.map { (tokens: $0.key, count: $0.value) })
            for index in ranges.indices where ranges[index] == nil { ranges[index] = all }
        }
        self.ranges = ranges.map { $0 ?? 0..<0 }
        self.outputs = outputs
        self.shares = shares
    }

    /// The part of `outputs` and `shares` that belongs to the prompt length at an index.
    func range(ofLength index: Int) -> Range<Int> { ranges[index] }

    /// What is left of answers to one prompt length after `i` tokens.
    /// - Returns: The share that still runs, and the mean tokens that are to come, over all answers.
    /// - Complexity: O(distinct answers of the length).
    func moved(length index: Int, after i: Int) -> (running: Double, tokens: Double) {
        var (running, tokens) = (0.0, 0.0)
        for k in ranges[index].reversed() {
            guard outputs[k] > i else { break }
            running += shares[k]
            tokens += shares[k] * Double(outputs[k] - i)
        }
        return (running, tokens)
    }
}
