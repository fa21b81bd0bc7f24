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
    let total = Double(counts.reduce(0, +))
    guard total > 1 else { return nil }
    let ranksX = midRanks(x, counts: counts)
    let ranksY = midRanks(y, counts: counts)
    let mean = (total + 1) / 2
    var xx = 0.0
    var yy = 0.0
    var xy = 0.0
    for i in x.indices {
        let dx = ranksX[i] - mean
        let dy = ranksY[i] - mean
        let weight = Double(counts[i])
        xx += weight * dx * dx
        yy += weight * dy * dy
        xy += weight * dx * dy
    }
    guard xx > 0, yy > 0 else { return nil }
    return xy / (xx.squareRoot() * yy.squareRoot())
}

private func midRanks(_ values: [Double], counts: [Int]) -> [Double] {
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
