public import Costs
public import Profiles
public import Serving

extension DispatchProgram {
    /// What decoding and hand-overs cost in money; nothing where a price is missing.
    var standardPrices: DecodePrices { row(.costMean)?.streams ?? DecodePrices() }

    /// Whether hand-overs are solved together with the waits: cost or energy is minimized or limited.
    private var isJoint: Bool {
        ([objective] + limits.map(\.metric)).contains { $0 == .costMean || $0 == .energyMean }
    }

    /// Where responses of each bucket may be handed over; empty where nothing priced depends on it, or where they stay.
    func handOvers(of buckets: [BucketTerms], priced rows: [OutcomeRow]) -> [BucketHandOvers?] {
        let prices = rows.map(\.streams).filter { !$0.isZero }
        return prices.isEmpty ? [] : handOvers(of: buckets, prices: prices + [standardPrices])
    }

    private func handOvers(of buckets: [BucketTerms], prices: [DecodePrices]) -> [BucketHandOvers?] {
        guard let handOvers, !standardPrices.isZero else { return [] }
        var parts: [BucketHandOvers?] = []
        for (number, world) in worlds.enumerated() {
            let own = buckets.filter { $0.world == number }
            guard let answers = AnswerLengths(world.profile.workload) else {
                parts += own.map { _ in nil }
                continue
            }
            let problem = MigrationProblem(profile: world.profile, costs: costs, settings: handOvers)
            let requests = BucketRequests.each(of: world.profile.workload, in: own.map(\.range))
            parts += zip(own, requests).map { bucket, requests in
                BucketHandOvers(problem, bucket: bucket, answers: answers, requests: requests, prices: prices)
            }
        }
        return parts.contains { $0 != nil } ? parts : []
    }

    /// Plans with the hand-overs that save most money, where the solve has not chosen them.
    ///
    /// Also where it has, for an endpoint that never answers: nothing depends on it, but if it should come to stream after all
    /// its responses are handed over as if it always did.
    func withHandOvers(_ plans: [DispatchPlan]) -> [DispatchPlan] {
        guard handOvers != nil, !plans.isEmpty else { return plans }
        let buckets = bucketTerms
        let parts = handOvers(of: buckets, prices: [standardPrices])
        guard !parts.isEmpty else { return plans }
        var next = 0
        return plans.map { plan in
            DispatchPlan(
                lowerEdges: plan.lowerEdges,
                mixtures: plan.mixtures.map { mixture in
                    defer { next += 1 }
                    guard let own = parts[next] else { return mixture }
                    return Mixture(
                        mixture.parts.map {
                            .init(
                                probability: $0.probability, action: $0.action,
                                handOvers: own.completed(
                                    $0.handOvers, of: buckets[next], $0.action, standardPrices, isJoint))
                        })
                })
        }
    }
}

extension DispatchPlan {
    /// The same waits, with the hand-overs that save most money in each of the plan's intervals.
    /// - Parameters:
    ///   - profile: The world.
    ///   - buckets: Where its intervals are cut further.
    ///   - costs: Prices.
    ///   - settings: Paces, readers and rules.
    /// - Returns: The plan; intervals without requests hand over as the one before them.
    public func handingOver(
        in profile: ServingProfile, cutAt buckets: Buckets, costs: CostModel, _ settings: HandOverSettings
    ) -> DispatchPlan {
        let edges = Buckets(edges: lowerEdges).cut(at: buckets.lowerEdges)
        let occupied = edges.occupied(in: profile.workload)
        let lengths = profile.workload.lengths
        let waits = DispatchPlan(
            lowerEdges: occupied.lowerEdges,
            mixtures: occupied.ranges(in: profile.workload).map { mixture(promptTokens: lengths[$0.lowerBound]) })
        let program = DispatchProgram(
            worlds: [.init(profile: profile, buckets: occupied)], costs: costs, objective: .ttftMean, limits: [],
            handOvers: settings)
        let moved = program.withHandOvers([waits])[0]
        return DispatchPlan(
            lowerEdges: edges.lowerEdges,
            mixtures: edges.lowerEdges.map { edge in
                let known = moved.mixture(promptTokens: edge).parts
                return Mixture(
                    mixture(promptTokens: edge).parts.map { part in
                        let handOvers = known.first { $0.action == part.action }?.handOvers ?? .none
                        return .init(probability: part.probability, action: part.action, handOvers: handOvers)
                    })
            })
    }
}

extension BucketHandOvers {
    /// The best hand-overs of an action at given prices.
    ///
    /// Where those known were chosen (`isKnown`), only those of an endpoint that never answers are looked for.
    fileprivate func completed(
        _ known: HandOvers, of bucket: BucketTerms, _ action: Action, _ prices: DecodePrices, _ isKnown: Bool
    ) -> HandOvers {
        let model = FirstTokenModel(bucket.profile)
        let shares = bucket.range.map {
            model.shares(promptTokens: bucket.profile.workload.lengths[$0], under: action)
        }
        var points = known
        for source in Endpoint.allCases {
            var worth = shares.map { source == .server ? $0.serverAnswers : $0.deviceAnswers }
            let answers = worth.contains { $0 > 0 }
            if isKnown && answers { continue }
            if !answers { worth = worth.map { _ in 1 } }
            let side = prices.side(from: source)
            points[from: source] =
                source == .device && dependsOnAction && !self.points(from: .device).isEmpty
                ? cheapestFromDevice(side, worth: worth[...], under: action).point
                : cheapest(from: source, side, worth: worth[...]).point
        }
        return points
    }
}
