internal import Policies
internal import Serving
internal import Traces

/// Reads the sections of a problem file into a `Problem`.
struct ProblemReader {
    private let findings: Findings

    /// The problem that `root` states, its paths as written; nil if something is wrong, which `findings` then tell.
    static func read(_ root: YAMLValue, findings: Findings) -> Problem? {
        let reader = ProblemReader(findings: findings)
        guard reader.hasKnownVersion(root),
            let section = Section(root, path: "", place: .start, tree: .root, findings: findings)
        else { return nil }
        return reader.problem(section)
    }

    private static let knownVersion = "1, the version of problem files that this program reads"

    /// False if the file says that it is of another version, whose fields we cannot know.
    private func hasKnownVersion(_ root: YAMLValue) -> Bool {
        guard let version = root.fields?.first(where: { $0.name == "version" }) else { return true }
        if case .scalar("1", isPlain: true) = version.value.content { return true }
        var advice: String?
        if case .scalar(let text, let isPlain) = version.value.content, let number = Int(text) {
            advice = isPlain ? (number > 1 ? "A newer disco may read it." : nil) : "Remove the quotes."
        }
        findings.add(
            version.value.place, field: "version", found: version.value.found, wanted: Self.knownVersion,
            advice: advice)
        return false
    }

    private func problem(_ root: Section) -> Problem? {
        if root["version"] == nil {
            root.addMissing("version", wanted: Self.knownVersion, advice: "Add the line `version: 1`.")
        }
        let workload = root.requiredSection("workload", wanted: "the workload to optimize for").flatMap(workload)
        let endpoints = root.requiredSection("endpoints", wanted: "the endpoints `server` and `device`")
        let server = endpoints?.requiredSection("server", wanted: "the hosted model").flatMap(endpoint)
        let device = endpoints?.requiredSection("device", wanted: "the model on the user's machine").flatMap(endpoint)
        // Every section is read, whatever is wrong with the others: one run tells all.
        var problem = Problem(
            workload: workload ?? .standIn, server: server ?? .standIn, device: device ?? .standIn,
            objective: root.metric("objective") ?? .ttftMean,
            limits: root.section("limits").map(limits) ?? [])
        problem.moneyPerJoule = root.section("exchange")?.requiredNumber("per_joule", .nonNegative("money per joule"))
        problem.readers = root.section("reader").flatMap(readers)
        problem.migration = migration(root, otherwise: problem.migration)
        if let section = root.section("metrics") { problem.metrics = metrics(section, otherwise: problem.metrics) }
        problem.isDeterministic = root.truth("deterministic") ?? problem.isDeterministic
        problem.confidence = root.number("confidence", .confidence)
        problem.budgetWindowHours = windowHours(root) ?? problem.budgetWindowHours
        problem.timeout = root.number("timeout", .positive("seconds")) ?? problem.timeout
        problem.tuningShare = tuningShare(root, otherwise: problem.tuningShare)
        problem.discoAlpha = root.section("disco")?.number("alpha", .share) ?? problem.discoAlpha
        if let table = root.section("table") { read(table, into: &problem) }
        guard findings.isEmpty else { return nil }
        checkMoney(of: problem, in: root)
        checkConfidence(of: problem, in: root)
        checkMigration(of: problem, in: root)
        checkQuality(of: problem, in: root)
        return findings.isEmpty ? problem : nil
    }

    // MARK: - Workload and traces

    private func workload(_ section: Section) -> Problem.Workload? {
        if section["trace"] == nil { section.addMissing("trace", wanted: "a trace of prompt lengths") }
        let trace = trace(section)
        let buckets = buckets(section)
        return trace.map { Problem.Workload(trace: $0, buckets: buckets) }
    }

    private enum BucketRule: String, CaseIterable { case quantile, edges, exact, optimal }

    private func buckets(_ workload: Section) -> Problem.BucketChoice {
        guard let section = workload.section("buckets") else { return .quantile(count: 32) }
        let rule = section["by"] == nil ? .quantile : section.choice("by", of: BucketRule.self)
        let count = section.number("count", .whole(1...100_000))
        let edges = section.lowerEdges("edges")
        guard let rule else { return .exact }
        let owners: [(field: String, rules: [BucketRule])] = [("count", [.quantile, .optimal]), ("edges", [.edges])]
        for (name, rules) in owners where !rules.contains(rule) {
            guard let field = section[name] else { continue }
            let rules = rules.map { "`by: \($0.rawValue)`" }.joined(separator: " or ")
            section.refuse(
                field, found: "`\(name)`, which belongs to \(rules)",
                wanted: "no such field beside `by: \(rule.rawValue)`",
                advice: "Remove it (--set \(section.path).\(name)=null), or write \(rules).")
        }
        switch rule {
        case .quantile: return .quantile(count: count.map { Int($0) } ?? 32)
        case .optimal: return .optimal(count: count.map { Int($0) } ?? 32)
        case .exact: return .exact
        case .edges:
            if section["edges"] == nil {
                section.addMissing("edges", wanted: "the prompt lengths at which buckets begin")
            }
            return .edges(edges ?? [1])
        }
    }

    /// The trace in the field `trace`, as a mapping or as a lone path; nil if it is missing or wrong.
    func trace(_ parent: Section) -> TraceSource? {
        let wanted = "the path of a file"
        let isLine = { (text: String) in text.contains(where: \.isNewline) ? Section.Refusal() : nil }
        guard let field = parent["trace"] else { return nil }
        if case .scalar = field.value.content {
            return parent.text("trace", wanted: wanted, isLine).map { TraceSource(path: $0) }
        }
        guard let section = parent.section("trace") else { return nil }
        if section["path"] == nil { section.addMissing("path", wanted: wanted) }
        let path = section.text("path", wanted: wanted, isLine)
        var trace = TraceSource(path: path ?? "")
        trace.format = section.choice("format", of: TraceFormat.self)
        if let columns = section.section("columns") {
            for name in columns.tree.names {
                trace.columns[name] = columns.text(name, wanted: "an expression over the file's columns")
            }
        }
        trace.filter = section.text("where", wanted: "a condition over the file's columns")
        trace.maxRejected = section.number("max_rejected", .share) ?? trace.maxRejected
        return path == nil ? nil : trace
    }

    // MARK: - The rest

    private func limits(_ section: Section) -> [Problem.Limit] {
        section.fields.compactMap { Metric(rawValue: $0.name) }.sorted().compactMap { metric in
            guard let field = section[metric.rawValue] else { return nil }
            guard field.value.fields != nil || field.value.isNull, let limit = section.section(metric.rawValue) else {
                let bound = if case .scalar(let text, _) = field.value.content { printable(text) } else { "..." }
                section.refuse(
                    field, wanted: "`at_most` or `at_least`",
                    advice: "Write \(metric.rawValue): {at_most: \(bound)}")
                return nil
            }
            let atMost = limit.number("at_most", metric.rule)
            let atLeast = limit.number("at_least", metric.rule)
            if limit["at_most"] == nil, limit["at_least"] == nil {
                limit.addMissing("at_most", wanted: "`at_most` or `at_least`")
            }
            if let atMost, let atLeast, atLeast > atMost, let field = limit["at_least"] {
                limit.refuse(field, wanted: "no more than `at_most`, \(atMost)")
            }
            return Problem.Limit(metric: metric, atMost: atMost, atLeast: atLeast)
        }
    }

    private func tuningShare(_ root: Section, otherwise standard: Double?) -> Double? {
        guard let field = root["split"] else { return standard }
        if field.value.isWord("none") { return nil }
        guard field.value.fields != nil else {
            root.refuse(field, wanted: "`none` or {tuning_share: 0.7}")
            return standard
        }
        return root.section("split")?.number("tuning_share", .properShare) ?? standard
    }

    /// The window of the budget in hours: `24h`, `7d`, or a number of hours.
    private func windowHours(_ root: Section) -> Int? {
        let longest = 8_760
        var hours: Int?
        _ = root.text("budget_window", wanted: "whole hours or days, at most a year: 24h, 7d, or 24 for hours") {
            text in
            let unit = text.last == "d" ? 24 : 1
            let digits = text.last == "d" || text.last == "h" ? text.dropLast() : text[...]
            guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits), number >= 1,
                number <= longest / unit
            else { return Section.Refusal() }
            hours = number * unit
            return nil
        }
        return hours
    }

    /// Notes a confidence without a budget to be confident of, and a window without a confidence.
    private func checkConfidence(of problem: Problem, in root: Section) {
        if let field = root["confidence"], problem.confidence != nil,
            !problem.limits.contains(where: { $0.metric.isPrefillShare && $0.atMost != nil })
        {
            root.refuse(
                field, found: "`confidence` without a budget",
                wanted: "a limit on device.prefill_share or server.prefill_share with `at_most`")
        }
        if let field = root["budget_window"], problem.confidence == nil {
            root.refuse(
                field, found: "`budget_window` without `confidence`", wanted: "`confidence` beside it",
                advice: "Add `confidence: 0.95`, or remove it (--set budget_window=null).")
        }
    }

    private func read(_ table: Section, into problem: inout Problem) {
        let wanted = "a day (2025-01-31) or a time with its zone (2025-01-31T08:00:00Z)"
        problem.asOf = table.text("as_of", wanted: wanted) {
            CalendarText.isDate($0) || CalendarText.isTime($0) ? nil : Section.Refusal()
        }.map(CalendarText.utc)
        problem.validityDays = table.number("valid_days", .positive("days"))
        problem.revision = table.number("revision", .whole(1...1_000_000_000)).map { Int($0) } ?? problem.revision
        problem.maxExtraLoad = table.number("max_extra_load", .share)
        if let rollout = table.section("rollout") {
            let wanted = "a text that draws the requests, e.g. spring"
            if rollout["salt"] == nil { rollout.addMissing("salt", wanted: wanted) }
            let percentage = rollout.requiredNumber("percentage", .percentage)
            if let percentage, let salt = rollout.text("salt", wanted: wanted) {
                problem.rollout = PolicyTable.Rollout(percentage: percentage, salt: salt)
            }
        }
    }

    /// Notes prices in two currencies, and costs or energies asked for where none is given.
    private func checkMoney(of problem: Problem, in root: Section) {
        if let server = problem.server.price?.currency, let device = problem.device.price?.currency, server != device,
            let price = root.section("endpoints")?.section("device")?.section("price")
        {
            price.findings.add(
                price["currency"]?.value.place ?? price.place, field: joined(price.path, "currency"),
                found: quoted(device), wanted: "the server's currency, \(quoted(server))",
                advice: "Convert one of the two prices.")
        }
        let hasEnergy = problem.device.energy != nil
        let hasCost =
            problem.server.price != nil || problem.device.price != nil || hasEnergy && problem.moneyPerJoule != nil
        func check(_ metric: Metric, at place: TextPlace, field: String) {
            if metric == .costMean, !hasCost {
                findings.add(
                    place, field: field, found: "`cost.mean` without any price", wanted: "a `price` at an endpoint",
                    advice: "Add endpoints.server.price, or endpoints.device.energy with exchange.per_joule.")
            } else if metric == .energyMean, !hasEnergy {
                findings.add(
                    place, field: field, found: "`energy.mean` without any energy", wanted: "joules per token",
                    advice: "Add `energy: {prefill: ..., decode: ...}` to `endpoints.device`.")
            }
        }
        if let objective = root["objective"] { check(problem.objective, at: objective.value.place, field: "objective") }
        for limit in problem.limits {
            guard let field = root.section("limits")?[limit.metric.rawValue] else { continue }
            check(limit.metric, at: field.place, field: "limits.\(limit.metric.rawValue)")
        }
    }
}

extension Metric {
    fileprivate var isPrefillShare: Bool { self == .devicePrefillShare || self == .serverPrefillShare }

    /// Which numbers a limit on the metric takes.
    fileprivate var rule: NumberRule {
        switch self {
        case .devicePrefillShare, .serverPrefillShare, .deviceAnswerShare, .failedShare: .share
        case .costMean: .nonNegative("money per request")
        case .energyMean: .nonNegative("joules per request")
        case .qoeMean: .score
        case .goodputSmooth: .any("tokens per second, or per request")
        case .ttftMean, .ttftQuantile: .positive("seconds")
        }
    }
}

extension Problem.EndpointSpec {
    /// What is read on with where an endpoint is missing or wrong.
    fileprivate static let standIn = Problem.EndpointSpec(
        ttft: .formula(intercept: 1, perToken: 0, perTokenSquared: 0))
}

extension Problem.Workload {
    /// What is read on with where the workload is missing or wrong.
    fileprivate static let standIn = Problem.Workload(trace: TraceSource(path: ""), buckets: .exact)
}
