import LinearAlgebra
import Solvers
import TestSupport
import Testing

@Suite struct `Price scenarios` {
    @Test(arguments: 0..<20)
    func `cost, cheapest policy and worst regret are those of sums written out`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let (lists, things, policies) = (
            Int.random(in: 1...9, using: &generator), Int.random(in: 1...5, using: &generator),
            Int.random(in: 1...7, using: &generator)
        )
        var prices = Matrix(rows: lists, columns: things)
        var amounts = Matrix(rows: things, columns: policies)
        // Small whole numbers: ties are common, sums exact.
        for place in prices.elements.indices {
            prices.elements[place] = Double.random(in: 0...3, using: &generator).rounded()
        }
        for place in amounts.elements.indices {
            amounts.elements[place] = Double.random(in: 0...3, using: &generator).rounded()
        }
        let found = PriceScenarios(prices: prices, amounts: amounts)
        var worst = [Double](repeating: 0, count: policies)
        for list in 0..<lists {
            let costs = (0..<policies).map { policy in
                (0..<things).reduce(0) { $0 + prices[list, $1] * amounts[$1, policy] }
            }
            for policy in 0..<policies { #expect(found.costs[list, policy] == costs[policy]) }
            let least = costs.min() ?? 0
            #expect(found.least[list] == least)
            #expect(found.cheapest[list] == costs.firstIndex(of: least))
            for policy in 0..<policies { worst[policy] = max(worst[policy], costs[policy] - least) }
        }
        #expect(found.worstRegret == worst)
    }

    @Test func `no price list asks for nothing`() {
        let found = PriceScenarios(prices: Matrix(rows: 0, columns: 2), amounts: Matrix(rows: 2, columns: 3))
        #expect(found.least.isEmpty && found.worstRegret == [0, 0, 0])
    }
}
