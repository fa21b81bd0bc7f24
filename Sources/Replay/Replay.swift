import Distributions
import Policies
import Scheduling
public import Serving

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
    /// What each bucket does, by the index of a draw from `choiceDraws`.
    let actions: [[PolicyTable.Action]]
    let choiceDraws: [WeightedIndex]
    /// When each of them hands over, by who streams.
    let migrations: [[Pair<Migration?>]]
    let serverTimes: TimeTable
    let deviceNoise: TimeTable
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
        actions = policy.buckets.map { $0.choices.map(\.action) }
        let hasTokenTimes = world.paces != nil && world.outputTokens != nil
        migrations = policy.buckets.map { bucket in
            bucket.choices.map {
                hasTokenTimes ? Pair(server: $0.fromServer, device: $0.fromDevice) : Pair(server: nil, device: nil)
            }
        }
        serverTimes = TimeTable(world.server.groups)
        deviceNoise = TimeTable([world.device.residuals])
        choiceDraws = policy.buckets.map { WeightedIndex(weights: $0.choices.map(\.probability)) }
        // Where times are not known, tokens come at once and nobody looks at when.
        let paces = world.paces ?? ReplayWorld.Paces(server: .constant(0), device: .constant(0))
        let longest = Int(rows.reduce(0) { max($0, $1.outputTokens) })
        readerDraw = WeightedIndex(weights: world.readers?.paces.map(\.share) ?? [1])
        readerPaces = world.readers?.paces.map(\.tokensPerSecond) ?? [0]
        let reading = readerPaces.map { $0 > 0 ? 1 / $0 : 0 }
        let due = 1 / settings.deadlineTokensPerSecond
        self.paces = Pair(
            server: PreparedPace(paces.server, longest: longest, deadlines: due, readers: reading),
            device: PreparedPace(paces.device, longest: longest, deadlines: due, readers: reading))
        self.hasTokenTimes = hasTokenTimes
    }

    /// Request number `index`.
    @inline(__always) func draw(_ index: Int) -> RequestDraw {
        let words = CounterRandom(seed: UInt64(bitPattern: Int64(seed)), stream: index)
        let row = rows[rowDraw.index(words.bits(RequestDraw.row))]
        let bucket = Int(row.bucket)
        let choice = choiceDraws[bucket].count == 1 ? 0 : choiceDraws[bucket].index(words.bits(RequestDraw.choice))
        let reader = readerPaces.count == 1 ? 0 : readerDraw.index(words.bits(RequestDraw.reader))
        return RequestDraw(
            words: words, row: row, action: actions[bucket][choice], choice: Int32(choice), reader: Int32(reader),
            readerTokensPerSecond: readerPaces[reader], server: serverTTFT(words, row, after: 0),
            device: deviceTTFT(words, row, after: 0, isAgain: false))
    }

    /// TTFT of an endpoint that is started with `tokens` tokens, in seconds; infinite for one that does not answer within the
    /// timeout, `TimeSamples.unidentified` for one that answers just then.
    ///
    /// The server's rank is the request's: a server that was late is as late when it is started again. The device's noise
    /// is drawn anew.
    func ttft(of side: Side, _ draw: RequestDraw, after generated: Int, isAgain: Bool) -> Double {
        if generated == 0 && !isAgain { return side == .server ? draw.server : draw.device }
        return side == .server
            ? serverTTFT(draw.words, draw.row, after: generated)
            : deviceTTFT(draw.words, draw.row, after: generated, isAgain: isAgain)
    }

    @inline(__always) private func serverTTFT(_ words: CounterRandom, _ row: Row, after generated: Int) -> Double {
        if let curve = world.server.curve { return answered(curve(Int(row.promptTokens) + generated)) }
        let group =
            generated == 0
            ? Int(row.group) : world.server.lowerEdges.interval(holding: Int(row.promptTokens) + generated)
        return answered(serverTimes.time(group, words.bits(RequestDraw.server)))
    }

    @inline(__always)
    private func deviceTTFT(_ words: CounterRandom, _ row: Row, after generated: Int, isAgain: Bool) -> Double {
        let noise = deviceNoise.time(0, words.bits(isAgain ? RequestDraw.deviceAgain : RequestDraw.device))
        if noise == TimeSamples.unidentified { return noise }
        let line = generated == 0 ? row.line : world.device.curve(Int(row.promptTokens) + generated)
        return answered(max(line + noise, world.device.floor))
    }

    /// The time, or infinity for one beyond the timeout.
    @inline(__always) private func answered(_ time: Double) -> Double { time > world.timeout ? .infinity : time }

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
        migrations[Int(draw.row.bucket)][Int(draw.choice)][side]
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
    /// Its place in the bucket's mixture.
    let choice: Int32
    /// Which of the world's readers reads.
    let reader: Int32
    /// The reader's pace; 0 where it is not known.
    let readerTokensPerSecond: Double
    /// TTFT of the server, where it is started with the prompt alone; see `Replay.ttft`.
    let server: Double
    /// TTFT of the device, likewise, at its first start.
    let device: Double
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
