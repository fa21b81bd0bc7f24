internal import Serving

extension WaitSearch {
    /// The action of a wait.
    func action(_ number: Int) -> Action {
        Action(first: first, otherAfter: waits[number] >= timeout ? .infinity : waits[number])
    }

    /// The best points in time for a wait's action.
    mutating func points(_ number: Int, _ streams: StreamPrices) -> HandOvers {
        let action = action(number)
        _ = states?.settle(number, action, streams)
        return states?.points(number) ?? .none
    }

    /// The least of waits' values, their hand-overs checked for their actions as far as it takes.
    mutating func settleLeast(_ values: inout [Double], _ streams: StreamPrices?) -> (number: Int, value: Double) {
        while true {
            var best = 0
            var least = Double.infinity
            for (number, value) in values.enumerated() where value < least { (best, least) = (number, value) }
            guard let streams, states?.isSettled(best) == false else { return (best, least) }
            settle(best, &values, streams)
        }
    }

    /// Checks a wait's hand-overs for its action.
    mutating func settle(_ number: Int, _ values: inout [Double], _ streams: StreamPrices?) {
        let action = action(number)
        guard let streams, let known = states?.price(number, streams).value,
            let value = states?.settle(number, action, streams)
        else { return }
        values[number] += value - known
    }
}
