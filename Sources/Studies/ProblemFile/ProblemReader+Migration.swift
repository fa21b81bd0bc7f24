internal import Serving

extension ProblemReader {
    /// How fast people read: one pace, or the paces of a population.
    func readers(_ section: Section) -> Readers? {
        guard let field = section["population"] else {
            return section.requiredNumber("tokens_per_second", .positive("tokens per second"))
                .map(Readers.init(tokensPerSecond:))
        }
        if section["tokens_per_second"] != nil {
            section.refuse(
                field, found: "`population` beside `tokens_per_second`", wanted: "one of the two",
                advice: "Remove one, for example with --set reader.tokens_per_second=null")
        }
        let wanted =
            "a list of paces, for example [{share: 0.8, tokens_per_second: 4}, {share: 0.2, tokens_per_second: 5}]"
        guard case .sequence(let items) = field.value.content, !items.isEmpty else {
            section.refuse(field, wanted: wanted)
            return nil
        }
        var paces: [Readers.Pace] = []
        for (index, item) in items.enumerated() {
            let path = joined(section.path, "population[\(index)]")
            let pace = Section(item, path: path, place: item.place, tree: .pace, findings: section.findings)
            let share = pace?.requiredNumber("share", .presentShare)
            let tokens = pace?.requiredNumber("tokens_per_second", .positive("tokens per second"))
            if let share, let tokens { paces.append(.init(share: share, tokensPerSecond: tokens)) }
        }
        guard paces.count == items.count else { return nil }
        let sum = paces.reduce(0) { $0 + $1.share }
        guard (sum - 1).magnitude <= Self.shareTolerance else {
            section.refuse(field, found: "shares that sum to \(sum)", wanted: "shares that sum to 1, within 0.001")
            return nil
        }
        return Readers(paces)
    }

    /// How far from 1 published shares may sum, each rounded to four decimals or so.
    private static let shareTolerance = 0.001 + 1e-9

    /// What a hand-over costs and may risk; nil for `migration: none`.
    func migration(_ root: Section, otherwise standard: MigrationRules?) -> MigrationRules? {
        guard let field = root["migration"] else { return standard }
        if field.value.isWord("none") { return nil }
        guard field.value.fields != nil, let section = root.section("migration") else {
            root.refuse(field, wanted: "`none` or {network: 0.05, epsilon: 0.01}")
            return standard
        }
        var rules = MigrationRules()
        rules.network = section.number("network", .nonNegative("seconds")) ?? rules.network
        rules.transfer = section.number("transfer", .nonNegative("money per hand-over")) ?? rules.transfer
        rules.epsilon = section.number("epsilon", .properShare) ?? rules.epsilon
        rules.allowsStall = section.truth("allow_stall") ?? rules.allowsStall
        return rules
    }

    /// Notes rules of hand-overs without a reader who could notice them.
    func checkMigration(of problem: Problem, in root: Section) {
        guard let field = root["migration"], problem.migration != nil, problem.readers == nil else { return }
        root.refuse(
            field, found: "`migration` without `reader`", wanted: "the reader's pace beside it",
            advice: "Add `reader: {tokens_per_second: 4.8}`, or write `migration: none`.")
    }
}
