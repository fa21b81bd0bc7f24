/// Observations by turn of a cycle and position in it: how many there were, and how many exceeded each of some levels.
///
/// A turn holds `positions` consecutive times from the first one on; what is left after the last whole turn is not
/// counted, so every turn has been at every position once. What tells positions apart is the quadratic distance that
/// the Anderson-Darling statistic integrates: Σ_j (S_p(t_j) − S(t_j))² / (S(t_j) (1 − S(t_j))) over levels t_j that
/// lie ever deeper in the upper tail.
///
/// Source: derived, docs/maths/hours.md; Scholz, Stephens, K-sample Anderson-Darling tests, JASA 82 (1987), for the distance.
public struct CyclicTable: Sendable, Equatable {
    /// Positions of a cycle.
    public let positions: Int
    /// Whole turns that have an observation.
    public let turns: Int
    /// Observations in whole turns.
    public let observations: Int
    /// The levels t_j, ascending.
    public let levels: [Double]
    /// 1 / (S (1 − S)) of each level.
    let weights: [Double]
    /// Observations of cell (turn, position), at turn · positions + position.
    let counts: [Double]
    /// Those above level j, at (turn · positions + position) · levels + j.
    let above: [Double]

    /// Shares of all observations that the levels are exceeded by.
    static let shares = [0.75, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625]

    /// The table of `values`, which may be infinite, each seen `counts` times at whole `times`.
    ///
    /// A time's position is its remainder by the number of positions, whatever the time the first turn begins at.
    /// - Precondition: as many times and counts as values; at least one position.
    /// - Complexity: O(*n* log *n*).
    public init(positions: Int, times: [Int], values: [Double], counts: [Int]) {
        precondition(times.count == values.count && times.count == counts.count && positions > 0, "ragged input")
        self.positions = positions
        let first = times.min() ?? 0
        let whole = times.isEmpty ? 0 : ((times.max() ?? 0) - first + 1) / positions
        let inside = times.indices.filter { (times[$0] - first) / positions < whole && counts[$0] > 0 }
        let seen = Set(inside.map { (times[$0] - first) / positions }).sorted()
        let place = Dictionary(uniqueKeysWithValues: seen.enumerated().map { ($1, $0) })
        turns = seen.count
        observations = inside.reduce(0) { $0 + counts[$1] }
        var levels: [Double] = []
        var weights: [Double] = []
        if !inside.isEmpty {
            let all = Empirical(values: inside.map { values[$0] }, counts: inside.map { counts[$0] })
            for share in Self.shares {
                // Where the level would be infinite, the largest finite value tells infinite from finite.
                let quantile = all.quantile(1 - share)
                guard let level = quantile.isFinite ? quantile : all.support.last, levels.last != level else {
                    continue
                }
                let survival = all.survival(at: level)
                guard survival > 0, survival < 1 else { continue }
                levels.append(level)
                weights.append(1 / (survival * (1 - survival)))
            }
        }
        self.levels = levels
        self.weights = weights
        let depth = levels.count
        var cells = [Double](repeating: 0, count: turns * positions)
        var above = [Double](repeating: 0, count: turns * positions * depth)
        for i in inside {
            let position = ((times[i] % positions) + positions) % positions
            let cell = (place[(times[i] - first) / positions] ?? 0) * positions + position
            cells[cell] += Double(counts[i])
            for j in 0..<depth where values[i] > levels[j] { above[cell * depth + j] += Double(counts[i]) }
        }
        self.counts = cells
        self.above = above
    }

    /// Share of the variation, of all levels together, that the positions explain, 0...1; about
    /// (positions − 1) / *n* where they explain nothing and observations are independent.
    public var explainedShare: Double {
        guard !levels.isEmpty else { return 0 }
        let cells = sums(leavingOut: nil)
        var between = 0.0
        for j in levels.indices {
            let mean = cells.above.indices.reduce(0) { $0 + cells.above[$1][j] } / Double(observations)
            for p in 0..<positions where cells.counts[p] > 0 {
                let distance = cells.above[p][j] / cells.counts[p] - mean
                between += weights[j] * cells.counts[p] * distance * distance
            }
        }
        return between / (Double(observations) * Double(levels.count))
    }

    /// Counts by position, all turns but one together.
    func sums(leavingOut turn: Int?) -> (counts: [Double], above: [[Double]]) {
        let depth = levels.count
        var n = [Double](repeating: 0, count: positions)
        var sums = [[Double]](repeating: Array(repeating: 0, count: depth), count: positions)
        for d in 0..<turns where d != turn {
            for p in 0..<positions {
                let cell = d * positions + p
                n[p] += counts[cell]
                for j in 0..<depth { sums[p][j] += above[cell * depth + j] }
            }
        }
        return (n, sums)
    }
}
