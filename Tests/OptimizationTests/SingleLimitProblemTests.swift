import Optimization
import TestSupport
import Testing

@Suite struct `Single limit problem` {
    let curve = UsageCurve(positions: [0, 1, 3], usage: [1, 0.4, 0])

    @Test func `a limit that does not bind costs nothing`() {
        let solution = SingleLimitProblem(curves: [curve], curveOfGroup: [0], weights: [1], limit: 1)
            .solve { _, k in [0, 1, 2][k] }
        #expect(solution.primal == 0 && solution.bound == 0 && solution.multiplier == 0)
        #expect(solution.choices == [[.init(vertex: 0, probability: 1)]])
    }

    @Test func `a binding limit is met by mixing two vertices, worked by hand`() {
        // From (usage 1, value 0) to (0.4, 1): at usage 0.7 half of each.
        let solution = SingleLimitProblem(curves: [curve], curveOfGroup: [0], weights: [1], limit: 0.7)
            .solve { _, k in [0, 1, 1.9][k] }
        #expect(abs(solution.primal - 0.5) < 1e-12 && abs(solution.bound - 0.5) < 1e-12)
        #expect(abs(solution.multiplier - 1 / 0.6) < 1e-12)
        #expect(solution.choices[0].map(\.vertex) == [0, 1])
    }

    @Test func `a limit of zero takes the last vertex`() {
        let solution = SingleLimitProblem(curves: [curve], curveOfGroup: [0, 0], weights: [1, 2], limit: 0)
            .solve { _, k in [0, 1, 1.9][k] }
        #expect(solution.choices == Array(repeating: [.init(vertex: 2, probability: 1)], count: 2))
        #expect(solution.usage == 0 && solution.gap.magnitude < 1e-12)
    }

    @Test func `a limit below the least usage is infeasible`() {
        let always = UsageCurve(positions: [0, 1], usage: [1, 0.5])
        let solution = SingleLimitProblem(curves: [always], curveOfGroup: [0], weights: [1], limit: 0.2).solve { _, _ in
            0
        }
        #expect(solution.status == .infeasible && solution.choices.isEmpty)
    }

    @Test func `values that are all the same leave a scale and a gap of zero`() {
        let solution = SingleLimitProblem(curves: [curve], curveOfGroup: [0], weights: [1], limit: 0.1).solve { _, _ in
            7
        }
        #expect(solution.primal == 7 && solution.scale == 0 && solution.gap == 0 && solution.usage <= 0.1 + 1e-12)
    }

    /// All groups' lower hulls merged by slope: the textbook solution, which values every vertex.
    static func merged(curves: [UsageCurve], weights: [Double], values: [[Double]], limit: Double) -> Double {
        var total = 0.0
        var usage = 0.0
        var edges: [(slope: Double, usage: Double)] = []
        for g in weights.indices {
            let points = curves[g].usage.indices.map { (x: weights[g] * curves[g].usage[$0], y: values[g][$0]) }
                .sorted { ($0.x, $0.y) < ($1.x, $1.y) }
            var distinct: [(x: Double, y: Double)] = []
            for point in points where distinct.last?.x != point.x { distinct.append(point) }
            let hull = convexMinorant(count: distinct.count) { distinct[$0] }.map { distinct[$0] }
            total += hull[0].y
            usage += hull[0].x
            for (a, b) in zip(hull, hull.dropFirst()) where b.y < a.y {
                edges.append(((b.y - a.y) / (b.x - a.x), b.x - a.x))
            }
        }
        for edge in edges.sorted(by: { $0.slope < $1.slope }) {
            let step = min(edge.usage, limit - usage)
            guard step > 0 else { break }
            usage += step
            total += edge.slope * step
        }
        return total
    }

    @Test(arguments: 1...60)
    func `equals the merged hulls of all groups, and values only part of the vertices`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let groups = Int.random(in: 1...12, using: &generator)
        var curves: [UsageCurve] = []
        var values: [[Double]] = []
        for _ in 0..<groups {
            let n = Int.random(in: 2...40, using: &generator)
            var x = [0.0]
            for _ in 1..<n { x.append(x[x.count - 1] + .random(in: 0.1...1, using: &generator)) }
            let scale = Double.random(in: 0.2...3, using: &generator)
            let end = x[n - 1]
            curves.append(UsageCurve(positions: x, usage: x.map { ((end - $0) / end) * ((end - $0) / end) }))
            values.append(x.map { scale * ($0 / (1 + $0)) })  // concave and ascending
        }
        let weights = (0..<groups).map { _ in Double.random(in: 0.01...1, using: &generator) }
        let limit = Double.random(in: 0...weights.reduce(0, +), using: &generator)
        let problem = SingleLimitProblem(
            curves: curves, curveOfGroup: Array(0..<groups), weights: weights, limit: limit)
        let solution = problem.solve { values[$0][$1] }
        let expected = Self.merged(curves: curves, weights: weights, values: values, limit: limit)
        #expect(abs(solution.primal - expected) < 1e-10)
        #expect(solution.primal >= solution.bound - 1e-12 && solution.gap <= 1e-9)
        #expect(solution.usage <= limit + 1e-12)
        #expect(solution.choices.count { $0.count > 1 } <= 1)
        #expect(solution.evaluations <= values.reduce(0) { $0 + $1.count })
    }
}
