/// What is wrong so far, and the texts it is wrong in.
final class Findings {
    /// How many findings an error lists.
    static let limit = 10

    private let path: String
    private let lines: [Substring]
    private let settings: [String]
    /// What the file should be, where it is no problem file.
    let what: String?
    private var collected: [(place: TextPlace, finding: ProblemError.Finding)] = []

    /// No findings in the file `text` and the `settings` of the command line.
    init(path: String, text: String, settings: [String], what: String? = nil) {
        self.what = what
        self.path = path
        self.lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        self.settings = settings
    }

    /// Whether nothing is wrong.
    var isEmpty: Bool { collected.isEmpty }

    /// Whether there are so many findings that no pains need be taken with the next.
    var isFull: Bool { collected.count > 100 }

    /// Notes that something is wrong at `place`.
    func add(
        _ place: TextPlace, field: String = "", found: String, wanted: String, advice: String? = nil,
        validNames: [String] = []
    ) {
        let shown: ProblemError.Place
        var excerpt: String?
        if place.text == 0 {
            shown = .file(line: place.line, column: place.column)
            excerpt = lines.indices.contains(place.line - 1) ? String(lines[place.line - 1]) : nil
        } else {
            shown = .setting(settings[place.text - 1], column: place.column)
        }
        let finding = ProblemError.Finding(
            place: shown, field: field, found: found, wanted: wanted, advice: advice, validNames: validNames,
            excerpt: excerpt)
        collected.append((place, finding))
    }

    /// Throws what is wrong, if anything is: as `usage` if only settings are at fault, else as `badData`.
    func throwIfAny() throws(ProblemError) {
        guard !collected.isEmpty else { return }
        let sorted = collected.enumerated()
            .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
            .map(\.element.finding)
        throw ProblemError(
            kind: collected.allSatisfy { $0.place.text > 0 } ? .usage : .badData, path: path,
            findings: Array(sorted.prefix(Self.limit)), omitted: max(0, sorted.count - Self.limit))
    }
}
