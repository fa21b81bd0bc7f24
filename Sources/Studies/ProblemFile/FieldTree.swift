internal import Serving
internal import Traces
internal import Spelling

/// The names that a problem file may have, and where: what checks unknown fields, resolves `--set` and suggests names.
struct FieldTree: Sendable {
    /// Name and what is below it, in the order of docs/problem-file.md; empty for a field that holds a value.
    var fields: [(name: String, tree: FieldTree)]
    /// The field that a lone value in place of the mapping stands for (`trace: a.csv` is `trace: {path: a.csv}`).
    var shortForm: String?
    /// Whether every metric is a field, with bounds below it; `fields` has those that are listed.
    var takesMetrics = false

    init(_ fields: [(String, FieldTree)], shortForm: String? = nil) {
        self.fields = fields.map { (name: $0.0, tree: $0.1) }
        self.shortForm = shortForm
    }

    init(values names: [String]) { self.init(names.map { ($0, .value) }) }

    /// What is below `name`; nil if there is no such field here.
    subscript(name: String) -> FieldTree? {
        fields.first { $0.name == name }?.tree ?? (takesMetrics && Metric(rawValue: name) != nil ? .bounds : nil)
    }

    /// The names that are valid here, but for further percentiles.
    var names: [String] { fields.map(\.name) }

    /// What the name of a field may be here, as a phrase.
    var wanted: String { takesMetrics ? Metric.wanted : "one of \(backquoted(names))" }

    /// A field that holds a value.
    static let value = FieldTree([])

    /// The whole file.
    static let root = FieldTree([
        ("version", .value),
        ("workload", FieldTree([("trace", trace), ("buckets", FieldTree(values: ["by", "count", "edges"]))])),
        (
            "endpoints",
            FieldTree([
                ("server", FieldTree(endpoint(conditions: ["prompt_tokens", "hour_of_day"]))),
                (
                    "device",
                    FieldTree(endpoint(conditions: ["prompt_tokens"]) + [("energy", energy), ("profile", .value)])
                ),
            ])
        ),
        ("exchange", FieldTree(values: ["per_joule"])),
        ("reader", FieldTree(values: ["tokens_per_second", "population"])),
        ("migration", FieldTree(values: ["network", "transfer", "epsilon", "allow_stall"])),
        (
            "metrics",
            FieldTree([
                ("ttft_target", .value), ("deadline", FieldTree(values: ["tokens_per_second", "offset"])),
                ("alpha", .value),
            ])
        ),
        ("objective", .value),
        ("limits", limits),
        ("deterministic", .value),
        ("confidence", .value),
        ("budget_window", .value),
        ("timeout", .value),
        ("split", FieldTree(values: ["tuning_share"])),
        ("disco", FieldTree(values: ["alpha"])),
        (
            "table",
            FieldTree([
                ("as_of", .value), ("valid_days", .value), ("revision", .value),
                ("rollout", FieldTree(values: ["percentage", "salt"])), ("max_extra_load", .value),
            ])
        ),
    ])

    private static let bounds = FieldTree(values: ["at_most", "at_least"])

    private static let limits = {
        var tree = FieldTree(Metric.listedNames.map { ($0, bounds) })
        tree.takesMetrics = true
        return tree
    }()

    private static let trace = FieldTree(
        [
            ("path", .value), ("format", .value), ("columns", FieldTree(values: traceColumns)), ("where", .value),
            ("max_rejected", .value),
        ], shortForm: "path")

    private static func endpoint(conditions: [String]) -> [(String, FieldTree)] {
        [
            ("trace", trace),
            ("ttft", FieldTree(values: ["intercept", "per_token", "per_token_squared"])),
            ("condition_on", FieldTree(values: conditions)),
            ("residuals", .value),
            ("tpot", .value),
            (
                "price",
                FieldTree(values: ["prefill", "decode", "per_tokens", "currency", "source", "date", "list", "model"])
            ),
        ]
    }

    /// One pace of `reader.population`.
    static let pace = FieldTree(values: ["share", "tokens_per_second"])

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
        if takesMetrics, let advice = Metric.quantileAdvice(about: name) { return advice }
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
