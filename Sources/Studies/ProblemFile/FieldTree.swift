internal import Serving
internal import Traces

/// The names that a problem file may have, and where: what checks unknown fields, resolves `--set` and suggests names.
struct FieldTree: Sendable {
    /// Name and what is below it, in the order of docs/problem-file.md; empty for a field that holds a value.
    var fields: [(name: String, tree: FieldTree)]
    /// The field that a lone value in place of the mapping stands for (`trace: a.csv` is `trace: {path: a.csv}`).
    var shortForm: String?

    private init(_ fields: [(String, FieldTree)], shortForm: String? = nil) {
        self.fields = fields.map { (name: $0.0, tree: $0.1) }
        self.shortForm = shortForm
    }

    private init(values names: [String]) { self.init(names.map { ($0, .value) }) }

    /// What is below `name`; nil if there is no such field here.
    subscript(name: String) -> FieldTree? { fields.first { $0.name == name }?.tree }

    /// The names that are valid here.
    var names: [String] { fields.map(\.name) }

    /// A field that holds a value.
    static let value = FieldTree([])

    /// The whole file.
    static let root = FieldTree([
        ("version", .value),
        ("workload", FieldTree([("trace", trace), ("buckets", FieldTree(values: ["by", "count", "edges"]))])),
        (
            "endpoints",
            FieldTree([("server", FieldTree(endpoint)), ("device", FieldTree(endpoint + [("energy", energy)]))])
        ),
        ("exchange", FieldTree(values: ["per_joule"])),
        ("reader", FieldTree(values: ["tokens_per_second"])),
        ("objective", .value),
        ("limits", FieldTree(Metric.allCases.map { ($0.rawValue, FieldTree(values: ["at_most", "at_least"])) })),
        ("timeout", .value),
        ("split", FieldTree(values: ["tuning_share"])),
        ("disco", FieldTree(values: ["alpha"])),
        ("table", FieldTree(values: ["as_of", "valid_days", "revision"])),
    ])

    private static let trace = FieldTree(
        [
            ("path", .value), ("format", .value), ("columns", FieldTree(values: traceColumns)), ("where", .value),
            ("max_rejected", .value),
        ], shortForm: "path")

    private static let endpoint: [(String, FieldTree)] = [
        ("trace", trace),
        ("ttft", FieldTree(values: ["intercept", "per_token", "per_token_squared"])),
        ("condition_on", FieldTree(values: ["prompt_tokens"])),
        ("residuals", .value),
        ("tpot", .value),
        ("price", FieldTree(values: ["prefill", "decode", "per_tokens", "currency", "source", "date"])),
    ]

    private static let energy = FieldTree(values: ["prefill", "decode"])

    /// Columns of the canonical request row (docs/formats.md), which `columns:` may map.
    private static let traceColumns = [
        "prompt_tokens", "output_tokens", "ttft", "tpot", "tbt", "arrived_at", "outcome", "endpoint", "class",
    ]

    /// The paths of all fields below this one, each as its names joined with dots.
    func paths(below prefix: String = "") -> [String] {
        fields.flatMap { name, tree in
            let path = joined(prefix, name)
            return [path] + tree.paths(below: path)
        }
    }

    /// What to say about `name`, which is not valid here: the name that was probably meant.
    func advice(about name: String, at path: String) -> String? {
        let full = joined(path, name)
        if let near = nearest(to: name, among: names) { return "Did you mean \(quoted(near))?" }
        let dotted = names.filter { $0.hasPrefix(name + ".") }
        if !dotted.isEmpty {
            return "Did you mean \(dotted.map(quoted).joined(separator: " or "))? Such a name is written as one word."
        }
        let elsewhere = Self.root.paths().filter { $0 != full && ".\($0)".hasSuffix(".\(name)") }
        if !elsewhere.isEmpty, elsewhere.count <= 4 {
            return "The field is known as \(elsewhere.map(quoted).joined(separator: " and "))."
        }
        return nil
    }
}

/// `path` and a name below it, with a dot between.
func joined(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

/// The nearest of `candidates` to a misspelt `word`, the first of several; nil if none is near enough to be meant.
///
/// Near is an edit distance of at most a third of the longer word, and at least 1. Upper case is free, and words that
/// differ in nothing but points, lines and hyphens are nearest.
func nearest(to word: String, among candidates: [String]) -> String? { match(for: word, among: candidates)?.name }

/// As `nearest`, with the edit distance.
func match(for word: String, among candidates: [String]) -> (name: String, distance: Int)? {
    guard word.unicodeScalars.count <= 64 else { return nil }
    let plain = word.lowercased()
    let letters = plain.filter { !"._-".contains($0) }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let isSame = candidate.filter { !"._-".contains($0) } == letters
        let distance = isSame ? 0 : editDistance(plain, candidate)
        let allowed = max(1, max(plain.count, candidate.count) / 3)
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best
}

/// The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the other
/// (Levenshtein; swaps as in the optimal string alignment distance).
///
/// - Complexity: O(*n m*), the lengths of the two.
func editDistance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var distance = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforeLast[j - 1] + 1) }
            row.append(distance)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
