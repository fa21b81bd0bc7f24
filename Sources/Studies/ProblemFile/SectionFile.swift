/// Reads the small YAML files beside a problem: price lists, device profiles, scenarios.
enum SectionFile {
    /// What `content` makes of the file at `path`, which says that it is of version 1 if it says a version.
    /// - Parameters:
    ///   - path: The file.
    ///   - what: What it should be, for messages.
    ///   - tree: Its fields.
    ///   - content: Reads the fields and notes what is wrong with them.
    /// - Returns: What `content` read.
    /// - Throws: `ProblemError` with all that is wrong.
    static func read<Content>(
        path: String, called what: String, tree: FieldTree, _ content: (Section) -> [Content]
    ) throws(ProblemError) -> [Content] {
        let text = try ProblemFile.text(ofFile: path, called: what)
        let findings = Findings(path: path, text: text, settings: [], what: what)
        let root = YAMLComposer.compose(text, findings: findings)
        var result: [Content] = []
        if let root, root.isNull {
            YAMLComposer.addEmpty(to: findings)
        } else if let root, let section = Section(root, path: "", place: .start, tree: tree, findings: findings) {
            if let version = section["version"], !version.value.isWord("1") {
                section.refuse(version, wanted: Self.version)
            }
            result = content(section)
        }
        try findings.throwIfAny()
        return result
    }

    /// The version that is read.
    static let version = "1, the version that this program reads"
}
