internal import Distributions
internal import Optimization
internal import Profiles
internal import Serving

/// The buckets of a dispatch program as groups of choices: waits of either endpoint, valued as they are asked for.
struct DispatchGroups: PlanSource, Sendable {
    /// For each group its two families, starting with the server and with the device.
    var servers: [WaitSearch]
    var devices: [WaitSearch]
    /// What is minimized and what is limited, over the terms of each family.
    private let rows: [(server: TermRow, device: TermRow)]
    let objective: OutcomeRow
    let limitRows: [OutcomeRow]
    /// What becomes of running responses.
    var streams: StreamOptions
    private var least: [Double]
    private var greatest: [Double]
    /// The largest sum of a value's parts without their signs, times the number of groups.
    private var size = 0.0
    /// Share of the spread that a bucket may miss its least Lagrangian by, at the very least.
    private let closest: Double

    /// Groups for `objective` under `limits` (usages Σ row ≤ limit).
    /// - Parameters:
    ///   - buckets: Lengths and weights of each group.
    ///   - objective: What is minimized.
    ///   - limits: One row a limit.
    ///   - tails: The times t of the terms P(T > t).
    ///   - handOvers: What may become of running responses, a bucket each; empty where they stay.
    ///   - standard: Prices by which responses are handed over where nothing else says.
    init(
        buckets: [BucketTerms], objective: OutcomeRow, limits: [OutcomeRow], tails: [Double],
        handOvers: [BucketHandOvers?] = [], standard: DecodePrices = DecodePrices()
    ) {
        self.objective = objective
        limitRows = limits
        let all = [objective] + limits
        rows = all.map { ($0.terms(startingWith: .server), $0.terms(startingWith: .device)) }
        var needs = BucketTerms.Needs()
        needs.tails = tails
        needs.mean = all.contains { $0.mean != 0 }
        needs.answers = all.contains {
            $0.serverAnswers != 0 || $0.deviceAnswers != 0 || !$0.streams.isZero
        }
        let handsOver = handOvers.contains { $0 != nil }
        needs.members = handsOver
        streams = StreamOptions(buckets: buckets.count, rows: all, standard: standard)
        needs.failed = needs.answers || all.contains { $0.failed != 0 }
        needs.qoe = all.contains { $0.losses.qoe != 0 }
        needs.goodput = all.contains { $0.losses.goodput != 0 }
        closest = needs.failed || all.contains { !$0.winnerLosses.isZero } ? 2e-8 : 0
        let usesServerFirst = handsOver || rows.contains { Self.canGain(from: $0.server) }
        let usesDeviceFirst = handsOver || rows.contains { Self.canGain(from: $0.device) }
        let curves = Curves(buckets)
        let needsTimes = usesDeviceFirst || !tails.isEmpty
        servers = []
        devices = []
        servers.reserveCapacity(buckets.count)
        devices.reserveCapacity(buckets.count)
        for (g, bucket) in buckets.enumerated() {
            let times = needsTimes ? Self.deviceTimes(bucket) : []
            servers.append(
                WaitSearch(
                    bucket, first: .server, needs: needs, curve: usesServerFirst ? curves.server(g) : nil,
                    deviceTimes: times, onlyRace: !usesServerFirst,
                    handOvers: handOvers.isEmpty ? nil : handOvers[g]))
            devices.append(
                WaitSearch(
                    bucket, first: .device, needs: needs,
                    curve: usesDeviceFirst && (needs.mean || needs.qoe || needs.goodput) ? curves.device(g) : nil,
                    deviceTimes: times, onlyRace: !usesDeviceFirst,
                    handOvers: handOvers.isEmpty ? nil : handOvers[g]))
        }
        least = buckets.map { _ in .infinity }
        greatest = buckets.map { _ in -.infinity }
        for g in buckets.indices {
            for number in servers[g].waits.indices { note(g, number, .server) }
            for number in devices[g].waits.indices { note(g, number, .device) }
        }
    }

    /// Whether a longer wait than in the race can ever pay: some term that falls has a price, or one that grows a reward.
    private static func canGain(from row: TermRow) -> Bool {
        row.coefficients.enumerated().contains { Term.falls($0) ? $1 > 0 : $1 < 0 }
    }

    private static func deviceTimes(_ bucket: BucketTerms) -> [Double] {
        let device = bucket.profile.device
        var times: [Double] = []
        times.reserveCapacity(bucket.lines.count * device.residuals.count)
        for line in bucket.lines {
            for r in device.residuals { times.append(max(line + r, device.floor)) }
        }
        times.radixSort()
        return times
    }

    // Searches are used where they are: a copy of one would cost more than what is asked of it.
    func combination(_ row: Int, _ group: Int, _ number: Int, _ first: Endpoint) -> Double {
        first == .server
            ? servers[group].combination(number, rows[row].server)
            : devices[group].combination(number, rows[row].device)
    }

    private mutating func note(_ group: Int, _ number: Int, _ first: Endpoint) {
        let value = combination(0, group, number, first)
        let own =
            first == .server
            ? servers[group].size(number, rows[0].server) : devices[group].size(number, rows[0].device)
        size = max(size, own * Double(groups))
        least[group] = min(least[group], value)
        greatest[group] = max(greatest[group], value)
    }

    // A choice's number is twice its wait's number, plus 1 where the device starts first.
    // The race, number 0 of both families, is one choice.
    private static func choice(_ number: Int, _ first: Endpoint) -> Int {
        number == 0 ? 0 : 2 * number + (first == .device ? 1 : 0)
    }

    /// The wait of a choice: its number, and who starts at once.
    func wait(group: Int, choice: Int) -> (number: Int, first: Endpoint) {
        guard !handsOver(group) else {
            let option = streams.options[group][choice]
            return (option.number, option.first)
        }
        return (choice / 2, choice % 2 == 0 ? .server : .device)
    }

    /// The action of a choice.
    func action(group: Int, choice: Int) -> Action {
        let (number, first) = wait(group: group, choice: choice)
        return first == .server ? servers[group].action(number) : devices[group].action(number)
    }

    /// The choice of an action, valued if it was not, with given hand-overs or else the best ones known for it; waits beyond
    /// the timeout count as never.
    mutating func choice(group: Int, action: Action, handOvers: HandOvers? = nil) -> Int {
        let first: Endpoint = action.serverWait == 0 ? .server : .device
        let wait = action.wait(of: first.other)
        let number =
            first == .server ? servers[group].number(of: wait) : devices[group].number(of: wait)
        note(group, number, first)
        return choice(group, number, first, handOvers)
    }

    /// The choice of a wait.
    private mutating func choice(_ group: Int, _ number: Int, _ first: Endpoint, _ handOvers: HandOvers? = nil) -> Int {
        guard handsOver(group) else { return Self.choice(number, first) }
        let points = handOvers ?? points(group, number, first)
        // The race is in both families; it counts as the server's.
        let option = StreamOptions.Option(number: number, first: number == 0 ? .server : first, points: points)
        if let known = streams.known[group][option] { return known }
        let choice = streams.add(option, group, amounts(group, option))
        let value = outcome(group: group, choice: choice).value
        least[group] = min(least[group], value)
        greatest[group] = max(greatest[group], value)
        return choice
    }

    /// Makes a choice of every wait that was valued.
    mutating func offerAll() {
        for g in 0..<groups where handsOver(g) {
            for number in servers[g].waits.indices { _ = choice(g, number, .server) }
            for number in devices[g].waits.indices.dropFirst() { _ = choice(g, number, .device) }
        }
    }

    /// All choices of a group that were valued.
    func choices(group: Int) -> [Int] {
        if handsOver(group) { return Array(streams.options[group].indices) }
        return servers[group].waits.indices.map { Self.choice($0, .server) }
            + devices[group].waits.indices.dropFirst().map { Self.choice($0, .device) }
    }

    /// At most `count` of the first endpoint's times strictly between two waits, evenly by rank.
    func steps(group: Int, first: Endpoint, between from: Double, _ to: Double, count: Int) -> [Double] {
        first == .server
            ? servers[group].steps(between: from, to, count: count)
            : devices[group].steps(between: from, to, count: count)
    }

    /// Waits of a family at which some outcome steps, at most about `count` of each kind, evenly by rank.
    func stepWaits(group: Int, first: Endpoint, count: Int) -> [Double] {
        first == .server ? servers[group].stepWaits(count: count) : devices[group].stepWaits(count: count)
    }

    var groups: Int { servers.count }
    var limits: Int { limitRows.count }
    var spread: Double {
        let sum = zip(least, greatest).reduce(0) { $0 + max(0, $1.1 - $1.0) }
        return sum > rounding ? sum : 0
    }
    var rounding: Double { 4e-15 * size }
    /// How many waits were valued.
    var evaluations: Int { (servers + devices).reduce(0) { $0 + $1.waits.count } }

    mutating func cheapest(weight: Double, prices: [Double], tolerance: Double) -> (plan: [Int], bound: Double) {
        var row = objective.scaled(by: weight)
        for (limit, price) in zip(limitRows, prices) { row.add(limit, times: price) }
        let (server, device) = (row.terms(startingWith: .server), row.terms(startingWith: .device))
        let (serverApart, deviceApart) = (
            row.terms(startingWith: .server, streams: false), row.terms(startingWith: .device, streams: false)
        )
        streams.turn(to: [(weight, objective.streams)] + zip(prices, limitRows.map(\.streams)))
        let own = max(tolerance, closest * (weight == 0 ? 0 : spread)) / Double(groups)
        var plan: [Int] = []
        var bound = 0.0
        plan.reserveCapacity(groups)
        for g in servers.indices {
            let known = (servers[g].waits.count, devices[g].waits.count)
            let apart = streamPrices(g)
            let a = servers[g].cheapest(
                apart == nil ? server : serverApart, streams: apart, tolerance: own, known: .infinity)
            let b = devices[g].cheapest(
                apart == nil ? device : deviceApart, streams: apart, tolerance: own, known: a.value)
            for number in known.0..<servers[g].waits.count { note(g, number, .server) }
            for number in known.1..<devices[g].waits.count { note(g, number, .device) }
            // The race is in both families; the server's comes first.
            plan.append(b.value < a.value ? choice(g, b.number, .device) : choice(g, a.number, .server))
            bound += min(a.bound, b.bound)
        }
        return (plan, bound)
    }

    func outcome(group: Int, choice: Int) -> (value: Double, usage: [Double]) {
        let (number, first) = wait(group: group, choice: choice)
        guard handsOver(group) else {
            let usage = rows.indices.dropFirst().map { combination($0, group, number, first) }
            return (combination(0, group, number, first), usage)
        }
        return outcome(group, streams.options[group][choice], streams.amounts[group][choice])
    }
}
