/// Why a problem file could not be read: where, what was found, what was wanted, and what to do.
///
/// One error may hold several findings (at most ten, in the order of the text), so that one run shows all that is to
/// be mended. `description` is what a terminal should print: each finding begins with `file:line:column`, which editors
/// can jump to.
public struct ProblemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the failure means for the exit code.
    public enum Kind: Hashable, Sendable {
        /// The command line is at fault: a `--set` that cannot be read, or that sets what cannot be set.
        case usage
        /// The problem file's content is at fault.
        case badData
        /// There is no such file, or it cannot be read.
        case noInput

        /// The exit code (sysexits.h): 64, 65 or 66.
        public var exitCode: Int32 {
            switch self {
            case .usage: 64
            case .badData: 65
            case .noInput: 66
            }
        }
    }

    /// Where a finding is.
    public enum Place: Hashable, Sendable {
        /// In the problem file; both count from 1, columns in Unicode scalars.
        case file(line: Int, column: Int)
        /// In the text of a `--set`; the column counts from 1 in Unicode scalars.
        case setting(String, column: Int)
        /// The file as a whole.
        case wholeFile
    }

    /// One thing that is wrong.
    public struct Finding: Hashable, Sendable {
        /// Where.
        public var place: Place
        /// The field's path in the YAML (`endpoints.server.price.decode`); empty for the document itself.
        public var field: String
        /// What was found there, as a phrase.
        public var found: String
        /// What was wanted there, as a phrase.
        public var wanted: String
        /// What to do about it, as a sentence; nil where found and wanted say it all.
        public var advice: String?
        /// The field names that are valid there, where the finding is about a name; else empty.
        public var validNames: [String]
        /// The line of the file that `place` is in; nil where there is none.
        public var excerpt: String?

        /// A finding.
        public init(
            place: Place, field: String, found: String, wanted: String, advice: String? = nil,
            validNames: [String] = [], excerpt: String? = nil
        ) {
            self.place = place
            self.field = field
            self.found = found
            self.wanted = wanted
            self.advice = advice
            self.validNames = validNames
            self.excerpt = excerpt
        }
    }

    /// What the failure means for the exit code.
    public var kind: Kind
    /// The problem file's path as given.
    public var path: String
    /// What is wrong, in the order of the text, settings before the file; never empty.
    public var findings: [Finding]
    /// How many more findings there were than are listed.
    public var omitted: Int

    /// An error of one or more findings.
    public init(kind: Kind, path: String, findings: [Finding], omitted: Int = 0) {
        self.kind = kind
        self.path = path
        self.findings = findings
        self.omitted = omitted
    }

    /// All findings, each with its place, its line and a caret, and what to do.
    public var description: String {
        let more = omitted == 0 ? [] : ["and \(omitted) more"]
        return (findings.map { $0.text(path: path) } + more).joined(separator: "\n")
    }
}

extension ProblemError.Finding {
    /// The finding as lines of text, without a newline at the end.
    func text(path: String) -> String {
        let subject = field.isEmpty ? "" : "\(field): "
        let sentence = "\(subject)found \(found), wanted \(wanted)"
        var lines: [String]
        switch place {
        case .file(let line, let column):
            lines = ["\(path):\(line):\(column): \(sentence)"]
            if let excerpt { lines += pointer(into: excerpt, column: column) }
        case .setting(let setting, let column):
            lines = ["--set: \(sentence)"]
            lines += pointer(into: setting, column: column)
        case .wholeFile:
            lines = ["\(path): \(sentence)"]
        }
        if let advice { lines.append("    \(advice)") }
        return lines.joined(separator: "\n")
    }

    /// `line` indented, and a caret below its `column`; a long line is cut to the part around it.
    private func pointer(into line: String, column: Int) -> [String] {
        let scalars = Array(line.unicodeScalars)
        let index = min(max(column - 1, 0), scalars.count)
        let start = index > 80 ? index - 60 : 0
        let end = min(scalars.count, start + 110)
        let shown = printable(String(String.UnicodeScalarView(scalars[start..<end])))
        let margin = start > 0 ? "    ... " : "    "
        let caret = String(repeating: " ", count: margin.count + index - start) + "^"
        return ["\(margin)\(shown)\(end < scalars.count ? " ..." : "")", caret]
    }
}

/// `text` with each control character as one space or replacement character, so that a file cannot steer the terminal.
func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control: result.append(scalar == "\t" ? " " : "\u{FFFD}")
        case .format, .lineSeparator, .paragraphSeparator, .surrogate: result.append("\u{FFFD}")
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// `text` as it is shown within a sentence: in backquotes, printable, and no longer than 60 characters.
func quoted(_ text: String) -> String {
    let shown = text.count > 60 ? text.prefix(57) + "..." : text[...]
    return "`\(printable(String(shown)))`"
}

/// `name` as a part of a field's path: printable and no longer than 40 characters.
func shortened(_ name: String) -> String {
    printable(name.count > 40 ? name.prefix(37) + "..." : name)
}
