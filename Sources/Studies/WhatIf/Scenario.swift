/// One what-if: fields of the problem that are set, and what becomes of the traces.
public struct Scenario: Sendable, Hashable {
    /// Its name, unique among those of a study.
    public var name: String
    /// Fields and values, as `--set` takes them.
    public var settings: [Setting]
    /// What becomes of the traces.
    public var change: WorldChange

    /// A field and its value.
    public struct Setting: Sendable, Hashable {
        /// The field's path.
        public var path: String
        /// The value as a problem file writes it.
        public var value: String

        /// As `--set` takes it.
        var text: String { "\(path)=\(value)" }
    }

    /// A scenario.
    public init(name: String, settings: [Setting] = [], change: WorldChange = WorldChange()) {
        self.name = name
        self.settings = settings
        self.change = change
    }

    /// One scenario for every combination of the variations' values, the last one fastest.
    /// - Throws: `QuestionError` where there are more than ``Variation/mostValues``, or a field is varied twice.
    public static func grid(_ variations: [Variation]) throws(QuestionError) -> [Scenario] {
        for (index, variation) in variations.enumerated()
        where variations[..<index].contains(where: { $0.path == variation.path }) {
            throw .usage("--vary \(variation.path): varied twice; give all its values at once")
        }
        let count = variations.reduce(1.0) { $0 * Double($1.values.count) }
        guard count <= Double(Variation.mostValues) else {
            throw .usage("--vary: found \(Int(count)) combinations, wanted at most \(Variation.mostValues)")
        }
        var rows: [[Setting]] = [[]]
        for variation in variations {
            rows = rows.flatMap { row in
                variation.values.map { row + [Setting(path: variation.path, value: $0)] }
            }
        }
        return rows.map { row in Scenario(name: row.map(\.text).joined(separator: ", "), settings: row) }
    }
}
