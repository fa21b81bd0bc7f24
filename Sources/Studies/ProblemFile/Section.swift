internal import Spelling

/// One mapping of the problem file while it is read: its fields by name, with all that an error needs.
///
/// A reader that finds something wrong notes it and returns nil, or a stand-in where a value is needed to go on; the
/// problem is thrown away in the end if anything was noted.
struct Section {
    /// The mapping's path; empty for the file.
    let path: String
    /// Where to point when a field is missing: the mapping's own name.
    let place: TextPlace
    /// Its fields.
    let fields: [YAMLValue.Field]
    /// What may be in it.
    let tree: FieldTree
    /// What is wrong so far.
    let findings: Findings
    /// The valid names that unknown fields resemble: those fields are misspelt rather than missing.
    private let meant: [String]

    /// The section that `value` is, with each unknown field noted; nil, and noted, if it is no mapping.
    init?(_ value: YAMLValue, path: String, place: TextPlace, tree: FieldTree, findings: Findings) {
        guard let fields = value.fields else {
            findings.add(
                value.place, field: path, found: value.found, wanted: "fields: \(backquoted(tree.names))",
                advice: path.isEmpty ? nil : "Write {\(tree.names[0]): ...}, or the fields below, indented.",
                validNames: tree.names)
            return nil
        }
        self.path = path
        self.place = place
        self.fields = fields
        self.tree = tree
        self.findings = findings
        let unknown = fields.filter { tree[$0.name] == nil }
        meant = unknown.prefix(Findings.limit).compactMap { nearest(to: $0.name, among: tree.names) }
        for field in unknown {
            findings.add(
                field.place, field: joined(path, shortened(field.name)),
                found: "the unknown field \(quoted(field.name))", wanted: tree.wanted,
                advice: findings.isFull ? nil : tree.advice(about: field.name, at: path), validNames: tree.names)
        }
    }

    /// The field `name`; nil if it is not there.
    subscript(name: String) -> YAMLValue.Field? { fields.first { $0.name == name } }

    /// Notes that the value of a field is wrong.
    func refuse(_ field: YAMLValue.Field, found: String? = nil, wanted: String, advice: String? = nil) {
        findings.add(
            field.value.isNull ? field.place : field.value.place, field: joined(path, field.name),
            found: found ?? field.value.found, wanted: wanted, advice: advice)
    }

    /// Notes that the field `name` is missing, unless it is there under a misspelt name, which has been noted.
    func addMissing(_ name: String, wanted: String, advice: String? = nil) {
        if meant.contains(name) { return }
        findings.add(
            place, field: joined(path, name), found: "nothing", wanted: wanted,
            advice: advice ?? "Add `\(name): ...`\(path.isEmpty ? "" : " to `\(path)`").")
    }

    // MARK: - Typed fields

    /// The section below the field `name`; nil if there is none.
    func section(_ name: String) -> Section? {
        guard let field = self[name], let below = tree[name] else { return nil }
        return Section(field.value, path: joined(path, name), place: field.place, tree: below, findings: findings)
    }

    /// The section below the field `name`, which must be there.
    func requiredSection(_ name: String, wanted: String) -> Section? {
        if self[name] == nil { addMissing(name, wanted: wanted) }
        return section(name)
    }

    /// The number of the field `name`; nil if it is missing or wrong.
    func number(_ name: String, _ rule: NumberRule) -> Double? {
        guard let field = self[name] else { return nil }
        switch number(of: field.value, rule) {
        case .number(let number): return number
        case .refused(let advice):
            refuse(field, wanted: rule.wanted, advice: advice)
            return nil
        }
    }

    /// The number of the field `name`, which must be there; nil if it is missing or wrong.
    func requiredNumber(_ name: String, _ rule: NumberRule) -> Double? {
        if self[name] == nil { addMissing(name, wanted: rule.wanted) }
        return number(name, rule)
    }

    private func number(of value: YAMLValue, _ rule: NumberRule) -> NumberRule.Outcome {
        switch value.content {
        case .scalar(let text, isPlain: true): rule.read(text)
        case .scalar(let text, isPlain: false):
            .refused(advice: NumberRule.isDecimal(text) ? "Remove the quotes." : nil)
        default: .refused(advice: nil)
        }
    }

    /// The text of the field `name`; nil if it is missing or wrong.
    ///
    /// `rule` says what is wrong with a text.
    func text(_ name: String, wanted: String, _ rule: (String) -> Refusal? = { _ in nil }) -> String? {
        guard let field = self[name] else { return nil }
        guard case .scalar(let text, _) = field.value.content, !text.allSatisfy(\.isWhitespace),
            !text.unicodeScalars.contains("\0")
        else {
            refuse(field, wanted: wanted)
            return nil
        }
        guard let refusal = rule(text) else { return text }
        refuse(field, wanted: wanted, advice: refusal.advice)
        return nil
    }

    /// What is wrong with a text, besides that it is not what was wanted.
    struct Refusal {
        /// What to do about it.
        var advice: String?
    }

    /// One of a few words, as the field `name` has it; nil if it is missing or wrong.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, of type: Choice.Type) -> Choice? {
        let words = Choice.allCases.map(\.rawValue)
        let text = text(name, wanted: "one of \(backquoted(words))") { text in
            Choice(rawValue: text) == nil
                ? Refusal(advice: nearest(to: text, among: words).map { "Did you mean \(quoted($0))?" }) : nil
        }
        return text.flatMap(Choice.init(rawValue:))
    }

    /// `true` or `false`, as the field `name` has it; nil if it is missing or wrong.
    func truth(_ name: String) -> Bool? {
        guard let field = self[name] else { return nil }
        var advice: String?
        if case .scalar(let text, let isPlain) = field.value.content {
            let words = [("true", ["true", "yes", "on", "y", "1"]), ("false", ["false", "no", "off", "n", "0"])]
            let word = words.first { $0.1.contains(text.lowercased()) }?.0
            if word == text {
                if isPlain { return text == "true" }
                advice = "Remove the quotes."
            } else {
                advice = word.map { "Write \(quoted($0))." }
            }
        }
        refuse(field, wanted: "`true` or `false`", advice: advice)
        return nil
    }

    /// Prompt lengths at which groups begin, made to begin with 1; nil if the field is missing or wrong.
    func lowerEdges(_ name: String) -> [Int]? {
        let wanted = "a list of ascending prompt lengths, for example [1, 64, 256]"
        return ascending(name, .length, wanted: wanted, item: "a prompt length").map { $0.first == 1 ? $0 : [1] + $0 }
    }

    /// Hours of the day at which periods begin; nil if the field is missing or wrong.
    func startHours(_ name: String) -> [Int]? {
        let wanted = "a list of two or more ascending hours of the day (UTC), for example [0, 8, 18]"
        guard let hours = ascending(name, .hour, wanted: wanted, item: "an hour of the day") else { return nil }
        if hours.count < 2, let field = self[name] {
            refuse(field, found: "one hour, which makes one period", wanted: wanted)
            return nil
        }
        return hours
    }

    /// The ascending whole numbers of the field `name`; nil if it is missing or wrong.
    private func ascending(_ name: String, _ rule: NumberRule, wanted: String, item noun: String) -> [Int]? {
        guard let field = self[name] else { return nil }
        guard case .sequence(let items) = field.value.content, !items.isEmpty else {
            refuse(field, wanted: wanted)
            return nil
        }
        var numbers: [Int] = []
        for (index, item) in items.enumerated() {
            let place = YAMLValue.Field(name: "\(name)[\(index)]", place: item.place, value: item)
            guard case .number(let number) = self.number(of: item, rule) else {
                refuse(place, wanted: "\(noun): \(rule.wanted)")
                return nil
            }
            if let last = numbers.last, Int(number) <= last {
                refuse(place, wanted: "\(noun) above \(last), since groups ascend")
                return nil
            }
            numbers.append(Int(number))
        }
        return numbers
    }
}

extension YAMLValue {
    /// Whether the field has no value.
    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    /// Whether the value is this word.
    func isWord(_ word: String) -> Bool {
        if case .scalar(word, _) = content { true } else { false }
    }
}

/// `names` in backquotes, with commas.
func backquoted(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
