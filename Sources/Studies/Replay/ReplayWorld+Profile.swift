internal import Profiles
internal import Replay
internal import Serving
internal import Traces

extension ReplayWorld {
    /// Most answer lengths that stand for those of a prompt length none of whose own requests has one.
    private static let borrowedAnswers = 256

    /// What a profile and a problem tell, as plain values to draw from.
    /// - Parameters:
    ///   - profile: One world of the problem.
    ///   - problem: Prices, readers, what hand-overs cost.
    ///   - paces: How tokens follow each other; nil where that is not known of both endpoints.
    ///   - hasOutputs: Whether answer lengths are known in every world.
    ///   - requestsPerSecond: How fast requests arrive; nil where no arrival times are known.
    init(
        _ profile: ServingProfile, _ problem: Problem, paces: Paces?, hasOutputs: Bool,
        requestsPerSecond: Double?
    ) {
        let rows = hasOutputs ? Self.rows(profile.workload) : profile.workload.rows
        let device = profile.device
        let server: ServerTimes
        if let formula = profile.server.formula {
            server = ServerTimes { formula.seconds(promptTokens: $0) }
        } else {
            server = ServerTimes(
                lowerEdges: profile.server.lowerEdges, groups: profile.server.groups.map(TimeSamples.init(_:)))
        }
        self.init(
            promptTokens: rows.map(\.prompt), outputTokens: hasOutputs ? rows.map(\.output) : nil,
            weights: rows.map(\.weight), server: server,
            device: DeviceTimes(
                residuals: TimeSamples(
                    device.residuals.map { $0 < .infinity ? $0 : TimeSamples.unidentified } + [TimeSamples.failed],
                    weights: device.masses + [device.failedShare]), floor: device.floor
            ) { [fit = device.fit] in fit.seconds(promptTokens: $0) },
            paces: paces, timeout: profile.timeout, costs: problem.costs, readers: problem.readers,
            network: problem.migration?.network ?? 0, transfer: problem.migration?.transfer ?? 0,
            requestsPerSecond: requestsPerSecond)
    }

    /// Requests with their answers: a length's own where any is known, else such as all others have.
    private static func rows(_ workload: WorkloadProfile) -> [WorkloadProfile.Row] {
        let answers = Dictionary(grouping: workload.outputs, by: \.promptTokens)
        var borrowed: [Int] = []
        if answers.count < workload.lengths.count {
            let all = workload.outputs.sorted { $0.outputTokens < $1.outputTokens }
            let total = all.reduce(0) { $0 + $1.count }
            let ranks = min(total, borrowedAnswers)
            var (seen, next) = (0, 0)
            for output in all {
                seen += output.count
                // The middles of ranks of equal mass.
                while next < ranks, (2 * next + 1) * total < 2 * ranks * seen {
                    borrowed.append(output.outputTokens)
                    next += 1
                }
            }
        }
        return zip(workload.lengths, workload.counts).flatMap { length, count in
            guard let own = answers[length] else {
                return borrowed.map { (length, $0, Double(count) / Double(borrowed.count)) }
            }
            let answered = own.reduce(0) { $0 + $1.count }
            return own.map { (length, $0.outputTokens, Double(count) * Double($0.count) / Double(answered)) }
        }
    }
}

extension WorkloadProfile {
    /// Requests alike in both lengths, and how often they come.
    fileprivate typealias Row = (prompt: Int, output: Int, weight: Double)

    /// Prompt lengths alone.
    fileprivate var rows: [Row] { zip(lengths, counts).map { ($0, 0, Double($1)) } }
}

extension StudyProfiles {
    /// How an endpoint's tokens follow each other: as the problem says, else as recorded, else by each response's mean; nil
    /// where nothing is known.
    func pace(of endpoint: Endpoint, _ problem: Problem) -> DecodePace? {
        let spec = endpoint == .server ? problem.server : problem.device
        if let tpot = spec.tpot { return .constant(tpot) }
        if let recorded = paces[endpoint], !recorded.gaps.isEmpty { return .recorded(recorded.gaps) }
        if let recorded = paces[endpoint], !recorded.tpot.isEmpty { return .perRun(TimeSamples(recorded.tpot)) }
        return tpot(of: endpoint, problem).map { .constant($0) }
    }

    /// Both endpoints' paces; nil where one is not known.
    func replayPaces(_ problem: Problem) -> ReplayWorld.Paces? {
        guard let server = pace(of: .server, problem), let device = pace(of: .device, problem) else { return nil }
        return ReplayWorld.Paces(server: server, device: device)
    }
}

extension DecodePace {
    /// The pace in words.
    var words: String {
        switch self {
        case .constant(let gap): "\(text(1000 * gap)) ms a token"
        case .perRun(let samples):
            "one recorded mean a response (median \(text(1000 * samples.seconds[samples.seconds.count / 2])) ms)"
        case .recorded(let gaps): "\(gaps.count) recorded gaps"
        }
    }

    /// The pace's kind, as `--json` has it.
    var kind: String {
        switch self {
        case .constant: "constant"
        case .perRun: "per-response"
        case .recorded: "recorded"
        }
    }
}
