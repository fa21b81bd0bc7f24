internal import Serving
internal import Spelling

/// One `--set path=value` of the command line, applied to the YAML tree before it is read.
struct Setting {
    private let text: String
    /// As in `TextPlace`: 1 + the index among all settings.
    private let number: Int
    private let findings: Findings

    /// Applies `settings` in their order to `root`: a later one wins over an earlier one.
    static func apply(_ settings: [String], to root: inout YAMLValue, findings: Findings) {
        for (index, text) in settings.enumerated() {
            Setting(text: text, number: index + 1, findings: findings).apply(to: &root)
        }
    }

    private func place(_ column: Int) -> TextPlace { TextPlace(text: number, line: 1, column: column) }

    private func apply(to root: inout YAMLValue) {
        guard let equals = text.firstIndex(of: "=") else {
            findings.add(
                place(text.unicodeScalars.count + 1), found: "no `=`", wanted: "path=value",
                advice: "For example: --set limits.device.prefill_share.at_most=0.1")
            return
        }
        let path = text[..<equals].trimmed
        let value = text[text.index(after: equals)...].trimmed
        let valueColumn = text.unicodeScalars.distance(from: text.startIndex, to: value.startIndex) + 1
        guard !path.isEmpty else {
            findings.add(place(1), found: "nothing before the `=`", wanted: "the path of a field")
            return
        }
        guard let names = resolve(String(path)) else { return }
        guard !value.isEmpty else {
            findings.add(
                place(valueColumn), field: names.joined(separator: "."), found: "nothing after the `=`",
                wanted: "a value", advice: "\(path)=null removes the field, so that its default holds.")
            return
        }
        guard
            let parsed = YAMLComposer.compose(
                String(value), number: number, columnOffset: valueColumn - 1, findings: findings)
        else { return }
        set(names[...], of: &root, in: .root, to: parsed)
    }

    // MARK: - The path

    /// The names along `path`; nil, and noted, if there is no such field.
    ///
    /// Names may have dots of their own (`limits.ttft.p99.9.at_most`): at each level the longest valid name is taken.
    private func resolve(_ path: String) -> [String]? {
        var names: [String] = []
        var tree = FieldTree.root
        var rest = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)[...]
        while !rest.isEmpty {
            let match = stride(from: min(rest.count, 3), through: 1, by: -1).lazy
                .map { rest.prefix($0).joined(separator: ".") }
                .first { tree[$0] != nil }
            guard let match, let below = tree[match] else {
                addUnknown(path: path, resolved: names, rest: Array(rest), tree: tree)
                return nil
            }
            names.append(match)
            tree = below
            rest = rest.dropFirst(match.split(separator: ".").count)
        }
        return names
    }

    private func addUnknown(path: String, resolved: [String], rest: [String], tree: FieldTree) {
        let prefix = resolved.joined(separator: ".")
        let column = prefix.isEmpty ? 1 : prefix.unicodeScalars.count + 2
        guard !tree.fields.isEmpty else {
            findings.add(
                place(column), field: prefix, found: "the path \(quoted(path)) beyond a value",
                wanted: "a value at \(quoted(prefix))", advice: "Did you mean --set \(prefix)=...?")
            return
        }
        let shown = path.split(separator: ".").prefix(8).map { shortened(String($0)) }.joined(separator: ".")
        findings.add(
            place(column), field: shown, found: "the unknown field \(quoted(rest[0]))",
            wanted: tree.wanted,
            advice: suggestion(for: path, resolved: resolved, rest: rest, tree: tree), validNames: tree.names)
    }

    /// The whole path that was probably meant.
    private func suggestion(for path: String, resolved: [String], rest: [String], tree: FieldTree) -> String? {
        if tree.takesMetrics {
            let advice = [3, 2].lazy.compactMap { Metric.quantileAdvice(about: rest.prefix($0).joined(separator: ".")) }
            if let advice = advice.first { return advice }
        }
        let paths = FieldTree.root.paths()
        let endings = paths.filter { $0.hasSuffix("." + path) }
        if !endings.isEmpty, endings.count <= 4 {
            return "Did you mean \(endings.map(quoted).joined(separator: " or "))?"
        }
        let repairs = (1...min(rest.count, 3)).compactMap { length in
            match(for: rest.prefix(length).joined(separator: "."), among: tree.names)
                .map { (distance: $0.distance, path: resolved + [$0.name] + rest.dropFirst(length)) }
        }
        if let best = repairs.min(by: { $0.distance < $1.distance }) {
            return "Did you mean \(quoted(best.path.joined(separator: ".")))?"
        }
        if let near = nearest(to: path, among: paths) { return "Did you mean \(quoted(near))?" }
        return tree.advice(about: rest[0], at: resolved.joined(separator: "."))
    }

    // MARK: - The tree

    /// Puts `new` at `names` below `value`, making the mappings on the way; `null` removes the field, and a mapping
    /// that is left without fields.
    private func set(_ names: ArraySlice<String>, of value: inout YAMLValue, in tree: FieldTree, to new: YAMLValue) {
        guard let name = names.first, let below = tree[name] else {
            value = new
            return
        }
        let isRemoval = if case .null = new.content { true } else { false }
        var fields: [YAMLValue.Field]
        switch value.content {
        case .mapping(let present): fields = present
        case .scalar where !isRemoval:
            fields = tree.shortForm.map { [YAMLValue.Field(name: $0, place: value.place, value: value)] } ?? []
        case .null where !isRemoval, .sequence where !isRemoval: fields = []
        default: return
        }
        if let index = fields.firstIndex(where: { $0.name == name }) {
            set(names.dropFirst(), of: &fields[index].value, in: below, to: new)
            if names.count == 1 { fields[index].place = place(1) }
            if isRemoval, fields[index].value.fields?.isEmpty == true { fields.remove(at: index) }
        } else if !isRemoval {
            var made = YAMLValue(place: place(1), content: .null)
            set(names.dropFirst(), of: &made, in: below, to: new)
            fields.append(YAMLValue.Field(name: name, place: place(1), value: made))
        }
        value.content = .mapping(fields)
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    var trimmed: Substring {
        let start = self.firstIndex { $0 != " " && $0 != "\t" } ?? self.endIndex
        let end = self.lastIndex { $0 != " " && $0 != "\t" }.map { self.index(after: $0) } ?? self.endIndex
        return start < end ? self[start..<end] : self[self.endIndex...]
    }
}
