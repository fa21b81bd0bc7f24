/// Why bytes are not a policy table: where, what was found, what was wanted.
public struct PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Hashable {
        /// A size is over its limit.
        case overLimit(PolicyRule, found: Int, limit: Int)
        /// Not JSON from this byte on; `line` and `column` count from 1, `column` in bytes.
        case notJSON(offset: Int, line: Int, column: Int, found: String, wanted: String)
        /// A number that no double can hold, as written.
        case numberOverflow(String)
        /// A member named twice.
        case duplicateMember(String)
        /// A version we do not know, as written.
        case unknownVersion(found: String, known: [Int])
        /// A member that the schema does not name, and those it does.
        case unknownMember(String, valid: [String])
        /// A member that is required.
        case missingMember(String)
        /// A member that another one, which is there, excludes.
        case excludedMember(String, beside: String)
        /// A value of another type.
        case wrongType(found: String, wanted: String)
        /// A word that is not one of those allowed.
        case unknownValue(String, valid: [String])
        /// A table that can be read but breaks rules; at least one.
        case invalid([PolicyViolation])
    }

    /// Where, as a JSONPath (RFC 9535); `$` is the whole document.
    public var path: String
    /// What is wrong there.
    public var problem: Problem

    /// An error at `path`.
    public init(path: String, problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// The rule that is broken; the first, where several are.
    public var rule: PolicyRule {
        switch problem {
        case .overLimit(let rule, _, _): rule
        case .notJSON: .notJSON
        case .numberOverflow: .numberOverflow
        case .duplicateMember: .duplicateMember
        case .unknownVersion: .unknownVersion
        case .unknownMember: .unknownMember
        case .missingMember: .missingMember
        case .excludedMember: .bucketsOrPeriods
        case .wrongType: .wrongType
        case .unknownValue: .unknownValue
        case .invalid(let violations): violations.first?.rule ?? .notJSON
        }
    }

    /// `path: sentence`, one line for each of at most ten violations.
    public var description: String {
        guard case .invalid(let violations) = problem else { return "\(path): \(sentence)" }
        let shown = violations.prefix(10).map(\.description)
        let rest = violations.count - shown.count
        return (shown + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
    }

    private var sentence: String {
        switch problem {
        case .overLimit(.tooLarge, let found, let limit): "\(found) bytes; a policy table has at most \(limit)"
        case .overLimit(.tooDeep, _, let limit): "values nest more than \(limit) deep"
        case .overLimit(.tooManyBuckets, let found, let limit): "\(found) buckets; a table has at most \(limit)"
        case .overLimit(_, _, let limit): "more than \(limit) values"
        case .notJSON(let offset, let line, let column, let found, let wanted):
            "not JSON at byte \(offset) (line \(line), column \(column)): found \(found), wanted \(wanted)"
        case .numberOverflow(let text): "the number \(text) is beyond every double"
        case .duplicateMember(let name): "member \(quoted(name)) is given twice"
        case .unknownVersion(let found, let known):
            "schema version \(found) is not known here; known: \(known.map(String.init).joined(separator: ", "))"
        case .unknownMember(let name, let valid):
            "unknown member \(quoted(name)); \(suggestion(for: name, among: valid))"
        case .missingMember(let name): "member \(quoted(name)) is missing"
        case .excludedMember(let name, let other): "found both \(quoted(other)) and \(quoted(name)), wanted one of them"
        case .wrongType(let found, let wanted): "found \(found), wanted \(wanted)"
        case .unknownValue(let word, let valid): "unknown value \(quoted(word)); \(suggestion(for: word, among: valid))"
        case .invalid(let violations): violations.first?.sentence ?? ""
        }
    }
}

/// Text from outside, in quotes, clipped, without control characters: fit for a terminal.
func quoted(_ text: String, length: Int = 40) -> String {
    let clipped = text.unicodeScalars.prefix(length).map { scalar in
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
            ? "?" : String(scalar)
    }
    return "\"" + clipped.joined() + (text.unicodeScalars.count > length ? "..." : "") + "\""
}

/// The nearest valid name, or all of them where none is near.
func suggestion(for name: String, among valid: [String]) -> String {
    let ranked = valid.map { (editDistance(name, $0), $0) }.sorted { $0 < $1 }
    guard let (distance, nearest) = ranked.first, distance <= max(2, nearest.utf8.count / 2) else {
        return "valid: \(valid.joined(separator: ", "))"
    }
    return "did you mean \(quoted(nearest))?"
}

/// Levenshtein's distance between two names, of which the first 64 bytes count.
/// - Complexity: O(*n* · *m*), at most 4,096 steps.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8.prefix(64))
    var row = Array(0...right.count)
    for (i, byte) in left.utf8.prefix(64).enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let substituted = diagonal + (byte == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
