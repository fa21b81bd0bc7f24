public import Checking
public import Policies
internal import Profiles
internal import Serving
internal import Traces

/// A policy table held against the problem it is for: every number that it claims, recomputed from the traces.
public struct PolicyCheck: Sendable {
    /// The table.
    public let table: PolicyTable
    /// The problem file's path.
    public let problem: String
    /// Values and bounds, as recomputed.
    public let verdict: CertificateVerdict
    /// What is wrong, a sentence each; empty for a table that holds.
    public let findings: [String]
    /// What is worth knowing, and wrong of nobody.
    public let notes: [String]

    /// Checks `table` against `problem`.
    /// - Parameters:
    ///   - table: A table without violations of its own (`TableCheck`).
    ///   - problem: The problem.
    ///   - profiles: Its traces' profiles.
    public init(_ table: PolicyTable, against problem: Problem, on profiles: StudyProfiles) {
        self.table = table
        self.problem = problem.path
        let differences = Self.differences(table, problem)
        var notes = Self.notes(table, problem, profiles)
        let plan = DispatchPlan(
            lowerEdges: table.buckets.map(\.from),
            mixtures: table.buckets.map { bucket in
                Mixture(
                    bucket.actions.map {
                        .init(
                            probability: $0.probability,
                            action: Action(serverWait: $0.action.serverWait, deviceWait: $0.action.deviceWait))
                    })
            })
        // The certificate is for the table's own buckets, and for the problem's objective and limits.
        let question = DispatchQuestion(
            worlds: [World(profiles.all, lowerEdges: plan.lowerEdges)], costs: problem.costs,
            objective: problem.objective, limits: problem.limits)
        var expected: [Metric: Double] = [:]
        for (name, value) in table.expected {
            if let metric = Metric(rawValue: name) {
                expected[metric] = value
            } else {
                notes.append("expected \(name) is not checked: this version does not know it")
            }
        }
        notes.sort()
        // Proofs for another objective or other limits say nothing here.
        let claim = differences.isEmpty ? Self.claim(of: table, objective: problem.objective) : nil
        if table.certificate == nil { notes.append("the table has no certificate: values and limits are checked alone") }
        verdict = CertificateCheck(question, plans: [plan]).verdict(on: claim, expected: expected)
        findings = differences + verdict.findings
        self.notes = notes
    }

    /// What the table's certificate says; nil where it has none.
    private static func claim(of table: PolicyTable, objective: Metric) -> Claim? {
        guard let certificate = table.certificate else { return nil }
        let multipliers = Dictionary(
            uniqueKeysWithValues: certificate.multipliers.compactMap { name, value in
                Metric(rawValue: name).map { ($0, value) }
            })
        guard objective.quantileLevel == nil else {
            return .quantile(
                QuantileClaim(
                    primal: certificate.primal, bound: certificate.bound, gap: certificate.gap,
                    scale: certificate.scale, tail: nil, tieBreak: nil))
        }
        return .linear(
            LinearClaim(
                primal: certificate.primal, bound: certificate.bound, gap: certificate.gap, scale: certificate.scale,
                multipliers: multipliers))
    }

    /// Where the table answers another question than the problem asks.
    private static func differences(_ table: PolicyTable, _ problem: Problem) -> [String] {
        var findings: [String] = []
        if table.objective != problem.objective.rawValue {
            findings.append("objective: the table minimizes \(table.objective), the problem \(problem.objective.rawValue)")
        }
        if table.timeout != problem.timeout {
            findings.append("timeout: the table has \(table.timeout) s, the problem \(problem.timeout) s")
        }
        let asked = Dictionary(
            uniqueKeysWithValues: problem.limits.map {
                ($0.metric.rawValue, PolicyTable.Limit(atMost: $0.atMost, atLeast: $0.atLeast))
            })
        for name in Set(asked.keys).union(table.limits.keys).sorted() where asked[name] != table.limits[name] {
            func words(_ limit: PolicyTable.Limit?) -> String {
                let sides = [limit?.atMost.map { "at most \($0)" }, limit?.atLeast.map { "at least \($0)" }]
                return limit == nil ? "none" : sides.compactMap { $0 }.joined(separator: " and ")
            }
            findings.append(
                "limits.\(name): the table has \(words(table.limits[name])), the problem \(words(asked[name]))")
        }
        return findings
    }

    /// Differences that may explain findings, but are none: the numbers decide.
    private static func notes(_ table: PolicyTable, _ problem: Problem, _ profiles: StudyProfiles) -> [String] {
        var notes: [String] = []
        if let hash = table.provenance.problemSHA256, hash != problem.sha256 {
            notes.append("the table was made from a problem of another hash (\(hash.prefix(12))...)")
        }
        for trace in table.provenance.traces {
            let read = profiles.sources.first { $0.role == trace.role.rawValue }
            if let read, read.report.sha256 != trace.sha256 {
                notes.append("the table was made from another \(trace.role.rawValue) trace (\(trace.sha256.prefix(12))...)")
            }
        }
        return notes
    }
}
