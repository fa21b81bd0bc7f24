/// How the rows lie in a file, whatever its columns mean.
enum Container: Sendable, Equatable {
    /// Delimited text with a header line.
    case csv(delimiter: String)
    /// One JSON object a line.
    case jsonLines
    /// One JSON array of objects.
    case jsonArray
    /// JSON objects one after another, each over as many lines as it likes.
    case jsonObjects
    case parquet

    /// What a row is numbered by, for messages.
    var rowWord: String {
        switch self {
        case .csv, .jsonLines: "line"
        case .jsonArray, .jsonObjects: "record"
        case .parquet: "row"
        }
    }
}

/// A file's container and the names of its columns, as found by looking at its beginning (for JSON: at all keys).
struct Layout: Sendable {
    let container: Container
    /// Column names in file order (JSON: alphabetical).
    let columns: [String]
    /// Parquet types by column position; empty for text.
    let types: [String]

    /// The position of the column called `name`, whatever its case.
    func position(of name: String) -> Int? {
        columns.firstIndex(of: name) ?? columns.firstIndex { $0.lowercased() == name.lowercased() }
    }

    /// Whether there is a column for each of `names`, whatever its case.
    func has(_ names: String...) -> Bool { names.allSatisfy { position(of: $0) != nil } }
}

extension TraceFile {
    /// Finds out how the rows lie in the file.
    /// - Throws: `badData` where it is no table that we read, with the reason.
    func layout(_ program: DuckDBProgram, workspace: Workspace) async throws(TraceError) -> Layout {
        if isParquet { return try await parquetLayout(program) }
        let line = try await firstLine(program)
        guard let first = line.first(where: { $0 > 32 }) else {
            throw TraceError(.badData, file: name, found: "an empty first line", wanted: "a header or a JSON value")
        }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            return try await jsonLayout(program, isArray: first == UInt8(ascii: "["), firstLine: line)
        case UInt8(ascii: "|"):
            throw TraceError(
                .badData, file: name, line: 1, found: "a Markdown table",
                wanted: "CSV, JSON, JSON lines or Parquet",
                advice: "If this is llama-bench's: run it again with `-o json` (or `-o csv`)")
        case _ where compression == .none && (head.first == 10 || head.first == 13):
            throw TraceError(
                .badData, file: name, line: 1, found: "an empty first line", wanted: "the header",
                advice: "Remove the line")
        default: return try await csvLayout(program, header: line, workspace: workspace)
        }
    }

    /// The first line that is not blank, without its end and byte order mark; shortened if it is very long.
    private func firstLine(_ program: DuckDBProgram) async throws(TraceError) -> [UInt8] {
        var bytes = head
        if compression != .none {
            let answer = try await DuckDBSession(program: program, files: [path]).run([
                """
                SELECT hex(l[1:65536]) FROM read_csv(\(SQL.literal(path)), \(SQL.linesOptions(compression)))
                WHERE trim(l) <> '' LIMIT 1;
                """
            ])
            if Trouble(answer.trouble).isTooLong {
                return [UInt8(ascii: "{")]  // Only JSON has lines of megabytes.
            }
            try reject(answer)
            bytes = Fields.unhex(answer.output.filter { $0 > 32 })
        }
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
        if bytes.contains(0) {
            throw TraceError(
                .badData, file: name, found: "binary data (or text in UTF-16)",
                wanted: "CSV or JSON in UTF-8, or Parquet", advice: "Convert it to UTF-8")
        }
        let start = bytes.firstIndex { $0 > 32 } ?? bytes.endIndex
        let end = bytes[start...].firstIndex { $0 == 10 || $0 == 13 } ?? bytes.endIndex
        return Array(bytes[start..<end])
    }

    private func csvLayout(
        _ program: DuckDBProgram, header: [UInt8], workspace: Workspace
    ) async throws(TraceError) -> Layout {
        // Without a quote there is nothing to parse in it.
        if !header.contains(UInt8(ascii: "\"")) {
            let counts = [",", "\t", ";", "|"].map { mark in (mark: mark, count: header.count { $0 == mark.utf8.first })
            }
            let best = counts.max { $0.count < $1.count } ?? (",", 0)
            let delimiter = best.count > 0 ? best.mark : ","
            let names = String(decoding: header, as: UTF8.self)
                .split(separator: delimiter, omittingEmptySubsequences: false).map { $0.trimmingBlanks() }
            return Layout(container: .csv(delimiter: delimiter), columns: names, types: [])
        }
        // DuckDB splits the header, but it must see nothing else: its dialect detection trips over ragged rows.
        let copy = try workspace.write(header + [10], as: "header")
        let delimiters = [",", "\t", ";", "|"]
        let statements = delimiters.map { delimiter in
            """
            SELECT list_transform([*COLUMNS(*)], lambda x: hex(coalesce(x, ''))) FROM read_csv(\(SQL.literal(copy)),
            header=false, all_varchar=true, delim=\(SQL.literal(delimiter)), quote='"', escape='"', sample_size=1) LIMIT 1;
            """
        }
        var best: (delimiter: String, names: [String])?
        for (delimiter, statement) in zip(delimiters, statements) {
            if best != nil, !header.contains(delimiter.utf8.first ?? 0) { continue }
            let answer = try await DuckDBSession(program: program, files: [copy]).run([statement])
            guard answer.trouble.isEmpty else { continue }
            let names = Fields.hexList(answer.output).map { $0.trimmingBlanks() }
            if names.count > (best?.names.count ?? 0) { best = (delimiter, names) }
        }
        guard let best else {
            throw TraceError(
                .badData, file: name, line: 1, found: "a header line that cannot be split",
                wanted: "column names, quoted in pairs", advice: "Check the quotes of the first line")
        }
        return Layout(container: .csv(delimiter: best.delimiter), columns: best.names, types: [])
    }

    private func jsonLayout(
        _ program: DuckDBProgram, isArray: Bool, firstLine: [UInt8]
    ) async throws(TraceError) -> Layout {
        // A line that is a JSON value by itself makes it JSON lines, unless the whole file is one array.
        var container = Container.jsonArray
        if !isArray {
            let isCut = firstLine.count >= Self.headSize - 4
            container = isCut || firstLine.last == UInt8(ascii: "}") ? .jsonLines : .jsonObjects
        }
        var answer = try await keys(program, container)
        if container == .jsonLines, Trouble(answer.trouble).isTooLong {
            container = .jsonObjects
            answer = try await keys(program, container)
        }
        try reject(answer)
        return Layout(container: container, columns: Fields.lines(answer.output).map(Fields.unhexText), types: [])
    }

    /// The keys of all objects.
    private func keys(
        _ program: DuckDBProgram, _ container: Container
    ) async throws(TraceError) -> DuckDBSession.Answer {
        let keys = container == .jsonLines ? "CASE WHEN json_valid(j) THEN json_keys(j) END" : "json_keys(j)"
        return try await DuckDBSession(program: program, files: [path]).run([
            """
            SELECT hex(key) FROM
            (SELECT DISTINCT unnest(\(keys)) AS key FROM \(SQL.objects(path, container, compression))) ORDER BY key;
            """
        ])
    }

    private func parquetLayout(_ program: DuckDBProgram) async throws(TraceError) -> Layout {
        let answer = try await DuckDBSession(program: program, files: [path]).run([
            """
            SELECT hex(column_name), hex(column_type) FROM
            (DESCRIBE SELECT * FROM read_parquet(\(SQL.literal(path)), hive_partitioning=false));
            """
        ])
        try reject(answer)
        let rows = Fields.lines(answer.output).map { $0.split(separator: UInt8(ascii: ",")) }
        return Layout(
            container: .parquet, columns: rows.map { Fields.unhexText($0.first ?? []) },
            types: rows.map { Fields.unhexText($0.last ?? []) })
    }

    /// Throws what DuckDB said of this file, in our words.
    func reject(_ answer: DuckDBSession.Answer) throws(TraceError) {
        if !answer.trouble.isEmpty { throw Trouble(answer.trouble).error(file: name) }
    }
}

extension SQL {
    /// Options of `read_csv` that take each line as one value `l`, blank lines as NULL.
    static func linesOptions(_ compression: TraceFile.Compression) -> String {
        """
        header=false, auto_detect=false, columns={l: 'VARCHAR'}, sep=E'\\x01', quote='', escape='', strict_mode=false,
        compression='\(compression.rawValue)', max_line_size=\(1 << 25)
        """
    }

    /// A table of the JSON objects of a file as text: `line` (or record number) and `j`.
    static func objects(_ path: String, _ container: Container, _ compression: TraceFile.Compression) -> String {
        if container == .jsonLines {
            return """
                (SELECT line, j FROM (SELECT row_number() OVER () AS line, l AS j
                FROM read_csv(\(literal(path)), \(linesOptions(compression)))) WHERE trim(j) <> '')
                """
        }
        return """
            (SELECT row_number() OVER () AS line, json::VARCHAR AS j FROM read_json_objects(\(literal(path)),
            format='\(container == .jsonArray ? "array" : "unstructured")', compression='\(compression.jsonName)',
            maximum_object_size=\(1 << 28)))
            """
    }
}
