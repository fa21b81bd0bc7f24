/// How good a response was for its reader.
public struct DeliveryMeasures: Sendable, Hashable {
    /// Tokens delivered.
    public var tokens: Int
    /// Whether the response was delivered whole.
    public var isWhole: Bool
    /// Seconds that the reader waited for tokens after the first; nil where the reader's pace is not known.
    public var stall: Double?
    /// Tokens delivered after their due time because of a hand-over (delay_num); nil where the reader's pace is not known.
    public var delayed: Int?
    /// The longest of these delays, in seconds; nil where the reader's pace is not known.
    public var longestDelay: Double?
    /// Andes' quality of experience, between 0 and 1; nil where the reader's pace is not known.
    public var qoe: Double?
    /// l_r: the largest delay of a token behind its deadline, in seconds; the timeout for a response not delivered whole.
    public var idle: Double
    /// Whether every token met its deadline.
    public var isOnTime: Bool
    /// Benefit of smooth goodput, in tokens.
    public var benefit: Double
}
