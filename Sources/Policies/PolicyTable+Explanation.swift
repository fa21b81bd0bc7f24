extension PolicyTable {
    /// Why prompts of one length do what they do: bucket, actions, evidence, prices, hand-overs.
    /// - Parameters:
    ///   - promptTokens: Length of the prompt, in tokens; below 1 counts as 1.
    ///   - requestID: A request whose draws are told, too; nil for none.
    ///   - hour: Hour of the day in UTC; nil where unknown, then of a table by periods the busiest is told.
    ///   - width: Columns that no line exceeds; at least 60.
    /// - Returns: Lines, each with its newline.
    /// - Precondition: The table is valid.
    public func explained(
        promptTokens: Int, requestID: String? = nil, hour: Int? = nil, width: Int = 80
    ) -> String {
        let width = max(60, width)
        let period = periodIndex(hour: hour)
        let set = period.map { periods[$0].buckets } ?? buckets
        let index = Self.index(in: set, promptTokens: promptTokens)
        let bucket = set[index]
        func sentence(_ text: String) -> [String] {
            wrapped(text.split(separator: " ").map(String.init), width: width, indent: 2)
        }
        let place = "bucket \(index + 1) of \(set.count), \(bucket.lengths) tokens"
        let title = period.map { ", \(periods[$0].words)\(hour == nil ? ", the busiest period" : "")" } ?? ""
        let isMixture = bucket.actions.count > 1
        var lines = sentence("\(promptTokens) prompt tokens: \(place)\(title)")
        for choice in bucket.actions {
            let share = isMixture ? "\(short(100 * choice.probability)) %: " : ""
            lines += [clipped("  \(share)\(choice.action.text)", to: width)]
        }
        lines += [""] + sentence(evidenceSentence(bucket))
        lines += priceSentences().flatMap(sentence)
        if isMixture, certificate != nil {
            lines += sentence(
                "It mixes actions that are equally good at these prices; their shares keep the limits exactly.")
        }
        let moves = Endpoint.allCases.flatMap { handOverSentences(bucket, from: $0) }
        if !moves.isEmpty { lines += [""] + moves.flatMap(sentence) }
        if let requestID { lines += [""] + drawSentences(requestID, promptTokens, hour, isMixture).flatMap(sentence) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func evidenceSentence(_ bucket: Bucket) -> String {
        let evidence = bucket.evidence
        let rows = "\(evidence.requests) requests of these lengths, server times from \(evidence.serverRows) rows"
        guard let source = evidence.borrowedFrom else { return "Evidence: \(rows)." }
        return "Evidence: too few rows (\(rows)): it takes the actions of the bucket that begins at \(source) tokens."
    }

    /// What is minimized once every limit has its price, and what each price means.
    private func priceSentences() -> [String] {
        guard let certificate else {
            return ["Why: nobody says; a table without a certificate was written by hand or by a baseline."]
        }
        // For a quantile it is the mass beyond it that the limits are weighed against.
        let weighed = certificate.tail.map { "P(TTFT > \(short($0.time)) s)" } ?? printable(objective)
        let unit = certificate.tail == nil ? unit(of: objective) : ""
        let multipliers = certificate.tail?.multipliers ?? certificate.multipliers
        let priced = PolicyMetric.inOrder(multipliers.keys).filter { multipliers[$0] != 0 && $0 != objective }
        let verb = certificate.tail == nil && PolicyMetric.isMaximized(objective) ? "maximize" : "minimize"
        guard !priced.isEmpty else {
            return ["Why: these waits \(verb) \(weighed); no limit binds, so nothing has a price."]
        }
        let names = priced.map(printable).joined(separator: ", ")
        let why = "Why: these waits \(verb) \(weighed) under a price on \(names)."
        return [why]
            + priced.map { name in
                let price = multipliers[name] ?? 0
                let gain = "\(short(price.magnitude / 100))\(unit) of \(weighed)"
                if PolicyMetric.quantileLevel(name) != nil {
                    let bound = (solvedUnder ?? limits)[name]?.atMost.map { " after \(short($0)) s" } ?? " in its tail"
                    return "Price: one percent of the requests more\(bound) would buy \(gain)."
                }
                let change = price > 0 ? "more" : "less"
                guard PolicyMetric.isShare(name) else {
                    return "Price: one hundredth of a unit \(change) of \(printable(name)) would buy \(gain)."
                }
                return "Price: one point (0.01) \(change) of \(printable(name)) would buy \(gain)."
            }
    }

    /// One sentence for the bucket, or one for each action where they differ.
    private func handOverSentences(_ bucket: Bucket, from source: Endpoint) -> [String] {
        let moves = bucket.actions.map { ($0.migration ?? bucket.migration)?[from: source] }
        guard let first = moves.first, !moves.allSatisfy({ $0 == first }) else {
            return moves.first.flatMap { $0 }.map { [handOverSentence($0, from: source, whose: "")] } ?? []
        }
        return zip(bucket.actions, moves).compactMap { choice, move in
            move.map { handOverSentence($0, from: source, whose: " of the \(short(100 * choice.probability)) %") }
        }
    }

    private func handOverSentence(_ migration: Migration, from source: Endpoint, whose: String) -> String {
        let route = "\(source.rawValue) to \(source == .server ? "device" : "server")\(whose)"
        switch migration {
        case .never(let reason): return "Hand-over, \(route): never (\(reason.rawValue))."
        case .handOver(let point):
            let money = units.money.map { " \(printable($0))" } ?? ""
            let stall = point.stall.map { ", reading ends \(short($0)) s later" } ?? ""
            return """
                Hand-over, \(route): from token \(point.afterTokens) on, with \(short(point.bufferTokens)) tokens ahead of \
                the reader; saves \(short(point.expectedSaving))\(money) a response\(stall).
                """
        }
    }

    private func drawSentences(_ requestID: String, _ promptTokens: Int, _ hour: Int?, _ isMixture: Bool) -> [String] {
        let action = decision(promptTokens: promptTokens, requestID: requestID, hour: hour)
        let drawn = isMixture ? "draws \(short(Self.draw(requestID: requestID))): " : "does: "
        var sentences = ["Request \(quoted(requestID)) \(drawn)\(action.text)."]
        if let rollout {
            let draw = Self.draw(requestID: requestID, salt: rollout.salt)
            let verdict = draw < rollout.percentage / 100 ? "takes" : "does not take"
            sentences.append(
                """
                It \(verdict) this table, which is for \(short(rollout.percentage)) % of the requests: its draw for the \
                rollout is \(short(draw)).
                """)
        }
        return sentences
    }
}

extension PolicyTable.Bucket {
    /// The lengths in words: `41-299`, `300+`, `7`.
    var lengths: String {
        guard let to else { return "\(from)+" }
        return from == to ? "\(from)" : "\(from)-\(to)"
    }
}

extension PolicyTable.Limit {
    /// The limit in words: `at most 0.2`, `at least 0.1 and at most 0.2`.
    var words: String {
        let sides = [atLeast.map { "at least \(exact($0))" }, atMost.map { "at most \(exact($0))" }]
        return sides.compactMap { $0 }.joined(separator: " and ")
    }
}
