import Optimization
import TestSupport
import Testing

@Suite struct `Single limit frontier` {
    let curve = UsageCurve(positions: [0, 1, 3], usage: [1, 0.4, 0])

    private func problem(_ curves: [UsageCurve], _ weights: [Double], limit: Double = 0) -> SingleLimitProblem {
        SingleLimitProblem(curves: curves, curveOfGroup: Array(curves.indices), weights: weights, limit: limit)
    }

    @Test func `breakpoints, multipliers and mixtures of one group, worked by hand`() throws {
        let frontier = problem([curve], [1]).frontier { _, k in [0, 1, 1.9][k] }
        #expect(frontier.limits == [0, 0.4, 1] && frontier.values == [1.9, 1, 0])
        #expect(abs(frontier.multipliers[0] - 2.25) < 1e-12 && abs(frontier.multipliers[1] - 1 / 0.6) < 1e-12)
        #expect(abs(try #require(frontier.value(at: 0.7)) - 0.5) < 1e-12)
        let mixture = try #require(frontier.choices(at: 0.7))[0]
        #expect(mixture.map(\.vertex) == [0, 1] && abs(mixture[0].probability - 0.5) < 1e-12)
        #expect(frontier.choices(at: 0) == [[.init(vertex: 2, probability: 1)]])
        #expect(frontier.value(at: 9) == 0 && frontier.multiplier(at: 9) == 0)
        #expect(frontier.choices(at: 9) == [[.init(vertex: 0, probability: 1)]])
    }

    @Test func `a vertex above its neighbours' chord is passed over`() {
        let frontier = problem([curve], [1]).frontier { _, k in [0, 1.8, 1.9][k] }
        #expect(frontier.limits == [0, 1] && frontier.values == [1.9, 0])
    }

    @Test func `of two vertices of least usage the better is where it begins, and below the least nothing is known`() {
        let flat = UsageCurve(positions: [0, 1, 2], usage: [1, 0.25, 0.25])
        let frontier = problem([flat], [2]).frontier { _, k in [0, 0.5, 0.75][k] }
        #expect(frontier.limits == [0.5, 2] && frontier.values == [0.5, 0])
        #expect(
            frontier.value(at: 0.4) == nil && frontier.choices(at: 0.4) == nil && frontier.multiplier(at: 0.4) == nil)
    }

    @Test func `values that are all the same, or best without any usage, leave one point`() {
        let same = problem([curve, curve], [1, 2]).frontier { _, _ in 7 }
        #expect(same.limits == [0] && same.values == [14] && same.multipliers.isEmpty)
        let falling = problem([curve], [1]).frontier { _, k in [3, 2, 0][k] }
        #expect(falling.limits == [0] && falling.values == [0])
    }

    @Test(arguments: 1...60)
    func `equals the merged hulls of all groups, and the solve, at every limit`(seed: Int) throws {
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
        let frontier = problem(curves, weights).frontier { values[$0][$1] }
        #expect(zip(frontier.limits, frontier.limits.dropFirst()).allSatisfy(<))
        #expect(zip(frontier.multipliers, frontier.multipliers.dropFirst()).allSatisfy(>=))
        #expect(frontier.evaluations <= curves.reduce(0) { $0 + $1.positions.count })
        for _ in 0..<20 {
            let limit = Double.random(in: 0...weights.reduce(0, +), using: &generator)
            let value = try #require(frontier.value(at: limit))
            let expected = `Single limit problem`.merged(
                curves: curves, weights: weights, values: values, limit: limit)
            #expect(abs(value - expected) < 1e-12 * max(1, expected))
            let solution = problem(curves, weights, limit: limit).solve { values[$0][$1] }
            #expect(abs(value - solution.primal) < 1e-12 * max(1, value))

            let choices = try #require(frontier.choices(at: limit))
            var usage = 0.0
            var sum = 0.0
            for (g, mixture) in choices.enumerated() {
                #expect(abs(mixture.reduce(0) { $0 + $1.probability } - 1) < 1e-15)
                for choice in mixture {
                    usage += choice.probability * weights[g] * curves[g].usage[choice.vertex]
                    sum += choice.probability * values[g][choice.vertex]
                }
            }
            #expect(usage <= limit + 1e-12 && abs(sum - value) < 1e-12 * max(1, value))
            #expect(choices.count { $0.count > 1 } <= 1)
        }
    }
}
