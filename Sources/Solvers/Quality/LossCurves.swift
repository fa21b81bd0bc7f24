internal import Distributions
internal import Profiles
internal import Serving

/// The expected loss of a response by the time of its first token, for every prompt length and either endpoint's pace.
///
/// G(x) is linear between knots, but for a step of answers of one token; its mean at min(S, x) is then a prefix sum over knots
/// and one look-up of E[min(S, x)]. Source: derived, docs/maths/quality.md.
struct LossCurves: Sendable {
    /// Times from 0 to the timeout, ascending, in seconds.
    let knots: [Double]
    /// After this time the step counts; infinite where there is none.
    let stepTime: Double
    /// Height of each length's step.
    let steps: [Double]
    /// Each length's loss where no first token comes.
    let failed: [Double]
    /// Whether it matters who answers, or only when.
    let winnerMatters: Bool
    /// Values at the knots, length by length, at the server's pace and at the device's.
    private let atServer: [Double]
    private let atDevice: [Double]
    /// E[G(min(S, knot))], length by length: of the loss at the device's pace, of what it is above the server's, and below.
    private let means: [Double]
    private let meansAbove: [Double]
    private let meansBelow: [Double]
    /// The knots after the first as a distribution: the number of those up to a time is one look-up.
    private let index: Empirical
    private let exact: @Sendable (Endpoint, Double) -> [Double]

    /// At most so many numbers an array: lengths times knots.
    static let mostNumbers = 6_000_000

    /// Curves.
    /// - Parameters:
    ///   - profile: The world.
    ///   - answers: P(o | l).
    ///   - knots: Where losses are computed.
    ///   - stepTime: After when an answer of one token loses 1 more; nil for never.
    ///   - failed: The loss of an answer of so many tokens of which none comes.
    ///   - sameForBoth: Whether both paces give the same losses.
    ///   - loss: The loss of an answer at an endpoint's pace, by the time of its first token and its tokens.
    init(
        _ profile: ServingProfile, _ answers: AnswerLengths, knots: [Double], steps stepTime: Double?,
        failed: (Int) -> Double, sameForBoth: Bool,
        loss: @escaping @Sendable (Endpoint, Double, Int) -> Double
    ) {
        let lengths = profile.workload.lengths
        let outputs = Set(answers.outputs).sorted()
        let place = Dictionary(uniqueKeysWithValues: outputs.enumerated().map { ($0.element, $0.offset) })
        let places = answers.outputs.map { place[$0] ?? 0 }
        func each(_ value: (Int) -> Double) -> [Double] {
            lengths.indices.map { l in
                answers.range(ofLength: l).reduce(0) { $0 + answers.shares[$1] * value(answers.outputs[$1]) }
            }
        }
        let exact: @Sendable (Endpoint, Double) -> [Double] = { endpoint, time in
            let own = outputs.map { loss(endpoint, time, $0) }
            return lengths.indices.map { l in
                var sum = 0.0
                for k in answers.range(ofLength: l) { sum += answers.shares[k] * own[places[k]] }
                return sum
            }
        }
        func values(_ endpoint: Endpoint) -> [Double] {
            var values = [Double](repeating: 0, count: lengths.count * knots.count)
            for (k, time) in knots.enumerated() {
                for (l, value) in exact(endpoint, time).enumerated() { values[l * knots.count + k] = value }
            }
            return values
        }
        self.exact = exact
        self.knots = knots
        index = Empirical(sorted: Array(knots.dropFirst()))
        let heights = stepTime == nil ? lengths.map { _ in 0 } : each { $0 == 1 ? 1 : 0 }
        self.stepTime = heights.contains { $0 > 0 } ? stepTime ?? .infinity : .infinity
        steps = heights
        self.failed = each(failed)
        let device = values(.device)
        let server = sameForBoth ? device : values(.server)
        (atDevice, atServer) = (device, server)
        winnerMatters = !sameForBoth && server != device
        let groups = profile.server.groups.map { group in knots.map { group.meanOfMinimum($0) } }
        func means(_ value: (Int) -> Double) -> [Double] {
            var means = [Double](repeating: 0, count: device.count)
            for (l, length) in lengths.enumerated() {
                let minima = groups[profile.server.group(of: length)]
                let start = l * knots.count
                var last = value(start)
                means[start] = last
                for k in 1..<knots.count {
                    let next = value(start + k)
                    let slope = (next - last) / (knots[k] - knots[k - 1])
                    means[start + k] = means[start + k - 1] + slope * (minima[k] - minima[k - 1])
                    last = next
                }
            }
            return means
        }
        self.means = means { device[$0] }
        meansAbove = winnerMatters ? means { max(0, server[$0] - device[$0]) } : []
        meansBelow = winnerMatters ? means { max(0, device[$0] - server[$0]) } : []
    }

    /// What is asked of a curve: the loss at an endpoint's pace, or by how much the server's is above or below the device's.
    enum Part { case server, device, above, below }

    /// The number of the knot that begins the interval which holds a time.
    @inline(__always) func cell(_ time: Double) -> Int {
        min(index.rank(time), knots.count - 2)
    }

    /// A part of a length's curve at a knot.
    @inline(__always) func value(_ part: Part, _ length: Int, knot: Int) -> Double {
        let index = length * knots.count + knot
        switch part {
        case .server: return atServer[index]
        case .device: return atDevice[index]
        case .above: return max(0, atServer[index] - atDevice[index])
        case .below: return max(0, atDevice[index] - atServer[index])
        }
    }

    /// A part's slope between two knots.
    @inline(__always) func slope(_ part: Part, _ length: Int, cell k: Int) -> Double {
        (value(part, length, knot: k + 1) - value(part, length, knot: k)) / (knots[k + 1] - knots[k])
    }

    /// A part at a time, the step left out.
    @inline(__always) func value(_ part: Part, _ length: Int, at time: Double) -> Double {
        let k = cell(time)
        return value(part, length, knot: k) + slope(part, length, cell: k) * (time - knots[k])
    }

    /// E of a part at min(S, time), the step left out; not for the server's.
    @inline(__always) func mean(
        _ part: Part, _ length: Int, _ server: borrowing Empirical, at time: Double, rank: Int
    ) -> Double {
        let k = cell(time)
        let index = length * knots.count + k
        let base =
            switch part {
            case .device: means[index]
            case .above: meansAbove[index]
            case .below: meansBelow[index]
            case .server: preconditionFailure("the server's losses are not kept")
            }
        return base + slope(part, length, cell: k)
            * (server.meanOfMinimum(time, rank: rank) - server.meanOfMinimum(knots[k]))
    }

    /// The largest difference between the curves and the losses themselves halfway between knots.
    var measuredError: Double {
        var error = 0.0
        for k in knots.indices.dropLast() {
            let middle = knots[k] + (knots[k + 1] - knots[k]) / 2
            for (endpoint, part) in [(Endpoint.server, Part.server), (.device, .device)] {
                for (l, loss) in exact(endpoint, middle).enumerated() {
                    error = max(error, abs(loss - value(part, l, at: middle)))
                }
            }
        }
        return error
    }
}
