/// Accepted requests of one trace, grouped: one row stands for `counts[i]` requests alike in every selected column.
///
/// Rows ascend by (held out, prompt tokens, TTFT, output tokens, hour, outcome), so equal traces give equal rows whatever
/// their order on disk. All arrays have the same length.
public struct TraceRows: Sendable, Equatable {
    /// Prompt length in tokens, or the lower edge of its length group; 0 where unknown or not selected.
    public var promptTokens: [Int] = []
    /// Time to first token in seconds, > 0; `.infinity` for a failed request; 0 where not selected.
    public var ttft: [Double] = []
    /// Output length in tokens; -1 where unknown or not selected.
    public var outputTokens: [Int] = []
    /// Whole hours from 1970 (UTC) to the arrival, or from 0 of the trace's own clock; `noHour` where unknown or not
    /// selected.
    public var hours: [Int] = []
    /// True where `ttft` is only a lower bound, since the request was cancelled.
    public var isCensored: [Bool] = []
    /// True for the later part of the trace, kept back to judge policies on.
    public var isHeldOut: [Bool] = []
    /// Number of requests that a row stands for, ≥ 1.
    public var counts: [Int] = []

    /// The hour of a row whose arrival is unknown or was not selected.
    public static let noHour = Int.min

    /// No rows.
    public init() {}

    /// Number of requests, all rows together.
    public var requests: Int { counts.reduce(0, +) }
}

/// Which columns of a trace a reader wants, hence how finely its rows are grouped.
public struct TraceSelection: Sendable, Hashable {
    /// What to keep of the prompt length.
    public enum Lengths: Sendable, Hashable {
        /// Nothing: rows pool all lengths.
        case pooled
        /// Each length by itself; a row without one is rejected.
        case exact
        /// Groups that begin at these ascending lengths (the first is 1). Rows without a length are rejected.
        case groups(lowerEdges: [Int])
        /// Groups that begin at powers of two, for evidence; rows without a length fall in group 0.
        case doublings
        /// Groups that begin at these ascending lengths (the first is 1); rows without a length fall in group 0.
        case groupsIfKnown(lowerEdges: [Int])
    }

    /// What to keep of the prompt length.
    public var lengths: Lengths
    /// Whether TTFT is wanted (a row that has neither a TTFT nor a failure is then rejected).
    public var needsTTFT: Bool
    /// Whether output lengths are kept where they are known.
    public var wantsOutputTokens: Bool
    /// Whether the hour of arrival is kept where it is known.
    public var wantsHours: Bool
    /// The share of requests (by arrival, else by file order) before the held-out part begins; nil holds nothing out.
    public var tuningShare: Double?

    /// A selection of columns.
    public init(
        lengths: Lengths, needsTTFT: Bool, wantsOutputTokens: Bool = false, wantsHours: Bool = false,
        tuningShare: Double? = nil
    ) {
        self.lengths = lengths
        self.needsTTFT = needsTTFT
        self.wantsOutputTokens = wantsOutputTokens
        self.wantsHours = wantsHours
        self.tuningShare = tuningShare
    }
}

/// What came of reading a trace: which rows were taken, which were not and why.
///
/// `rowsIn == accepted + filtered + rejected`, always.
public struct TraceReport: Sendable, Equatable {
    /// Rows turned away for one reason.
    public struct Rejection: Sendable, Equatable {
        /// The reason, as a short phrase (`ttft is not a number`).
        public var reason: String
        /// How many rows.
        public var count: Int
        /// Line number (row number for Parquet and JSON arrays) of the first, 1-based; the header is line 1.
        public var firstLine: Int
        /// What was found there, shortened; nil where there is nothing to show.
        public var found: String?

        /// A rejection.
        public init(reason: String, count: Int, firstLine: Int, found: String? = nil) {
            self.reason = reason
            self.count = count
            self.firstLine = firstLine
            self.found = found
        }
    }

    /// The file's path as given.
    public var path = ""
    /// The format it was read as.
    public var format: TraceFormat = .canonical
    /// Whether the format was detected rather than given.
    public var isDetected = false
    /// SHA-256 of the file, in hexadecimal.
    public var sha256 = ""
    /// Rows in the file.
    public var rowsIn = 0
    /// Rows taken.
    public var accepted = 0
    /// Rows that `where:` excluded.
    public var filtered = 0
    /// Rows turned away, most frequent reason first.
    public var rejections: [Rejection] = []
    /// Accepted rows by outcome.
    public var ok = 0
    /// Accepted rows that failed (TTFT +infinity).
    public var failed = 0
    /// Accepted rows whose TTFT is a lower bound.
    public var cancelled = 0
    /// First and last arrival as ISO 8601 (UTC), where the trace has timestamps of the calendar.
    public var firstArrival: String?
    /// See `firstArrival`.
    public var lastArrival: String?
    /// Seconds from the first to the last arrival; nil where no accepted row has one.
    public var arrivalSpan: Double?
    /// Accepted rows at first that make the tuning part; `accepted` where nothing is held out.
    public var tuningRows = 0
    /// Whether the time split went by arrival (else by file order).
    public var isOrderedByArrival = false
    /// Median time per output token after the first, in seconds, over accepted rows that have one.
    public var medianTPOT: Double?
    /// Columns of the file that nothing was read from.
    public var ignoredColumns: [String] = []
    /// Remarks for the user, in the order found (for example: a duplicate key, a coalesced field).
    public var notes: [String] = []

    /// An empty report.
    public init() {}

    /// Whether all known arrivals are times of the calendar, so that they have an hour of the day.
    public var hasCalendarTime: Bool { firstArrival != nil && lastArrival != nil }

    /// Rows turned away, all reasons together.
    public var rejected: Int { rejections.reduce(0) { $0 + $1.count } }
}
