/// One group's mixture: choices by number, with probabilities that sum to 1.
public typealias GroupMixture = [(choice: Int, probability: Double)]

/// Moves mixtures to a vertex: the same usage of every limit, no greater value, and at most one extra choice per limit.
///
/// Each extra choice of a group offers a move, shifting probability to it from the group's first choice. Any `rows` + 1
/// moves have a combination that leaves all usages as they are; following it, in the direction that does not raise the
/// value, ends when a probability reaches 0 and one choice fewer is left.
/// Source: textbook (basic solutions of a linear program); docs/maths/limits.md.
/// - Parameters:
///   - mixtures: One a group.
///   - rows: Number of limits.
///   - outcome: Value and usages (`rows` of them, in units of about the same size) of a group's choice.
/// - Returns: Mixtures with at most `rows` choices more than groups.
/// - Complexity: O(extra choices · rows³).
func reducedToVertex(
    _ mixtures: [GroupMixture], rows: Int, outcome: (_ group: Int, _ choice: Int) -> (value: Double, usage: [Double])
) -> [GroupMixture] {
    var result = mixtures.map { $0.filter { $0.probability > 0 } }
    struct Move {
        let group: Int
        let choice: Int
    }
    while true {
        var moves: [Move] = []
        scan: for g in result.indices {
            for entry in result[g].dropFirst() {
                moves.append(Move(group: g, choice: entry.choice))
                if moves.count > rows { break scan }
            }
        }
        guard moves.count > rows else { break }
        var changes: [[Double]] = []
        var values: [Double] = []
        for move in moves {
            let from = outcome(move.group, result[move.group][0].choice)
            let to = outcome(move.group, move.choice)
            changes.append(zip(to.usage, from.usage).map { $0 - $1 })
            values.append(to.value - from.value)
        }
        var direction = nullVector(changes, rows: rows)
        if zip(direction, values).reduce(0, { $0 + $1.0 * $1.1 }) > 0 { direction = direction.map { -$0 } }

        // Probabilities change by `direction` at the moves' choices and by the opposite sum at the groups' first.
        var rates: [Int: [Int: Double]] = [:]
        for (move, d) in zip(moves, direction) {
            rates[move.group, default: [:]][move.choice, default: 0] += d
            rates[move.group, default: [:]][result[move.group][0].choice, default: 0] -= d
        }
        var step = Double.infinity
        var hit: (group: Int, choice: Int)?
        for g in rates.keys.sorted() {
            for entry in result[g] {
                guard let rate = rates[g]?[entry.choice], rate < 0 else { continue }
                let length = entry.probability / -rate
                if length < step { (step, hit) = (length, (g, entry.choice)) }
            }
        }
        guard let hit else { break }
        for (g, own) in rates {
            result[g] = result[g].compactMap { entry in
                if g == hit.group && entry.choice == hit.choice { return nil }
                let probability = entry.probability + step * (own[entry.choice] ?? 0)
                return probability > 1e-15 ? (entry.choice, probability) : nil
            }
        }
    }
    return result.map { mixture in
        let sum = mixture.reduce(0) { $0 + $1.probability }
        return mixture.map { ($0.choice, $0.probability / sum) }
    }
}

/// A vector, of largest entry 1, that makes a vanishing combination of more vectors than they have entries.
private func nullVector(_ vectors: [[Double]], rows: Int) -> [Double] {
    let n = vectors.count
    var a = (0..<rows).map { i in vectors.map { $0[i] } }
    var pivotColumns: [Int] = []
    var row = 0
    for column in 0..<n where row < rows {
        guard let pivot = (row..<rows).max(by: { abs(a[$0][column]) < abs(a[$1][column]) }) else { break }
        guard abs(a[pivot][column]) > 1e-14 else { continue }
        a.swapAt(row, pivot)
        let scale = a[row][column]
        a[row] = a[row].map { $0 / scale }
        for i in 0..<rows where i != row {
            let factor = a[i][column]
            if factor != 0 { for j in 0..<n { a[i][j] -= factor * a[row][j] } }
        }
        pivotColumns.append(column)
        row += 1
    }
    let free = (0..<n).first { !pivotColumns.contains($0) } ?? n - 1
    var x = [Double](repeating: 0, count: n)
    x[free] = 1
    for (i, column) in pivotColumns.enumerated() { x[column] = -a[i][free] }
    let largest = x.reduce(0) { max($0, abs($1)) }
    return x.map { $0 / largest }
}
