internal import Costs
internal import Policies
internal import Profiles
internal import Serving
public import Solvers
internal import Traces

/// Hand-overs of running responses: when, for every action of every bucket of a policy and both directions.
public struct StudyMigration: Sendable {
    /// What one action does.
    public struct Directions: Sendable, Hashable {
        /// While the server streams.
        public let serverToDevice: MigrationDecision
        /// While the device streams.
        public let deviceToServer: MigrationDecision
    }

    /// Decisions a world, interval of its plan and action of its mixture.
    public let worlds: [[[Directions]]]
    /// The pace at which a reader's lead is counted, in tokens per second.
    public let readerTokensPerSecond: Double
    /// What is missing for any hand-over.
    public let notes: [String]

    /// What is to be known of the hand-overs in `plans`; nil where nobody asks for any (no `reader`, or `migration: none`).
    init?(_ problem: Problem, _ profiles: StudyProfiles, worlds: [StudyWorld], plans: [DispatchPlan]) {
        guard let settings = profiles.handOvers(problem) else { return nil }
        readerTokensPerSecond = settings.readers.pace(exceededBy: settings.rules.epsilon)
        let costs = problem.costs
        self.worlds = zip(worlds, plans).map { world, plan in
            let solver = MigrationProblem(profile: world.profile, costs: costs, settings: settings)
            let ranges = Buckets(edges: plan.lowerEdges).ranges(in: world.profile.workload)
            let requests = BucketRequests.each(of: world.profile.workload, in: ranges)
            return zip(requests, plan.mixtures).map { requests, mixture in
                mixture.parts.map { part in
                    func decision(from source: Endpoint) -> MigrationDecision {
                        solver.decision(part.handOvers, from: source, for: requests, under: part.action)
                    }
                    return Directions(
                        serverToDevice: decision(from: .server), deviceToServer: decision(from: .device))
                }
            }
        }
        var missing: [String] = []
        if profiles.all.workload.outputs.isEmpty {
            missing.append("output_tokens in the workload trace (map a column with columns: {output_tokens: ...})")
        }
        for endpoint in [Endpoint.server, .device] where settings.tpot(of: endpoint) == nil {
            missing.append("endpoints.\(endpoint.rawValue).tpot, which no trace tells")
        }
        if costs.server == nil { missing.append("endpoints.server.price") }
        if costs.deviceTotal == nil { missing.append("a device price, or its energy with exchange.per_joule") }
        notes =
            missing.isEmpty
            ? [] : ["responses are not handed over (migration): needs \(missing.joined(separator: "; "))"]
    }

    /// What a bucket of the table says: the likeliest action's hand-overs, and each action's own where they differ.
    func table(
        world: Int, interval: Int, _ mixture: Mixture
    ) -> (bucket: PolicyTable.Migrations, own: [PolicyTable.Migrations?]) {
        let all = worlds[world][interval].map(\.table)
        var likeliest = 0
        for (index, part) in mixture.parts.enumerated()
        where part.probability > mixture.parts[likeliest].probability { likeliest = index }
        return (all[likeliest], all.map { $0 == all[likeliest] ? nil : $0 })
    }
}

extension StudyProfiles {
    /// Seconds between an endpoint's output tokens: as the problem says, else the median of its trace; nil where unknown.
    func tpot(of endpoint: Endpoint, _ problem: Problem) -> Double? {
        let spec = endpoint == .server ? problem.server : problem.device
        return spec.tpot ?? sources.first { $0.role == endpoint.rawValue }?.report.medianTPOT
    }

    /// What hand-overs depend on; nil where nobody asks for any.
    func handOvers(_ problem: Problem) -> HandOverSettings? {
        guard let readers = problem.readers, let rules = problem.migration else { return nil }
        return HandOverSettings(
            serverTPOT: tpot(of: .server, problem), deviceTPOT: tpot(of: .device, problem), readers: readers,
            rules: rules)
    }
}

extension StudyMigration.Directions {
    /// The decisions as the policy table has them.
    var table: PolicyTable.Migrations {
        .init(deviceToServer: deviceToServer.table, serverToDevice: serverToDevice.table)
    }
}

extension MigrationDecision {
    fileprivate var table: PolicyTable.Migration {
        switch self {
        case .handOver(let point):
            .handOver(
                .init(
                    afterTokens: point.afterTokens, bufferTokens: point.bufferTokens,
                    expectedSaving: point.expectedSaving, stall: point.stallSeconds))
        case .never(let reason): .never(reason.table)
        }
    }
}

extension NoMigration {
    fileprivate var table: PolicyTable.NoHandOver {
        switch self {
        case .dearer: .dearer
        case .tooSlow: .tooSlow
        case .readerTooFast: .readerTooFast
        case .targetFails: .targetFails
        case .noOutputLengths: .noOutputLengths
        case .tpotUnknown: .tpotUnknown
        case .priceUnknown: .priceUnknown
        }
    }
}
