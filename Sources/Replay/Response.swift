import Policies
import Scheduling

/// What became of a request: who was started, who answered, and which runs its tokens came from.
struct Response: Sendable {
    /// TTFT in seconds from submission; infinite where nobody answered by the timeout.
    var ttft = Double.infinity
    /// Who answered first; −1 for nobody.
    var winner: Side = -1
    /// When each was started by the dispatch; infinite for not at all.
    var startedAt = Pair(server: Double.infinity, device: Double.infinity)
    /// TTFT of each from its start, where it was started.
    var own = Pair(server: Double.infinity, device: Double.infinity)
    /// Tokens of the endpoint that answered.
    var head = TokenRun(side: .server, first: 0, gap: 0, place: -1)
    var headCount = 0
    /// Tokens of the run that continued the response.
    var tail = TokenRun(side: .server, first: 0, gap: 0, place: -1)
    var tailCount = 0
    /// Tokens after which it was handed over; 0 for never.
    var handOverAfter = 0
    /// Tokens prefilled to continue the response.
    var continued = Pair(server: 0, device: 0)
    /// Whether it was delivered whole.
    var isWhole = false
}

extension Replay {
    /// What becomes of a request by the rules of `Scheduling`, without walking through its tokens.
    ///
    /// Only a hand-over needs a token to be found, and with a constant gap that is one division.
    /// - Complexity: O(1) for constant gaps; else O(tokens until the hand-over).
    func respond(_ draw: RequestDraw) -> Response {
        var response = Response()
        dispatch(draw, &response)
        guard response.winner >= 0 else { return response }
        let output = Int(draw.row.outputTokens)
        let source = response.winner
        response.head = run(of: source, first: response.ttft, draw, isAgain: false)
        guard let migration = migration(from: source, draw),
            let reader = leadReader(draw),
            let after = handOverPoint(of: response.head, output: output, migration, reader)
        else {
            response.headCount = output
            response.isWhole = true
            return response
        }
        response.headCount = after
        response.handOverAfter = after
        let start = response.head.time(after - 1, paces[source].elapsed)
        if !proceed(on: source.other, at: start, isAgain: response.startedAt[source.other] < .infinity, draw, &response)
        {
            // The target has had its time: back to the source.
            _ = proceed(on: source, at: start + world.timeout, isAgain: true, draw, &response)
        }
        return response
    }

    /// Who is started when, and who answers first.
    private func dispatch(_ draw: RequestDraw, _ response: inout Response) {
        // An endpoint that waits no longer than the other goes first; the server where both start at once.
        let first: Side = draw.action.serverWait == 0 ? .server : .device
        let second = first.other
        let wait = first == .server ? draw.action.deviceWait : draw.action.serverWait
        response.startedAt[first] = 0
        response.own[first] = ttft(of: first, draw, after: 0, isAgain: false)
        var time = firstToken(startedAt: 0, ttft: response.own[first], isContinuation: false)
        var winner = time < .infinity ? first : -1
        if wait == 0 || (wait < world.timeout && time > wait) {
            response.startedAt[second] = wait
            response.own[second] = ttft(of: second, draw, after: 0, isAgain: false)
            let answer = firstToken(startedAt: wait, ttft: response.own[second], isContinuation: false)
            if answer < time { (time, winner) = (answer, second) }
        }
        response.ttft = time
        response.winner = winner
    }

    /// Starts `side` to continue the response; whether it does by its deadline.
    private func proceed(
        on side: Side, at start: Double, isAgain: Bool, _ draw: RequestDraw, _ response: inout Response
    ) -> Bool {
        let generated = response.headCount
        response.continued[side] += Int(draw.row.promptTokens) + generated
        let own = ttft(of: side, draw, after: generated, isAgain: isAgain)
        let first = firstToken(startedAt: start, ttft: own, isContinuation: true)
        guard first < .infinity else { return false }
        response.tail = run(of: side, first: first, draw, isAgain: isAgain)
        response.tailCount = Int(draw.row.outputTokens) - generated
        response.isWhole = true
        return true
    }
}
