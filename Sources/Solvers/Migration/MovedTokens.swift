internal import Costs
internal import Serving

/// What hand-overs add to the tokens that a request takes, or move from one endpoint to the other.
struct MovedTokens {
    /// Decoded tokens that move from the server to the device; negative where more move back.
    private var decoded = 0.0
    /// Tokens prefilled to take a response over.
    private var serverPrefill = 0.0
    private var devicePrefill = 0.0
    /// Hand-overs.
    private(set) var handOvers = 0.0

    /// Adds requests of one length.
    /// - Parameters:
    ///   - points: When they are handed over.
    ///   - answers: Answer lengths by prompt length.
    ///   - index: Number of the prompt length.
    ///   - length: The prompt length in tokens.
    ///   - server: How many requests the server answers.
    ///   - device: How many the device answers.
    mutating func add(
        _ points: HandOvers, _ answers: AnswerLengths, _ index: Int, promptTokens length: Int, server: Double,
        device: Double
    ) {
        if let i = points.fromServer, server > 0 {
            let moved = answers.moved(length: index, after: i)
            decoded += server * moved.tokens
            devicePrefill += server * moved.running * Double(length + i)
            handOvers += server * moved.running
        }
        if let i = points.fromDevice, device > 0 {
            let moved = answers.moved(length: index, after: i)
            decoded -= device * moved.tokens
            serverPrefill += device * moved.running * Double(length + i)
            handOvers += device * moved.running
        }
    }

    /// All tokens of requests that without hand-overs would take `use`.
    func added(to use: TokenUse) -> TokenUse {
        var use = use
        use.serverPrefill += serverPrefill
        use.devicePrefill += devicePrefill
        use.serverDecode -= decoded
        use.deviceDecode += decoded
        return use
    }
}
