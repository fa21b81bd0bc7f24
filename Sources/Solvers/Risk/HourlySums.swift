internal import Distributions
internal import LinearAlgebra
internal import Profiles
internal import Serving

/// For each hour of a series and each of a few plans, a sum over the hour's requests, and the weight it counts against.
///
/// The ratio of the two, over whatever set of hours, is the plan's outcome in them: a share or a mean.
struct HourlySums {
    /// One row a plan and a last one for the weights; one column an hour.
    let table: Matrix

    /// Sums with the given table.
    init(table: Matrix) { self.table = table }

    /// Number of plans.
    var plans: Int { table.rows - 1 }
    /// Number of hours.
    var hours: Int { table.columns }

    /// What the plan in `row` sums up to, hour by hour; the last row has the weights.
    func row(_ row: Int) -> [Double] { (0..<hours).map { table[row, $0] } }

    /// The weights, hour by hour.
    var weights: [Double] { row(plans) }

    /// Each plan's ratio over all hours; 0 where there is no weight.
    var ratios: [Double] {
        var sums = [Double](repeating: 0, count: plans + 1)
        for hour in 0..<hours { for row in 0...plans { sums[row] += table[row, hour] } }
        return (0..<plans).map { sums[plans] > 0 ? sums[$0] / sums[plans] : 0 }
    }

    /// Each plan's ratio in each of `resamples` resamples, over its ratio in all hours: one row a resample, one column a
    /// plan; 1 where either has no weight.
    ///
    /// One matrix product of the resamples' counts with the sums, a few resamples at a time so that the counts of long
    /// traces need little room.
    func relativeRatios(_ bootstrap: BlockBootstrap, resamples: Int) -> Matrix {
        let whole = ratios
        var byHour = Matrix(rows: hours, columns: plans + 1)
        for hour in 0..<hours { for row in 0...plans { byHour[hour, row] = table[row, hour] } }
        var result = Matrix(rows: resamples, columns: plans)
        let tile = max(1, min(resamples, 1 << 20 / max(1, hours)))
        for start in stride(from: 0, to: resamples, by: tile) {
            let range = start..<min(start + tile, resamples)
            var counts = Matrix(rows: range.count, columns: hours)
            counts.elements = bootstrap.counts(resamples: range)
            let sums = product(counts, byHour)
            for plan in 0..<plans {
                for k in 0..<range.count {
                    let weight = sums[k, plans] * whole[plan]
                    result[start + k, plan] = weight > 0 ? sums[k, plan] / weight : 1
                }
            }
        }
        return result
    }

    /// Each plan's sums over all requests: a table of what a request with a given key adds, times how many there are.
    ///
    /// - Parameters:
    ///   - requests: The requests.
    ///   - table: One row a plan, a last one for the weight, one column a key.
    ///   - entry: The key of the i-th entry of `requests`, and how much each of its requests counts.
    /// - Complexity: O(entries + plans · keys · hours).
    init(
        of requests: HourlyRequests, table: Matrix, _ entry: (Int) -> (key: Int, weight: Double)
    ) {
        var result = Matrix(rows: table.rows, columns: requests.hours)
        let tile = max(1, min(requests.hours, 1 << 20 / max(1, table.columns)))
        for start in stride(from: 0, to: requests.hours, by: tile) {
            let range = start..<min(start + tile, requests.hours)
            var counts = Matrix(rows: table.columns, columns: range.count)
            for (column, hour) in range.enumerated() {
                for i in requests.starts[hour]..<requests.starts[hour + 1] {
                    let (key, weight) = entry(i)
                    counts[key, column] += weight * Double(requests.counts[i])
                }
            }
            let sums = product(table, counts)
            for j in sums.elements.indices { result.elements[start * table.rows + j] = sums.elements[j] }
        }
        self.table = result
    }

    /// Sums straight from a value per entry and plan, for outcomes that no short table of keys has.
    init(
        of requests: HourlyRequests, plans: Int, weight: (Int) -> Double, value: (_ entry: Int, _ plan: Int) -> Double
    ) {
        var result = Matrix(rows: plans + 1, columns: requests.hours)
        for hour in 0..<requests.hours {
            for i in requests.starts[hour]..<requests.starts[hour + 1] {
                let mass = weight(i) * Double(requests.counts[i])
                result[plans, hour] += mass
                for plan in 0..<plans { result[plan, hour] += mass * value(i, plan) }
            }
        }
        table = result
    }
}
