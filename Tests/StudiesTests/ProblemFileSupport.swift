import Serving
import Studies
import Testing
import Traces

/// The shortest problem file there is; tests append fields to it.
let minimalProblem = """
    version: 1
    workload: {trace: prompts.csv}
    endpoints:
      server: {trace: server.csv}
      device: {ttft: {intercept: 0.1, per_token: 0.01}}

    """

/// `minimalProblem` with the given fields of the two endpoints, each as flow YAML.
func problemText(server: String = "trace: server.csv", device: String = "ttft: {intercept: 0.1}") -> String {
    """
    version: 1
    workload: {trace: prompts.csv}
    endpoints:
      server: {\(server)}
      device: {\(device)}

    """
}

/// The problem that `text` states.
func readProblem(_ text: String, path: String = "problem.yaml", set: [String] = []) throws -> Problem {
    try ProblemFile.parse(text, path: path, overrides: set)
}

/// The error that `text` ends in; nil, and an issue, if it is read.
func problemError(
    in text: String, path: String = "problem.yaml", set: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
) -> ProblemError? {
    #expect(throws: ProblemError.self, sourceLocation: sourceLocation) {
        try ProblemFile.parse(text, path: path, overrides: set)
    }
}

/// Fails unless reading `marked` without its `⚑`s gives one finding at each of them, in their order.
///
/// `field` and `found` are those of the first; `wanted` and `advice` are parts of its texts. Returns the error.
@discardableResult
func expectProblemFinding(
    in marked: String, field: String? = nil, found: String? = nil, wanted: String? = nil, advice: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) -> ProblemError? {
    var text = String.UnicodeScalarView()
    var places: [ProblemError.Place] = []
    var (line, column) = (1, 1)
    for scalar in marked.unicodeScalars {
        if scalar == "⚑" {
            places.append(.file(line: line, column: column))
            continue
        }
        text.append(scalar)
        if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
    }
    #expect(!places.isEmpty, "the text has no mark", sourceLocation: sourceLocation)
    guard let error = problemError(in: String(text), sourceLocation: sourceLocation) else { return nil }
    #expect(error.findings.map(\.place) == places, "\(error)", sourceLocation: sourceLocation)
    #expect(error.kind == .badData, sourceLocation: sourceLocation)
    guard let finding = error.findings.first else { return error }
    if let field { #expect(finding.field == field, sourceLocation: sourceLocation) }
    if let found { #expect(finding.found == found, sourceLocation: sourceLocation) }
    if let wanted { #expect(finding.wanted.contains(wanted), "\(finding.wanted)", sourceLocation: sourceLocation) }
    if let advice {
        #expect(finding.advice?.contains(advice) == true, "\(finding.advice ?? "-")", sourceLocation: sourceLocation)
    }
    return error
}

/// Fails unless the setting is refused on the command line's account, at `column`.
///
/// Returns the error.
@discardableResult
func expectSettingRefused(
    of setting: String, in text: String = minimalProblem, column: Int? = nil, advice: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) -> ProblemError? {
    guard let error = problemError(in: text, set: [setting], sourceLocation: sourceLocation) else { return nil }
    #expect(error.kind == .usage && error.kind.exitCode == 64, "\(error)", sourceLocation: sourceLocation)
    if let column {
        #expect(
            error.findings.first?.place == .setting(setting, column: column), "\(error)", sourceLocation: sourceLocation
        )
    }
    if let advice {
        let found = error.findings.first?.advice ?? "-"
        #expect(found.contains(advice), "\(error)", sourceLocation: sourceLocation)
    }
    return error
}
