public import Serving

extension MigrationProblem {
    /// What is to be known of hand-overs that were chosen for an action.
    /// - Parameters:
    ///   - points: The hand-overs.
    ///   - source: Who streams.
    ///   - requests: The bucket's requests.
    ///   - action: What they do.
    /// - Returns: Buffer, saving and stall of the point; for none the reason. A response that could be handed over to save money
    ///   and is not, since energy counts, counts as dearer.
    public func decision(
        _ points: HandOvers, from source: Endpoint, for requests: BucketRequests, under action: Action
    ) -> MigrationDecision {
        guard let side = side(from: source) else { return .never(.priceUnknown) }
        guard !requests.ends.isEmpty else { return .never(.noOutputLengths) }
        let answers = answers(of: requests, from: source, under: action)
        guard let i = points[from: source] else {
            let best = decision(from: source, side, requests, answers, under: Mixture(action))
            return best.point == nil ? best : .never(.dearer)
        }
        guard settings.tpot(of: source) != nil, settings.tpot(of: source.other) != nil else {
            return .never(.tpotUnknown)
        }
        var sums = HandOverSums(answers, side: side)
        sums.advance(to: i)
        let saving = sums.saving(after: i) / answers.reduce(0) { $0 + $1.weight }
        let seconds = withClock(from: source, requests, under: Mixture(action), TimeOfHandOver(tokens: i))
        return .handOver(point(from: source, after: i, seconds: seconds, saving: saving, requests))
    }

    /// Answers weighted by how often `source` streams them; all alike where it never does.
    private func answers(
        of requests: BucketRequests, from source: Endpoint, under action: Action
    ) -> [WeightedAnswer] {
        let model = FirstTokenModel(profile)
        let worth = requests.lengths.map { length in
            let shares = model.shares(promptTokens: length, under: action)
            return source == .server ? shares.serverAnswers : shares.deviceAnswers
        }
        guard worth.contains(where: { $0 > 0 }) else { return requests.answers }
        return requests.ends.map {
            WeightedAnswer(
                output: $0.output, prompt: Double(requests.lengths[$0.length]), weight: $0.weight * worth[$0.length])
        }
    }
}

/// How long the hand-over after some token takes.
private struct TimeOfHandOver: ClockReader {
    let tokens: Int

    func read(_ clock: HandOverClock<some TargetTimes>) -> Double { clock.handOverSeconds(after: tokens) }
}
