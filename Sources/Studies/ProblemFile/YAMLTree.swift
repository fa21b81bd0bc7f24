/// A place in one of the texts that make a problem: the file, or one `--set`.
struct TextPlace: Hashable, Comparable {
    /// 0 for the file, else 1 + the index of the setting.
    var text: Int
    /// Counts from 1.
    var line: Int
    /// Counts from 1, in Unicode scalars.
    var column: Int

    /// The begin of the file.
    static let start = TextPlace(text: 0, line: 1, column: 1)

    /// Settings come before the file: who has just typed one looks for what became of it.
    static func < (left: TextPlace, right: TextPlace) -> Bool {
        (left.text == 0 ? Int.max : left.text, left.line, left.column)
            < (right.text == 0 ? Int.max : right.text, right.line, right.column)
    }
}

/// A YAML value with its place: what Yams composes, without tags, anchors and styles that we do not take.
struct YAMLValue {
    /// What a value is.
    enum Content {
        /// Nothing, `~` or `null`.
        case null
        /// One word or number; `isPlain` if it has no quotes, hence may be a number.
        case scalar(String, isPlain: Bool)
        /// A list.
        case sequence([YAMLValue])
        /// Fields in the order of the text, their names unique.
        case mapping([Field])
    }

    /// A name and its value.
    struct Field {
        var name: String
        var place: TextPlace
        var value: YAMLValue
    }

    var place: TextPlace
    var content: Content

    /// What the value is, for the `found` of an error.
    var found: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text, let isPlain): isPlain ? quoted(text) : "the text \(quoted(text))"
        case .sequence(let items): items.count == 1 ? "a list of one item" : "a list of \(items.count) items"
        case .mapping: "fields"
        }
    }

    /// The fields of a mapping, none for null; nil for anything else.
    var fields: [Field]? {
        switch content {
        case .mapping(let fields): fields
        case .null: []
        default: nil
        }
    }
}
