internal import Distributions
internal import Policies
internal import Profiles
internal import Serving
internal import Traces

extension DriftStudy {
    /// What is past the limits, a sentence each.
    func gated() -> [String] {
        var findings = comparisons.filter { $0.isDrifted(limits) }.compactMap { comparison in
            comparison.test.map {
                """
                \(comparison.name): distance \(text($0.distance)) at level \(text(comparison.level ?? 1)), wanted a distance \
                of at most \(limits.distance.asGiven) or a level above \(limits.level.asGiven)
                """
            }
        }
        guard hasEnoughRows else { return findings }
        findings += budgets.filter { $0.certainUse > limits.budgetUse }.map { budget in
            """
            \(budget.metric.rawValue): \(budget.metric.value(budget.now)) on the new rows is \(text(budget.use)) of its bound\
            \(budget.useError.map { " (± \(text($0)))" } ?? ""), wanted at most \(limits.budgetUse.asGiven)
            """
        }
        if let regret, regret.share > limits.regret {
            findings.append(
                """
                regret: \(regret.metric.rawValue) is \(regret.metric.value(regret.held)) where solving anew has \
                \(regret.metric.value(regret.solved)), a loss of \(text(regret.share)), wanted at most \
                \(limits.regret.asGiven)
                """)
        }
        return findings
    }

    /// What a user should know of how the comparison was made.
    func remarks(
        _ problem: Problem, _ then: StudyProfiles, _ now: StudyProfiles, _ roles: Set<NewTrace.Role>, _ rows: DriftRows
    ) -> [String] {
        var notes: [String] = []
        for source in sources where source.report.accepted < Self.fewestRows {
            notes.append(
                """
                \(source.report.accepted) new \(source.role) row\(source.report.accepted == 1 ? " is" : "s are") fewer than \
                \(Self.fewestRows): budgets and regret are shown, and not judged
                """)
        }
        for role in NewTrace.Role.allCases where roles.contains(role) && rows.then[role] == nil {
            notes.append("\(role.rawValue): the problem has a formula and no rows to compare with")
        }
        notes += missingLengths(rows)
        if hasEnoughRows, !budgets.isEmpty, budgets.allSatisfy({ $0.standardError == nil }) {
            notes.append("the new rows do not tell how much chance there is in their budgets: taken as they are")
        }
        if let regret, regret.share < 0 {
            let broken = budgets.filter(\.isBroken).map(\.metric.rawValue)
            notes.append(
                broken.isEmpty
                    ? "the table is better than one solved anew: its buckets suit the new rows better"
                    : "the table is better than one solved anew, since it breaks \(broken.joined(separator: ", "))")
        }
        if let day = now.day?.all, !day.unseen.isEmpty {
            let names = day.unseen.map(day.cut.words(of:)).joined(separator: ", ")
            notes.append("no new server rows at \(names): judged by all new rows")
        }
        if roles.contains(.device), now.all.device.fit == then.all.device.fit, rows.then[.device] != rows.now[.device] {
            notes.append("no line can be fitted to the new device rows: their times are taken around the one of then")
        }
        for (name, profiles) in [("old", then), ("new", now)] {
            guard roles.contains(.server), profiles.all.server.strata?.isNeeded == true else { continue }
            notes.append(
                "cancelling and the TTFT of the \(name) server rows both go with the prompt length: see the buckets")
        }
        notes += now.notes.filter { !then.notes.contains($0) }.map { "new rows: \($0)" }
        return notes
    }

    /// Server rows that are in no bucket.
    private func missingLengths(_ rows: DriftRows) -> [String] {
        guard comparisons.contains(where: { if case .serverBucket = $0.subject { true } else { false } }) else {
            return []
        }
        let missing = [("old", rows.then[.server]), ("new", rows.now[.server])].map { name, rows in
            let rows = rows ?? TraceRows()
            let missing = rows.counts.indices.reduce(0) { $0 + (rows.promptTokens[$1] < 1 ? rows.counts[$1] : 0) }
            return (name: name, missing: missing, all: rows.requests)
        }
        let without = missing.filter { $0.missing == $0.all }
        guard without.isEmpty else {
            let names = without.count == 2 ? "" : "\(without[0].name) "
            return ["the \(names)server rows have no prompt_tokens: compared all together, not by bucket"]
        }
        return missing.filter { $0.missing > 0 }.map {
            "\($0.missing) of \($0.all) \($0.name) server rows have no prompt_tokens and are in no bucket"
        }
    }
}
