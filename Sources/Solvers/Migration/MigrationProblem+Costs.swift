public import Serving

extension MigrationProblem {
    /// J(i; l): the mean cost of decoding a response and of handing it over after `i` tokens, a prompt length each.
    /// - Parameters:
    ///   - source: Who streams at first.
    ///   - requests: A bucket's requests.
    ///   - i: Tokens before the hand-over, ≥ 1; nil for never.
    /// - Returns: Money per request that the source answers, in the order of `requests.lengths`; nil where a price is missing.
    /// - Complexity: O(requests).
    public func costs(from source: Endpoint, for requests: BucketRequests, handingOverAfter i: Int?) -> [Double]? {
        guard let side = side(from: source) else { return nil }
        var sums = [Double](repeating: 0, count: requests.lengths.count)
        var weights = sums
        for end in requests.ends {
            var cost = side.sourceDecode * Double(end.output)
            if let i, end.output > i {
                cost =
                    side.sourceDecode * Double(i) + side.targetPrefill * Double(requests.lengths[end.length] + i)
                    + side.transfer + side.targetDecode * Double(end.output - i)
            }
            sums[end.length] += end.weight * cost
            weights[end.length] += end.weight
        }
        return zip(sums, weights).map { $0 / $1 }
    }
}
