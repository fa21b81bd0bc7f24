internal import Serving

/// Choices of waits together with hand-overs, and the prices by which hand-overs are chosen.
struct StreamOptions: Sendable {
    /// A wait with what then becomes of running responses.
    struct Option: Sendable, Hashable {
        /// Number of the wait in its family.
        var number: Int
        /// Who starts at once.
        var first: Endpoint
        var points: HandOvers
    }

    /// What streams from the server and from the device at first come to.
    typealias Amounts = (server: HandOverAmounts, device: HandOverAmounts)

    /// Every group's options, in the order found.
    private(set) var options: [[Option]]
    private(set) var amounts: [[Amounts]]
    private(set) var known: [[Option: Int]]
    /// The objective's row and the limits', over all but decoding and hand-overs.
    let rowsApart: [(server: TermRow, device: TermRow)]
    /// What decides where nothing in a Lagrangian does.
    private let standard: DecodePrices
    /// Prices up to `factor`, and their version.
    private(set) var direction: DecodePrices
    private(set) var factor = 0.0
    private(set) var version = 0
    /// Prices in each bucket, of some version.
    var prices: [StreamPrices?]

    init(buckets: Int, rows: [OutcomeRow], standard: DecodePrices) {
        options = Array(repeating: [], count: buckets)
        amounts = Array(repeating: [], count: buckets)
        known = Array(repeating: [:], count: buckets)
        prices = Array(repeating: nil, count: buckets)
        rowsApart = rows.map {
            ($0.terms(startingWith: .server, streams: false), $0.terms(startingWith: .device, streams: false))
        }
        self.standard = standard
        direction = standard
    }

    /// Adds an option.
    mutating func add(_ option: Option, _ group: Int, _ amounts: Amounts) -> Int {
        options[group].append(option)
        self.amounts[group].append(amounts)
        known[group][option] = options[group].count - 1
        return options[group].count - 1
    }

    /// Turns to the prices of a Lagrangian; those of a single row keep their hand-overs whatever its factor.
    mutating func turn(to rows: [(factor: Double, prices: DecodePrices)]) {
        let priced = rows.filter { $0.factor != 0 && !$0.prices.isZero }
        var next = priced.count == 1 ? priced[0].prices : standard
        factor = priced.count == 1 ? priced[0].factor : 0
        if priced.count > 1 {
            next = DecodePrices()
            for row in priced { next.add(row.prices, times: row.factor) }
            factor = 1
        }
        guard next != direction else { return }
        direction = next
        version += 1
    }
}

extension DispatchGroups {
    /// Whether a group's responses may be handed over.
    func handsOver(_ group: Int) -> Bool { servers[group].states != nil }

    /// The current prices in a group; nil where nothing is handed over.
    mutating func streamPrices(_ group: Int) -> StreamPrices? {
        guard let handOvers = servers[group].states?.handOvers else { return nil }
        if let known = streams.prices[group], known.version == streams.version {
            return known.factor == streams.factor ? known : known.scaled(to: streams.factor)
        }
        let (server, device) = (streams.direction.side(from: .server), streams.direction.side(from: .device))
        let floors = zip(
            handOvers.cheapestEach(from: .server, server), handOvers.cheapestEach(from: .device, device))
        let prices = StreamPrices(
            server: server, device: device, factor: streams.factor, version: streams.version,
            floor: floors.map { min($0, $1) })
        streams.prices[group] = prices
        return prices
    }

    /// The best hand-overs of a wait at the current prices.
    mutating func points(_ group: Int, _ number: Int, _ first: Endpoint) -> HandOvers {
        guard let prices = streamPrices(group) else { return .none }
        return first == .server
            ? servers[group].points(number, prices) : devices[group].points(number, prices)
    }

    /// What becomes of responses.
    func amounts(_ group: Int, _ option: StreamOptions.Option) -> StreamOptions.Amounts {
        let states = option.first == .server ? servers[group].states : devices[group].states
        guard let states else { return (HandOverAmounts(), HandOverAmounts()) }
        return states.amounts(option.number, option.points)
    }

    /// Value and usages of an option.
    func outcome(
        _ group: Int, _ option: StreamOptions.Option, _ amounts: StreamOptions.Amounts
    ) -> (value: Double, usage: [Double]) {
        let isServer = option.first == .server
        let values = zip(streams.rowsApart, [objective] + limitRows).map { apart, row in
            (isServer
                ? servers[group].combination(option.number, apart.server)
                : devices[group].combination(option.number, apart.device))
                + amounts.server.cost(row.streams.side(from: .server))
                + amounts.device.cost(row.streams.side(from: .device))
        }
        return (values[0], Array(values.dropFirst()))
    }

    /// The action of a choice, with its hand-overs and a probability.
    func part(group: Int, choice: Int, probability: Double) -> Mixture.Part {
        .init(
            probability: probability, action: action(group: group, choice: choice),
            handOvers: handsOver(group) ? streams.options[group][choice].points : .none)
    }
}

extension StreamPrices {
    /// The same with another factor.
    func scaled(to factor: Double) -> StreamPrices {
        StreamPrices(server: server, device: device, factor: factor, version: version, floor: floor)
    }
}
