/// The statements that read one planned trace.
///
/// There are two ways. The *fast* way lets DuckDB's CSV reader cast the columns and groups at once; it can say that
/// something is wrong, not where. The *careful* way reads text, keeps the number of each line and names every fault. A
/// clean CSV file needs the fast way only; all else goes the careful one.
struct TraceQuery: Sendable {
    let plan: TracePlan
    let file: TraceFile
    /// nil for ingestion.
    let selection: TraceSelection?
    /// First tokens later than this many seconds count as failures.
    let timeout: Double

    /// Whether rows must be looked at more than once, hence kept.
    var needsTable: Bool {
        selection?.tuningShare != nil || plan.mapping[.arrivedAt] != nil || plan.mapping[.tpot] != nil
    }

    /// Whether rows keep the hour they arrived in.
    var keepsHours: Bool { selection?.wantsHours == true && plan.mapping[.arrivedAt] != nil }

    /// The fast way; for CSV only.
    var fast: [String] {
        let relation = fastRelation
        if needsTable {
            return [
                "CREATE TEMP TABLE t AS \(judged(relation, isFast: true));", summary, groups(order: "rowid"),
                rejectCount,
            ]
        }
        if selection?.needsTTFT == true, plan.mapping[.ttft] != nil { return [judgedGroups(relation), rejectCount] }
        return ["CREATE TEMP VIEW t AS \(judged(relation, isFast: true));", groups(order: "line"), rejectCount]
    }

    /// The fast way of ingestion, without the copy: the judged rows in the file's order, and what is wrong with them.
    var fastTable: [String] { ["CREATE TEMP TABLE t AS \(judged(fastRelation, isFast: true));", summary, rejectCount] }

    /// The fast way's rows: the columns as the CSV reader casts them.
    private var fastRelation: String {
        let delimited = readCSV(
            types: Dictionary(uniqueKeysWithValues: plan.columns.map { ($0.position, $0.fastType) }))
        let columns = plan.columns.map { "\($0.typed("c\($0.position)", isFast: true)) AS \(SQL.name($0.name))" }
        return Self.select(["0 AS __line", "\(wrongTypes(isFast: true)) AS __bad"] + columns, from: delimited)
    }

    /// Whether the fast way is open.
    var hasFastWay: Bool {
        guard case .csv = plan.layout.container else { return false }
        return plan.format != .vllmBench && plan.format != .llamaBench
    }

    /// What the values of the profiled columns look like, over the first 100,000 rows: filled, numbers, times, truths.
    var profile: String {
        let texts: String
        if case .csv = plan.layout.container {
            texts =
                Self.select(csvTexts, from: readCSV(types: [:]))
        } else {
            texts = jsonTexts
        }
        let rows = plan.columns.enumerated().filter { $1.isProfiled }.map { index, _ in
            """
            SELECT \(index), count(x\(index)), count(TRY_CAST(x\(index) AS DOUBLE)),
            count(TRY_CAST(x\(index) AS TIMESTAMPTZ)),
            count(*) FILTER (lower(x\(index)) IN ('true', 'false')) FROM first_rows
            """
        }
        return "WITH first_rows AS MATERIALIZED (\(texts) LIMIT 100000) \(rows.joined(separator: " UNION ALL "));"
    }

    /// The careful way.
    var careful: [String] {
        var statements = setup
        statements.append("CREATE TEMP TABLE t AS \(judged(relation, isFast: false));")
        statements += [summary, rejections]
        if case .csv = plan.layout.container, plan.format != .vllmBench { statements.append(raggedRows) }
        return statements
    }

    // MARK: - Where rows come from

    private func readCSV(types: [Int: String]) -> String {
        guard case .csv(let delimiter) = plan.layout.container else { preconditionFailure("not a CSV file") }
        let columns = plan.layout.columns.indices.map { "c\($0): '\(types[$0] ?? "VARCHAR")'" }
        return """
            read_csv(\(SQL.literal(file.path)), header=true, auto_detect=false, delim=\(SQL.literal(delimiter)),
            quote='"', escape='"', compression='\(file.compression.rawValue)', store_rejects=true,
            columns={\(columns.joined(separator: ", "))})
            """
    }

    /// A statement that selects `items` from `source`.
    private static func select(_ items: [String], from source: String) -> String {
        "SELECT \(items.joined(separator: ", ")) FROM \(source)"
    }

    /// The used columns of a CSV file as text.
    private var csvTexts: [String] {
        plan.columns.enumerated().map { index, column in "nullif(trim(c\(column.position)), '') AS x\(index)" }
    }

    /// What the careful way prepares before it reads: for CSV, the texts and the line of each record.
    var setup: [String] {
        guard case .csv = plan.layout.container else { return [] }
        let all = plan.layout.columns.indices.map { "length(c\($0)) - length(replace(c\($0), chr(10), ''))" }
        let newlines = all.map { "coalesce(\($0), 0)" }.joined(separator: " + ")
        let kept = plan.columns.map { ", c\($0.position)" }.joined()
        var setup = [
            """
            CREATE TEMP TABLE raw AS SELECT row_number() OVER () AS r, \(newlines) AS nl\(kept)
            FROM \(readCSV(types: [:]));
            """,
            """
            CREATE TEMP TABLE bad AS SELECT line AS slot, min(error_type::VARCHAR) AS kind,
            max(TRY_CAST(regexp_extract(error_message, 'Found: (\\d+)', 1) AS INTEGER)) AS fields,
            max(length(text) - length(replace(text, chr(10), ''))) AS nl
            FROM (SELECT *, trim(csv_line, chr(10) || chr(13)) AS text FROM reject_errors) GROUP BY line;
            """,
        ]
        // DuckDB numbers records with the blank lines between them; a value over several lines counts as one.
        let blanks =
            plan.layout.columns.count < 2
            ? ""
            : """
             UNION SELECT slot FROM (SELECT row_number() OVER () AS slot, l FROM
            read_csv(\(SQL.literal(file.path)), \(SQL.linesOptions(file.compression)), encoding='latin-1'))
            WHERE l IS NULL AND (SELECT coalesce(sum(nl), 0) = 0 FROM raw)
            """
        setup.append(
            """
            CREATE TEMP TABLE gaps AS SELECT slot, row_number() OVER (ORDER BY slot) AS j
            FROM (SELECT slot FROM bad\(blanks));
            """
        )
        setup.append(
            """
            CREATE TEMP TABLE placed AS SELECT r, slot,
            slot + coalesce(sum(nl) OVER (ORDER BY slot ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS line
            FROM (SELECT r, base + coalesce(k, 0) AS slot, nl FROM (SELECT r, 1 + r AS base, nl FROM raw) a
            ASOF LEFT JOIN (SELECT slot - j + 1 AS th, max(j) AS k FROM gaps GROUP BY ALL) e ON a.base >= e.th
            UNION ALL SELECT NULL, slot, nl FROM bad);
            """)
        return setup
    }

    /// The careful way's rows: `__line`, `__bad`, the texts `x0` and up, and the typed columns by name.
    var relation: String {
        if plan.format == .vllmBench { return VLLMBench.relation(file, plan) }
        let names = plan.columns.map { SQL.name($0.name) }
        let typed = plan.columns.enumerated().map { index, column in
            "\(column.typed("x\(index)", isFast: false)) AS \(names[index])"
        }
        let bad = "\(wrongTypes(isFast: false)) AS __bad"
        var rows: String
        switch plan.layout.container {
        case .csv:
            rows =
                Self.select(["line AS __line", "0 AS __broken"] + csvTexts, from: "raw JOIN placed USING (r)")
        case .jsonLines, .jsonArray, .jsonObjects:
            rows = jsonTexts
        case .parquet:
            let values = plan.columns.enumerated().map { "\(SQL.name(plan.layout.columns[$1.position])) AS x\($0)" }
            rows = """
                SELECT \((["file_row_number + 1 AS __line", "0 AS __broken"] + values).joined(separator: ", "))
                FROM read_parquet(\(SQL.literal(file.path)), file_row_number=true, hive_partitioning=false)
                """
        }
        let texts = plan.columns.indices.map { "x\($0)" }
        rows = "SELECT \((["__line", "__broken", bad] + texts + typed).joined(separator: ", ")) FROM (\(rows))"
        return plan.format == .llamaBench ? LlamaBench.samples(rows, plan) : rows
    }

    /// The used keys of a JSON file's objects as text.
    private var jsonTexts: String {
        let keys = plan.columns.map { plan.layout.columns[$0.position] }
        let pointers = keys.isEmpty ? "'/'" : keys.map(SQL.pointer).joined(separator: ", ")
        let used =
            "list_filter(json_keys(j), lambda k: k IN (\((keys + [""]).map(SQL.literal).joined(separator: ", "))))"
        let texts = plan.columns.indices.map { "nullif(trim(v[\($0 + 1)]), '') AS x\($0)" }
        let isObject = "CASE WHEN json_valid(j) THEN json_type(j) = 'OBJECT' ELSE false END"
        return """
            SELECT \((["__line", "__broken"] + texts).joined(separator: ", ")) FROM (
            SELECT line AS __line, CASE WHEN NOT \(isObject) THEN \(Verdict.notJSON)
            WHEN len(\(used)) > len(list_distinct(\(used))) THEN \(Verdict.doubledKey) ELSE 0 END AS __broken,
            json_extract_string(CASE WHEN \(isObject) THEN j ELSE '{}' END, [\(pointers)]) AS v
            FROM \(SQL.objects(file.path, plan.layout.container, file.compression)))
            """
    }

    /// The code of the first column that is not of its type; 0 where all are.
    private func wrongTypes(isFast: Bool) -> String {
        var cases = isFast ? "" : "WHEN __broken > 0 THEN __broken "
        for (index, column) in plan.columns.enumerated() {
            let raw = isFast ? "c\(column.position)" : "x\(index)"
            guard let type = column.type, type != .text, !column.isCanonicalNumber else { continue }
            if isFast, type == .number { continue }
            let value = column.typed(raw, isFast: isFast)
            cases += "WHEN \(raw) IS NOT NULL AND \(value) IS NULL THEN \(Verdict.wrongType + index) "
        }
        return cases.isEmpty ? "0" : "CASE \(cases)ELSE 0 END"
    }

    /// Counts what the fast way's reader could not cast or split.
    private var rejectCount: String { "SELECT 'E', count(*) FROM reject_errors;" }

    /// Ragged rows by kind, with the first line and its fields.
    private var raggedRows: String {
        """
        SELECT 'E', hex(kind), count(*), min(line), coalesce(arg_min(fields, line), 0), max(bad.nl)
        FROM bad JOIN placed USING (slot) WHERE r IS NULL GROUP BY kind ORDER BY kind;
        """
    }
}

extension TracePlan.Column {
    /// The type the CSV reader casts to on the fast way.
    var fastType: String { isCanonicalNumber || type == .number ? "DOUBLE" : "VARCHAR" }

    /// The value of `raw` as this column's type.
    func typed(_ raw: String, isFast: Bool) -> String {
        if isFast, fastType == "DOUBLE" { return raw }
        let text = isFast ? "nullif(trim(\(raw)), '')" : raw
        if isCanonicalNumber { return text }
        switch type {
        case .number: return "TRY_CAST(\(text) AS DOUBLE)"
        case .time: return "TRY_CAST(\(text) AS TIMESTAMPTZ)"
        case .boolean: return "TRY_CAST(\(text) AS BOOLEAN)"
        case .text, nil: return text
        }
    }
}
