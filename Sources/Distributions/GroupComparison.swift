/// A statistic that is about χ² distributed if all groups are alike.
public struct ChiSquare: Sendable, Equatable {
    /// The statistic, ≥ 0; the larger, the less alike.
    public let statistic: Double
    /// Its degrees of freedom; 0 where there is nothing to compare.
    public let degreesOfFreedom: Int

    /// The value that chance exceeds once in 1,000 times, by Wilson and Hilferty's cube: ν (1 − a + 3.09 √a)³, a = 2 / (9 ν).
    public var threshold: Double {
        guard degreesOfFreedom > 0 else { return .infinity }
        let a = 2 / (9 * Double(degreesOfFreedom))
        let root = 1 - a + 3.0902 * a.squareRoot()
        return Double(degreesOfFreedom) * root * root * root
    }

    /// Whether chance does not explain it (p < 0.001).
    public var isSignificant: Bool { statistic > threshold }
}

/// Pearson's test of whether a share is the same in all groups: Σ (h − n p)² / (n p (1 − p)), p the share of all.
///
/// Source: textbook.
/// - Parameters:
///   - hits: How many of each group are counted.
///   - totals: How many each group has.
/// - Returns: The statistic, one degree of freedom fewer than groups that have any.
public func homogeneity(of hits: [Int], among totals: [Int]) -> ChiSquare {
    precondition(hits.count == totals.count, "hits and totals differ in number")
    let all = Double(totals.reduce(0, +))
    let share = Double(hits.reduce(0, +)) / all
    let groups = totals.count { $0 > 0 }
    guard groups > 1, share > 0, share < 1 else { return ChiSquare(statistic: 0, degreesOfFreedom: 0) }
    let statistic = zip(hits, totals).reduce(0.0) { sum, group in
        guard group.1 > 0 else { return sum }
        let expected = share * Double(group.1)
        return sum + (Double(group.0) - expected) * (Double(group.0) - expected) / (expected * (1 - share))
    }
    return ChiSquare(statistic: statistic, degreesOfFreedom: groups - 1)
}

/// The log-rank test of whether groups have the same distribution although some observations are lower bounds.
///
/// At each event time the expected number of a group's events is in proportion to its observations at risk; the statistic is
/// Σ (O − E)² / E over groups with E ≥ 5, which never exceeds the one with the full covariance: it errs towards "alike".
/// Values that are infinite are at risk throughout and no event.
/// Source: Peto and Pike (1973).
/// - Parameters:
///   - values: Values or lower bounds.
///   - isCensored: True where a value is a lower bound.
///   - counts: How often each was seen.
///   - groups: The group of each, from 0.
/// - Returns: The statistic, one degree of freedom fewer than groups compared.
/// - Complexity: O(*n* log *n* + events · groups).
public func logRank(values: [Double], isCensored: [Bool], counts: [Int], groups: [Int]) -> ChiSquare {
    let n = values.count
    precondition(isCensored.count == n && counts.count == n && groups.count == n, "columns differ in length")
    let groupCount = (groups.max() ?? -1) + 1
    var atRisk = [Double](repeating: 0, count: groupCount)
    for i in 0..<n { atRisk[groups[i]] += Double(counts[i]) }
    var total = atRisk.reduce(0, +)
    var observed = [Double](repeating: 0, count: groupCount)
    var expected = [Double](repeating: 0, count: groupCount)
    let order = (0..<n).filter { values[$0] < .infinity }.sorted { values[$0] < values[$1] }
    var i = 0
    while i < order.count {
        let time = values[order[i]]
        var end = i
        var events = 0.0
        while end < order.count, values[order[end]] == time {
            let row = order[end]
            if !isCensored[row] {
                events += Double(counts[row])
                observed[groups[row]] += Double(counts[row])
            }
            end += 1
        }
        if events > 0 { for g in 0..<groupCount { expected[g] += events * atRisk[g] / total } }
        for row in order[i..<end] {
            atRisk[groups[row]] -= Double(counts[row])
            total -= Double(counts[row])
        }
        i = end
    }
    let compared = (0..<groupCount).filter { expected[$0] >= 5 }
    guard compared.count > 1 else { return ChiSquare(statistic: 0, degreesOfFreedom: 0) }
    let statistic = compared.reduce(0.0) {
        $0 + (observed[$1] - expected[$1]) * (observed[$1] - expected[$1]) / expected[$1]
    }
    return ChiSquare(statistic: statistic, degreesOfFreedom: compared.count - 1)
}

/// Spearman's rank correlation where some `y` are only lower bounds; nil where either side is constant.
///
/// An event's rank is the middle of its step of the product-limit estimate, a lower bound's the mean rank of what lies beyond
/// it: 1 − P̂(Y > y) / 2. Given how long an observation was watched, its expected rank is then 1/2 if x says nothing of y,
/// so bounds that go with x do not feign a relation. Without lower bounds this is Spearman's correlation.
/// Source: scores of Peto and Prentice (Prentice 1978); docs/maths/censoring.md.
public func rankCorrelation(_ x: [Double], _ y: [Double], isCensored: [Bool], counts: [Int]) -> Double? {
    let estimate = KaplanMeier(values: y, isCensored: isCensored, counts: counts)
    let ranks = y.indices.map { i in
        let beyond = estimate.survival(at: y[i])
        if isCensored[i] || y[i] == .infinity { return 1 - beyond / 2 }
        return 1 - (estimate.survival(at: y[i].nextDown) + beyond) / 2
    }
    return correlation(midRanks(x, counts: counts), ranks, counts: counts)
}
