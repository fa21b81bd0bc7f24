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
        let worlds = StudyWorld.of(.all, profiles)
        let sets = table.periods.isEmpty ? [table.buckets] : table.periods.map(\.buckets)
        var differences = Self.differences(table, problem)
        var notes = Self.notes(table, problem, profiles)
        let plans = table.fits(worlds) ? sets.map(Self.plan) : []
        if plans.isEmpty {
            differences.append(
                "periods: the table's \(sets.count) are for other hours than the problem's \(worlds.count)"
            )
        }
        // The certificate is for the table's own buckets, and for the limits that it was solved under.
        let limits = (table.solvedUnder ?? table.limits).compactMap { name, limit in
            Metric(rawValue: name).map { Limit(metric: $0, atMost: limit.atMost, atLeast: limit.atLeast) }
        }
        if table.solvedUnder != nil {
            notes.append("the bound is under the stricter limits that the table was solved under")
            if problem.confidence == nil {
                differences.append("solved_under: the problem has no confidence that asks for stricter limits")
            }
        }
        var expected: [Metric: Double] = [:]
        for (name, value) in table.expected {
            if let metric = Metric(rawValue: name) {
                expected[metric] = value
            } else {
                notes.append("expected \(name) is not checked: this version does not know it")
            }
        }
        notes.sort()
        if table.certificate == nil {
            notes.append("the table has no certificate: values and limits are checked alone")
        }
        // The answer to another question cannot be judged.
        var verdict = CertificateVerdict()
        var wrong: [String] = []
        if differences.isEmpty {
            let question = DispatchQuestion(
                worlds: zip(worlds, plans).map {
                    World($0.profile, lowerEdges: $1.lowerEdges, share: $0.share)
                }, costs: problem.costs, objective: problem.objective, limits: limits.sorted { $0.metric < $1.metric },
                handOvers: profiles.handOvers(problem), quality: profiles.quality(problem))
            let check = HandOverCheck(question)
            for (world, buckets) in sets.enumerated() {
                wrong += Self.handOvers(buckets, world).flatMap { check.findings(on: $0) }
            }
            verdict = CertificateCheck(question, plans: plans).verdict(
                on: table.certificate.map { Self.claim($0, objective: problem.objective) }, expected: expected)
        }
        self.verdict = verdict
        findings = differences + verdict.findings + wrong
        self.notes = notes
    }

    /// What the table's certificate says.
    private static func claim(_ certificate: PolicyTable.Certificate, objective: Metric) -> Claim {
        guard objective.quantileLevel != nil else {
            return .linear(
                LinearClaim(
                    primal: certificate.primal, bound: certificate.bound, gap: certificate.gap,
                    scale: certificate.scale, multipliers: byMetric(certificate.multipliers)))
        }
        return .quantile(
            QuantileClaim(
                primal: certificate.primal, bound: certificate.bound, gap: certificate.gap, scale: certificate.scale,
                tail: certificate.tail.map {
                    .init(time: $0.time, bound: $0.bound, multipliers: byMetric($0.multipliers))
                },
                tieBreak: certificate.tieBreak.map {
                    LinearClaim(
                        primal: $0.primal, bound: $0.bound, gap: $0.gap, scale: $0.scale,
                        multipliers: byMetric($0.multipliers))
                }))
    }

    private static func byMetric(_ values: [String: Double]) -> [Metric: Double] {
        Dictionary(
            uniqueKeysWithValues: values.compactMap { name, value in Metric(rawValue: name).map { ($0, value) } })
    }

    /// Where the table answers another question than the problem asks.
    static func differences(_ table: PolicyTable, _ problem: Problem) -> [String] {
        var findings: [String] = []
        if table.objective != problem.objective.rawValue {
            findings.append(
                "objective: the table minimizes \(table.objective), the problem \(problem.objective.rawValue)")
        }
        if let pace = table.readerTokensPerSecond, problem.readers == nil {
            findings.append(
                "reader: the table hands responses over to readers of \(text(pace)) tokens/s, the problem has no reader"
            )
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
    static func notes(_ table: PolicyTable, _ problem: Problem, _ profiles: StudyProfiles) -> [String] {
        var notes: [String] = []
        if let hash = table.provenance.problemSHA256, hash != problem.sha256 {
            notes.append("the table was made from a problem of another hash (\(hash.prefix(12))...)")
        }
        for trace in table.provenance.traces {
            let read = profiles.sources.first { $0.role == trace.role.rawValue }
            if let read, read.report.sha256 != trace.sha256 {
                notes.append(
                    "the table was made from another \(trace.role.rawValue) trace (\(trace.sha256.prefix(12))...)")
            }
        }
        return notes
    }
}
