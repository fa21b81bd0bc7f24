internal import Optimization
public import Policies
internal import Profiles
internal import Serving
internal import Solvers

extension SolveStudy {
    /// The result for people, within 80 columns where names allow: the table, then the optimum beside every baseline.
    /// - Parameter table: The policy table made from this study.
    /// - Returns: Lines that end in a newline.
    public func rendered(_ table: PolicyTable) -> String {
        var lines = [
            "workload  \(workloadSentence)", "server    \(serverSentence)", "device    \(deviceSentence)", "",
        ]
        let certificate = solution.certificate
        lines.append(table.summary())
        lines.append(
            """
            \(certificate.status.rawValue): \(text(certificate.primal, digits: 4)) s, bound \
            \(text(certificate.bound, digits: 4)) s, gap \(text(max(0, certificate.gap)))
            """)
        lines += ["", table.renderedBuckets()]
        if let limit {
            let share = Metric.prefillShare(of: limit.endpoint)
            let perPoint = solution.certificate.multiplier * 10  // seconds per unit of share, as ms per 0.01
            lines.append(
                "One more point of \(share.rawValue) would buy \(text(perPoint)) ms of mean TTFT.")
        }
        lines.append(
            """
            Cutting lengths into \(optimum.plan.lowerEdges.count) buckets costs \(text(1000 * partitionLoss)) ms against one \
            bucket per length.
            """)
        lines.append(answersSentence)
        lines.append("")
        lines += comparison
        if !notes.isEmpty {
            lines.append("")
            lines += notes.map { "note: \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var workloadSentence: String {
        let workload = profiles.all.workload
        let median = workload.median
        return """
            \(workload.requests) requests, \(workload.lengths[0])-\(workload.lengths[workload.lengths.count - 1]) prompt \
            tokens, median \(median), mean \(text(workload.meanPromptTokens))
            """
    }

    /// Who answers, what fails, what a request costs.
    private var answersSentence: String {
        let outcomes = optimum.expected
        func percent(_ metric: Metric) -> String { outcomes[metric].map { text(100 * $0) } ?? "?" }
        let currency = (problem.server.price ?? problem.device.price)?.currency ?? ""
        let costs = [
            outcomes[.costMean].map { "\(text($0)) \(currency)" }, outcomes[.energyMean].map { "\(text($0)) J" },
        ].compactMap { $0 }
        let request = costs.isEmpty ? "" : "\nA request costs \(costs.joined(separator: " and ")) on average."
        return """
            The device answers \(percent(.deviceAnswerShare)) % of requests; \(percent(.failedShare)) % fail.\(request)
            """
    }

    /// The optimum and every baseline, on all rows and held out.
    private var comparison: [String] {
        let share = Metric.prefillShare(of: limit?.endpoint ?? .device)
        let metrics: [Metric] = [.ttftMean, .ttftP99, share]
        let hasHeldOut = optimum.heldOut != nil
        let shareName = (limit?.endpoint ?? .device).rawValue
        let heads = ["mean s", "p99 s", shareName]
        var rows = [["policy"] + heads + (hasHeldOut ? ["| held out: mean s", "p99 s", shareName] : [])]
        func row(_ name: String, _ judgement: Judgement) -> [String] {
            func cells(_ outcomes: Outcomes?) -> [String] {
                metrics.map { metric in outcomes?[metric].map { fixed($0, decimals: 3) } ?? "-" }
            }
            let mark = judgement.brokenLimits.isEmpty ? "" : " *"
            return [name + mark] + cells(judgement.expected) + (hasHeldOut ? cells(judgement.heldOut) : [])
        }
        rows.append(row("optimum", optimum))
        rows += baselines.map { row($0.baseline.rawValue, $0.judgement) }
        var lines = columns(rows)
        if baselines.contains(where: { !$0.judgement.brokenLimits.isEmpty }) { lines.append("* breaks a limit") }
        return lines
    }
}

extension WorkloadProfile {
    /// The median prompt length, in tokens.
    var median: Int {
        var seen = 0
        for (length, count) in zip(lengths, counts) {
            seen += count
            if 2 * seen >= requests { return length }
        }
        return lengths[lengths.count - 1]
    }
}
