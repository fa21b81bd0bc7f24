/// Pieces of SQL text.
enum SQL {
    /// `text` as a string literal.
    static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    /// `name` as a quoted identifier.
    static func name(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    /// A JSON pointer to member `key` of an object.
    static func pointer(_ key: String) -> String {
        literal("/" + key.replacing("~", with: "~0").replacing("/", with: "~1"))
    }

    /// `value` as a literal that DuckDB reads as the same double.
    static func number(_ value: Double) -> String { value.isInfinite ? "'inf'::DOUBLE" : "'\(value)'::DOUBLE" }
}

/// An expression over a trace's own columns, as a user wrote it.
///
/// It goes into a statement of ours, so it must be one expression and nothing more: the sandbox keeps it from other
/// files, this check keeps it from ending our statement.
struct UserExpression: Sendable {
    let text: String
    /// Words and quoted names in it, lower case: a superset of the columns it uses.
    let words: Set<String>

    /// Checks `text`, the value of `place` (`columns: ttft`) in the problem of `file`.
    /// - Throws: `badData` that names what does not belong in an expression.
    init(_ text: String, place: String, file: String) throws(TraceError) {
        guard text.utf8.count <= Self.longest else {
            throw TraceError(
                .badData, file: file, found: "\(place): an expression of \(text.utf8.count) bytes",
                wanted: "at most \(Self.longest)")
        }
        var scan = Scan(bytes: Array(text.utf8))
        if let fault = scan.fault() {
            throw TraceError(
                .badData, file: file, found: "\(place): \(fault) in `\(text.prefix(80).filter { $0 != "\n" })`",
                wanted: "one SQL expression over the file's columns, such as first_token_ms / 1000")
        }
        self.text = text
        self.words = scan.words.union(scan.unquoted)
    }

    /// The most bytes of an expression: no statement outgrows what the system passes to a program.
    static let longest = 10_000

    private struct Scan {
        let bytes: [UInt8]
        var words: Set<String> = []
        var unquoted: Set<String> = []
        var opensSubquery = false

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func fault() -> String? {
            var depth: [UInt8] = []
            var position = 0
            var isBlank = true
            var lastVisible: UInt8 = 0
            while position < bytes.count {
                let byte = bytes[position]
                let next = position + 1 < bytes.count ? bytes[position + 1] : 0
                if byte != UInt8(ascii: " ") { isBlank = false }
                switch byte {
                case 0..<32, 127: return "a line break or control character"
                case UInt8(ascii: ";"): return "a semicolon"
                case UInt8(ascii: "$"): return "a dollar sign"
                case UInt8(ascii: "-") where next == byte: return "a comment (--)"
                case UInt8(ascii: "/") where next == UInt8(ascii: "*"): return "a comment (/*)"
                case UInt8(ascii: "'"), UInt8(ascii: "\""):
                    guard let end = bytes[(position + 1)...].firstIndex(of: byte) else { return "an open quote" }
                    let inside = bytes[(position + 1)..<end]
                    if inside.contains(where: { $0 < 32 || $0 == 127 }) { return "a line break or control character" }
                    if inside.contains(UInt8(ascii: "\\")) { return "a backslash" }
                    if byte == UInt8(ascii: "\"") { words.insert(String(decoding: inside, as: UTF8.self).lowercased()) }
                    position = end
                case UInt8(ascii: "("): depth.append(UInt8(ascii: ")"))
                case UInt8(ascii: "["): depth.append(UInt8(ascii: "]"))
                case UInt8(ascii: "{"): depth.append(UInt8(ascii: "}"))
                case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                    guard depth.popLast() == byte else { return "unbalanced brackets" }
                case _ where Self.isLetter(byte):
                    var end = position
                    while end < bytes.count, Self.isLetter(bytes[end]) || Self.isDigit(bytes[end]) { end += 1 }
                    let word = String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
                    unquoted.insert(word)
                    if lastVisible == UInt8(ascii: "("), Self.opening.contains(word) { opensSubquery = true }
                    position = end - 1
                default: break
                }
                if bytes[position] != UInt8(ascii: " ") { lastVisible = bytes[position] }
                position += 1
            }
            if !depth.isEmpty { return "unbalanced brackets" }
            if isBlank { return "nothing" }
            if opensSubquery || unquoted.contains("select") { return "a subquery" }
            return unquoted.union(words).intersection(Self.changing).sorted().first.map {
                "\($0), which is not the same every time"
            }
        }

        /// Words that begin a query where they come first within brackets: DuckDB needs no SELECT.
        private static let opening: Set<String> = [
            "from", "table", "with", "values", "pivot", "unpivot", "describe", "summarize", "show",
        ]

        /// Names whose value is not settled by the row: equal inputs must give equal bytes.
        private static let changing: Set<String> = [
            "random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "now", "today", "current_date",
            "current_time", "current_timestamp", "current_localtime", "current_localtimestamp", "get_current_time",
            "get_current_timestamp", "transaction_timestamp", "nextval", "currval",
        ]

        static func isLetter(_ byte: UInt8) -> Bool {
            (byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z")) || byte == UInt8(ascii: "_")
                || byte >= 128
        }

        static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    }
}
