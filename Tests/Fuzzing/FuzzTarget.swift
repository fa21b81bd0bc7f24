/// A reader of bytes that may be hostile.
public enum FuzzTarget: String, Sendable, CaseIterable {
    /// The loader of policy tables.
    case policies
    /// The reader of problem files.
    case problems

    /// Gives `bytes` to the reader and checks what it makes of them.
    ///
    /// The reader may refuse them. What it takes must have the properties that everything downstream relies on.
    /// - Throws: `BrokenProperty`.
    public func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .policies: try PolicyProperties.check(bytes)
        case .problems: try ProblemProperties.check(bytes)
        }
    }
}
