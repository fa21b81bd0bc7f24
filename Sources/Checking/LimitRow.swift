internal import Serving

/// One side of a limit as a row that is linear in the mixtures: weights · x ≤ value, or ≥ value.
struct LimitRow {
    /// The side of the limit.
    enum Side: String {
        case atMost = "at_most"
        case atLeast = "at_least"
    }

    let metric: Metric
    let side: Side
    let weights: Weights
    let value: Double

    /// The rows of a limit; nil where the data cannot tell its metric.
    ///
    /// A quantile at most X is P(T > X) ≤ 1 − level, and holds by itself where X is at least the timeout. At least X is
    /// P(T > X⁻) ≥ 1 − level + 2e-12, X⁻ the double before X: the definition of the quantile lets 1e-12 pass.
    static func rows(_ limit: Limit, in question: DispatchQuestion) -> [LimitRow]? {
        var rows: [LimitRow] = []
        if let level = limit.metric.quantileLevel {
            if let most = limit.atMost, most < question.timeout {
                rows.append(
                    LimitRow(metric: limit.metric, side: .atMost, weights: .late(after: most), value: 1 - level))
            }
            if let least = limit.atLeast {
                rows.append(
                    LimitRow(
                        metric: limit.metric, side: .atLeast, weights: .late(after: least.nextDown),
                        value: 1 - level + 2e-12))
            }
            return rows
        }
        guard let weights = question.weights(of: limit.metric) else { return nil }
        if let most = limit.atMost {
            rows.append(LimitRow(metric: limit.metric, side: .atMost, weights: weights, value: most))
        }
        if let least = limit.atLeast {
            rows.append(LimitRow(metric: limit.metric, side: .atLeast, weights: weights, value: least))
        }
        return rows
    }
}

/// An objective with rows priced into it: L(x) = objective + Σ μ (row − value).
struct Lagrangian {
    /// Objective and priced rows.
    var weights: Weights
    /// −Σ μ · value.
    var constant = 0.0
    /// Σ |μ · value|: what rounding is relative to.
    var magnitude = 0.0
    /// What is wrong with the multipliers, a sentence each.
    var findings: [String] = []

    /// Prices `rows` by `multipliers`; those that fit no row are left out, and said.
    init(_ objective: Weights, rows: [LimitRow], multipliers: [Metric: Double]) {
        weights = objective
        for (metric, price) in multipliers.sorted(by: { $0.key < $1.key }) where price != 0 {
            guard price.isFinite else {
                findings.append("the multiplier of \(metric.rawValue) is \(price)")
                continue
            }
            let side: LimitRow.Side = price > 0 ? .atMost : .atLeast
            guard let row = rows.first(where: { $0.metric == metric && $0.side == side }) else {
                findings.append(
                    "the multiplier \(price) of \(metric.rawValue) prices \(side.rawValue), which is no limit that binds"
                )
                continue
            }
            weights.add(row.weights, times: price)
            constant -= price * row.value
            magnitude += abs(price * row.value)
        }
    }
}
