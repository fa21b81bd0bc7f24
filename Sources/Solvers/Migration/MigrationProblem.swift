public import Costs
internal import Distributions
public import Profiles
public import Serving

/// When to hand running responses over: i* = argmin J(i) over the points at which no reader waits.
///
///     J(i) = E[ c^d_e min(o, i) + 1(o > i) (c^p_f (l + i) + transfer) + c^d_f (o − i)⁺ ],  J(never) = c^d_e E[o]
///
/// for a source e and a target f, over a bucket's own pairs of lengths. Source: DiSCo (arXiv 2502.11417), migration; the exact
/// solution is derived, docs/maths/migration.md.
public struct MigrationProblem: Sendable {
    /// The world.
    public let profile: ServingProfile
    /// Prices.
    public let costs: CostModel
    /// Paces, readers and rules.
    public let settings: HandOverSettings

    /// A problem.
    public init(profile: ServingProfile, costs: CostModel, settings: HandOverSettings) {
        self.profile = profile
        self.costs = costs
        self.settings = settings
    }

    /// A problem.
    /// - Precondition: 0 < ε < 1; network and transfer ≥ 0; times per token > 0.
    public init(
        profile: ServingProfile, costs: CostModel, serverTPOT: Double?, deviceTPOT: Double?, readers: Readers,
        rules: MigrationRules = MigrationRules()
    ) {
        self.init(
            profile: profile, costs: costs,
            settings: HandOverSettings(
                serverTPOT: serverTPOT, deviceTPOT: deviceTPOT, readers: readers, rules: rules))
    }

    /// Who reads.
    public var readers: Readers { settings.readers }
    /// Network, transfer, ε, stalls.
    public var rules: MigrationRules { settings.rules }

    /// When requests that `source` answers are handed to the other endpoint.
    /// - Parameters:
    ///   - source: Who streams.
    ///   - requests: The bucket's requests; weights by how often the source answers each make the optimum of those it does.
    ///   - mixture: What the bucket does: a server that the device beat is known to be late. nil knows nothing of it.
    /// - Returns: The best hand-over, or why there is none.
    /// - Complexity: O(requests + longest answer) in all but rare cases, and O(lengths · residuals) for a server as target.
    public func decision(
        from source: Endpoint, for requests: BucketRequests, under mixture: Mixture? = nil
    ) -> MigrationDecision {
        guard let side = side(from: source) else { return .never(.priceUnknown) }
        guard !requests.ends.isEmpty else { return .never(.noOutputLengths) }
        return decision(from: source, side, requests, requests.answers, under: mixture)
    }

    /// The same where savings are sums over `answers`, weighted by how often the source streams each.
    func decision(
        from source: Endpoint, _ side: MigrationSide, _ requests: BucketRequests, _ answers: [WeightedAnswer],
        under mixture: Mixture?
    ) -> MigrationDecision {
        var sums = HandOverSums(answers, side: side)
        guard sums.savesAnywhere() else { return .never(.dearer) }
        if let reason = obstacle(from: source) { return .never(reason) }
        let best = withClock(from: source, requests, under: mixture, SearchByClock(answers: answers, side: side))
        switch best.outcome {
        case .dearer: return .never(.dearer)
        case .late: return .never(best.seconds < .infinity ? .tooSlow : .targetFails)
        case .found(let tokens, let saving):
            return .handOver(
                point(
                    from: source, after: tokens, seconds: best.seconds,
                    saving: saving / answers.reduce(0) { $0 + $1.weight }, requests))
        }
    }

    /// What is to be known of a hand-over after `i` tokens that takes so many seconds.
    func point(
        from source: Endpoint, after i: Int, seconds: Double, saving: Double, _ requests: BucketRequests
    ) -> MigrationPoint {
        guard let own = settings.tpot(of: source), let other = settings.tpot(of: source.other) else {
            preconditionFailure("a hand-over needs both times per token")
        }
        return MigrationPoint(
            afterTokens: i, bufferTokens: buffer(after: i, seconds: seconds, sourceTPOT: own), expectedSaving: saving,
            handOverSeconds: seconds,
            stallSeconds: rules.allowsStall
                ? stall(requests, after: i, seconds: seconds, source: own, target: other) : nil)
    }

    /// What stands against any hand-over from `source`, whatever it saves; nil where nothing does.
    func obstacle(from source: Endpoint) -> NoMigration? {
        guard settings.tpot(of: source) != nil, let other = settings.tpot(of: source.other) else {
            return .tpotUnknown
        }
        guard failedShare(of: source.other) < rules.epsilon - 1e-12 else { return .targetFails }
        let outreading = readers.paces.reduce(0) { $0 + (outreads($1, other) ? $1.share : 0) }
        return rules.allowsStall || outreading <= rules.epsilon + 1e-12 ? nil : .readerTooFast
    }

    private func outreads(_ pace: Readers.Pace, _ targetTPOT: Double) -> Bool {
        pace.tokensPerSecond * targetTPOT > 1 + 1e-12
    }

    /// A clock of hand-overs from `source` to a target of the given times.
    /// - Precondition: nothing stands against them (`obstacle`).
    func clock<Times: TargetTimes>(
        from source: Endpoint, _ requests: BucketRequests, _ times: Times
    ) -> HandOverClock<Times> {
        guard let own = settings.tpot(of: source), let other = settings.tpot(of: source.other) else {
            preconditionFailure("a hand-over needs both times per token")
        }
        let readers = self.readers.paces.map { pace in
            (
                share: pace.share,
                secondsPerToken: outreads(pace, other) && !rules.allowsStall ? 0 : 1 / pace.tokensPerSecond
            )
        }
        return HandOverClock(requests, sourceTPOT: own, readers: readers, rules: rules, times: times)
    }

    /// What `reader` makes of a clock that knows the target's times: those of a server that was beaten, where it was.
    func withClock<Reader: ClockReader>(
        from source: Endpoint, _ requests: BucketRequests, under mixture: Mixture?, _ reader: Reader
    ) -> Reader.Result {
        if source == .server {
            return reader.read(clock(from: source, requests, DeviceTimes(profile, shortest: requests.lengths[0])))
        }
        if let mixture, let late = LateServerTimes(profile, under: mixture, requests: requests) {
            return reader.read(clock(from: source, requests, late))
        }
        return reader.read(clock(from: source, requests, ServerTimes(profile)))
    }

    /// B = r h, but no more than is ahead after i* tokens on time, r the pace that at most ε of all readers exceed.
    private func buffer(after i: Int, seconds: Double, sourceTPOT: Double) -> Double {
        let pace = readers.pace(exceededBy: rules.epsilon)
        guard pace * sourceTPOT <= 1 else { return 0 }
        return max(0, min(pace * seconds, Double(i) - pace * Double(i - 1) * sourceTPOT))
    }

    /// Mean seconds by which reading ends later, over the requests handed over after `i` tokens and the readers.
    private func stall(
        _ requests: BucketRequests, after i: Int, seconds: Double, source: Double, target: Double
    ) -> Double {
        var (sum, weight) = (0.0, 0.0)
        for end in requests.ends where end.output > i {
            let left = Double(end.output - i)
            let all = Double(end.output - 1)
            let handedOver = Double(i - 1) * source
            for pace in readers.paces {
                let reading = 1 / pace.tokensPerSecond
                let stays = max(all * reading, all * source)
                let moves = max(
                    max(all * reading, handedOver + left * reading),
                    handedOver + seconds + (left - 1) * max(reading, target))
                sum += end.weight * pace.share * max(0, moves - stays)
            }
            weight += end.weight
        }
        return weight > 0 ? sum / weight : 0
    }

    private func failedShare(of endpoint: Endpoint) -> Double {
        endpoint == .server ? profile.server.pooled.massAtInfinity : profile.device.failedShare
    }

    /// What tokens cost in money; nil where a price is missing.
    func side(from source: Endpoint) -> MigrationSide? {
        guard let server = costs.server, let device = costs.deviceTotal else { return nil }
        let (own, other) = source == .server ? (server, device) : (device, server)
        return MigrationSide(
            sourceDecode: own.decode, targetPrefill: other.prefill, targetDecode: other.decode,
            transfer: rules.transfer)
    }
}
