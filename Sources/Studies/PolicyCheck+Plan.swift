internal import Checking
internal import Policies
internal import Serving

extension PolicyCheck {
    /// What one set of buckets does.
    static func plan(_ buckets: [PolicyTable.Bucket]) -> DispatchPlan {
        DispatchPlan(
            lowerEdges: buckets.map(\.from),
            mixtures: buckets.map { bucket in
                Mixture(
                    bucket.actions.map { choice in
                        let moves = choice.migration ?? bucket.migration
                        return .init(
                            probability: choice.probability, action: choice.action.serving,
                            handOvers: HandOvers(
                                fromServer: moves?.serverToDevice.handOver?.afterTokens,
                                fromDevice: moves?.deviceToServer.handOver?.afterTokens))
                    })
            })
    }

    /// What one set of buckets says of hand-overs.
    static func handOvers(_ buckets: [PolicyTable.Bucket], _ world: Int) -> [HandOverClaim] {
        buckets.flatMap { bucket in
            bucket.actions.flatMap { choice in
                [(Endpoint.server, PolicyTable.Endpoint.server), (.device, .device)].compactMap { source, direction in
                    guard let point = (choice.migration ?? bucket.migration)?[from: direction].handOver else {
                        return nil
                    }
                    return HandOverClaim(
                        world: world, prompts: bucket.from...(bucket.to ?? .max), action: choice.action.serving,
                        source: source, afterTokens: point.afterTokens, bufferTokens: point.bufferTokens,
                        expectedSaving: point.expectedSaving)
                }
            }
        }
    }
}

extension PolicyTable {
    /// Whether its sets of buckets are for these worlds: one for all day, or one each for the same hours.
    ///
    /// Periods that came out alike are one set of buckets, for all day.
    func fits(_ worlds: [StudyWorld]) -> Bool {
        periods.isEmpty ? worlds.count == 1 : periods.map(\.hours) == worlds.map { $0.hours ?? [] }
    }
}

extension PolicyTable.Action {
    fileprivate var serving: Action { Action(serverWait: serverWait, deviceWait: deviceWait) }
}
