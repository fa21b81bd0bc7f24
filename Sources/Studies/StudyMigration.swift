internal import Costs
internal import Policies
internal import Profiles
internal import Serving
public import Solvers
internal import Traces

/// Hand-overs of running responses: when, for every bucket of a policy and both directions.
public struct StudyMigration: Sendable {
    /// What one bucket does.
    public struct Directions: Sendable, Hashable {
        /// While the server streams.
        public let serverToDevice: MigrationDecision
        /// While the device streams.
        public let deviceToServer: MigrationDecision
    }

    /// Decisions a world and interval of its plan.
    public let worlds: [[Directions]]
    /// The pace at which a reader's lead is counted, in tokens per second.
    public let readerTokensPerSecond: Double
    /// What is missing for any hand-over.
    public let notes: [String]

    /// Solves for every bucket of `plans`; nil where nobody asks for hand-overs (no `reader`, or `migration: none`).
    init?(_ problem: Problem, _ profiles: StudyProfiles, worlds: [StudyWorld], plans: [DispatchPlan]) {
        guard let readers = problem.readers, let rules = problem.migration else { return nil }
        readerTokensPerSecond = readers.pace(exceededBy: rules.epsilon)
        let costs = problem.costs
        let (server, device) = (profiles.tpot(of: .server, problem), profiles.tpot(of: .device, problem))
        self.worlds = zip(worlds, plans).map { world, plan in
            let solver = MigrationProblem(
                profile: world.profile, costs: costs, serverTPOT: server, deviceTPOT: device, readers: readers,
                rules: rules)
            let ranges = Buckets(edges: plan.lowerEdges).ranges(in: world.profile.workload)
            let requests = BucketRequests.each(of: world.profile.workload, in: ranges)
            return zip(requests, plan.mixtures).map { requests, mixture in
                Directions(
                    serverToDevice: solver.decision(from: .server, for: requests, under: mixture),
                    deviceToServer: solver.decision(from: .device, for: requests, under: mixture))
            }
        }
        var missing: [String] = []
        if profiles.all.workload.outputs.isEmpty {
            missing.append("output_tokens in the workload trace (map a column with columns: {output_tokens: ...})")
        }
        for (endpoint, tpot) in [(Endpoint.server, server), (.device, device)] where tpot == nil {
            missing.append("endpoints.\(endpoint.rawValue).tpot, which no trace tells")
        }
        if costs.server == nil { missing.append("endpoints.server.price") }
        if costs.deviceTotal == nil { missing.append("a device price, or its energy with exchange.per_joule") }
        notes =
            missing.isEmpty
            ? [] : ["responses are not handed over (migration): needs \(missing.joined(separator: "; "))"]
    }
}

extension StudyProfiles {
    /// Seconds between an endpoint's output tokens: as the problem says, else the median of its trace; nil where unknown.
    func tpot(of endpoint: Endpoint, _ problem: Problem) -> Double? {
        let spec = endpoint == .server ? problem.server : problem.device
        return spec.tpot ?? sources.first { $0.role == endpoint.rawValue }?.report.medianTPOT
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
