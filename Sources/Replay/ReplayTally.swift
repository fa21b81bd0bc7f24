import Distributions
import Serving

/// What many replayed requests add up to, in constant memory; the same whatever their order and however they were split.
public struct ReplayTally: Sendable, Equatable {
    /// Requests replayed.
    public internal(set) var requests = 0
    /// Requests that nobody answered by the timeout.
    public internal(set) var failed = 0
    /// Requests that were answered, but not to the end.
    public internal(set) var broken = 0
    /// Requests that were handed over.
    public internal(set) var handedOver = 0
    /// Hand-overs that made at least one token late.
    public internal(set) var noticed = 0
    /// Tokens that came late because of a hand-over.
    public internal(set) var delayedTokens = 0
    /// Prompt tokens of all requests.
    public internal(set) var promptTokens = 0

    var answers = Pair(server: 0, device: 0)
    var started = Pair(server: 0, device: 0)
    // Sums of squares of prompt lengths, for the spread of shares.
    var promptSquares: Int128 = 0
    var startedSquares = Pair<Int128>(server: 0, device: 0)
    var prefilled = Pair(server: FixedPointSum(), device: FixedPointSum())
    var decoded = Pair(server: 0, device: 0)
    var ttft = Moments()
    var ttftValues = QuantileHistogram()
    /// Cost per request over the dearest unit price.
    var expense = Moments()
    /// Energy per request over the larger of the device's two energies per token.
    var energy = Moments()
    var tbt = FixedPointSum()
    var tbtValues = QuantileHistogram()
    /// For each recorded gap by how much more often it was used than the one before.
    var gapUses = Pair<[Int]>(server: [], device: [])
    var stall = Moments()
    var stalled = 0
    var longestDelays = FixedPointSum()
    var qoe = Moments()
    var onTime = 0
    /// Tokens of a request that met all its deadlines, else 0.
    var onTimeTokens = Moments()
    var benefit = Moments()

    init(_ replay: Replay) {
        gapUses = Pair(
            server: [Int](repeating: 0, count: replay.paces.server.elapsed.count),
            device: [Int](repeating: 0, count: replay.paces.device.elapsed.count))
    }

    /// Gaps below this, in seconds, lie within one delivery.
    static let coalescing = 1e-3

    /// Adds a request.
    @inline(__always) mutating func add(_ record: ReplayRecord, timeout: Double, _ prices: Prices) {
        requests &+= 1
        promptTokens &+= record.promptTokens
        let square = Int128(record.promptTokens &* record.promptTokens)
        promptSquares &+= square
        if record.serverStarted {
            started.server &+= record.promptTokens
            startedSquares.server &+= square
        }
        if record.deviceStarted {
            started.device &+= record.promptTokens
            startedSquares.device &+= square
        }
        prefilled.server.add(record.serverPrefill)
        prefilled.device.add(record.devicePrefill)
        decoded.server &+= record.serverDecode
        decoded.device &+= record.deviceDecode
        expense.add(prices.expense(of: record))
        energy.add(prices.energy(of: record))
        let capped = min(record.ttft, timeout)
        ttft.add(capped)
        ttftValues.add(capped)
        if record.winner < 0 {
            failed &+= 1
        } else {
            answers[record.winner] &+= 1
            if !record.measures.isWhole { broken &+= 1 }
        }
        let measures = record.measures
        if let seconds = measures.stall {
            stall.add(seconds)
            if seconds > MetricSettings.tolerance { stalled &+= 1 }
        }
        if let quality = measures.qoe { qoe.add(quality) }
        if record.isHandedOver {
            handedOver &+= 1
            delayedTokens &+= measures.delayed ?? 0
            if measures.delayed ?? 0 > 0 {
                noticed &+= 1
                longestDelays.add(measures.longestDelay ?? 0)
            }
        }
        if measures.isOnTime { onTime &+= 1 }
        onTimeTokens.add(measures.isOnTime ? Double(measures.tokens) : 0)
        benefit.add(measures.benefit)
    }

    /// Adds a time between two tokens, so many times.
    @inline(__always) mutating func addGap(_ gap: Double, count: Int = 1) {
        guard gap >= Self.coalescing, count > 0 else { return }
        tbt.add(gap, count: count)
        tbtValues.add(gap, count: count)
    }

    /// Adds the times between the tokens of a response; stretches of recorded gaps go to `uses`.
    @inline(__always)
    mutating func addGaps(of response: Response, _ paces: Pair<PreparedPace>, later uses: inout [GapUse]) {
        addGaps(of: response.head, count: response.headCount, later: &uses)
        guard response.tailCount > 0 else { return }
        addGaps(of: response.tail, count: response.tailCount, later: &uses)
        let last = response.head.time(response.headCount - 1, paces[response.head.side].elapsed)
        addGap(response.tail.first - last)
    }

    @inline(__always) private mutating func addGaps(of run: TokenRun, count: Int, later uses: inout [GapUse]) {
        guard count > 1 else { return }
        if run.place < 0 { return addGap(run.gap, count: count &- 1) }
        uses.append(GapUse(side: run.side, place: run.place, count: count))
    }

    /// Counts one more use of each gap of some stretches.
    ///
    /// Of many at once: they lie all over memory, and wait for it together.
    mutating func add(_ uses: [GapUse]) {
        // Through the pair's subscript the arrays would be copied.
        for use in uses where use.side == .server { gapUses.server.add(use) }
        for use in uses where use.side == .device { gapUses.device.add(use) }
    }

    /// Adds all requests of another tally of the same replay, or of another world.
    public mutating func merge(_ other: ReplayTally) {
        requests += other.requests
        failed += other.failed
        broken += other.broken
        handedOver += other.handedOver
        noticed += other.noticed
        delayedTokens += other.delayedTokens
        promptTokens += other.promptTokens
        promptSquares += other.promptSquares
        for side in [Side.server, .device] {
            answers[side] += other.answers[side]
            started[side] += other.started[side]
            startedSquares[side] += other.startedSquares[side]
            prefilled[side].merge(other.prefilled[side])
            decoded[side] += other.decoded[side]
        }
        gapUses.server.add(other.gapUses.server)
        gapUses.device.add(other.gapUses.device)
        ttft.merge(other.ttft)
        ttftValues.merge(other.ttftValues)
        expense.merge(other.expense)
        energy.merge(other.energy)
        tbt.merge(other.tbt)
        tbtValues.merge(other.tbtValues)
        stall.merge(other.stall)
        stalled += other.stalled
        longestDelays.merge(other.longestDelays)
        qoe.merge(other.qoe)
        onTime += other.onTime
        onTimeTokens.merge(other.onTimeTokens)
        benefit.merge(other.benefit)
    }

    /// The same tally with recorded gaps counted by value instead of by place.
    ///
    /// Then it can be merged with that of another world, such as another period of the day.
    func settled(_ paces: Pair<PreparedPace>) -> ReplayTally {
        var tally = self
        for side in [Side.server, .device] {
            var uses = 0
            for (k, change) in gapUses[side].dropLast().enumerated() {
                uses += change
                tally.addGap(paces[side].elapsed[k + 1] - paces[side].elapsed[k], count: uses)
            }
            tally.gapUses[side] = []
        }
        return tally
    }
}

/// Consecutive recorded gaps between `count` tokens from `place` on.
struct GapUse: Sendable {
    let side: Side
    let place: Int
    let count: Int
}

extension [Int] {
    /// Counts one more use of each gap of a stretch.
    @inline(__always) fileprivate mutating func add(_ use: GapUse) {
        self[use.place] &+= 1
        self[use.place &+ use.count &- 1] &-= 1
    }

    fileprivate mutating func add(_ other: [Int]) {
        precondition(count == other.count, "only settled tallies of different worlds can be merged")
        for k in indices { self[k] += other[k] }
    }
}
