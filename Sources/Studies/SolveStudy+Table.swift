internal import Costs
private import Crypto
internal import Distributions
private import FoundationEssentials
internal import LinearAlgebra
internal import Optimization
public import Policies
internal import Profiles
internal import Serving
internal import Solvers
internal import Traces

extension SolveStudy {
    /// The policy table: what an online scheduler loads.
    ///
    /// The same inputs give the same bytes.
    /// - Parameter tool: Name and version of the program, for provenance.
    /// - Returns: A valid table under the id that belongs to its content.
    /// - Throws: `StudyError.unsupported` where the numbers of the problem make a table that breaks its own rules.
    public func table(tool: String) throws(StudyError) -> PolicyTable {
        let asOf = problem.asOf ?? profiles.sources.compactMap(\.report.lastArrival).max()
        let table = PolicyTable(
            revision: problem.revision, asOf: asOf, validFrom: asOf, validUntil: validUntil(from: asOf),
            provenance: .init(
                tool: tool, problemSHA256: problem.sha256, linearAlgebra: Engine.name,
                traces: profiles.sources.map(\.provenance)),
            units: .init(money: (problem.server.price ?? problem.device.price)?.currency),
            endpoints: .init(server: facts(of: .server), device: facts(of: .device)), timeout: problem.timeout,
            objective: problem.objective.rawValue,
            limits: Self.byName(problem.limits),
            solvedUnder: limits == problem.limits ? nil : Self.byName(limits),
            certificate: certificate, expected: optimum.expected.byName, heldOut: optimum.heldOut?.byName,
            expectedIntervals: expectedIntervals,
            buckets: worlds.count == 1 ? tableBuckets(of: 0) : [], periods: tablePeriods,
            budgetGuard: limit.map { .init(endpoint: $0.endpoint == .server ? .server : .device, budget: $0.budget) },
            readerTokensPerSecond: migration?.readerTokensPerSecond, rollout: problem.rollout,
            maxExtraLoad: problem.maxExtraLoad)
        let broken = table.violations().filter { $0.rule != .idShape }
        guard broken.isEmpty else {
            throw .unsupported("\(problem.path): no valid table: " + broken.map(\.description).joined(separator: "; "))
        }
        return table.identified(bySHA256Hex: sha256Hex(table.canonicalContent()))
    }

    private static func byName(_ limits: [Limit]) -> [String: PolicyTable.Limit] {
        Dictionary(
            uniqueKeysWithValues: limits.map {
                ($0.metric.rawValue, PolicyTable.Limit(atMost: $0.atMost, atLeast: $0.atLeast))
            })
    }

    private var certificate: PolicyTable.Certificate {
        let certificate = answer.certificate
        // A policy without mixtures keeps all limits, but the bound is that of mixtures.
        func status(_ gap: Double) -> PolicyTable.Certificate.Status {
            answer.status == .optimal && gap <= 1e-6 ? .optimal : .feasible
        }
        return PolicyTable.Certificate(
            status: status(certificate.gap), primal: certificate.primal, bound: certificate.bound,
            gap: certificate.gap, scale: certificate.scale, multipliers: certificate.multipliers.byName,
            tail: answer.tail.map {
                .init(time: $0.time, bound: min(1, $0.bound), multipliers: $0.multipliers.byName)
            },
            tieBreak: answer.tieBreak.map {
                .init(
                    status: status($0.gap), primal: $0.primal, bound: $0.bound, gap: $0.gap, scale: $0.scale,
                    multipliers: $0.multipliers.byName)
            })
    }

    /// A period a world; none where there is one world.
    private var tablePeriods: [PolicyTable.Period] {
        guard worlds.count > 1 else { return [] }
        return worlds.indices.map { world in
            .init(hours: worlds[world].hours ?? [], share: worlds[world].share, buckets: tableBuckets(of: world))
        }
    }

    /// Ranges of what the risk study resampled.
    private var expectedIntervals: PolicyTable.Intervals? {
        guard let last = risks.last else { return nil }
        func range(_ interval: RiskInterval) -> PolicyTable.Intervals.Range {
            .init(low: interval.low, high: interval.high)
        }
        var outcomes = [Metric.ttftMean.rawValue: range(last.intervals.ttftMean)]
        for study in risks {
            outcomes[Metric.prefillShare(of: study.risk.limited).rawValue] = range(study.intervals.share)
        }
        return .init(
            confidence: last.risk.settings.confidence, isClaimed: risks.allSatisfy { $0.claimedLevel != nil },
            windowHours: last.risk.settings.window, outcomes: outcomes)
    }

    /// A world's asked-for buckets; one without requests takes the action of its neighbour, and says so.
    func tableBuckets(of world: Int) -> [PolicyTable.Bucket] {
        let profile = worlds[world].profile
        let workload = profile.workload
        let plan = optimum.plans[world]
        let asked = buckets[world]
        let isServerRecorded = profiles.sources.contains { $0.role == "server" }
        return zip(asked.lowerEdges, asked.ranges(in: workload)).enumerated().map { index, bucket in
            let (from, range) = bucket
            let own = plan.lowerEdges.interval(holding: from)
            let lender = range.isEmpty ? lender(ofInterval: own, in: world) : nil
            let group = profile.server.group(of: from)
            let moves = migration?.table(world: world, interval: own, plan.mixtures[own])
            return PolicyTable.Bucket(
                from: from, to: index + 1 < asked.lowerEdges.count ? asked.lowerEdges[index + 1] - 1 : nil,
                actions: plan.mixtures[own].parts.enumerated().map { index, part in
                    .init(
                        probability: part.probability, serverWait: part.action.serverWait,
                        deviceWait: part.action.deviceWait, migration: moves?.own[index])
                },
                evidence: .init(
                    requests: range.reduce(0) { $0 + workload.counts[$1] },
                    serverRows: isServerRecorded ? profile.server.groups[group].observations : 0,
                    borrowedFrom: lender),
                migration: moves?.bucket)
        }
    }

    /// Lower edge of the first asked-for bucket with requests within interval `own` of the plan.
    private func lender(ofInterval own: Int, in world: Int) -> Int? {
        let edges = optimum.plans[world].lowerEdges
        let workload = worlds[world].profile.workload
        return zip(buckets[world].lowerEdges, buckets[world].ranges(in: workload)).first { edge, range in
            !range.isEmpty && edges.interval(holding: workload.lengths[range.lowerBound]) == own
        }?.0
    }

    private func facts(of endpoint: Endpoint) -> PolicyTable.EndpointFacts {
        let spec = endpoint == .server ? problem.server : problem.device
        return PolicyTable.EndpointFacts(
            model: endpoint == .server ? serverSentence : deviceSentence, tpot: profiles.tpot(of: endpoint, problem),
            price: spec.price.map { .init(prefill: $0.prefill, decode: $0.decode) },
            energy: spec.energy.map { .init(prefill: $0.prefill, decode: $0.decode) })
    }

    private func validUntil(from asOf: String?) -> String? {
        guard let asOf, let days = problem.validityDays else { return nil }
        let wholeSeconds = asOf.split(separator: ".").first.map { $0.hasSuffix("Z") ? String($0) : $0 + "Z" } ?? asOf
        guard let start = try? Date(wholeSeconds, strategy: .iso8601) else {
            preconditionFailure("\(asOf) is not a UTC time")
        }
        return start.addingTimeInterval(days * 86_400).formatted(.iso8601)
    }
}

/// SHA-256 of `bytes` in lowercase hexadecimal.
func sha256Hex(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}

extension StudyProfiles.Source {
    var provenance: PolicyTable.Trace {
        .init(
            role: role == "workload" ? .workload : role == "server" ? .server : .device, name: fileName,
            format: report.format.rawValue, sha256: report.sha256, rowsIn: report.rowsIn, accepted: report.accepted,
            filtered: report.filtered, rejected: report.rejected, first: report.firstArrival, last: report.lastArrival)
    }

    /// The file's name without its folders, which differ between machines.
    var fileName: String { report.path.split(separator: "/").last.map(String.init) ?? report.path }
}

extension Dictionary where Key == Metric, Value == Double {
    /// Values by the metric's name; what is 0 is left out.
    var byName: [String: Double] {
        var named: [String: Double] = [:]
        for (metric, value) in self where value != 0 { named[metric.rawValue] = value }
        return named
    }
}

extension Outcomes {
    /// Values by the metric's name.
    var byName: [String: Double] {
        Dictionary(uniqueKeysWithValues: ordered.map { ($0.metric.rawValue, $0.value) })
    }
}
