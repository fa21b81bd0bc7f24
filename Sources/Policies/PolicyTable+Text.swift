extension PolicyTable {
    /// One line: what was optimized under which limits.
    ///
    ///     minimize ttft.mean, device.prefill_share at most 0.2
    public func summary() -> String {
        let verb = PolicyMetric.isMaximized(objective) ? "maximize" : "minimize"
        return (["\(verb) \(printable(objective))"] + phrases(of: limits)).joined(separator: ", ")
    }

    private func phrases(of limits: [String: Limit]) -> [String] {
        PolicyMetric.inOrder(limits.keys).flatMap { metric in
            let limit = limits[metric] ?? Limit()
            return [("at most", limit.atMost), ("at least", limit.atLeast)].compactMap { side, bound in
                bound.map { "\(printable(metric)) \(side) \(exact($0))\(unit(of: metric))" }
            }
        }
    }

    /// What proves a quantile, and what is proved of its ties.
    private func proofSentences(_ certificate: Certificate) -> [String] {
        let tail = certificate.tail.map {
            "P(TTFT > \(short($0.time)) s) is at least \(short($0.bound)) in every policy that keeps the limits"
        }
        let tieBreak = certificate.tieBreak.map {
            """
            \(Certificate.TieBreak.metric) among the best: \($0.status.rawValue): primal \(short($0.primal)), bound \
            \(short($0.bound)), gap \(short($0.gap))
            """
        }
        return [tail, tieBreak].compactMap { $0 }
    }

    /// The table for people: the summary, the certificate, the outcomes, and what prompts of which length do.
    ///
    /// Buckets in a row that do the same are one line. Numbers are rounded to three significant digits; the file has
    /// them in full.
    /// - Parameter width: Columns that no line exceeds; at least 60.
    /// - Returns: Lines, each with its newline.
    /// - Complexity: O(*n*) in the number of actions.
    public func rendered(width: Int = 80) -> String {
        let width = max(60, width)
        var lines = wrapped(summary().split(separator: " ").map(String.init), width: width, indent: 2)
        if let certificate {
            let facts = [
                "\(certificate.status.rawValue):", "primal \(short(certificate.primal)),",
                "bound \(short(certificate.bound)),", "gap \(short(certificate.gap))",
            ]
            lines += wrapped(facts, width: width, indent: 2)
            lines += proofSentences(certificate).flatMap {
                wrapped($0.split(separator: " ").map(String.init), width: width, indent: 2)
            }
        }
        if let solvedUnder {
            let words = "solved under " + phrases(of: solvedUnder).joined(separator: ", ")
            lines += wrapped(words.split(separator: " ").map(String.init), width: width, indent: 2)
        }
        lines += ["", clipped("id \(printable(id))", to: width)]
        let dates = [("as of", asOf), ("valid from", validFrom), ("valid until", validUntil)]
            .compactMap { name, date in date.map { ", \(name) \(printable($0))" } }
        lines += wrapped(
            "revision \(revision)\(dates.joined())".split(separator: " ").map(String.init), width: width, indent: 2)
        lines += [""] + outcomeLines(width: width) + [""] + bucketLines(width: width)
        return lines.joined(separator: "\n") + "\n"
    }

    /// What prompts of which length do, by period of the day where there are any; buckets in a row that do the same are
    /// one line.
    /// - Parameter width: Columns that no line exceeds; at least 60.
    /// - Returns: A header and a line per action, ending in a newline.
    /// - Complexity: O(*n*) in the number of actions.
    public func renderedBuckets(width: Int = 80) -> String {
        bucketLines(width: max(60, width)).joined(separator: "\n") + "\n"
    }

    private func outcomeLines(width: Int) -> [String] {
        let names = PolicyMetric.inOrder(Set(expected.keys).union(heldOut?.keys ?? [:].keys))
        let rows = names.map { name in
            func cell(_ outcomes: [String: Double]?) -> String { outcomes?[name].map { amount($0, name) } ?? "-" }
            return [printable(name), cell(expected)] + (heldOut == nil ? [] : [cell(heldOut)])
        }
        return aligned([["outcome", "expected"] + (heldOut == nil ? [] : ["held out"])] + rows, width: width)
    }

    private func amount(_ value: Double, _ metric: String) -> String { short(value) + unit(of: metric) }

    func unit(of metric: String) -> String {
        if PolicyMetric.isTime(metric) { return " s" }
        switch metric {
        case "energy.mean": return " J"
        case "cost.mean": return units.money.map { " " + printable($0) } ?? ""
        default: return ""
        }
    }

    // MARK: - Buckets

    /// Consecutive buckets that do the same.
    private struct Run {
        var from: Int
        var to: Int?
        var actions: [Choice]
        var requests: Int
        var isBorrowed: Bool

        var lengths: String {
            guard let to else { return "\(from)+" }
            return from == to ? "\(from)" : "\(from)-\(to)"
        }
    }

    private static func runs(of buckets: [Bucket]) -> [Run] {
        var runs: [Run] = []
        for bucket in buckets {
            let isBorrowed = bucket.evidence.borrowedFrom != nil
            if let last = runs.last, last.actions == bucket.actions {
                runs[runs.count - 1].to = bucket.to
                // Saturates: the table need not be valid to be shown.
                let (sum, overflows) = last.requests.addingReportingOverflow(bucket.evidence.requests)
                runs[runs.count - 1].requests = overflows ? .max : sum
                runs[runs.count - 1].isBorrowed = last.isBorrowed || isBorrowed
            } else {
                runs.append(
                    Run(
                        from: bucket.from, to: bucket.to, actions: bucket.actions,
                        requests: bucket.evidence.requests, isBorrowed: isBorrowed))
            }
        }
        return runs
    }

    private func bucketLines(width: Int) -> [String] {
        var lines: [String] = []
        var hasBorrowed = false
        func add(_ buckets: [Bucket]) {
            let runs = Self.runs(of: buckets)
            var rows = [["prompt tokens", "requests", "action"]]
            for run in runs {
                let isMixture = run.actions.count > 1
                let texts = run.actions.map { (isMixture ? "\(short(100 * $0.probability)) %: " : "") + $0.action.text }
                for (index, text) in (texts.isEmpty ? ["none"] : texts).enumerated() {
                    rows.append(
                        index == 0
                            ? [run.lengths, "\(run.requests)\(run.isBorrowed ? "*" : "")", text] : ["", "", text])
                }
            }
            lines += aligned(rows, width: width)
            hasBorrowed = hasBorrowed || runs.contains(where: \.isBorrowed)
        }
        if periods.isEmpty || !buckets.isEmpty { add(buckets) }
        for period in periods {
            if !lines.isEmpty { lines.append("") }
            lines.append(clipped("\(period.words), \(short(100 * period.share)) % of requests", to: width))
            add(period.buckets)
        }
        lines += handOverLines(width: width)
        let note = "* too few rows for some of these lengths: they take a neighbour's action"
        return lines + (hasBorrowed ? ["", clipped(note, to: width)] : [])
    }
}

extension PolicyTable.Action {
    /// The action in words: `race`, `server only`, `server at 0, device after 0.53 s`.
    public var text: String {
        switch (serverWait, deviceWait) {
        case (0, 0): "race"
        case (0, .infinity): "server only"
        case (.infinity, 0): "device only"
        case (0, let wait): "server at 0, device after \(short(wait)) s"
        case (let wait, 0): "device at 0, server after \(short(wait)) s"
        default: "server after \(short(serverWait)) s, device after \(short(deviceWait)) s"
        }
    }
}

// MARK: - Lines

/// Three significant digits, without trailing zeros.
func short(_ value: Double) -> String {
    value.isFinite ? DecimalDigits(value).rounded(to: 3).jsonText : "\(value)"
}

/// All digits.
func exact(_ value: Double) -> String { value.isFinite ? DecimalDigits(value).jsonText : "\(value)" }

/// Text from the file that cannot steer a terminal.
func printable(_ text: String) -> String { String(quoted(text, length: 80).dropFirst().dropLast()) }

func clipped(_ line: String, to width: Int) -> String {
    line.count <= width ? line : String(line.prefix(width - 3)) + "..."
}

/// Words on as few lines as fit; all but the first are indented.
func wrapped(_ words: [String], width: Int, indent: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in words {
        if !line.isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = String(repeating: " ", count: indent)
        } else if !line.isEmpty {
            line += " "
        }
        line += clipped(word, to: width - indent)
    }
    return lines + [line]
}

/// Rows of a table, columns two spaces apart; all but the first and those under `action` and `from`, which are text, are flush
/// right.
func aligned(_ rows: [[String]], width: Int) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        var line = ""
        for (column, cell) in row.enumerated() {
            let space = String(repeating: " ", count: widths[column] - cell.count)
            let isText = column == 0 || ["action", "from"].contains(rows[0][column])
            line += (column == 0 ? "" : "  ") + (isText ? cell + space : space + cell)
        }
        while line.last == " " { line.removeLast() }
        return clipped(line, to: width)
    }
}
