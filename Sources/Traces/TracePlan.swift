/// All that is decided before the rows of a file are read: which columns, as what, and what they mean.
struct TracePlan: Sendable {
    /// A column of the file that some expression uses.
    struct Column: Sendable {
        /// Position in the layout.
        let position: Int
        /// Name as the expressions know it.
        let name: String
        /// What it is read as; nil leaves Parquet's own type.
        var type: Adapter.ColumnType?
        /// Whether it is a canonical number under its own name, whose values are judged later.
        let isCanonicalNumber: Bool
        /// Whether a user's expression uses it, so that its type goes by its values.
        let isProfiled: Bool
    }

    let source: TraceSource
    let layout: Layout
    let format: TraceFormat
    let isDetected: Bool
    var columns: [Column] = []
    var mapping: [CanonicalColumn: String] = [:]
    var filter: String?
    var ignored: [String] = []
    var notes: [String] = []
    /// Whether a user's expression uses columns of text whose types must still be found out.
    var needsProfile = false

    private static let canonicalNumbers: Set<CanonicalColumn> = [.promptTokens, .outputTokens, .ttft, .tpot]

    /// Maps `source` onto the canonical row.
    /// - Throws: `badData` for expressions that are none, for columns that are missing, and where the format cannot
    ///   give what `selection` needs (nil for ingestion).
    init(_ source: TraceSource, _ layout: Layout, _ selection: TraceSelection?) throws(TraceError) {
        self.source = source
        self.layout = layout
        isDetected = source.format == nil
        guard let format = source.format ?? (source.columns.isEmpty ? TraceFormat.detect(layout) : .canonical) else {
            throw TraceFormat.undetected(layout, file: source.path)
        }
        self.format = format
        let adapter = Adapter.of(format, layout)
        notes = adapter.notes
        if format == .vllmBench, !source.columns.isEmpty || source.filter != nil {
            throw TraceError(
                .badData, file: source.path, found: "columns or where for a vllm-bench file",
                wanted: "neither: its arrays have no columns", advice: "Run `disco ingest` first and filter its rows")
        }
        if format != .vllmBench {
            let missing = adapter.required.filter { layout.position(of: $0) == nil }
            if !missing.isEmpty {
                throw TraceError(
                    .badData, file: source.path,
                    found: "no column \(TraceFormat.list(missing)) among \(TraceFormat.list(layout.columns))",
                    wanted: "a \(format.rawValue) trace", advice: "Name another format, or leave it out for detection")
            }
        }
        mapping = adapter.mapping
        var words: Set<String> = []
        filter = adapter.filter
        if format == .canonical {
            for column in CanonicalColumn.allCases where layout.position(of: column.rawValue) != nil {
                mapping[column] = SQL.name(column.rawValue)
            }
        }
        for (name, text) in source.columns.sorted(by: { $0.key < $1.key }) {
            guard let column = CanonicalColumn(rawValue: name) else {
                let all = CanonicalColumn.allCases.map(\.rawValue)
                throw TraceError(
                    .badData, file: source.path, found: "columns: \(name) is no canonical column",
                    wanted: TraceFormat.nearest(name, in: all).map { "perhaps \($0)" }
                        ?? "one of \(TraceFormat.list(all))")
            }
            let expression = try UserExpression(text, place: "columns: \(name)", file: source.path)
            words.formUnion(expression.words)
            mapping[column] = "(\(expression.text))"
        }
        if let text = source.filter {
            let expression = try UserExpression(text, place: "where", file: source.path)
            words.formUnion(expression.words)
            filter = filter.map { "(\($0)) AND (\(text))" } ?? "(\(text))"
        }
        try check(selection, adapter)
        if format != .vllmBench { try chooseColumns(adapter, words) }
    }

    private func check(_ selection: TraceSelection?, _ adapter: Adapter) throws(TraceError) {
        if selection?.needsTTFT == true, mapping[.ttft] == nil {
            if !adapter.hasTTFT {
                throw TraceError(
                    .badData, file: source.path,
                    found: "\(format.rawValue) traces have lengths and arrivals, but no TTFT",
                    wanted: "a trace with TTFT here", advice: "Use this one as the workload")
            }
            throw missing(.ttft)
        }
        var needsLength = false
        switch selection?.lengths {
        case .exact, .groups: needsLength = true
        default: break
        }
        if needsLength, mapping[.promptTokens] == nil { throw missing(.promptTokens) }
        if selection == nil, mapping[.ttft] == nil, mapping[.promptTokens] == nil { throw missing(.ttft) }
    }

    private func missing(_ column: CanonicalColumn) -> TraceError {
        TraceError(
            .badData, file: source.path,
            found: "no column \(column.rawValue) among \(TraceFormat.list(layout.columns))",
            wanted: "\(column.rawValue)\(column == .ttft ? " in seconds" : "")",
            advice: TraceFormat.mappingAdvice(layout, for: column))
    }

    private mutating func chooseColumns(_ adapter: Adapter, _ words: Set<String>) throws(TraceError) {
        let isParquet = layout.container == .parquet
        var seen: Set<String> = []
        for (position, name) in layout.columns.enumerated() {
            let key = name.lowercased()
            let canonical = format == .canonical && source.columns[key] == nil ? CanonicalColumn(rawValue: key) : nil
            let declared = adapter.types.first { $0.key.lowercased() == key }
            guard canonical != nil || declared != nil || words.contains(key) else {
                if !name.isEmpty { ignored.append(name) }
                continue
            }
            guard seen.insert(key).inserted else {
                throw TraceError(
                    .badData, file: source.path, line: 1, found: "column \(name) stands there twice",
                    wanted: "each column once", advice: "Rename one of them")
            }
            let isProfiled = !isParquet && declared == nil && words.contains(key)
            let isNumber = canonical.map(Self.canonicalNumbers.contains) ?? false
            columns.append(
                Column(
                    position: position, name: declared?.key ?? name, type: isParquet ? nil : declared?.value ?? .text,
                    isCanonicalNumber: isNumber && !isProfiled && !isParquet, isProfiled: isProfiled))
            needsProfile = needsProfile || isProfiled
        }
    }

    /// The plan with types for the profiled columns: a column is what more than half of its values are.
    func typed(by profile: [UInt8]) -> TracePlan {
        var plan = self
        for line in Fields.lines(profile) {
            let counts = line.split(separator: UInt8(ascii: ",")).map(Fields.integer)
            guard counts.count == 5, plan.columns.indices.contains(counts[0]) else { continue }
            let (filled, numbers, times, truths) = (counts[1], counts[2], counts[3], counts[4])
            let type: Adapter.ColumnType =
                2 * numbers > filled ? .number : 2 * times > filled ? .time : 2 * truths > filled ? .boolean : .text
            plan.columns[counts[0]].type = type
        }
        return plan
    }
}
