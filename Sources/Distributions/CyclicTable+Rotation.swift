extension CyclicTable {
    /// The probability of positions at least this far apart if nothing went with the position: a test by rotation.
    ///
    /// Under that hypothesis each turn could as well have begun at another position, for itself. Rotating turns as a whole
    /// keeps what neighbours in time have in common, which a test that takes observations for independent would count
    /// as evidence; each turn is centred at its own mean, so that a drift from turn to turn is none either. The
    /// statistic is Σ_p Σ_j w_j (Σ_d c_dpj)² / n_p, c the centred counts above level j. Up to 4 turns all rotations
    /// are counted, beyond that 1,999 drawn ones and the true one.
    /// - Returns: p in (0, 1]; 1 with fewer than two turns. It is never below positions^(1 − turns).
    /// - Complexity: O(*turns* · *positions*² · *levels*) and, per rotation, O(*turns* · *positions* · *levels*).
    public func rotationTest() -> Double {
        guard turns >= 2, !levels.isEmpty else { return 1 }
        let centred = centredTurns()
        let observed = statistic(centred, rotatedBy: Array(repeating: 0, count: turns))
        // Equal patterns give equal statistics but for rounding.
        let threshold = observed - 1e-9 * max(1, observed.magnitude)
        var shifts = [Int](repeating: 0, count: turns)
        var reached = 0
        var tried = 0
        if turns <= 4 {
            // Only relative rotations count, so the first turn stays.
            repeat {
                tried += 1
                if statistic(centred, rotatedBy: shifts) >= threshold { reached += 1 }
            } while advance(&shifts)
        } else {
            var draws = SplitMix(state: 0)
            reached = 1
            tried = 1
            for _ in 0..<1_999 {
                for d in 1..<turns { shifts[d] = draws.next(below: positions) }
                tried += 1
                if statistic(centred, rotatedBy: shifts) >= threshold { reached += 1 }
            }
        }
        return Double(reached) / Double(tried)
    }

    /// Counts above each level less what the turn's own mean would give, by cell.
    private func centredTurns() -> [Double] {
        let depth = levels.count
        var centred = above
        for d in 0..<turns {
            let cells = d * positions..<(d + 1) * positions
            let total = cells.reduce(0) { $0 + counts[$1] }
            for j in 0..<depth {
                let mean = cells.reduce(0) { $0 + above[$1 * depth + j] } / total
                for cell in cells { centred[cell * depth + j] -= counts[cell] * mean }
            }
        }
        return centred
    }

    private func statistic(_ centred: [Double], rotatedBy shifts: [Int]) -> Double {
        let depth = levels.count
        var n = [Double](repeating: 0, count: positions)
        var sums = [Double](repeating: 0, count: positions * depth)
        for d in 0..<turns {
            var to = shifts[d]
            for p in 0..<positions {
                let cell = d * positions + p
                n[to] += counts[cell]
                for j in 0..<depth { sums[to * depth + j] += centred[cell * depth + j] }
                to = to + 1 == positions ? 0 : to + 1
            }
        }
        var total = 0.0
        for p in 0..<positions where n[p] > 0 {
            for j in 0..<depth { total += weights[j] * sums[p * depth + j] * sums[p * depth + j] / n[p] }
        }
        return total
    }

    /// The next combination of shifts but the first; false after the last.
    private func advance(_ shifts: inout [Int]) -> Bool {
        for d in 1..<turns {
            shifts[d] += 1
            if shifts[d] < positions { return true }
            shifts[d] = 0
        }
        return false
    }
}

/// Steele, Lea, Flood, OOPSLA 2014, doi:10.1145/2660193.2660195: the same numbers everywhere.
private struct SplitMix {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Int(z.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
