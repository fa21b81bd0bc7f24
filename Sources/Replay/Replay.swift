import Distributions
import Policies
import Scheduling
import Serving

/// The replay of one policy in one world: request after request, each walked from its dispatch to its last token.
///
/// A request is drawn by its number alone (a counter-based generator), so requests may be replayed in any order, on any
/// number of cores, and two policies with one seed meet the same requests. It shares no formula with the solvers.
public struct Replay: Sendable {
    /// What requests are drawn from.
    public let world: ReplayWorld
    /// What they do.
    public let policy: ReplayPolicy
    /// What they are measured against.
    public let settings: MetricSettings
    /// Which requests are drawn.
    public let seed: Int

    /// What is known of a request that may be drawn, before it is drawn.
    struct Row: Sendable {
        let promptTokens: Int32
        /// Tokens of the answer; 1 where that is not known.
        let outputTokens: Int32
        let bucket: Int32
        let group: Int32
        /// The device's curve at its length, in seconds.
        let line: Double
    }

    let rows: [Row]
    let rowDraw: WeightedIndex
    let choiceDraws: [WeightedIndex]
    let paces: Pair<PreparedPace>
    let readerDraw: WeightedIndex
    let readerPaces: [Double]
    /// Whether tokens after the first have known times.
    let hasTokenTimes: Bool

    /// A replay.
    /// - Complexity: O(requests of the world).
    public init(_ world: ReplayWorld, _ policy: ReplayPolicy, seed: Int, settings: MetricSettings = MetricSettings()) {
        self.world = world
        self.policy = policy
        self.settings = settings
        self.seed = seed
        let edges = policy.buckets.map(\.from)
        rows = world.promptTokens.indices.map { i in
            let length = world.promptTokens[i]
            return Row(
                promptTokens: Int32(length), outputTokens: Int32(world.outputTokens?[i] ?? 1),
                bucket: Int32(edges.interval(holding: length)),
                group: Int32(world.server.lowerEdges.interval(holding: length)), line: world.device.curve(length))
        }
        rowDraw = world.weights.map(WeightedIndex.init(weights:)) ?? WeightedIndex(count: rows.count)
        choiceDraws = policy.buckets.map { WeightedIndex(weights: $0.choices.map(\.probability)) }
        // Where times are not known, tokens come at once and nobody looks at when.
        let paces = world.paces ?? ReplayWorld.Paces(server: .constant(0), device: .constant(0))
        let longest = Int(rows.reduce(0) { max($0, $1.outputTokens) })
        self.paces = Pair(
            server: PreparedPace(paces.server, longest: longest), device: PreparedPace(paces.device, longest: longest))
        readerDraw = WeightedIndex(weights: world.readers?.paces.map(\.share) ?? [1])
        readerPaces = world.readers?.paces.map(\.tokensPerSecond) ?? [0]
        hasTokenTimes = world.paces != nil && world.outputTokens != nil
    }

    /// Request number `index`.
    @inline(__always) func draw(_ index: Int) -> RequestDraw {
        let words = CounterRandom(seed: UInt64(bitPattern: Int64(seed)), stream: index)
        let row = rows[rowDraw.index(words.bits(RequestDraw.row))]
        let bucket = Int(row.bucket)
        let choice = choiceDraws[bucket].count == 1 ? 0 : choiceDraws[bucket].index(words.bits(RequestDraw.choice))
        let reader = readerPaces.count == 1 ? 0 : readerDraw.index(words.bits(RequestDraw.reader))
        return RequestDraw(
            words: words, row: row, action: policy.buckets[bucket].choices[choice].action,
            readerTokensPerSecond: readerPaces[reader])
    }

    /// TTFT of an endpoint that is started with `tokens` tokens, in seconds; infinite for one that does not answer within the
    /// timeout, `TimeSamples.unidentified` for one that answers just then.
    ///
    /// The server's rank is the request's: a server that was late is as late when it is started again. The device's noise
    /// is drawn anew.
    func ttft(of side: Side, _ draw: RequestDraw, after generated: Int, isAgain: Bool) -> Double {
        let time: Double
        if side == .server, let curve = world.server.curve {
            time = curve(Int(draw.row.promptTokens) + generated)
        } else if side == .server {
            let group =
                generated == 0
                ? Int(draw.row.group)
                : world.server.lowerEdges.interval(holding: Int(draw.row.promptTokens) + generated)
            time = world.server.groups[group].time(draw.words.bits(RequestDraw.server))
        } else {
            let noise = world.device.residuals.time(
                draw.words.bits(isAgain ? RequestDraw.deviceAgain : RequestDraw.device))
            if noise == TimeSamples.unidentified { return noise }
            let line = generated == 0 ? draw.row.line : world.device.curve(Int(draw.row.promptTokens) + generated)
            time = max(line + noise, world.device.floor)
        }
        return time > world.timeout ? .infinity : time
    }

    /// When the first token comes of an endpoint that is started at `start`; infinite where not by the deadline.
    ///
    /// In seconds from submission. A continuation has the network's part of a hand-over before it, and a deadline of its own.
    @inline(__always) func firstToken(startedAt start: Double, ttft: Double, isContinuation: Bool) -> Double {
        let deadline = isContinuation ? start + world.timeout : world.timeout
        if ttft == TimeSamples.unidentified { return deadline }
        let time = isContinuation ? start + (world.network + ttft) : start + ttft
        return time <= deadline ? time : .infinity
    }

    /// The run of `side` whose first token comes at `first`.
    @inline(__always) func run(of side: Side, first: Double, _ draw: RequestDraw, isAgain: Bool) -> TokenRun {
        let address = (isAgain ? RequestDraw.paceAgain : RequestDraw.pace) &+ side
        return paces[side].run(of: side, first: first, draw.words.bits(address))
    }

    /// When a response that `side` streams is handed over; nil for never.
    @inline(__always) func migration(from side: Side, _ draw: RequestDraw) -> Migration? {
        guard hasTokenTimes else { return nil }
        let bucket = Int(draw.row.bucket)
        return side == .server ? policy.buckets[bucket].fromServer : policy.buckets[bucket].fromDevice
    }

    /// Who the scheduler counts the buffer for; nil where no pace is known.
    func leadReader(_ draw: RequestDraw) -> Reader? {
        let pace = policy.leadTokensPerSecond ?? draw.readerTokensPerSecond
        return pace > 0 ? Reader(tokensPerSecond: pace) : nil
    }
}

/// A request: what was drawn when it arrived, and the random words for the rest.
struct RequestDraw: Sendable {
    // What each word of a request's stream decides.
    static let row = 0
    static let choice = 1
    static let server = 2
    static let device = 3
    static let deviceAgain = 4
    static let reader = 5
    /// The server's; the device's is the next.
    static let pace = 6
    /// Of an endpoint that is started for the second time, likewise.
    static let paceAgain = 8

    let words: CounterRandom
    let row: Replay.Row
    let action: PolicyTable.Action
    /// The reader's pace; 0 where it is not known.
    let readerTokensPerSecond: Double
}

/// One value for each endpoint.
struct Pair<Value> {
    var server: Value
    var device: Value

    @inline(__always) subscript(side: Side) -> Value {
        get { side == .server ? server : device }
        set { if side == .server { server = newValue } else { device = newValue } }
    }
}

extension Pair: Sendable where Value: Sendable {}
extension Pair: Equatable where Value: Equatable {}
extension Pair: Hashable where Value: Hashable {}

extension Side {
    static let server = 0
    static let device = 1
    var other: Side { 1 - self }
}
