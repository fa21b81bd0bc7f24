public import Policies
internal import Profiles
public import Replay
public import Serving
internal import Solvers
internal import Traces

/// A policy table replayed on a problem's traces, beside every baseline.
///
/// Requests are drawn from the traces and walked from dispatch to last token, by number: all policies meet the same ones.
public struct ReplayStudy: Sendable {
    /// How much is replayed, and what it is measured against.
    public struct Options: Sendable {
        /// Requests drawn for each policy, ≥ 1.
        public var requests: Int
        /// Which requests are drawn.
        public var seed: Int
        /// Cores to use, ≥ 1; the result does not depend on them.
        public var workers: Int
        /// What the metrics are measured against.
        public var metrics: MetricSettings

        /// Options.
        public init(requests: Int = 100_000, seed: Int = 1, workers: Int = 1, metrics: MetricSettings) {
            self.requests = requests
            self.seed = seed
            self.workers = workers
            self.metrics = metrics
        }
    }

    /// What one policy did.
    public struct Row: Sendable {
        /// `policy` for the table, or a baseline's name.
        public let name: String
        /// What came of its requests.
        public let outcomes: ReplayOutcomes
        /// What would have come of them without hand-overs; nil where none is planned, or none can be replayed.
        public let withoutHandOvers: ReplayOutcomes?
        /// Names of the limits that it breaks by more than sampling explains.
        public let brokenLimits: [String]
    }

    /// The table.
    public let table: PolicyTable
    /// The problem.
    public let problem: Problem
    /// Its traces' profiles.
    public let profiles: StudyProfiles
    /// How much was replayed.
    public let options: Options
    /// The table's policy, then every baseline.
    public let rows: [Row]
    /// Whether rates are per second of the workload's arrivals; else they are per request.
    public let hasArrivals: Bool
    /// How tokens follow each other on both endpoints; nil where that is not known of both.
    public let paces: ReplayWorld.Paces?
    /// Remarks for the user.
    public let notes: [String]

    /// Standard errors by which a limit must be exceeded to be broken: sampling does so once in 30,000 limits.
    static let significance = 4.0

    /// Replays `table` on `problem`.
    ///
    /// Baselines are made from all rows, as `disco solve` makes them, and hand responses over as the table does at the same
    /// prompt length; `server-only` and `device-only` know one endpoint and never hand over.
    /// - Parameters:
    ///   - table: A valid table.
    ///   - problem: The problem.
    ///   - profiles: Its traces' profiles.
    ///   - options: How much is replayed.
    ///   - progress: Called with a line for the user as each step begins.
    /// - Returns: What each policy did.
    /// - Throws: `StudyError.unsupported` where the table is for other hours of the day than the problem.
    /// - Complexity: O(requests) a policy; memory does not grow with them.
    public static func replay(
        _ table: PolicyTable, on problem: Problem, _ profiles: StudyProfiles, options: Options,
        progress: (String) -> Void = { _ in }
    ) throws(StudyError) -> ReplayStudy {
        let worlds = StudyWorld.of(.all, profiles)
        let own = try policies(of: table, problem, worlds)
        let paces = profiles.replayPaces(problem)
        let hasOutputs = worlds.allSatisfy { $0.profile.workload.meanOutputTokens != nil }
        let rate = profiles.requestsPerSecond
        let parts = zip(worlds, split(options.requests, worlds.map(\.share))).map { world, range in
            Part(
                world: ReplayWorld(
                    world.profile, problem, paces: paces, hasOutputs: hasOutputs, requestsPerSecond: rate), range: range
            )
        }
        let canHandOver = paces != nil && hasOutputs
        func row(_ name: String, _ policies: [ReplayPolicy]) -> Row {
            progress("replaying \(name)")
            let outcomes = outcomes(parts, policies, options)
            let handsOver = canHandOver && policies.contains(where: \.handsOver)
            return Row(
                name: name, outcomes: outcomes,
                withoutHandOvers: handsOver
                    ? self.outcomes(parts, policies.map(\.withoutHandOvers), options) : nil,
                brokenLimits: problem.limits.filter { $0.isBroken(by: outcomes) }.map(\.metric.rawValue))
        }
        let limit = problem.shareLimit
        let rows =
            [row("policy", own)]
            + Baseline.allCases.map { baseline in
                let plan = baseline.plan(
                    profiles.all, limited: limit?.endpoint ?? .device, budget: limit?.budget ?? 1,
                    alpha: problem.discoAlpha)
                let isAlone = baseline == .serverOnly || baseline == .deviceOnly
                return row(
                    baseline.rawValue,
                    own.map { isAlone ? ReplayPolicy(plan) : ReplayPolicy(plan, handOversOf: $0) })
            }
        return ReplayStudy(
            table: table, problem: problem, profiles: profiles, options: options, rows: rows,
            hasArrivals: rate != nil, paces: paces,
            notes: profiles.notes + disagreements(table, problem, rows[0], options)
                + remarks(table, problem, profiles, worlds, options, hasOutputs: hasOutputs))
    }

    /// A world and the numbers of the requests that are drawn from it.
    private struct Part {
        let world: ReplayWorld
        let range: Range<Int>
    }

    /// Numbers of requests for each world, by its share of all; together 0 ..< `requests`.
    static func split(_ requests: Int, _ shares: [Double]) -> [Range<Int>] {
        let total = shares.reduce(0, +)
        var (start, sum) = (0, 0.0)
        return shares.indices.map { k in
            sum += shares[k]
            let end = k + 1 == shares.count ? requests : max(start, Int((Double(requests) * sum / total).rounded()))
            defer { start = end }
            return start..<end
        }
    }

    private static func outcomes(_ parts: [Part], _ policies: [ReplayPolicy], _ options: Options) -> ReplayOutcomes {
        let replays = zip(parts, policies).map {
            Replay($0.world, $1, seed: options.seed, settings: options.metrics)
        }
        var tally = replays[0].tally(parts[0].range, cores: options.workers)
        for (replay, part) in zip(replays, parts).dropFirst() {
            tally.merge(replay.tally(part.range, cores: options.workers))
        }
        return replays[0].outcomes(of: tally)
    }

    /// What the table does, a world each.
    private static func policies(
        of table: PolicyTable, _ problem: Problem, _ worlds: [StudyWorld]
    ) throws(StudyError) -> [ReplayPolicy] {
        guard !table.periods.isEmpty else { return worlds.map { _ in ReplayPolicy(table) } }
        guard table.periods.map(\.hours) == worlds.map({ $0.hours ?? [] }) else {
            let own = worlds.compactMap(\.hours).map {
                PolicyTable.Period(hours: $0, share: 0, buckets: []).words
            }
            let found = own.isEmpty ? "all day" : own.joined(separator: "; ")
            throw .unsupported(
                """
                \(problem.path): endpoints.server.condition_on: the table has bucket sets for \
                \(table.periods.map(\.words).joined(separator: "; ")), the problem has \(found); give the problem these hours \
                (condition_on: {hour_of_day: [...]}), or replay a table for all day
                """)
        }
        return worlds.map { ReplayPolicy(table, hour: $0.hours?.first) }
    }
}

extension Problem.Limit {
    /// Whether a replay's outcomes break this limit by more than sampling explains.
    fileprivate func isBroken(by outcomes: ReplayOutcomes) -> Bool {
        guard let value = outcomes[metric] else { return false }
        let slack = ReplayStudy.significance * (outcomes.error(of: metric) ?? 0) + 1e-9
        return value > (atMost ?? .infinity) + slack || value < (atLeast ?? -.infinity) - slack
    }
}

extension StudyProfiles {
    /// Seconds between output tokens of both endpoints; nil where one is not known.
    func tpots(_ problem: Problem) -> (server: Double, device: Double)? {
        guard let server = tpot(of: .server, problem), let device = tpot(of: .device, problem) else { return nil }
        return (server, device)
    }

    /// The workload's requests over the span of their arrivals; nil where it has no arrival times.
    var requestsPerSecond: Double? {
        guard let report = sources.first(where: { $0.role == "workload" })?.report, let span = report.arrivalSpan,
            span > 0
        else { return nil }
        return Double(report.accepted) / span
    }
}
