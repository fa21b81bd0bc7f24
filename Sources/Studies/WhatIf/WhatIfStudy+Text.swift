internal import Serving
internal import Solvers

extension WhatIfStudy {
    /// The study for people, within 80 columns unless names are long.
    public func rendered() -> String {
        switch question {
        case .sweep(let variations) where variations.count == 2: lines(grid(variations[0], variations[1]))
        case .sweep(let variations): lines(sweep(variations[0]))
        case .scenarios: lines(scenarioTable() + [""] + (regret?.lines ?? []))
        }
    }

    private func lines(_ lines: [String]) -> String { (lines + footnotes).joined(separator: "\n") + "\n" }

    private var how: String { resolves ? "each solved anew" : "nothing solved anew" }

    private var sense: String {
        problem.objective.isMaximized ? "maximized" : "minimized"
    }

    private func sweep(_ variation: Variation) -> [String] {
        var head = ["x"]
        if resolves { head += metrics.map(\.head) }
        head += candidates.map { "| \($0.name)" }
        var table = [head]
        for point in points {
            table.append(
                [point.scenario.settings[0].value] + (resolves ? cells(point) : []) + heldCells(point))
        }
        return [
            "\(problem.path): \(problem.objective.rawValue) \(sense), x = \(variation.path);",
            "\(points.count) values, \(how)\(heldSentence).", "",
        ] + columns(table, leftAligned: [])
    }

    private func grid(_ rows: Variation, _ across: Variation) -> [String] {
        func block(_ cell: (WhatIf.Point) -> String) -> [String] {
            var table = [[""] + across.values]
            for (r, value) in rows.values.enumerated() {
                let own = points[(r * across.values.count)..<((r + 1) * across.values.count)]
                table.append([value] + own.map(cell))
            }
            return columns(table, leftAligned: [])
        }
        var lines = [
            "\(problem.path): \(problem.objective.rawValue) \(sense), \(points.count) points, \(how)\(heldSentence).",
            "Down: \(rows.path).", "Across: \(across.path).",
        ]
        if resolves {
            lines += ["", "\(head), best:"]
            lines += block { point in point.optimum.flatMap { value($0.outcomes, point) } ?? Self.missing }
        }
        for (k, candidate) in candidates.enumerated() {
            lines += ["", "\(head), \(candidate.name):"] + block { heldCell($0, k) }
        }
        return lines
    }

    private func scenarioTable() -> [String] {
        var table = [["scenario"] + metrics.map(\.head)]
        for point in points { table.append([point.scenario.name] + cells(point)) }
        return [
            "\(problem.path): \(problem.objective.rawValue) \(sense), \(points.count) scenarios, \(how).", "",
        ] + columns(table)
    }

    /// The objective in a heading; several where the objective varies.
    private var head: String { Set(points.map(\.objective)).sorted().map(\.head).joined(separator: " or ") }

    /// What is shown of an optimum: the objective, and what others ask first.
    private var metrics: [Metric] {
        let usual: [Metric] = [.ttftMean, .ttftP99, .devicePrefillShare, .serverPrefillShare, .failedShare, .costMean]
        let asked = Set(points.map(\.objective)).sorted().filter { !usual.contains($0) }
        let all = asked + usual
        return all.filter { metric in points.contains { $0.optimum?.outcomes[metric] != nil } }
    }

    private func cells(_ point: WhatIf.Point) -> [String] {
        guard let optimum = point.optimum else { return metrics.map { _ in Self.missing } }
        return metrics.map { metric in optimum.outcomes[metric].map(metric.cell) ?? Self.missing }
    }

    private func heldCells(_ point: WhatIf.Point) -> [String] { candidates.indices.map { heldCell(point, $0) } }

    private func heldCell(_ point: WhatIf.Point, _ candidate: Int) -> String {
        let judged = point.held[candidate]
        return (value(judged.outcomes, point) ?? Self.missing) + (judged.brokenLimits.isEmpty ? "" : "*")
    }

    private func value(_ outcomes: Outcomes, _ point: WhatIf.Point) -> String? {
        outcomes[point.objective].map(point.objective.cell)
    }

    private static let missing = "-"

    private var heldSentence: String {
        guard !candidates.isEmpty else { return "" }
        let names = candidates.map { $0.name == Self.today ? "\(Self.today) (the optimum now)" : $0.name }
        return "; held fixed: \(names.joined(separator: ", "))"
    }

    private var footnotes: [String] {
        var notes: [String] = []
        if points.contains(where: { $0.held.contains { !$0.brokenLimits.isEmpty } }) {
            notes.append("* breaks a limit there")
        }
        let infeasible = points.filter { $0.infeasible != nil }
        if let first = infeasible.first {
            notes.append(
                "- no policy keeps the limits (\(infeasible.count) of \(points.count)), e.g. \(first.infeasible ?? "")")
        }
        return notes.isEmpty ? [] : [""] + notes
    }
}

extension RegretTable {
    /// The table for people.
    var lines: [String] {
        var table = [["what is lost by a fixed policy"] + scenarios.map { "| \($0)" } + ["worst"]]
        for row in rows {
            let cells = row.regrets.indices.map { k in
                (row.regrets[k].map { text(objective.printedScale * $0) } ?? "-")
                    + (row.brokenLimits[k].isEmpty ? "" : "*")
            }
            table.append(
                [row.name] + cells + [row.keepsLimits ? text(objective.printedScale * row.worst) : "breaks limits"])
        }
        let head = "Regret in \(objective.printedUnit) of \(objective.rawValue), against each scenario's own optimum:"
        let verdict =
            choice.map {
                "Least worst regret among those that keep all limits: \($0.name), \(objective.amount($0.worst))."
            } ?? "None of them keeps the limits of every scenario."
        return [head, ""] + columns(table) + ["", verdict]
    }
}

extension Tornado {
    /// The bars for people.
    public func rendered() -> String {
        let percent = percentText(share)
        var table = [["field", "now", "-\(percent) %", "+\(percent) %", "swing", ""]]
        let longest = bars.first?.swing(around: base) ?? 0
        for bar in bars {
            let swing = bar.swing(around: base)
            let length = longest > 0 ? Int((12 * swing / longest).rounded()) : 0
            table.append([
                bar.number.path, text(bar.number.value), cell(bar.low), cell(bar.high), objective.amount(swing),
                String(repeating: "#", count: length),
            ])
        }
        var lines = [
            "\(objective.rawValue) is \(objective.value(base)); each number moved by \(percent) %, the rest as it is, solved anew:",
            "",
        ]
        lines += columns(table, leftAligned: [0, 5])
        if !unmoved.isEmpty { lines += ["", "Changes nothing:"] + unmoved.map { "  \($0)" } }
        let reasons = bars.flatMap { bar in
            [bar.low, bar.high].compactMap { end in end.reason.map { "\(bar.number.path) = \(text(end.number)): \($0)" }
            }
        }
        if !reasons.isEmpty { lines += ["", "No value (-):"] + reasons.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    private func cell(_ end: End) -> String { end.value.map(objective.cell) ?? "-" }
}

extension BreakEven {
    /// The result for people.
    public func rendered() -> String {
        func who(_ lead: Lead) -> String {
            switch lead {
            case .first: "\(names.0) is ahead"
            case .second: "\(names.1) is ahead"
            case .tie: "they tie"
            case .none: "neither keeps the limits"
            }
        }
        var lines = ["\(names.0) against \(names.1) by \(objective.rawValue), as \(path) moves:", ""]
        func values(_ end: Int) -> String {
            let (one, other) = endValues[end]
            func cell(_ standing: Standing) -> String {
                (standing.value.map(objective.value) ?? "-") + (standing.keepsLimits ? "" : "*")
            }
            return "\(cell(one)) against \(cell(other))"
        }
        lines.append("at \(text(range.lowerBound, digits: 4)): \(values(0)), \(who(ends.0))")
        for change in changes {
            lines.append(
                "from \(text(change.value, digits: 6)) on: \(who(change.above)) (below it \(who(change.below)))")
        }
        lines.append("at \(text(range.upperBound, digits: 4)): \(values(1)), \(who(ends.1))")
        if changes.isEmpty { lines += ["", "No break-even in this range."] }
        if endValues.contains(where: { !$0.0.keepsLimits || !$0.1.keepsLimits }) {
            lines += ["", "* breaks a limit there, and does not lead"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
