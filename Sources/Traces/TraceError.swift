/// Why a trace could not be read or written: where, what was found, what was wanted and what to do.
public struct TraceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What sort of trouble it is; a command line maps it onto its exit code.
    public enum Kind: Sendable, Equatable {
        /// The file is there, but its content is not what was asked for (exit code 65).
        case badData
        /// There is no such file, or it cannot be opened (exit code 66).
        case noSuchInput
        /// A program that reading needs is not installed (exit code 69).
        case missingProgram
        /// The output cannot be written (exit code 73).
        case cannotWrite
    }

    /// What sort of trouble it is.
    public var kind: Kind
    /// The file as the user wrote it; empty where no file is at fault.
    public var file: String
    /// The first line at fault (row number for Parquet and JSON arrays), 1-based; nil where none is.
    public var line: Int?
    /// What was found.
    public var found: String
    /// What was wanted instead.
    public var wanted: String?
    /// What the user can do about it.
    public var advice: String?

    /// An error from its parts.
    public init(
        _ kind: Kind, file: String, line: Int? = nil, found: String, wanted: String? = nil, advice: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.found = found
        self.wanted = wanted
        self.advice = advice
    }

    /// One line that begins `file:line:`, so that editors and terminals can jump there.
    public var description: String {
        var text = file.isEmpty ? "" : line.map { "\(file):\($0): " } ?? "\(file): "
        text += found
        if let wanted { text += "; wanted \(wanted)" }
        if let advice { text += ". \(advice)" }
        return text
    }
}
