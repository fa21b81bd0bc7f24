internal import Serving

/// What decoding and hand-overs cost in one bucket at given weights: the least over all points.
struct StreamBook: Sendable {
    private let book: HandOverBook
    private let group: [LengthTimes]
    private let weights: Weights
    /// By source and point (never first): the cost of each member, times its share of requests.
    private let server: [[Double]]
    private let device: [[Double]]
    /// What a request costs each member at the least, whoever answers.
    let floor: [Double]

    init(_ book: HandOverBook, _ group: [LengthTimes], _ weights: Weights) {
        var weights = weights
        weights.deviceAnswer = 0  // answers count apart
        self.book = book
        self.group = group
        self.weights = weights
        func costs(from source: Endpoint) -> [[Double]] {
            ([nil] + book.points(from: source).map { Optional($0.tokens) }).map { i in
                group.map { $0.share * weights.stream(source, $0, after: i) }
            }
        }
        let (server, device) = (costs(from: .server), costs(from: .device))
        (self.server, self.device) = (server, device)
        floor = group.indices.map { member in
            (server + device).reduce(Double.infinity) { min($0, $1[member]) }
        }
    }

    /// The least cost over all points, where `source` answers each member so often.
    func least(from source: Endpoint, _ worth: [Double]) -> Double {
        (source == .server ? server : device).reduce(Double.infinity) { least, costs in
            min(least, zip(costs, worth).reduce(0) { $0 + $1.0 * $1.1 })
        }
    }

    /// Whether actions differ in the points that they allow.
    var dependsOnAction: Bool { book.dependsOnAction && device.count > 1 }

    /// The least cost of responses that begin on the device, over the points that an action allows.
    func leastFromDevice(_ worth: [Double], under action: Action) -> Double {
        leastFromDevice(worth) { book.allows($0, under: action) }
    }

    /// A lower bound of it for all waits strictly between two of one family; nil where none is known.
    func leastFromDevice(_ worth: [Double], first: Endpoint, between left: Double, _ right: Double) -> Double? {
        func wins(_ wait: Double) -> [[WayToWin?]] {
            book.law.prompts.map { book.law.waysToWin($0, Action(first: first, otherAfter: wait)) }
        }
        let (before, after) = (wins(left), wins(right))
        // Each way wins more and more often along the range, or less and less, and leaves the server later and later or sooner.
        let late = zip(before, after).map { LateWins($0, $1) }
        let won = zip(before, after).map { before, after in
            max(before.reduce(0) { $0 + ($1?.won ?? 0) }, after.reduce(0) { $0 + ($1?.won ?? 0) })
        }
        return leastFromDevice(worth) { book.mayAllow($0, late: late, won: won) }
    }

    private func leastFromDevice(_ worth: [Double], _ isAllowed: (Int) -> Bool) -> Double {
        func value(_ costs: [Double]) -> Double { zip(costs, worth).reduce(0) { $0 + $1.0 * $1.1 } }
        func value(after i: Int) -> Double {
            zip(group, worth).reduce(0) { $0 + $1.0.share * $1.1 * weights.stream(.device, $1.0, after: i) }
        }
        var least = value(device[0])
        let points = book.points(from: .device)
        // The cheapest first; within its stretch the cost changes one way.
        let ranked = points.indices.map { (value: value(device[$0 + 1]), point: points[$0]) }
            .sorted { ($0.value, $0.point.tokens) < ($1.value, $1.point.tokens) }
        for (bound, point) in ranked where bound < least {
            let isFirst =
                point.tokens == point.stretch.lowerBound || value(after: point.stretch.upperBound - 1) >= bound
            let tokens =
                isFirst
                ? Array(point.tokens..<point.stretch.upperBound) : (point.stretch.lowerBound...point.tokens).reversed()
            for i in tokens {
                let own = value(after: i)
                if own >= least { break }
                if isAllowed(i) {
                    least = own
                    break
                }
            }
        }
        return least
    }
}
