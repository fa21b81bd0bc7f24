/// What DuckDB said when a statement failed, with the useful part picked out.
struct Trouble: Sendable {
    /// The message, without the statement that DuckDB quotes and without its hints.
    let sentence: String

    /// Whether a line or value was longer than DuckDB was told to expect.
    let isTooLong: Bool

    /// Picks the first sentence out of DuckDB's standard error.
    init(_ said: String) {
        isTooLong = said.contains("Maximum line size of") || said.contains("maximum_object_size")
        var text = said[...]
        // DuckDB quotes the line at fault, which may hold what nobody should see.
        for mark in ["\nOriginal Line:", "\nLINE ", "\nPossible", "\n\n", "\n  file"] {
            if let range = text.firstRange(of: mark) { text = text[..<range.lowerBound] }
        }
        sentence = text.split(separator: "\n").joined(separator: " ").filter { $0 != "\u{1b}" }
    }

    /// The message without the class of error before it (`Binder Error: `).
    var useful: String {
        guard let colon = sentence.firstRange(of: "Error: ") else { return String(sentence.prefix(200)) }
        return String(sentence[colon.upperBound...].prefix(200))
    }

    /// The number that follows `word` in the message.
    private func number(after word: String) -> Int? {
        guard let range = sentence.firstRange(of: word) else { return nil }
        return Int(sentence[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
    }

    /// Why an output could not be written; nil if it was not for that.
    var reasonOfWriting: String? {
        ["No space left on device", "File too large", "Disk quota exceeded", "Input/output error"]
            .first { sentence.contains($0) }
    }

    /// The error for a file that DuckDB could not read.
    func error(file: String) -> TraceError {
        if sentence.contains("Malformed JSON") {
            let reason = sentence.split(separator: ": ").last.map { $0.trimming() } ?? "malformed"
            return TraceError(
                .badData, file: file, line: number(after: "record/value"), found: "malformed JSON (\(reason))",
                wanted: "whole JSON values", advice: "Check that the file was written to its end")
        }
        if sentence.contains("GZIP") || sentence.contains("gzip") || sentence.contains("ZSTD") {
            return TraceError(
                .badData, file: file, found: "damaged compressed data", advice: "Copy or compress the file again")
        }
        if sentence.contains("magic bytes") || sentence.contains("footer")
            || sentence.contains("too small to be a Parquet")
        {
            return TraceError(
                .badData, file: file, found: "a truncated Parquet file (its footer is missing)",
                advice: "Copy the file again")
        }
        if sentence.contains("nicode") {
            return TraceError(
                .badData, file: file, line: number(after: "Line:"), found: "text that is not UTF-8",
                wanted: "UTF-8", advice: "Convert the file, for example with iconv")
        }
        if sentence.contains("state machine reached an invalid state") {
            return TraceError(
                .badData, file: file, line: number(after: "Line:"),
                found: "lines that end in different ways (CR LF and LF), or a quote inside a value that is not doubled",
                wanted: "one kind of line end", advice: "Convert it, for example with: sed -i 's/\\r$//' FILE")
        }
        if isTooLong {
            return TraceError(
                .badData, file: file, line: number(after: "Line:"), found: "a line or value too long to be a request",
                wanted: "one request a line", advice: "Check for a quote that is never closed")
        }
        return TraceError(
            .badData, file: file, line: number(after: "Line:"), found: "the file cannot be read (\(useful))",
            advice: "Check that it is the format you named")
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    func trimmingBlanks() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// The text without blanks and full stops at its ends.
    func trimming() -> String {
        let isEdge = { (character: Character) in character.isWhitespace || character == "." }
        return String(drop(while: isEdge).reversed().drop(while: isEdge).reversed())
    }
}
