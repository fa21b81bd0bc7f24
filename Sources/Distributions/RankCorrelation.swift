/// Spearman's rank correlation of weighted pairs, ties at their mean rank; nil where either side is constant.
///
/// ρ = cov(R_x, R_y) / (σ(R_x) σ(R_y)), R the mid-ranks. Infinite values rank last.
/// Source: textbook.
/// - Parameters:
///   - x: First member of each pair.
///   - y: Second member.
///   - counts: How many observations each pair stands for.
/// - Returns: ρ in -1...1, or nil.
/// - Complexity: O(*n* log *n*).
public func rankCorrelation(_ x: [Double], _ y: [Double], counts: [Int]) -> Double? {
    precondition(x.count == y.count && x.count == counts.count, "pairs and counts differ in number")
    return correlation(midRanks(x, counts: counts), midRanks(y, counts: counts), counts: counts)
}

/// Pearson's correlation of weighted pairs; nil where either side is constant.
func correlation(_ x: [Double], _ y: [Double], counts: [Int]) -> Double? {
    let total = Double(counts.reduce(0, +))
    guard total > 1 else { return nil }
    let meanX = zip(x, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total
    let meanY = zip(y, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total
    var xx = 0.0
    var yy = 0.0
    var xy = 0.0
    for i in x.indices {
        let dx = x[i] - meanX
        let dy = y[i] - meanY
        let weight = Double(counts[i])
        xx += weight * dx * dx
        yy += weight * dy * dy
        xy += weight * dx * dy
    }
    // What is left of a constant after rounding is no variation.
    guard xx > 1e-20 * total * meanX * meanX, yy > 1e-20 * total * meanY * meanY else { return nil }
    return xy / (xx.squareRoot() * yy.squareRoot())
}

/// The rank of each value, 1 for the smallest, ties at their mean rank.
func midRanks(_ values: [Double], counts: [Int]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var before = 0
    var i = 0
    while i < order.count {
        var end = i
        var tied = 0
        while end < order.count && values[order[end]] == values[order[i]] {
            tied += counts[order[end]]
            end += 1
        }
        for j in i..<end { ranks[order[j]] = Double(before) + Double(tied + 1) / 2 }
        before += tied
        i = end
    }
    return ranks
}
