internal import Profiles
internal import Serving
internal import Solvers
internal import Traces

extension StudyProfiles {
    /// What the quality of streams depends on; nil where an endpoint's pace is not known.
    func quality(_ problem: Problem) -> QualitySettings? {
        guard let server = tpot(of: .server, problem), let device = tpot(of: .device, problem) else { return nil }
        return QualitySettings(
            serverTPOT: server, deviceTPOT: device, readers: problem.readers, metrics: problem.metrics,
            requestsPerSecond: requestsPerSecond)
    }
}

extension Problem {
    /// What is asked of the quality of streams: the objective and limits on it.
    private var askedQuality: [Metric] { ([objective] + limits.map(\.metric)).filter(\.isMaximized) }

    /// Why the quality that is asked for cannot be told; nil where it can, or nobody asks.
    func missingForQuality(_ profiles: StudyProfiles) -> String? {
        guard let metric = askedQuality.first else { return nil }
        guard profiles.all.workload.meanOutputTokens != nil else {
            return """
                \(path): \(metric.rawValue): needs output_tokens in the workload trace, since every token is read; map a column \
                with columns: {output_tokens: ...}
                """
        }
        let missing = [Endpoint.server, .device].filter { profiles.tpot(of: $0, self) == nil }
            .map { "endpoints.\($0.rawValue).tpot" }
        guard missing.isEmpty else {
            return """
                \(path): \(metric.rawValue): needs \(missing.joined(separator: " and ")), which no trace tells: seconds between \
                output tokens
                """
        }
        return nil
    }

    /// What to know of an objective or a limit on quality.
    func qualityRemarks(plans: [DispatchPlan]) -> [String] {
        guard !askedQuality.isEmpty else { return [] }
        let names = Set(askedQuality).sorted().map(\.rawValue).joined(separator: " and ")
        var notes: [String] = []
        if askedQuality.contains(.qoeMean) {
            notes.append(
                """
                qoe.mean is not monotone in every token: a last one held back can raise it; in the first token, all that waits \
                decide, it is
                """)
        }
        if plans.contains(where: \.handsOver) {
            notes.append(
                """
                \(names): counted as if whoever answers streamed at its mean pace to the end; what hand-overs and recorded \
                gaps change, disco replay measures
                """)
        }
        return notes
    }
}
