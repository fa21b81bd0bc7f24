internal import Serving

/// min over all policies of a linear function, group by group: what weak duality needs.
struct DualBound {
    /// No policy has less.
    var proven = 0.0
    /// A policy has this.
    var attained = 0.0

    /// Pairs of times that are looked at before a bound is left as far as it is proven.
    static let effort = 1_500_000_000

    /// The least value of `weights` over all actions of every bucket in every world.
    /// - Parameters:
    ///   - weights: A Lagrangian, or an objective alone.
    ///   - groups: Requests that share an action.
    ///   - tolerance: The proof may end so far below the least value found.
    ///   - effort: Pairs of times that may be looked at.
    init(
        of weights: Weights, over groups: [PolicyGroup], tolerance: Double,
        effort: Int = DualBound.effort
    ) {
        var left = effort
        for (index, group) in groups.enumerated() {
            // What earlier groups leave is there for the later ones.
            var own = left / (groups.count - index)
            left -= own
            var least = WaitSearch.Result(proven: .infinity, attained: .infinity, wait: 0)
            let streams = weights.countStreams ? group.handOvers.map { StreamBook($0, group.requests, weights) } : nil
            for first in Endpoint.allCases {
                var search = WaitSearch(
                    group.requests, first: first, weights: weights, streams: streams)
                let found = search.least(
                    seeds: group.seeds(first: first, late: weights.late.map(\.time)), known: least.attained,
                    tolerance: group.share * tolerance, effort: &own)
                least.proven = min(least.proven, found.proven)
                if found.attained < least.attained { (least.attained, least.wait) = (found.attained, found.wait) }
            }
            left += own
            proven += least.proven
            attained += least.attained
        }
    }
}

/// The requests of one bucket in one world, and what a policy does with them.
struct PolicyGroup {
    /// By length.
    let requests: [LengthTimes]
    /// The waits of the policy to be checked, by who is first: good places to begin a search.
    let waits: [Endpoint: [Double]]
    /// Share of all requests.
    let share: Double
    /// Where its responses may be handed over; nil where they stay.
    let handOvers: HandOverBook?

    init(_ requests: [LengthTimes], actions: [Action], handOvers: HandOverBook? = nil) {
        self.requests = requests
        self.handOvers = handOvers
        share = requests.reduce(0) { $0 + $1.share }
        waits = Dictionary(grouping: actions) { $0.serverWait == 0 ? Endpoint.server : .device }
            .mapValues { $0.map { max($0.serverWait, $0.deviceWait) }.filter(\.isFinite) }
    }

    /// Waits to begin a search with: the policy's, quantiles of the first endpoint's times, and steps of the tails.
    func seeds(first: Endpoint, late: [Double]) -> [Double] {
        let middle = requests[requests.count / 2]
        func thinned(_ times: [Double], _ count: Int) -> [Double] {
            times.count <= count ? times : (0..<count).map { times[$0 * times.count / count] }
        }
        let (own, other) =
            first == .server ? (middle.server.times, middle.device) : (middle.device, middle.server.times)
        return (waits[first] ?? []) + thinned(own, 32) + late.flatMap { time in thinned(other, 32).map { time - $0 } }
    }
}
