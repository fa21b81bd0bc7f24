internal import Serving

/// The part that decoding and hand-overs have in a Lagrangian, in one bucket.
struct StreamPrices: Sendable {
    /// What tokens cost, up to `factor`, by who streams first.
    let server: MigrationSide
    let device: MigrationSide
    /// ≥ 0.
    let factor: Double
    /// Differs where `server` or `device` do.
    let version: Int
    /// The least that decoding costs for each member whoever answers, times its share of requests.
    let floor: [Double]

    func side(from source: Endpoint) -> MigrationSide { source == .server ? server : device }
}

/// What hand-overs make of the waits of one family, those that start one endpoint at once, as far as they were valued.
///
/// With f and s the shares of requests that the first and the second endpoint answer, a wait costs
///
///     min over points of Σ_l f_l J_first(i; l)  +  min over points of Σ_l s_l J_second(i; l)
///
/// As the wait grows f_l grows and s_l falls, so between two waits a < b it is at least min Σ f_l(a+) J_first + min Σ s_l(b−) J_second
/// plus what the requests that change hands cost at the least. Source: derived, docs/maths/migration.md.
struct HandOverStates: Sendable {
    let handOvers: BucketHandOvers
    let first: Endpoint
    private let members: Int
    /// For each wait P(the second endpoint answers) and P(nobody does): at the wait, before and after it, by member.
    private var second: [Double] = []
    private var failed: [Double] = []
    private var states: [State] = []
    /// Bounds of intervals that were looked at closer, by their left end's number.
    private var closer: [Int: Closer] = [:]

    /// A wait at the prices of some version, per unit of their factor.
    private struct State {
        var version = -1
        var value = 0.0
        var points = HandOvers.none
        /// Whether `points` are in time for this action, not only under the unconditioned rule.
        var isSettled = false
        /// Parts of bounds on the interval that begins and the one that ends here.
        var onLeft = 0.0
        var onRight = 0.0
        /// Of these the part of the device's responses.
        var deviceOnLeft = 0.0
        var deviceOnRight = 0.0
    }

    private struct Closer {
        var version: Int
        var to: Int
        var gain: Double
    }

    private enum Side: Int {
        case at
        case before
        case after
    }

    init(_ handOvers: BucketHandOvers, first: Endpoint, members: Int) {
        self.handOvers = handOvers
        self.first = first
        self.members = members
    }

    /// Takes in a wait that was valued; its number is how many were before it.
    mutating func append(_ sides: BucketTerms.Members) {
        second += sides.second
        failed += sides.failed
        states.append(State())
    }

    private func secondAnswers(_ number: Int, _ side: Side) -> ArraySlice<Double> {
        let start = (3 * number + side.rawValue) * members
        return second[start..<start + members]
    }

    private func firstAnswers(_ number: Int, _ side: Side) -> ArraySlice<Double> {
        let start = (3 * number + side.rawValue) * members
        return ArraySlice((start..<start + members).map { max(0, 1 - second[$0] - failed[$0]) })
    }

    /// How often an endpoint answers each member.
    private func worth(_ endpoint: Endpoint, _ number: Int, _ side: Side) -> ArraySlice<Double> {
        endpoint == first ? firstAnswers(number, side) : secondAnswers(number, side)
    }

    private func cheapest(_ endpoint: Endpoint, _ number: Int, _ side: Side, _ prices: StreamPrices)
        -> BucketHandOvers.Best
    {
        handOvers.cheapest(from: endpoint, prices.side(from: endpoint), worth: worth(endpoint, number, side))
    }

    /// Decoding at a wait (a lower bound until it is settled), and its parts of the bounds on the intervals beside it.
    mutating func price(_ number: Int, _ prices: StreamPrices) -> (value: Double, onLeft: Double, onRight: Double) {
        if states[number].version != prices.version { value(number, prices) }
        let state = states[number]
        return (prices.factor * state.value, prices.factor * state.onLeft, prices.factor * state.onRight)
    }

    private mutating func value(_ number: Int, _ prices: StreamPrices) {
        var state = State()
        state.version = prices.version
        for endpoint in Endpoint.allCases {
            let best = cheapest(endpoint, number, .at, prices)
            state.value += best.value
            state.points[from: endpoint] = best.point
        }
        state.isSettled = !handOvers.dependsOnAction || state.points.fromDevice == nil
        let left = cheapest(first, number, .after, prices).value
        let right = cheapest(first.other, number, .before, prices).value
        state.onLeft = left - changing(number, .after, prices)
        state.onRight = right + changing(number, .before, prices)
        if first == .device { state.deviceOnLeft = left } else { state.deviceOnRight = right }
        states[number] = state
    }

    /// What requests cost at the least that change hands between waits, as a difference of two such sums.
    private func changing(_ number: Int, _ side: Side, _ prices: StreamPrices) -> Double {
        let (f, s) = (firstAnswers(number, side), secondAnswers(number, side))
        var sum = 0.0
        for (member, floor) in prices.floor.enumerated() {
            // Where it costs, as few as the first endpoint gains; where it earns, as many as the second loses.
            sum += floor >= 0 ? floor * f[f.startIndex + member] : -floor * s[s.startIndex + member]
        }
        return sum
    }

    /// Whether the points of a wait are known to be in time for its action.
    func isSettled(_ number: Int) -> Bool { states[number].isSettled }

    /// Decoding at a wait with the best points that are in time for its action.
    mutating func settle(_ number: Int, _ action: Action, _ prices: StreamPrices) -> Double {
        if states[number].version != prices.version { value(number, prices) }
        if !states[number].isSettled {
            let worth = worth(.device, number, .at)
            let known = handOvers.cheapest(from: .device, prices.device, worth: worth)
            let best = handOvers.cheapestFromDevice(prices.device, worth: worth, under: action)
            states[number].value += best.value - known.value
            states[number].points.fromDevice = best.point
            states[number].isSettled = true
        }
        return prices.factor * states[number].value
    }

    /// By how much the bound between two waits grows when points from the device must be in time for some action between.
    mutating func gain(between a: Int, _ b: Int, _ actions: (Action, Action), _ prices: StreamPrices) -> Double {
        guard handOvers.dependsOnAction, !handOvers.points(from: .device).isEmpty else { return 0 }
        if let known = closer[a], known.to == b, known.version == prices.version { return prices.factor * known.gain }
        // The device's wins fall with its own wait and grow with the server's.
        let isSecond = first == .server
        let best = handOvers.cheapestFromDevice(
            prices.device, worth: worth(.device, isSecond ? b : a, isSecond ? .before : .after), between: actions.0,
            actions.1, won: worth(.device, isSecond ? a : b, .at))
        let known = isSecond ? states[b].deviceOnRight : states[a].deviceOnLeft
        let gain = best.map { max(0, $0.value - known) } ?? 0
        closer[a] = Closer(version: prices.version, to: b, gain: gain)
        return prices.factor * gain
    }

    /// The points found for a wait.
    func points(_ number: Int) -> HandOvers { states[number].points }

    /// What becomes of responses at a wait with the given points, by who streams first.
    func amounts(_ number: Int, _ points: HandOvers) -> (server: HandOverAmounts, device: HandOverAmounts) {
        (
            handOvers.amounts(after: points.fromServer, worth: worth(.server, number, .at)),
            handOvers.amounts(after: points.fromDevice, worth: worth(.device, number, .at))
        )
    }

    /// Whether who answers differs at a wait from what it tends to on one side.
    func steps(_ number: Int, isBefore: Bool) -> Bool {
        let side: Side = isBefore ? .before : .after
        return !secondAnswers(number, .at).elementsEqual(secondAnswers(number, side))
            || !firstAnswers(number, .at).elementsEqual(firstAnswers(number, side))
    }
}
