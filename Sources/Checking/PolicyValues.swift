internal import Serving

/// A number that rounding may move: how low and how high it can come out.
public struct Enclosure: Sendable, Hashable {
    /// The least value.
    public let low: Double
    /// The greatest value.
    public let high: Double

    /// Whether `value` is inside, or outside by at most `tolerance`.
    func holds(_ value: Double, within tolerance: Double) -> Bool {
        value >= low - tolerance && value <= high + tolerance
    }
}

extension Enclosure: CustomStringConvertible {
    /// The value, or both ends where they differ by more than rounding.
    public var description: String {
        high - low <= 1e-11 * max(abs(low), abs(high)) ? "\(high)" : "\(low)...\(high)"
    }
}

/// A policy's numbers, summed over all requests from their pairs of times.
struct PolicyValues {
    private let question: DispatchQuestion
    private let requests: [(times: LengthTimes, mixture: Mixture)]

    /// Relative freedom in the sums of a wait and a time: 1e-12, four thousand roundings.
    static let timeSlack = 1e-12

    /// The values of `plans`, one a world.
    init(_ question: DispatchQuestion, _ worlds: [WorldTimes], plans: [DispatchPlan]) {
        self.question = question
        requests = zip(worlds, plans).flatMap { world, plan in
            world.lengths.indices.map { index in
                (world.times(ofLength: index), plan.mixture(promptTokens: world.lengths[index]))
            }
        }
    }

    /// The mean of a linear function over requests and mixture draws.
    func mean(of weights: Weights, stretch: Double = 1) -> Double {
        requests.reduce(0) { sum, entry in
            sum
                + entry.times.share
                * entry.mixture.parts.reduce(0.0) {
                    $0 + $1.probability * weights.value(entry.times, $1.action, $1.handOvers, stretch: stretch)
                }
        }
    }

    /// The mean of a linear function, with the freedom of rounding.
    func enclosure(of weights: Weights) -> Enclosure {
        let values = [1 - Self.timeSlack, 1, 1 + Self.timeSlack].map { mean(of: weights, stretch: $0) }
        return Enclosure(low: values.min() ?? 0, high: values.max() ?? 0)
    }

    /// The value of any metric; nil where the data cannot tell.
    func enclosure(of metric: Metric) -> Enclosure? {
        if let weights = question.weights(of: metric) { return enclosure(of: weights) }
        guard let level = metric.quantileLevel else { return nil }
        // The definition allows 1e-12 of mass; a sum that sits on that edge may fall to either side.
        return Enclosure(
            low: quantile(level, massSlack: 1.5e-12, stretch: 1 - Self.timeSlack),
            high: quantile(level, massSlack: 0.5e-12, stretch: 1 + Self.timeSlack))
    }

    /// P(min(T, timeout) > t).
    func late(after t: Double, stretch: Double = 1) -> Double { mean(of: .late(after: t), stretch: stretch) }

    /// The smallest t with P(min(T, timeout) ≤ t) ≥ level − massSlack.
    ///
    /// Bisects the bit patterns of doubles, which ascend with them.
    private func quantile(_ level: Double, massSlack: Double, stretch: Double) -> Double {
        var low = 0.0.bitPattern
        var high = question.timeout.bitPattern
        while low < high {
            let middle = low + (high - low) / 2
            if late(after: Double(bitPattern: middle), stretch: stretch) <= 1 - level + massSlack {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return Double(bitPattern: low)
    }
}
