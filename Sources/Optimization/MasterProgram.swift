/// A linear program with few rows, solved again and again as columns come in.
///
///     minimize   Σ_j cost_j λ_j + Σ_k penalty_k excess_k
///     subject to Σ_j usage_jk λ_j − excess_k ≤ limit_k,   Σ_j λ_j = 1,   λ, excess ≥ 0
///
/// A primal simplex on a dense basis of one row a limit and one for Σ λ: a dozen rows at most, where a general solver's
/// call would cost more than the solution. Columns are only ever added; the basis is kept, so each solution starts
/// from the last.
/// Source: textbook (revised simplex); the use is derived, docs/maths/limits.md.
struct MasterProgram {
    private let limits: [Double]
    private var costs: [Double] = []
    /// Column after column, each of `rows` entries, the last of them 1.
    private var entries: [Double] = []
    private var isBasic: [Bool] = []
    private var penalties: [Double]

    /// What is basic in each row: a plan ≥ 0, else slack k at −1 − k, else excess k at −1 − limits − k.
    private var basis: [Int] = []
    private var inverse: [Double] = []
    private var values: [Double] = []

    private var rows: Int { limits.count + 1 }
    /// Number of plans so far.
    var count: Int { costs.count }

    /// A program without columns; `minimize` needs at least one.
    init(limits: [Double], penalties: [Double]) {
        self.limits = limits
        self.penalties = penalties
    }

    /// Adds a plan.
    mutating func add(cost: Double, usage: [Double]) {
        costs.append(cost)
        entries += usage + [1]
        isBasic.append(false)
    }

    /// Sets what the plans cost, for another objective over the same plans.
    mutating func price(costs: [Double], penalties: [Double]) {
        precondition(costs.count == self.costs.count, "one cost a plan")
        self.costs = costs
        self.penalties = penalties
    }

    /// Sets what an excess costs.
    mutating func raise(penalties: [Double]) { self.penalties = penalties }

    /// Weights of the plans, excesses, prices of the limits (≥ 0) and the price of Σ λ = 1.
    struct Solution {
        var objective: Double
        var weights: [(plan: Int, weight: Double)]
        var excess: [Double]
        var prices: [Double]
        var convexity: Double
    }

    /// Solves for the columns at hand.
    /// - Complexity: O(rows · (columns + rows²)) a pivot.
    mutating func minimize() -> Solution {
        precondition(!costs.isEmpty, "a master program needs a plan")
        if basis.isEmpty { start() }
        refactor()
        var degenerate = 0
        for _ in 0..<10_000 {
            let y = prices()
            guard let entering = entering(y, firstComesFirst: degenerate > 40) else { break }
            let step = pivot(in: entering)
            degenerate = step > 1e-14 ? 0 : degenerate + 1
        }
        return solution()
    }

    private mutating func start() {
        isBasic[0] = true
        basis = limits.indices.map { k in
            entries[k] <= limits[k] ? -1 - k : -1 - limits.count - k
        }
        basis.append(0)
    }

    /// Entry `row` of a column.
    private func entry(_ column: Int, _ row: Int) -> Double {
        if column >= 0 { return entries[column * rows + row] }
        let k = -1 - column
        return k < limits.count ? (row == k ? 1 : 0) : (row == k - limits.count ? -1 : 0)
    }

    private func cost(_ column: Int) -> Double {
        if column >= 0 { return costs[column] }
        let k = -1 - column
        return k < limits.count ? 0 : penalties[k - limits.count]
    }

    /// Inverts the basis anew, by Gauss-Jordan with pivoting, so that rounding does not build up.
    private mutating func refactor() {
        let m = rows
        var a = [Double](repeating: 0, count: m * m)
        inverse = [Double](repeating: 0, count: m * m)
        for i in 0..<m {
            inverse[i * m + i] = 1
            for j in 0..<m { a[i * m + j] = entry(basis[j], i) }
        }
        for column in 0..<m {
            var pivot = column
            for i in column..<m where abs(a[i * m + column]) > abs(a[pivot * m + column]) { pivot = i }
            if pivot != column {
                for j in 0..<m {
                    a.swapAt(pivot * m + j, column * m + j)
                    inverse.swapAt(pivot * m + j, column * m + j)
                }
            }
            let scale = 1 / a[column * m + column]
            for j in 0..<m {
                a[column * m + j] *= scale
                inverse[column * m + j] *= scale
            }
            for i in 0..<m where i != column {
                let factor = a[i * m + column]
                guard factor != 0 else { continue }
                for j in 0..<m {
                    a[i * m + j] -= factor * a[column * m + j]
                    inverse[i * m + j] -= factor * inverse[column * m + j]
                }
            }
        }
        let rhs = limits + [1]
        values = (0..<m).map { i in
            let value = (0..<m).reduce(0) { $0 + inverse[i * m + $1] * rhs[$1] }
            return max(0, value)
        }
    }

    /// The row prices y = c_B B⁻¹.
    private func prices() -> [Double] {
        let m = rows
        return (0..<m).map { j in (0..<m).reduce(0) { $0 + cost(basis[$1]) * inverse[$1 * m + j] } }
    }

    /// A column whose reduced cost is negative: the least, or the first where the least has led in circles.
    private func entering(_ y: [Double], firstComesFirst: Bool) -> Int? {
        let m = rows
        var best: Int?
        var least = 0.0
        func offer(_ column: Int, _ reduced: Double, _ size: Double) {
            if reduced < least - 1e-13 * size, !(firstComesFirst && best != nil) { (best, least) = (column, reduced) }
        }
        for j in costs.indices where !isBasic[j] {
            var reduced = costs[j]
            var size = abs(costs[j])
            for i in 0..<m {
                let term = y[i] * entries[j * m + i]
                reduced -= term
                size = max(size, abs(term))
            }
            offer(j, reduced, size)
        }
        for k in limits.indices {
            if !basis.contains(-1 - k) { offer(-1 - k, -y[k], abs(y[k])) }
            if !basis.contains(-1 - limits.count - k) {
                offer(-1 - limits.count - k, penalties[k] + y[k], penalties[k])
            }
        }
        return best
    }

    /// Brings a column into the basis; the length of the step.
    private mutating func pivot(in column: Int) -> Double {
        let m = rows
        let direction = (0..<m).map { i in (0..<m).reduce(0) { $0 + inverse[i * m + $1] * entry(column, $1) } }
        let largest = direction.reduce(0) { max($0, abs($1)) }
        var leaving: Int?
        var step = Double.infinity
        for i in 0..<m where direction[i] > 1e-11 * largest {
            let ratio = values[i] / direction[i]
            // Of equal ratios the larger pivot is the safer.
            if ratio < step || (ratio == step && direction[i] > direction[leaving ?? i]) {
                (leaving, step) = (i, ratio)
            }
        }
        guard let leaving else { preconditionFailure("Σ λ = 1 and penalties bound every direction") }
        if basis[leaving] >= 0 { isBasic[basis[leaving]] = false }
        if column >= 0 { isBasic[column] = true }
        basis[leaving] = column
        refactor()
        return step
    }

    private func solution() -> Solution {
        let y = prices()
        var weights: [(plan: Int, weight: Double)] = []
        var excess = [Double](repeating: 0, count: limits.count)
        var objective = 0.0
        for (column, value) in zip(basis, values) where value > 0 {
            objective += cost(column) * value
            if column >= 0 {
                weights.append((column, value))
            } else if -1 - column >= limits.count {
                excess[-1 - column - limits.count] = value
            }
        }
        weights.sort { $0.plan < $1.plan }
        return Solution(
            objective: objective, weights: weights, excess: excess, prices: limits.indices.map { max(0, -y[$0]) },
            convexity: y[limits.count])
    }
}
