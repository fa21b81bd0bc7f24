public import LinearAlgebra

/// What many policies cost under many price lists, and who loses how much to the cheapest.
///
/// A policy's cost is linear in prices, so all costs are one product of matrices: price lists times amounts. Source: derived; the cost
/// model is that of `CostModel`.
public struct PriceScenarios: Sendable {
    /// Money per request: a row a price list, a column a policy.
    public let costs: Matrix
    /// The least cost under each price list.
    public let least: [Double]
    /// The cheapest policy under each price list; of equal ones the first.
    public let cheapest: [Int]
    /// The most that each policy costs more than the cheapest, over all price lists.
    public let worstRegret: [Double]

    /// Costs of policies under price lists.
    /// - Parameters:
    ///   - prices: A row a price list, a column for what is priced (such as a token that the server prefills).
    ///   - amounts: A row for what is priced, a column a policy: mean amounts per request.
    /// - Precondition: As many columns in `prices` as rows in `amounts`, and at least one policy.
    /// - Complexity: O(price lists · policies · priced things), as one dgemm and two passes over its result.
    public init(prices: Matrix, amounts: Matrix) {
        precondition(amounts.columns > 0, "somebody must be the cheapest")
        let costs = product(prices, amounts)
        let (lists, policies) = (costs.rows, costs.columns)
        var least = Array(costs.elements.prefix(lists))
        var cheapest = [Int](repeating: 0, count: lists)
        var worst = [Double](repeating: 0, count: policies)
        unsafe costs.elements.withUnsafeBufferPointer { costs in
            unsafe least.withUnsafeMutableBufferPointer { least in
                unsafe cheapest.withUnsafeMutableBufferPointer { cheapest in
                    // As many price lists at once as stay in the cache between the two passes.
                    for start in stride(from: 0, to: lists, by: Self.block) {
                        let block = start..<min(start + Self.block, lists)
                        for policy in 1..<max(1, policies) {
                            let column = policy &* lists
                            for list in block {
                                let (cost, held) = unsafe (costs[column &+ list], least[list])
                                let isLess = cost < held
                                unsafe least[list] = isLess ? cost : held
                                unsafe cheapest[list] = isLess ? policy : cheapest[list]
                            }
                        }
                        for policy in 0..<policies {
                            let column = policy &* lists
                            var most = worst[policy]
                            for list in block {
                                let regret = unsafe costs[column &+ list] - least[list]
                                most = regret > most ? regret : most
                            }
                            worst[policy] = most
                        }
                    }
                }
            }
        }
        self.costs = costs
        self.least = least
        self.cheapest = cheapest
        worstRegret = worst
    }

    private static let block = 512
}
