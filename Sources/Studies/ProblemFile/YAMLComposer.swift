internal import Yams

/// Reads one YAML document into a `YAMLValue`: hostile text ends in findings, not in work without end.
struct YAMLComposer {
    /// Largest nesting of lists and mappings; problem files need 6.
    static let deepestNesting = 32

    private let text: String
    /// Which text this is, as in `TextPlace`.
    private let number: Int
    /// Added to columns: what precedes the YAML on its line, in a `--set`.
    private let columnOffset: Int
    let findings: Findings
    /// True names of the keys that `root` has renamed, by their place.
    var renamed: [TextPlace: String] = [:]

    private init(text: String, number: Int, columnOffset: Int, findings: Findings) {
        self.text = text
        self.number = number
        self.columnOffset = columnOffset
        self.findings = findings
    }

    /// The YAML value of `text`; nil if there is none or it was turned away, which `findings` then tell.
    static func compose(
        _ text: String, number: Int = 0, columnOffset: Int = 0, findings: Findings
    ) -> YAMLValue? {
        var composer = YAMLComposer(text: text, number: number, columnOffset: columnOffset, findings: findings)
        guard composer.isHarmless(), let (parser, root) = composer.root() else { return nil }
        // Nodes hold their anchors weakly: while the parser lives, an anchored or aliased node can be told.
        return withExtendedLifetime(parser) { [composer] in composer.value(of: root, path: []) }
    }

    private func place(line: Int, column: Int) -> TextPlace {
        // What ends too early is at fault in a line of its own, which a setting does not have.
        if number > 0, line > 1 { return place(line: 1, column: text.unicodeScalars.count + 1) }
        return TextPlace(text: number, line: line, column: column + (line == 1 ? columnOffset : 0))
    }

    func place(of mark: Mark?) -> TextPlace { place(line: mark?.line ?? 1, column: mark?.column ?? 1) }

    // MARK: - Before the parser

    /// Whether the text is safe to give to the parser.
    ///
    /// It is not with very deep nesting, nor with swarms of aliases beside lists as keys, which Yams compares: both cost
    /// it stack or time without bound. A glance only, rather too strict than too lax: quoted text counts as well, since
    /// no problem file has as many brackets or stars.
    private func isHarmless() -> Bool {
        var (line, column, depth, aliases) = (1, 0, 0, 0)
        var anchor: TextPlace?
        var (hasComplexKey, isInAlias) = (false, false)
        var (previous, lastVisible): (Unicode.Scalar, Unicode.Scalar) = ("\n", "\n")
        for scalar in text.unicodeScalars {
            column += 1
            let isAtStart = " \n\r\t[{,:-?".unicodeScalars.contains(previous)
            switch scalar {
            case "[", "{": depth += 1
            case "]", "}": depth = max(0, depth - 1)
            case "&" where isAtStart: anchor = anchor ?? place(line: line, column: column)
            case "*" where isAtStart: (aliases, isInAlias) = (aliases + 1, true)
            case "?" where isAtStart: hasComplexKey = true
            case ":" where isInAlias || lastVisible == "]" || lastVisible == "}": hasComplexKey = true
            case "\n": (line, column) = (line + 1, 0)
            default: break
            }
            guard depth <= 100 else {
                addTooDeep(place(line: line, column: column))
                return false
            }
            if " \t\r\n".unicodeScalars.contains(scalar) {
                if scalar == "\n" { isInAlias = false }
            } else {
                if scalar != "*", previous == " " || previous == "\t" { isInAlias = false }
                lastVisible = scalar
            }
            previous = scalar
        }
        if let anchor, hasComplexKey, aliases > 12 {
            addAnchor(anchor)
            return false
        }
        return true
    }

    /// Notes that the file says nothing.
    static func addEmpty(to findings: Findings) {
        findings.add(
            .start, found: "no YAML value", wanted: findings.what ?? "a problem file's fields",
            advice: findings.what == nil ? "`disco solve --example` prints a file to begin with." : nil)
    }

    func addTooDeep(_ place: TextPlace) {
        findings.add(
            place, found: "lists or mappings nested very deeply",
            wanted: "no more than \(Self.deepestNesting) levels", advice: "A problem file needs 6 levels.")
    }

    func addAnchor(_ place: TextPlace) {
        findings.add(
            place, found: "a YAML anchor or alias (`&name`, `*name`)", wanted: "values written out",
            advice: "Copy the value to where it is used; text that begins with & or * needs quotes.")
    }

    // MARK: - The parser

    /// The parser and its only document.
    ///
    /// Equal keys, where Yams stops, are told apart for it by giving the first one a name of private characters, so that `value(of:)` sees all of them and can point at the second.
    private mutating func root() -> (Parser, Node)? {
        var text = text
        let attempts = text.utf8.count < 1 << 16 ? Findings.limit : 1
        for attempt in 0...attempts {
            do {
                let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
                guard let node = try parser.singleRoot() else {
                    Self.addEmpty(to: findings)
                    return nil
                }
                return (parser, node)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                guard let name = names.first, attempt < attempts,
                    let renamed = renaming(name, at: context.mark, attempt: attempt, in: text)
                else {
                    findings.add(
                        place(of: context.mark), found: "the field \(quoted(names.first ?? "")) more than once",
                        wanted: "each field once")
                    return nil
                }
                text = renamed
                self.renamed[place(of: context.mark)] = name
            } catch let error as YamlError {
                addSyntax(error)
                return nil
            } catch {
                findings.add(place(line: 1, column: 1), found: "text that is not YAML", wanted: "YAML")
                return nil
            }
        }
        return nil
    }

    /// First of the private characters that stand for a key's name.
    private static let privateUse: UInt32 = 0xE000

    /// `text` with the key `name` at `mark` replaced by as many private characters; nil if it is not found there.
    private func renaming(_ name: String, at mark: Mark, attempt: Int, in text: String) -> String? {
        var scalars = Array(text.unicodeScalars)
        var (line, index) = (1, 0)
        while line < mark.line, index < scalars.count {
            switch scalars[index] {
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": line += 1
            case "\r" where scalars[safe: index + 1] != "\n": line += 1
            default: break
            }
            index += 1
        }
        index += mark.column - 1
        if let quote = scalars[safe: index], quote == "\"" || quote == "'" { index += 1 }
        let key = Array(name.unicodeScalars)
        guard !key.isEmpty, index + key.count <= scalars.count, Array(scalars[index..<index + key.count]) == key,
            let stand = Unicode.Scalar(Self.privateUse + UInt32(attempt))
        else { return nil }
        for position in index..<index + key.count { scalars[position] = stand }
        return String(String.UnicodeScalarView(scalars))
    }

    private func addSyntax(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting"),
            .parser(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting"):
            addTooDeep(place(of: mark))
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let within = context.map { "\($0.text) that begins in line \($0.mark.line), " } ?? ""
            findings.add(
                place(of: mark), found: "text that is not YAML (\(within)\(problem))", wanted: "YAML",
                advice: advice(problem: problem, mark: mark))
        case .composer(_, let problem, let mark, _) where problem.contains("alias"):
            addAnchor(place(of: mark))
        case .composer(_, _, let mark, _):
            findings.add(
                place(of: mark), found: "a second YAML document", wanted: "one document in a file",
                advice: "Remove the line `---` and what follows it, or put it in a file of its own.")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let last = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).last
            findings.add(
                place(line: line, column: (last?.unicodeScalars.count ?? 0) + 1),
                found: "a character that YAML does not allow (\(problem))", wanted: "text",
                advice: "Is this the right file?")
        default:
            findings.add(place(line: 1, column: 1), found: "text that is not YAML (\(error))", wanted: "YAML")
        }
    }

    private func advice(problem: String, mark: Mark) -> String? {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let line = lines[safe: mark.line - 1] ?? ""
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "Indent with spaces, not tabs." }
        if problem.contains("mapping values are not allowed") {
            return "Put quotes around a value that has a colon, and check the indentation."
        }
        if problem.contains("expected ':'") || problem.contains("cannot start any token") {
            return "A field is written `name: value`; a value that begins with @ ` % or * needs quotes."
        }
        return nil
    }
}

extension RandomAccessCollection where Index == Int {
    /// The element at `index`, counted from the first; nil outside.
    fileprivate subscript(safe index: Int) -> Element? {
        index >= 0 && index < count ? self[self.index(startIndex, offsetBy: index)] : nil
    }
}
