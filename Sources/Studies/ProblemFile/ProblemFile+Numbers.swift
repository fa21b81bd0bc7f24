extension ProblemFile {
    /// A number that a problem states.
    public struct StatedNumber: Sendable, Hashable {
        /// The field's path, as `--set` takes it.
        public var path: String
        /// Its value.
        public var value: Double
    }

    /// The numbers that the file at `path` states, in the order of docs/problem-file.md; defaults are not stated.
    /// - Parameters:
    ///   - path: The file.
    ///   - overrides: What `--set` says, as `path=value`; they count as stated.
    /// - Returns: Every field with one number as its value.
    /// - Throws: `ProblemError` with all that is wrong.
    public static func numbers(path: String, overrides: [String] = []) throws(ProblemError) -> [StatedNumber] {
        let text = try text(ofFile: path)
        // What is wrong is told by the reader of problems.
        _ = try parse(text, path: path, overrides: overrides)
        let findings = Findings(path: path, text: text, settings: overrides)
        guard var root = YAMLComposer.compose(text, findings: findings) else { return [] }
        Setting.apply(overrides, to: &root, findings: findings)
        try Catalogue(problem: path, findings: findings).fill(&root)
        var numbers: [StatedNumber] = []
        collect(root, below: .root, at: "", into: &numbers)
        return numbers
    }

    private static func collect(
        _ value: YAMLValue, below tree: FieldTree, at path: String, into numbers: inout [StatedNumber]
    ) {
        switch value.content {
        case .scalar(let text, isPlain: true):
            guard case .number(let number) = NumberRule(wanted: "", allows: { _ in true }).read(text) else { return }
            numbers.append(StatedNumber(path: path, value: number))
        case .mapping(let fields):
            let order = Dictionary(uniqueKeysWithValues: tree.names.enumerated().map { ($0.element, $0.offset) })
            let sorted = fields.enumerated().sorted {
                (order[$0.element.name] ?? .max, $0.offset) < (order[$1.element.name] ?? .max, $1.offset)
            }
            for (_, field) in sorted {
                guard let below = tree[field.name] else { continue }
                collect(field.value, below: below, at: joined(path, field.name), into: &numbers)
            }
        default: break
        }
    }
}
