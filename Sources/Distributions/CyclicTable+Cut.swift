extension CyclicTable {
    /// The cut of the cycle into at most `most` arcs that foretells an unseen turn best.
    ///
    /// For each number of arcs, each turn in its turn is left out, the others are cut as well as can be, and the left-out
    /// turn is foretold by its arcs' means. The smallest number wins whose squared error is above the least one by no
    /// more than one standard error of their difference over turns, and the cut is then made from all turns. So arcs that are
    /// only chance are not made, however many there may be.
    ///
    /// Source: Breiman, Friedman, Olshen, Stone, Classification and regression trees, 1984, for the rule of one standard error.
    /// - Parameters:
    ///   - most: The largest number of arcs.
    ///   - minimum: Fewest observations of an arc.
    /// - Returns: The position at which each arc begins, ascending, the last arc going round to the first; [0] for one
    ///   arc, the answer with fewer than two turns as well.
    /// - Complexity: O(*turns* · (*positions*³ · *most* + *positions*² · *levels*)).
    public func bestCut(most: Int, minimum: Int) -> [Int] {
        guard turns >= 2, !levels.isEmpty, most >= 2 else { return [0] }
        let final = cuts(sums(leavingOut: nil), most: most, minimum: Double(minimum))
        var errors = [[Double]](repeating: [], count: most)
        for turn in 0..<turns {
            let others = sums(leavingOut: turn)
            // In proportion, since a turn is missing.
            let least = Double(minimum) * Double(turns - 1) / Double(turns)
            let trial = cuts(others, most: most, minimum: least)
            for arcs in 0..<most { errors[arcs].append(error(of: turn, cut: trial[arcs], others)) }
        }
        let possible = (0..<most).filter { final[$0] != nil }
        let totals = errors.map { $0.reduce(0, +) }
        guard let best = possible.min(by: { (totals[$0], $0) < (totals[$1], $1) }) else { return [0] }
        let winner = possible.first { arcs in
            let differences = zip(errors[arcs], errors[best]).map { $0 - $1 }
            let sum = totals[arcs] - totals[best]
            let mean = sum / Double(turns)
            let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(turns - 1)
            // Rounding is no difference.
            return sum <= (variance * Double(turns)).squareRoot() + 1e-9 * totals[best]
        }
        return final[winner ?? 0] ?? [0]
    }

    private typealias Cells = (counts: [Double], above: [[Double]])

    /// The best cut into each number of arcs up to `most`; nil where no such cut has enough observations in each arc.
    private func cuts(_ cells: Cells, most: Int, minimum: Double) -> [[Int]?] {
        let gains = arcGains(cells, minimum: minimum)
        var best = [(gain: Double, starts: [Int]?)](repeating: (-.infinity, nil), count: most)
        best[0] = (gains[0][positions], [0])
        for origin in 0..<positions {
            // reach[k][end]: the largest gain of k + 1 arcs from the origin on over the first `end` positions.
            var reach = [[Double]](repeating: Array(repeating: -.infinity, count: positions + 1), count: most)
            var from = [[Int]](repeating: Array(repeating: 0, count: positions + 1), count: most)
            for end in 1...positions { reach[0][end] = gains[origin][end] }
            for k in 1..<most {
                for end in k + 1..<positions + 1 {
                    for start in k..<end where reach[k - 1][start] > -.infinity {
                        let gain = reach[k - 1][start] + gains[(origin + start) % positions][end - start]
                        if gain > reach[k][end] {
                            reach[k][end] = gain
                            from[k][end] = start
                        }
                    }
                }
                // Each cut is found from each of its arcs: only a real gain replaces it.
                let gain = reach[k][positions]
                guard gain > best[k].gain + 1e-12 * max(1, gain.magnitude) else { continue }
                var starts: [Int] = []
                var end = positions
                for arc in stride(from: k, through: 0, by: -1) {
                    end = arc == 0 ? 0 : from[arc][end]
                    starts.append((origin + end) % positions)
                }
                best[k] = (gain, starts.sorted())
            }
        }
        return best.map(\.starts)
    }

    /// What the arc of `length` positions from `start` on adds to the sum of squares between arcs, at [start][length];
    /// −∞ for too few observations.
    private func arcGains(_ cells: Cells, minimum: Double) -> [[Double]] {
        (0..<positions).map { start in
            var n = 0.0
            var sums = [Double](repeating: 0, count: levels.count)
            var gains = [-Double.infinity]
            for length in 1...positions {
                let p = (start + length - 1) % positions
                n += cells.counts[p]
                var gain = 0.0
                for j in levels.indices {
                    sums[j] += cells.above[p][j]
                    gain += weights[j] * sums[j] * sums[j]
                }
                gains.append(n > 0 && n >= minimum ? gain / n : -.infinity)
            }
            return gains
        }
    }

    /// The squared error of foretelling a turn by the means of the others' arcs; of one arc where there is no such cut.
    private func error(of turn: Int, cut: [Int]?, _ others: Cells) -> Double {
        let starts = cut ?? [0]
        let depth = levels.count
        var error = 0.0
        for (arc, start) in starts.enumerated() {
            let next = starts[(arc + 1) % starts.count]
            let length = starts.count == 1 ? positions : (next - start + positions) % positions
            let members = (0..<length).map { (start + $0) % positions }
            let n = members.reduce(0) { $0 + others.counts[$1] }
            guard n > 0 else { continue }
            for j in 0..<depth {
                let mean = members.reduce(0) { $0 + others.above[$1][j] } / n
                for p in members {
                    let cell = turn * positions + p
                    // Each of the cell's observations is 1 or 0: Σ (x − mean)² = above (1 − 2 mean) + n mean².
                    error += weights[j] * (above[cell * depth + j] * (1 - 2 * mean) + counts[cell] * mean * mean)
                }
            }
        }
        return error
    }
}
