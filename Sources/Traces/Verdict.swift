/// What a statement of ours says of a row: taken, filtered, or turned away for a reason.
enum Verdict {
    static let accepted = 0
    static let filtered = 1
    static let notJSON = 2
    static let doubledKey = 3
    static let unknownOutcome = 10
    static let promptMissing = 20
    static let promptNotANumber = 21
    static let promptNotWhole = 22
    static let promptTooSmall = 23
    static let promptTooLarge = 24
    static let ttftNotANumber = 30
    static let ttftNotPositive = 31
    static let ttftMissing = 32
    static let ttftInfinite = 33
    static let boundMissing = 34
    static let outputNotACount = 40
    static let arrivalNotATime = 50
    /// Column `i` of the plan is not of its type: this plus `i`.
    static let wrongType = 1000

    /// The reason for the code, and what was wanted.
    static func words(_ code: Int, _ plan: TracePlan) -> (reason: String, wanted: String) {
        switch code {
        case notJSON: ("the line is not a JSON object", "one JSON object a line")
        case doubledKey: ("a key stands twice in the JSON object", "each key once")
        case unknownOutcome: ("outcome is not a known word", "ok, failed or cancelled")
        case promptMissing: ("prompt_tokens is missing", "a whole number of at least 1")
        case promptNotANumber: ("prompt_tokens is not a number", "a whole number of at least 1")
        case promptNotWhole: ("prompt_tokens is not a whole number", "a whole number of at least 1")
        case promptTooSmall: ("prompt_tokens is less than 1", "a whole number of at least 1")
        case promptTooLarge: ("prompt_tokens is too large", "at most 2147483647")
        case ttftNotANumber: ("ttft is not a number", "seconds > 0, or nothing for a failed request")
        case ttftNotPositive: ("ttft is not positive", "seconds > 0, or nothing for a failed request")
        case ttftMissing: ("ttft is missing, but the outcome is ok", "seconds > 0, or outcome failed")
        case ttftInfinite: ("ttft is infinite", "seconds > 0, or nothing for a failed request")
        case boundMissing: ("ttft is missing, but the outcome is cancelled", "the seconds waited until then")
        case outputNotACount: ("output_tokens is not a count", "a whole number of at least 0, or nothing")
        case arrivalNotATime: ("arrived_at is not a time", "seconds, or a timestamp such as 2025-01-31 12:00:00")
        case _ where code >= wrongType && code - wrongType < plan.columns.count:
            typeWords(plan.columns[code - wrongType])
        default: ("the row is not readable (\(code))", "a canonical row")
        }
    }

    private static func typeWords(_ column: TracePlan.Column) -> (reason: String, wanted: String) {
        switch column.type {
        case .time: ("\(column.name) is not a timestamp", "a timestamp as in the other rows")
        case .boolean: ("\(column.name) is neither true nor false", "true or false")
        default: ("\(column.name) is not a number", "a number as in the other rows")
        }
    }
}
