internal import Policies
internal import Replay
internal import Serving

extension ReplayStudy {
    /// The result for people: first tokens, then streams, then what hand-overs change; standard errors beside the means.
    /// - Returns: Lines that end in a newline.
    public func rendered() -> String {
        var lines = [
            """
            \(options.requests) requests drawn from the traces (seed \(options.seed)), each policy meets the same; ± is one \
            standard error.
            """, "",
        ]
        lines += columns(firstTokens)
        if rows.contains(where: { !$0.brokenLimits.isEmpty }) {
            lines.append("* breaks a limit by more than \(text(Self.significance)) standard errors")
        }
        if rows.contains(where: { $0.outcomes.tbtMean != nil }) { lines += ["", streamsSentence] + columns(streams) }
        if rows.contains(where: { $0.withoutHandOvers != nil }) {
            lines += ["", "Handed over, against the same waits without hand-overs:"] + columns(handOvers)
            lines.append("Baselines hand over as the table does; server-only and device-only never do.")
        }
        if !notes.isEmpty { lines += [""] + notes.map { "note: \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let unknown = "-"

    private static func cell(_ value: Double?, _ decimals: Int, scale: Double = 1) -> String {
        value.map { fixed($0 * scale, decimals: decimals) } ?? unknown
    }

    /// What the columns of first tokens are: the usual, and what the problem minimizes or limits.
    private var metrics: [Metric] {
        let share = Metric.prefillShare(of: problem.shareLimit?.endpoint ?? .device)
        let usual: [Metric] = [.ttftMean, .ttftP50, .ttftP99, share, .failedShare, .costMean, .energyMean]
        let wanted = Set(usual + [problem.objective] + problem.limits.map(\.metric)).sorted()
        return wanted.filter { metric in rows.contains { $0.outcomes[metric] != nil } }
    }

    /// Times to the first token, shares, cost and energy, with standard errors of all but shares.
    private var firstTokens: [[String]] {
        let metrics = metrics
        func hasError(_ metric: Metric) -> Bool {
            switch metric {
            case .ttftMean, .ttftQuantile, .costMean, .energyMean: true
            default: false
            }
        }
        let heads = metrics.flatMap { hasError($0) ? [$0.head, "±"] : [$0.head] }
        return [["policy"] + heads]
            + rows.map { row in
                let cells = metrics.flatMap { metric in
                    let value = row.outcomes[metric].map(metric.cell) ?? Self.unknown
                    let error = row.outcomes.error(of: metric).map {
                        text($0 * (metric == .costMean ? 1000 : 1), digits: 2)
                    }
                    return hasError(metric) ? [value, error ?? Self.unknown] : [value]
                }
                return [row.name + (row.brokenLimits.isEmpty ? "" : " *")] + cells
            }
    }

    private var streamsSentence: String {
        let metrics = options.metrics
        let offset = metrics.deadlineOffset == 0 ? "" : " from \(text(metrics.deadlineOffset)) s"
        let pace = paces.map { "server \($0.server.words), device \($0.device.words).\n" } ?? ""
        return """
            Streams: \(pace)On time are responses with every token by its deadline (\(text(metrics.deadlineTokensPerSecond)) \
            tokens/s\(offset)); goodput in \(goodputUnit), alpha \(text(metrics.alpha)):
            """
    }

    /// Times between tokens, stalls, quality and goodput.
    private var streams: [[String]] {
        let hasReaders = problem.readers != nil
        let reading = hasReaders ? ["stall s", "±", "QoE", "±"] : []
        return [["policy", "tbt ms", "p99 ms"] + reading + ["on time", "goodput", "smooth", "±"]]
            + rows.map { row in
                let outcomes = row.outcomes
                let read =
                    hasReaders
                    ? [
                        Self.cell(outcomes.stallMean, 3),
                        outcomes.stallMeanError.map { text($0, digits: 2) } ?? Self.unknown,
                        Self.cell(outcomes.qoeMean, 4),
                        outcomes.qoeMeanError.map { text($0, digits: 2) } ?? Self.unknown,
                    ] : []
                return [
                    row.name, Self.cell(outcomes.tbtMean, 1, scale: 1e3),
                    Self.cell(outcomes.tbtQuantile(0.99), 1, scale: 1e3),
                ]
                    + read + [
                        Self.cell(outcomes.attainment, 3), outcomes.goodput.map { text($0) } ?? Self.unknown,
                        outcomes.smoothGoodput.map { text($0, digits: 4) } ?? Self.unknown,
                        outcomes.smoothGoodputError.map { text($0, digits: 2) } ?? Self.unknown,
                    ]
            }
    }

    /// What hand-overs change, for each policy that has any.
    private var handOvers: [[String]] {
        let hasCost = rows.contains { $0.outcomes.costMean != nil }
        let hasReaders = problem.readers != nil
        let heads =
            ["policy", "share"] + (hasCost ? ["cost without", "with", "saved %"] : [])
            + (hasReaders ? ["tokens late each", "stall s without", "with"] : []) + ["p99 ms without", "with"]
        return [heads]
            + rows.compactMap { row in
                guard let before = row.withoutHandOvers else { return nil }
                let after = row.outcomes
                var cells = [row.name, Self.cell(after.handOverShare, 3)]
                if hasCost {
                    let saved = before.costMean.flatMap { old in
                        after.costMean.flatMap { old > 0 ? 100 * (1 - $0 / old) : nil }
                    }
                    cells += [
                        before.costMean.map(Metric.costMean.cell) ?? Self.unknown,
                        after.costMean.map(Metric.costMean.cell) ?? Self.unknown, Self.cell(saved, 1),
                    ]
                }
                if hasReaders {
                    cells += [
                        Self.cell(after.delayedTokensPerHandOver, 2), Self.cell(before.stallMean, 3),
                        Self.cell(after.stallMean, 3),
                    ]
                }
                return cells + [before, after].map { Self.cell($0.tbtQuantile(0.99), 1, scale: 1e3) }
            }
    }
}
