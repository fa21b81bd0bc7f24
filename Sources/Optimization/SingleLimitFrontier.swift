/// The optimal value of a `SingleLimitProblem` at every limit, with the mixtures that reach it.
///
/// A convex, falling, piecewise linear function of the limit: along the edges of all groups' lower hulls, those first that
/// save most value for what they use.
/// Source: derived, docs/maths/dispatch.md.
public struct SingleLimitFrontier: Sendable {
    /// One group's move from one vertex of its curve to another.
    struct Edge: Sendable {
        let group: Int
        let to: Int
        let usage: Double
        let saving: Double
        let rate: Double
    }

    /// The limits between which the value is linear, ascending: the least that can be kept, ..., the last that binds.
    public let limits: [Double]
    /// The optimal value at each of `limits`.
    public let values: [Double]
    /// What one more unit of the limit saves between one limit and the next, > 0 and not ascending; one fewer than limits.
    public let multipliers: [Double]
    /// How many values v_g(k) were computed.
    public let evaluations: Int
    /// The vertex of each group at the least limit, and the edges from there.
    private let start: [Int]
    private let edges: [Edge]

    /// Puts edges, each group's in its own order of falling rates, one after the other.
    init(start: [Int], usage: Double, value: Double, edges: [Edge], evaluations: Int) {
        // Sorted by rate, and by number where rates are the same: a group's own edges keep their order.
        var order = edges.indices.map { (rate: edges[$0].rate, number: $0) }
        order.sort { $0.rate > $1.rate || $0.rate == $1.rate && $0.number < $1.number }
        self.start = start
        self.edges = order.map { edges[$0.number] }
        self.evaluations = evaluations
        var limits = [usage]
        var values = [value]
        var multipliers: [Double] = []
        limits.reserveCapacity(edges.count + 1)
        values.reserveCapacity(edges.count + 1)
        multipliers.reserveCapacity(edges.count)
        for edge in self.edges {
            limits.append(limits[limits.count - 1] + edge.usage)
            values.append(values[values.count - 1] - edge.saving)
            multipliers.append(edge.rate)
        }
        self.limits = limits
        self.values = values
        self.multipliers = multipliers
    }

    /// The optimal value at a limit; nil below the least that can be kept.
    /// - Complexity: O(log *n*).
    public func value(at limit: Double) -> Double? {
        guard limit >= limits[0] else { return nil }
        let k = edge(at: limit)
        return k < edges.count ? values[k] - (limit - limits[k]) * multipliers[k] : values[k]
    }

    /// What one more unit of the limit would save; 0 where the limit does not bind, nil below the least.
    /// - Complexity: O(log *n*).
    public func multiplier(at limit: Double) -> Double? {
        guard limit >= limits[0] else { return nil }
        let k = edge(at: limit)
        return k < edges.count ? multipliers[k] : 0
    }

    /// For each group its optimal mixture at a limit, of which at most one has two entries; nil below the least limit.
    /// - Complexity: O(*n*).
    public func choices(at limit: Double) -> [[SingleLimitSolution.Choice]]? {
        guard limit >= limits[0] else { return nil }
        let k = edge(at: limit)
        var vertices = start
        for edge in edges[..<k] { vertices[edge.group] = edge.to }
        var choices = vertices.map { [SingleLimitSolution.Choice(vertex: $0, probability: 1)] }
        guard k < edges.count else { return choices }
        let share = min(1, (limit - limits[k]) / edges[k].usage)
        let group = edges[k].group
        choices[group] = [(edges[k].to, share), (vertices[group], 1 - share)].filter { $0.1 > 0 }
            .map { SingleLimitSolution.Choice(vertex: $0.0, probability: $0.1) }
        return choices
    }

    /// The edge that is walked in part at a limit: the last that begins at or before it; their number where all are walked.
    private func edge(at limit: Double) -> Int {
        var low = 0
        var high = limits.count - 1
        while low < high {
            let middle = (low + high) / 2
            if limits[middle + 1] > limit { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension SingleLimitProblem {
    /// The optimum at every limit at once; this problem's own limit does not count.
    /// - Parameter value: v_g(k) for group g and vertex k; concave in the vertex's position.
    /// - Returns: Every breakpoint, with the plan that belongs to any limit.
    /// - Complexity: O(*m* log *m*) for the *m* vertices of all groups, and the values that hulls need: most of them.
    public func frontier(value: (_ group: Int, _ vertex: Int) -> Double) -> SingleLimitFrontier {
        var start: [Int] = []
        var edges: [SingleLimitFrontier.Edge] = []
        var usage = 0.0
        var least = 0.0
        var evaluations = 0
        for g in weights.indices {
            let curve = curves[curveOfGroup[g]]
            var hull = GroupHull(curve: curve)
            let vertices = hull.vertices { value(g, $0) }
            var last = vertices[0]
            start.append(last)
            usage += weights[g] * curve.usage[last]
            least += hull.value(last)
            var rate = Double.infinity
            for next in vertices.dropFirst() {
                let use = weights[g] * (curve.usage[next] - curve.usage[last])
                let saving = hull.value(last) - hull.value(next)
                // Rounding must not turn a hull's corner inside out.
                rate = min(rate, saving / use)
                edges.append(.init(group: g, to: next, usage: use, saving: saving, rate: rate))
                last = next
            }
            evaluations += hull.evaluations
        }
        return SingleLimitFrontier(start: start, usage: usage, value: least, edges: edges, evaluations: evaluations)
    }
}

/// The lower hull of one group's points (usage, value), found edge by edge.
///
/// Below the chord of two hull points lies the vertex of least value + price · usage at the chord's slope, or none. Between
/// two valued vertices a concave value lies above their chord over the position, which bounds the search.
private struct GroupHull {
    let curve: UsageCurve
    /// NaN where not valued.
    private var values: [Double]
    private(set) var evaluations = 0

    init(curve: UsageCurve) {
        self.curve = curve
        values = Array(repeating: .nan, count: curve.positions.count)
    }

    /// The value of a vertex that was valued.
    func value(_ vertex: Int) -> Double { values[vertex] }

    private mutating func evaluate(_ vertex: Int, _ value: (Int) -> Double) {
        guard values[vertex].isNaN else { return }
        values[vertex] = value(vertex)
        evaluations += 1
    }

    /// The hull's vertices by ascending usage, from the least usage to the least value.
    mutating func vertices(_ value: (Int) -> Double) -> [Int] {
        var last = curve.positions.count - 1
        evaluate(0, value)
        evaluate(last, value)
        // Of the vertices of least usage, which may be two, the better.
        if curve.usage[last - 1] == curve.usage[last] {
            evaluate(last - 1, value)
            if values[last - 1] < values[last] { last -= 1 }
        }
        // A concave value is least at an end.
        guard values[0] < values[last] else { return [last] }
        guard curve.usage[0] > curve.usage[last] else { return [0] }
        let tolerance = 1e-14 * (values[last] - values[0])
        var hull = [last]
        // Right ends of chords yet to be looked below, the nearest at the end.
        var ends = [0]
        while let end = ends.last {
            let from = hull[hull.count - 1]
            if let below = vertex(between: end, from, tolerance, value) {
                ends.append(below)
            } else {
                hull.append(end)
                ends.removeLast()
            }
        }
        return hull
    }

    /// The vertex strictly between two others that lies farthest below their chord, if any does by more than `tolerance`.
    private mutating func vertex(between a: Int, _ b: Int, _ tolerance: Double, _ value: (Int) -> Double) -> Int? {
        let price = (values[b] - values[a]) / (curve.usage[a] - curve.usage[b])
        var least = values[b] + price * curve.usage[b] - tolerance
        var best: Int?
        func offer(_ k: Int) {
            let lagrangian = values[k] + price * curve.usage[k]
            if lagrangian < least { (best, least) = (k, lagrangian) }
        }
        for k in a + 1..<max(a + 1, b) where !values[k].isNaN { offer(k) }
        var left = a
        while left < b {
            var right = left + 1
            while values[right].isNaN { right += 1 }
            // Cut the gap at its most promising vertex as long as that could be the best.
            while right > left + 1 {
                let (from, to) = (curve.positions[left], curve.positions[right])
                let slope = (values[right] - values[left]) / (to - from)
                let k = curve.minimizer(valueSlope: slope, price: price, within: left + 1...right - 1)
                let bound = values[left] + slope * (curve.positions[k] - from) + price * curve.usage[k]
                guard bound < least else { break }
                evaluate(k, value)
                offer(k)
                right = k
            }
            left = right
        }
        return best
    }
}
