internal import Profiles
internal import Replay
internal import Serving

extension ReplayWorld {
    /// Most answer lengths that stand for those of a prompt length none of whose own requests has one.
    private static let borrowedAnswers = 256

    /// What a profile and a problem tell, as plain values to draw from.
    /// - Parameters:
    ///   - profile: One world of the problem.
    ///   - problem: Prices, readers, what hand-overs cost.
    ///   - tpot: Seconds between output tokens, server and device; nil where one of them is not known.
    ///   - hasOutputs: Whether answer lengths are known in every world.
    ///   - requestsPerSecond: How fast requests arrive; nil where no arrival times are known.
    init(
        _ profile: ServingProfile, _ problem: Problem, tpot: (server: Double, device: Double)?, hasOutputs: Bool,
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
            paces: tpot.map { Paces(server: .constant($0.server), device: .constant($0.device)) },
            timeout: profile.timeout, costs: problem.costs, readers: problem.readers,
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
