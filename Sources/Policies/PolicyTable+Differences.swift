extension PolicyTable {
    /// What another table does differently: head, limits, outcomes, and what prompts of which length do.
    ///
    /// Provenance and evidence are not compared: what was read is no difference of what is done.
    /// - Parameters:
    ///   - newer: The other table.
    ///   - width: Columns that no line exceeds; at least 60.
    /// - Returns: Lines, each with its newline.
    /// - Precondition: Both tables are valid.
    public func differences(to newer: PolicyTable, width: Int = 80) -> String {
        let width = max(60, width)
        var sections: [[String]] = []
        let head = headDifferences(to: newer).map { clipped($0, to: width) }
        if !head.isEmpty { sections.append(head) }
        let outcomes = Self.outcomeTable(expected, newer.expected, title: "expected outcome", width: width) {
            unit(of: $0)
        }
        if !outcomes.isEmpty { sections.append(outcomes) }
        sections += actionDifferences(to: newer, width: width)
        if sections.isEmpty {
            return id == newer.id
                ? "the same table\n" : "the tables do the same; they differ in provenance or evidence\n"
        }
        return sections.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
    }

    /// Outcomes beside each other; nothing where all are the same.
    static func outcomeTable(
        _ older: [String: Double], _ newer: [String: Double], title: String, width: Int, unit: (String) -> String
    ) -> [String] {
        guard older != newer else { return [] }
        let rows = PolicyMetric.inOrder(Set(older.keys).union(newer.keys)).map { name in
            func cell(_ value: Double?) -> String { value.map { short($0) + unit(name) } ?? "-" }
            var change = "-"
            if let before = older[name], let after = newer[name] {
                // A difference of the last digits is rounding.
                let isSame = (after - before).magnitude <= 1e-12 * max(before.magnitude, after.magnitude)
                change = (after > before && !isSame ? "+" : "") + short(isSame ? 0 : after - before) + unit(name)
            }
            return [printable(name), cell(older[name]), cell(newer[name]), change]
        }
        return aligned([[title, "old", "new", "change"]] + rows, width: width)
    }

    // MARK: Head

    private func headDifferences(to newer: PolicyTable) -> [String] {
        var lines: [String] = []
        func compare(_ name: String, _ older: String?, _ newer: String?) {
            if older != newer { lines.append("\(name): \(older ?? "none") -> \(newer ?? "none")") }
        }
        compare("revision", "\(revision)", "\(newer.revision)")
        compare("as_of", asOf.map(printable), newer.asOf.map(printable))
        compare("valid_from", validFrom.map(printable), newer.validFrom.map(printable))
        compare("valid_until", validUntil.map(printable), newer.validUntil.map(printable))
        compare("objective", printable(objective), printable(newer.objective))
        compare("timeout", exact(timeout) + " s", exact(newer.timeout) + " s")
        for (title, sides) in [
            ("limits", (limits, newer.limits)), ("solved_under", (solvedUnder ?? [:], newer.solvedUnder ?? [:])),
        ] {
            for name in PolicyMetric.inOrder(Set(sides.0.keys).union(sides.1.keys)) {
                compare("\(title).\(printable(name))", sides.0[name]?.words, sides.1[name]?.words)
            }
        }
        func pace(_ table: PolicyTable) -> String? { table.readerTokensPerSecond.map { "\(exact($0)) tokens/s" } }
        compare("reader", pace(self), pace(newer))
        func guardWords(_ table: PolicyTable) -> String? {
            table.budgetGuard.map { "\($0.endpoint.rawValue) at most \(exact($0.budget))" }
        }
        compare("guard", guardWords(self), guardWords(newer))
        func rolloutWords(_ table: PolicyTable) -> String? {
            table.rollout.map { "\(exact($0.percentage)) %, salt \(quoted($0.salt))" }
        }
        compare("rollout", rolloutWords(self), rolloutWords(newer))
        compare("max_extra_load", maxExtraLoad.map(exact), newer.maxExtraLoad.map(exact))
        return lines
    }

    // MARK: Actions

    /// One section for each set of hours that are in one period before and in one after.
    private func actionDifferences(to newer: PolicyTable, width: Int) -> [[String]] {
        struct Pair: Hashable {
            var older: Int?
            var newer: Int?
        }
        var hours: [Pair: [Int]] = [:]
        for hour in 0..<24 {
            hours[Pair(older: periodIndex(hour: hour), newer: newer.periodIndex(hour: hour)), default: []].append(hour)
        }
        return hours.sorted { $0.value[0] < $1.value[0] }.compactMap { pair, hours in
            let old = pair.older.map { periods[$0].buckets } ?? buckets
            let new = pair.newer.map { newer.periods[$0].buckets } ?? newer.buckets
            let runs = Self.differingRuns(old, new)
            guard !runs.isEmpty else { return nil }
            let title =
                hours.count == 24
                ? "prompt tokens" : "prompt tokens, \(Period(hours: hours, share: 0, buckets: []).words)"
            var lines = [clipped(title, to: width)]
            for run in runs {
                lines.append(run.lengths)
                for (side, words) in [("old", run.older), ("new", run.newer)] {
                    let parts = "\(side): \(words)".split(separator: " ").map(String.init)
                    lines += wrapped(parts, width: width - 2, indent: 5).map { "  " + $0 }
                }
            }
            return lines
        }
    }

    private struct DifferingRun {
        var from: Int
        var to: Int?
        var older: String
        var newer: String
        var lengths: String {
            guard let to else { return "\(from)+" }
            return from == to ? "\(from)" : "\(from)-\(to)"
        }
    }

    /// Ranges of lengths, between the edges of either table, in which the tables do different things; neighbours that do the
    /// same are one.
    private static func differingRuns(_ older: [Bucket], _ newer: [Bucket]) -> [DifferingRun] {
        let edges = Set((older + newer).map(\.from)).sorted()
        var runs: [DifferingRun] = []
        var isOpen = false
        for (place, edge) in edges.enumerated() {
            let (before, after) = (
                older[index(in: older, promptTokens: edge)], newer[index(in: newer, promptTokens: edge)]
            )
            let end = place + 1 < edges.count ? edges[place + 1] - 1 : nil
            let withMoves = before.moves != after.moves
            guard before.mixture != after.mixture || withMoves else {
                isOpen = false
                continue
            }
            let (old, new) = (before.words(withMoves: withMoves), after.words(withMoves: withMoves))
            if isOpen, let last = runs.last, last.older == old, last.newer == new {
                runs[runs.count - 1].to = end
            } else {
                runs.append(DifferingRun(from: edge, to: end, older: old, newer: new))
            }
            isOpen = true
        }
        return runs
    }
}

extension PolicyTable.Bucket {
    /// The mixture without its hand-overs.
    fileprivate var mixture: [PolicyTable.Choice] {
        actions.map { PolicyTable.Choice(probability: $0.probability, action: $0.action) }
    }

    /// The hand-overs of each action; one for all where they are alike.
    fileprivate var moves: [PolicyTable.Migrations?] {
        let moves = actions.map { $0.migration ?? migration }
        return moves.allSatisfy { $0 == moves[0] } ? Array(moves.prefix(1)) : moves
    }

    /// Actions and, if asked for, hand-overs in one sentence, in full digits, so that what differs looks different.
    fileprivate func words(withMoves: Bool) -> String {
        let moves = withMoves ? moves : []
        let parts = actions.enumerated().map { place, choice in
            let own = moves.count > 1 ? ", \(Self.words(of: moves[place]))" : ""
            return (actions.count > 1 ? "\(exact(100 * choice.probability)) %: " : "") + choice.action.exactText + own
        }
        return (parts + (moves.count == 1 ? [Self.words(of: moves[0])] : [])).joined(separator: "; ")
    }

    private static func words(of move: PolicyTable.Migrations?) -> String {
        PolicyTable.Endpoint.allCases.map { source in
            let point = move?[from: source].handOver
            let words = point.map { "after \($0.afterTokens) tokens with \(exact($0.bufferTokens)) ahead" } ?? "never"
            return "leaves the \(source.rawValue) \(words)"
        }.joined(separator: ", ")
    }
}

extension PolicyTable.Action {
    /// As ``text``, with all digits.
    fileprivate var exactText: String {
        switch (serverWait, deviceWait) {
        case (0, let wait) where wait > 0 && wait.isFinite: "server at 0, device after \(exact(wait)) s"
        case (let wait, 0) where wait > 0 && wait.isFinite: "device at 0, server after \(exact(wait)) s"
        default: text
        }
    }
}
