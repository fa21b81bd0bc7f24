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
        lines.append(table.summary())
        lines += certificateLines
        lines += ["", table.renderedBuckets()]
        lines += shadowPrices
        if let partitionLoss {
            let count = optimum.plans.reduce(0) { $0 + $1.lowerEdges.count }
            let periods = worlds.count > 1 ? " in \(worlds.count) periods" : ""
            lines.append(
                """
                Cutting lengths into \(count) buckets\(periods) costs \(problem.objective.amount(partitionLoss)) against one \
                bucket per length.
                """)
        }
        if let bucketChoice {
            lines += ["", "What other numbers of buckets cost:"]
            lines += bucketChoice.lossLines(scale: problem.objective.printedScale, unit: problem.objective.printedUnit)
            if let cells = bucketChoice.cells { lines.append("Lengths were joined to \(cells) cells first.") }
            lines.append("")
        }
        for risk in risks { lines += risk.sentences + [""] }
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

    /// What was found and how sure it is.
    private var certificateLines: [String] {
        let certificate = answer.certificate
        let metric = problem.objective
        let sign: Double = metric.isMaximized ? -1 : 1
        var lines = [
            """
            \(answer.status.rawValue): \(metric.value(sign * certificate.primal)), bound \
            \(metric.value(sign * certificate.bound)), gap \(text(certificate.gap))
            """
        ]
        if let tie = answer.tieBreak {
            lines.append(
                """
                of all policies that reach it, the least mean: \(text(tie.primal, digits: 4)) s, bound \
                \(text(tie.bound, digits: 4)) s, gap \(text(tie.gap))
                """)
        }
        if problem.isDeterministic {
            lines.append("without mixtures; the bound is that of mixtures, so the gap is what they could save")
        }
        return lines
    }

    /// What more of each limit would buy.
    private var shadowPrices: [String] {
        let (multipliers, metric) =
            answer.tieBreak.map { ($0.multipliers, Metric.ttftMean) } ?? (
                answer.certificate.multipliers, problem.objective
            )
        return multipliers.sorted { $0.key < $1.key }.compactMap { limited, multiplier in
            guard multiplier != 0 else { return nil }
            let bound = limits.first { $0.metric == limited }
            let time = limited == problem.objective ? answer.certificate.primal : bound?.atMost ?? bound?.atLeast
            let (step, words) = limited.step(isAtLeast: multiplier < 0, time: time)
            let of = metric == .ttftMean ? "mean TTFT" : metric.rawValue
            return "\(words) would buy \(metric.amount(abs(multiplier) * step)) of \(of)."
        }
    }

    /// What is compared: the objective, the mean, the 99th percentile, and all that is limited.
    private var comparedMetrics: [Metric] {
        let share = Metric.prefillShare(of: limit?.endpoint ?? .device)
        let asked = Set([problem.objective, .ttftMean, .ttftP99] + problem.limits.map(\.metric))
        return (limit == nil && !problem.limits.isEmpty ? asked : asked.union([share])).sorted()
    }

    /// The optimum and every baseline, on all rows and held out.
    private var comparison: [String] {
        let metrics = comparedMetrics
        let hasHeldOut = optimum.heldOut != nil
        let heads = metrics.map(\.head)
        var rows = [["policy"] + heads + (hasHeldOut ? ["| held out: \(heads[0])"] + heads.dropFirst() : [])]
        func row(_ name: String, _ judgement: Judgement) -> [String] {
            func cells(_ outcomes: Outcomes?) -> [String] {
                metrics.map { metric in outcomes?[metric].map { metric.cell($0) } ?? "-" }
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
