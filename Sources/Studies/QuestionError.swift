/// Why a question about results or problems cannot be answered: what was found, what was wanted, what to do.
public struct QuestionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The message.
    public let description: String
    /// 64 where the command line is at fault, 65 where a file is.
    public let exitCode: Int32

    /// The command line is at fault.
    static func usage(_ description: String) -> QuestionError { QuestionError(description: description, exitCode: 64) }

    /// A file is at fault.
    static func badData(_ description: String) -> QuestionError {
        QuestionError(description: description, exitCode: 65)
    }
}
