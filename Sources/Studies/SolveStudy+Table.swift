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
            limits: Dictionary(
                uniqueKeysWithValues: problem.limits.map {
                    ($0.metric.rawValue, PolicyTable.Limit(atMost: $0.atMost, atLeast: $0.atLeast))
                }),
            certificate: certificate, expected: optimum.expected.byName, heldOut: optimum.heldOut?.byName,
            buckets: tableBuckets,
            budgetGuard: limit.map { .init(endpoint: $0.endpoint == .server ? .server : .device, budget: $0.budget) })
        let broken = table.violations().filter { $0.rule != .idShape }
        guard broken.isEmpty else {
            throw .unsupported("\(problem.path): no valid table: " + broken.map(\.description).joined(separator: "; "))
        }
        return table.identified(bySHA256Hex: sha256Hex(table.canonicalContent()))
    }

    private var certificate: PolicyTable.Certificate {
        let certificate = solution.certificate
        return PolicyTable.Certificate(
            status: certificate.status == .optimal ? .optimal : .feasible, primal: certificate.primal,
            bound: certificate.bound, gap: certificate.gap, scale: certificate.scale,
            multipliers: limit.map { [Metric.prefillShare(of: $0.endpoint).rawValue: certificate.multiplier] } ?? [:])
    }

    /// The asked-for buckets; one without requests takes the action of its neighbour, and says so.
    private var tableBuckets: [PolicyTable.Bucket] {
        let workload = profiles.all.workload
        let plan = optimum.plan
        let isServerRecorded = profiles.sources.contains { $0.role == "server" }
        return zip(buckets.lowerEdges, buckets.ranges(in: workload)).enumerated().map { index, bucket in
            let (from, range) = bucket
            let own = plan.lowerEdges.interval(holding: from)
            let lender = range.isEmpty ? lender(ofInterval: own) : nil
            let group = profiles.all.server.group(of: from)
            return PolicyTable.Bucket(
                from: from, to: index + 1 < buckets.lowerEdges.count ? buckets.lowerEdges[index + 1] - 1 : nil,
                actions: plan.mixtures[own].parts.map {
                    .init(
                        probability: $0.probability, serverWait: $0.action.serverWait, deviceWait: $0.action.deviceWait)
                },
                evidence: .init(
                    requests: range.reduce(0) { $0 + workload.counts[$1] },
                    serverRows: isServerRecorded ? profiles.all.server.groups[group].observations : 0,
                    borrowedFrom: lender))
        }
    }

    /// Lower edge of the first asked-for bucket with requests within interval `own` of the plan.
    private func lender(ofInterval own: Int) -> Int? {
        let edges = optimum.plan.lowerEdges
        let workload = profiles.all.workload
        return zip(buckets.lowerEdges, buckets.ranges(in: workload)).first { edge, range in
            !range.isEmpty && edges.interval(holding: workload.lengths[range.lowerBound]) == own
        }?.0
    }

    private func facts(of endpoint: Endpoint) -> PolicyTable.EndpointFacts {
        let spec = endpoint == .server ? problem.server : problem.device
        let report = profiles.sources.first { $0.role == endpoint.rawValue }?.report
        return PolicyTable.EndpointFacts(
            model: endpoint == .server ? serverSentence : deviceSentence, tpot: spec.tpot ?? report?.medianTPOT,
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

extension Outcomes {
    /// Values by the metric's name.
    var byName: [String: Double] {
        Dictionary(uniqueKeysWithValues: ordered.map { ($0.metric.rawValue, $0.value) })
    }
}
