extension SingleLimitProblem {
    /// The optimal mixtures, with a certificate.
    ///
    /// The dual is concave and piecewise linear in the multiplier. Two plans bracket the limit, one above and one
    /// below; where their lines meet, the dual is at most that high, and a plan that is better there replaces one of
    /// the two. When none is, the lines' meeting point is the dual optimum and both plans are optimal at that price: the
    /// answer walks from one to the other, group by group, until the limit is used up. Finite and exact.
    /// Source: derived, docs/maths/dispatch.md.
    /// - Parameters:
    ///   - maximalRounds: Multipliers to try before giving up with valid but not tight numbers.
    ///   - value: v_g(k) for group g and vertex k; concave in the vertex's position.
    /// - Returns: The mixtures with primal value, bound and multiplier.
    /// - Complexity: O(rounds · groups) look-ups and a few values a group.
    public func solve(maximalRounds: Int = 10_000, value: (_ group: Int, _ vertex: Int) -> Double)
        -> SingleLimitSolution
    {
        var groups = weights.indices.map { g in
            GroupSearch(curve: curves[curveOfGroup[g]], weight: weights[g]) { value(g, $0) }
        }
        let scale = groups.reduce(0) { $0 + $1.spread }
        // Rounding in a sum of shares must not make a limit of 1 bind.
        let slack = 1e-12 * weights.reduce(0, +)
        func plan(price: Double) -> Plan {
            var plan = Plan()
            for g in groups.indices {
                let best = groups[g].best(price: price) { value(g, $0) }
                plan.append(vertex: best.vertex, value: best.value, usage: best.usage)
            }
            return plan
        }
        func solution(
            _ status: SolveStatus, _ choices: [[SingleLimitSolution.Choice]], primal: Double, usage: Double,
            bound: Double, price: Double, rounds: Int
        ) -> SingleLimitSolution {
            SingleLimitSolution(
                status: status, choices: choices, primal: primal, bound: min(bound, primal), multiplier: price,
                usage: usage,
                scale: scale, evaluations: groups.reduce(0) { $0 + $1.vertices.count }, rounds: rounds)
        }

        // At price 0 each group takes its best choice; if that fits, the limit does not bind.
        var above = plan(price: 0)
        if above.usage <= limit + slack {
            return solution(
                .optimal, above.choices, primal: above.value, usage: above.usage, bound: above.value, price: 0,
                rounds: 1)
        }
        var below = Plan()
        for g in groups.indices {
            let last = groups[g].vertices.count - 1
            let vertex = groups[g].vertices[last]
            below.append(
                vertex: vertex, value: groups[g].values[last], usage: weights[g] * curves[curveOfGroup[g]].usage[vertex]
            )
        }
        guard below.usage <= limit + slack else {
            return solution(
                .infeasible, [], primal: .infinity, usage: below.usage, bound: .infinity, price: 0, rounds: 1)
        }

        var price = 0.0
        var bound = -Double.infinity
        var status = SolveStatus.iterationLimit
        var rounds = 1
        while rounds < maximalRounds {
            rounds += 1
            price = max(0, (below.value - above.value) / (above.usage - below.usage))
            let meeting = below.value + price * (below.usage - limit)
            let next = plan(price: price)
            bound = next.value + price * (next.usage - limit)
            if bound >= meeting - 1e-13 * scale {
                status = .optimal
                break
            }
            if next.usage > limit { above = next } else { below = next }
        }
        let blend = walk(from: below, to: above)
        return solution(
            status, blend.choices, primal: blend.value, usage: blend.usage, bound: bound, price: price, rounds: rounds)
    }

    /// Replaces choices of `below` by those of `above`, group by group, until the limit is used up; the group that
    /// crosses it mixes the two.
    private func walk(
        from below: Plan, to above: Plan
    ) -> (choices: [[SingleLimitSolution.Choice]], value: Double, usage: Double) {
        var choices = below.choices
        var usage = below.usage
        var value = below.value
        for g in choices.indices where below.vertices[g] != above.vertices[g] {
            let more = above.usages[g] - below.usages[g]
            let change = above.values[g] - below.values[g]
            if usage + more <= limit {
                choices[g] = [.init(vertex: above.vertices[g], probability: 1)]
                usage += more
                value += change
            } else {
                let share = min(1, max(0, (limit - usage) / more))
                if share > 0 {
                    choices[g] = [
                        .init(vertex: above.vertices[g], probability: share),
                        .init(vertex: below.vertices[g], probability: 1 - share),
                    ]
                    usage += share * more
                    value += share * change
                }
                break
            }
        }
        return (choices.map { $0.filter { $0.probability > 0 } }, value, usage)
    }
}

/// One choice a group, with totals.
private struct Plan {
    var vertices: [Int] = []
    var values: [Double] = []
    var usages: [Double] = []
    var value = 0.0
    var usage = 0.0

    mutating func append(vertex: Int, value: Double, usage: Double) {
        vertices.append(vertex)
        values.append(value)
        usages.append(usage)
        self.value += value
        self.usage += usage
    }

    var choices: [[SingleLimitSolution.Choice]] { vertices.map { [.init(vertex: $0, probability: 1)] } }
}
