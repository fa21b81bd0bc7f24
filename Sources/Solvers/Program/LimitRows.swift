internal import Serving

/// A program's limits as rows Σ ≤ bound over mean outcomes.
///
/// A bound from below is turned round. A bound on a quantile is one on a tail: the q-quantile is at most t iff
/// P(T > t) ≤ 1 − q, and at least t iff P(T > t′) > 1 − q for the double t′ before t.
struct LimitRows: Sendable {
    /// One side of a limit.
    struct Row: Sendable {
        var metric: Metric
        var isAtLeast: Bool
        /// Coefficients, turned round for a bound from below.
        var row: OutcomeRow
        /// Largest value.
        var bound: Double
        /// Number of the tail time in `tails`, for a quantile.
        var tail: Int?
    }

    /// Times t of the terms P(T > t).
    private(set) var tails: [Double] = []
    private(set) var rows: [Row] = []

    /// Slack of quantile limits: a tail this much above 1 − level still counts as kept.
    static let tailTolerance = 1e-12

    /// The rows of a program's limits, those left out that no policy could break.
    init(_ program: DispatchProgram) { self.init(program, program.limits) }

    init(_ program: DispatchProgram, _ limits: [Limit]) {
        for limit in limits {
            if let atMost = limit.atMost { add(limit.metric, atMost, isAtLeast: false, program) }
            if let atLeast = limit.atLeast { add(limit.metric, atLeast, isAtLeast: true, program) }
        }
        widen()
    }

    private mutating func add(_ metric: Metric, _ bound: Double, isAtLeast: Bool, _ program: DispatchProgram) {
        if let level = metric.quantileLevel {
            // min(T, timeout) never exceeds the timeout, and is never below 0.
            if isAtLeast ? bound <= 0 : bound >= program.timeout { return }
            if isAtLeast, bound > program.timeout {
                // Out of reach for every policy: nothing is less than −1.
                rows.append(Row(metric: metric, isAtLeast: true, row: OutcomeRow(tails: 0), bound: -1, tail: nil))
                return
            }
            let share = isAtLeast ? -(1 - level + 2 * Self.tailTolerance) : 1 - level
            addTail(metric, at: isAtLeast ? bound.nextDown : bound, share: share, isAtLeast: isAtLeast)
            return
        }
        switch metric {
        case .devicePrefillShare, .serverPrefillShare, .deviceAnswerShare, .failedShare:
            if isAtLeast ? bound <= 0 : bound >= 1 { return }
        case .qoeMean: if isAtLeast ? bound <= 0 : bound >= 1 { return }
        case .goodputSmooth: break
        default: if isAtLeast && bound <= 0 { return }
        }
        guard let row = program.row(metric) else {
            preconditionFailure("\(metric.rawValue) needs what the data cannot tell")
        }
        // The row is of the metric, or of its best value less the metric: what is at least is then at most.
        let isTurned = isAtLeast != metric.isMaximized
        let most = metric.isMaximized ? program.best(metric) - bound : bound
        rows.append(
            Row(
                metric: metric, isAtLeast: isAtLeast, row: isTurned ? row.scaled(by: -1) : row,
                bound: isTurned ? -most : most, tail: nil))
    }

    /// Adds P(T > t) ≤ `share` (turned round: −P(T > t) ≤ `share`).
    mutating func addTail(_ metric: Metric, at t: Double, share: Double, isAtLeast: Bool = false) {
        let number = tails.firstIndex(of: t) ?? tails.count
        if number == tails.count { tails.append(t) }
        rows.append(
            Row(metric: metric, isAtLeast: isAtLeast, row: OutcomeRow(tails: 0), bound: share, tail: number))
        widen()
    }

    /// Gives all rows a coefficient a tail.
    private mutating func widen() {
        for k in rows.indices {
            rows[k].row.tails = Array(repeating: 0, count: tails.count)
            if let tail = rows[k].tail { rows[k].row.tails[tail] = rows[k].isAtLeast ? -1 : 1 }
        }
    }

    /// The number of a tail time, added where it is new.
    mutating func tail(at t: Double) -> Int {
        if let number = tails.firstIndex(of: t) { return number }
        tails.append(t)
        widen()
        return tails.count - 1
    }

    /// Prices a row, by metric: negative for a bound from below.
    func multipliers(_ prices: [Double]) -> [Metric: Double] {
        var multipliers: [Metric: Double] = [:]
        for (row, price) in zip(rows, prices) { multipliers[row.metric, default: 0] += row.isAtLeast ? -price : price }
        return multipliers
    }
}
