public import Costs
internal import Distributions
public import Profiles
public import Serving

/// When to hand a running response over to the other endpoint, and what that saves.
public struct MigrationPoint: Sendable, Hashable {
    /// i*: output tokens that the source delivers first, ≥ 1.
    public let afterTokens: Int
    /// B: tokens that the reader must have ahead for the hand-over to go unnoticed, ≥ 0.
    ///
    /// 0 where the source is slower than the reader: nothing gathers ahead, and the target comes within one gap.
    public let bufferTokens: Double
    /// J(never) − J(i*): money per request that the source answers, > 0.
    public let expectedSaving: Double
    /// The hand-over time that holds for all but ε, in seconds.
    public let handOverSeconds: Double
    /// Mean seconds by which a hand-over to a target slower than its reader delays the end of reading; nil where such
    /// targets are not allowed.
    public let stallSeconds: Double?
}

/// Why a response is never handed over.
public enum NoMigration: String, Sendable, Hashable, CaseIterable {
    /// Handing over costs at least what it saves, at every token.
    case dearer
    /// Wherever it would save, the reader would wait for the target's first token.
    case tooSlow = "too-slow"
    /// People read faster than the target decodes.
    case readerTooFast = "reader-too-fast"
    /// The target fails in a share ε of requests or more.
    case targetFails = "target-fails"
    /// No request of the bucket has a known answer length.
    case noOutputLengths = "no-output-lengths"
    /// An endpoint's time per output token is not known.
    case tpotUnknown = "tpot-unknown"
    /// An endpoint's price is not known.
    case priceUnknown = "price-unknown"
}

/// What a bucket does with the running responses of one endpoint.
public enum MigrationDecision: Sendable, Hashable {
    /// Hand over.
    case handOver(MigrationPoint)
    /// Do not, and why.
    case never(NoMigration)

    /// The hand-over; nil for never.
    public var point: MigrationPoint? { if case .handOver(let point) = self { point } else { nil } }
}

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
    /// Seconds between the server's output tokens; nil where unknown.
    public let serverTPOT: Double?
    /// Seconds between the device's output tokens; nil where unknown.
    public let deviceTPOT: Double?
    /// Who reads.
    public let readers: Readers
    /// Network, transfer, ε, stalls.
    public let rules: MigrationRules

    /// A problem.
    /// - Precondition: 0 < ε < 1; network and transfer ≥ 0; times per token > 0.
    public init(
        profile: ServingProfile, costs: CostModel, serverTPOT: Double?, deviceTPOT: Double?, readers: Readers,
        rules: MigrationRules = MigrationRules()
    ) {
        precondition(rules.epsilon > 0 && rules.epsilon < 1, "an ε of \(rules.epsilon)")
        precondition(rules.network >= 0 && rules.transfer >= 0, "a hand-over takes and costs at least nothing")
        precondition((serverTPOT ?? 1) > 0 && (deviceTPOT ?? 1) > 0, "a token takes time")
        self.profile = profile
        self.costs = costs
        self.serverTPOT = serverTPOT
        self.deviceTPOT = deviceTPOT
        self.readers = readers
        self.rules = rules
    }

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
        // Whether anything saves needs no times.
        var free = MigrationSearch(
            requests, side: side, sourceTPOT: 1, readers: [], rules: rules, times: NoTime())
        guard case .found = free.best() else { return .never(.dearer) }
        switch source {
        case .server:
            return decision(from: source, side, requests, DeviceTimes(profile, shortest: requests.lengths[0]))
        case .device:
            if let mixture, let late = LateServerTimes(profile, under: mixture, requests: requests) {
                return decision(from: source, side, requests, late)
            }
            return decision(from: source, side, requests, ServerTimes(profile))
        }
    }

    private func decision(
        from source: Endpoint, _ side: MigrationSide, _ requests: BucketRequests, _ times: some TargetTimes
    ) -> MigrationDecision {
        guard let own = tpot(of: source), let other = tpot(of: source.other) else { return .never(.tpotUnknown) }
        guard failedShare(of: source.other) < rules.epsilon - 1e-12 else { return .never(.targetFails) }
        let readers = self.readers.paces.map { pace in
            let outreads = pace.tokensPerSecond * other > 1 + 1e-12
            return (
                share: pace.share, secondsPerToken: outreads && !rules.allowsStall ? 0 : 1 / pace.tokensPerSecond,
                outreads: outreads
            )
        }
        let outreading = readers.reduce(0) { $0 + ($1.outreads ? $1.share : 0) }
        guard rules.allowsStall || outreading <= rules.epsilon + 1e-12 else { return .never(.readerTooFast) }
        let search = MigrationSearch(
            requests, side: side, sourceTPOT: own, readers: readers.map { ($0.share, $0.secondsPerToken) },
            rules: rules,
            times: times)
        var running = search
        switch running.best() {
        case .dearer: return .never(.dearer)
        case .late(let first):
            return .never(search.handOverSeconds(after: first) < .infinity ? .tooSlow : .targetFails)
        case .found(let tokens, let saving):
            let seconds = search.handOverSeconds(after: tokens)
            return .handOver(
                MigrationPoint(
                    afterTokens: tokens, bufferTokens: buffer(after: tokens, seconds: seconds, sourceTPOT: own),
                    expectedSaving: saving, handOverSeconds: seconds,
                    stallSeconds: rules.allowsStall
                        ? stall(requests, after: tokens, seconds: seconds, source: own, target: other) : nil))
        }
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

    private func tpot(of endpoint: Endpoint) -> Double? { endpoint == .server ? serverTPOT : deviceTPOT }

    private func failedShare(of endpoint: Endpoint) -> Double {
        endpoint == .server ? profile.server.pooled.massAtInfinity : profile.device.failedShare
    }

    private func side(from source: Endpoint) -> MigrationSide? {
        guard let server = costs.server, let device = costs.deviceTotal else { return nil }
        let (own, other) = source == .server ? (server, device) : (device, server)
        return MigrationSide(
            sourceDecode: own.decode, targetPrefill: other.prefill, targetDecode: other.decode,
            transfer: rules.transfer)
    }

    // MARK: - What responses cost

    /// J(i; l): the mean cost of decoding a response and of handing it over after `i` tokens, a prompt length each.
    /// - Parameters:
    ///   - source: Who streams at first.
    ///   - requests: A bucket's requests.
    ///   - i: Tokens before the hand-over, ≥ 1; nil for never.
    /// - Returns: Money per request that the source answers, in the order of `requests.lengths`; nil where a price is missing.
    /// - Complexity: O(requests).
    public func costs(from source: Endpoint, for requests: BucketRequests, handingOverAfter i: Int?) -> [Double]? {
        guard let side = side(from: source) else { return nil }
        var sums = [Double](repeating: 0, count: requests.lengths.count)
        var weights = sums
        for end in requests.ends {
            var cost = side.sourceDecode * Double(end.output)
            if let i, end.output > i {
                cost =
                    side.sourceDecode * Double(i) + side.targetPrefill * Double(requests.lengths[end.length] + i)
                    + side.transfer + side.targetDecode * Double(end.output - i)
            }
            sums[end.length] += end.weight * cost
            weights[end.length] += end.weight
        }
        return zip(sums, weights).map { $0 / $1 }
    }
}
