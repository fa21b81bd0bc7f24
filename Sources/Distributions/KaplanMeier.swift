/// The product-limit estimate of a distribution some of whose observations are only lower bounds.
///
/// P̂(X > t) = Π over event times t_j ≤ t of (1 − d_j / n_j): d_j events at t_j, n_j observations of at least t_j. Of equal
/// values events come before bounds. An infinite value is an event that never came: at risk throughout, an event at no
/// finite time. What is left after the last finite event is shared by the observations beyond it: the infinite ones take
/// their part to infinity; of the bounds it is only known that they lie later, so their part is not identified.
/// Source: Kaplan and Meier (1958), variance by Greenwood (1926); the split of the tail is derived, docs/maths/censoring.md.
public struct KaplanMeier: Sendable, Equatable {
    /// The distinct finite event times, ascending.
    public let times: [Double]
    /// `survival[k]` is P̂(X > times[k]).
    public let survival: [Double]
    /// `standardErrors[k]` is the standard error of `survival[k]`; 0 where nothing is left.
    public let standardErrors: [Double]
    /// Mass seen to be infinite.
    public let massAtInfinity: Double
    /// Mass of which only a lower bound is known, that of the last event.
    public let unidentified: Double
    /// Number of observations.
    public let observations: Int
    /// How many of them are lower bounds.
    public let censored: Int
    /// How many of them are infinite.
    public let infinite: Int

    /// The estimate from values, each seen `counts` times.
    /// - Parameters:
    ///   - values: The values or lower bounds, any sign; `.infinity` for what never came.
    ///   - isCensored: True where a value is a lower bound.
    ///   - counts: How often each was seen; nil for once.
    ///   - horizon: Values above it are infinite, and so are those whose lower bound reaches it.
    /// - Precondition: at least one observation, none NaN.
    /// - Complexity: O(*n* log *n*).
    public init(values: [Double], isCensored: [Bool], counts: [Int]? = nil, horizon: Double = .infinity) {
        precondition(values.count == isCensored.count && values.count == counts?.count ?? values.count)
        var events: [(value: Double, count: Int)] = []
        var bounds: [(value: Double, count: Int)] = []
        var never = 0
        var total = 0
        for i in values.indices {
            let count = counts?[i] ?? 1
            total += count
            if values[i] == .infinity || values[i] > horizon || (isCensored[i] && values[i] >= horizon) {
                never += count
            } else if isCensored[i] {
                bounds.append((values[i], count))
            } else {
                events.append((values[i], count))
            }
        }
        precondition(total > 0, "an estimate needs an observation")
        events.sort { $0.value < $1.value }
        bounds.sort { $0.value < $1.value }

        var times: [Double] = []
        var survival: [Double] = []
        var errors: [Double] = []
        // Survival is factor · left / base: between two bounds it is a plain quotient, so without bounds it is exact.
        var factor = 1.0
        var base = total
        var left = total
        var greenwood = 0.0
        var next = 0
        var i = 0
        while i < events.count {
            let time = events[i].value
            var leaving = 0
            while next < bounds.count, bounds[next].value < time {
                leaving += bounds[next].count
                next += 1
            }
            if leaving > 0 {
                factor *= Double(left) / Double(base)
                left -= leaving
                base = left
            }
            var died = 0
            while i < events.count, events[i].value == time {
                died += events[i].count
                i += 1
            }
            guard died > 0 else { continue }
            if died < left { greenwood += Double(died) / (Double(left) * Double(left - died)) }
            left -= died
            times.append(time)
            survival.append(factor * Double(left) / Double(base))
            errors.append((survival.last ?? 0) * greenwood.squareRoot())
        }
        let tail = survival.last ?? 1
        // Those left are the infinite ones and the bounds that lie at the last event or beyond.
        massAtInfinity = left > 0 ? tail * Double(never) / Double(left) : 0
        unidentified = left > never ? tail * Double(left - never) / Double(left) : 0
        self.times = times
        self.survival = survival
        standardErrors = errors
        observations = total
        infinite = never
        censored = bounds.reduce(0) { $0 + $1.count }
    }

    /// The last event that came; nil where none did.
    public var lastEvent: Double? { times.last }

    /// Up to where the distribution is identified: the last event, or infinity where nothing is left open.
    public var identifiedUpTo: Double { unidentified > 0 ? lastEvent ?? -.infinity : .infinity }

    /// P̂(X > x).
    /// - Complexity: O(log *n*).
    public func survival(at x: Double) -> Double {
        let k = rank(x)
        return k > 0 ? survival[k - 1] : 1
    }

    /// The standard error of `survival(at: x)`.
    /// - Complexity: O(log *n*).
    public func standardError(at x: Double) -> Double {
        let k = rank(x)
        return k > 0 ? standardErrors[k - 1] : 0
    }

    /// The mass of event time `k`.
    public func mass(at k: Int) -> Double { (k > 0 ? survival[k - 1] : 1) - survival[k] }

    /// Number of event times that are at most `x`.
    /// - Complexity: O(log *n*).
    public func rank(_ x: Double) -> Int { times.partitionPoint { $0 > x } }
}

extension Empirical {
    /// The mixture of `estimates`, their unidentified mass placed at `end`.
    /// - Parameters:
    ///   - estimates: Product-limit estimates of times.
    ///   - weights: The weight of each, > 0; they are normalized.
    ///   - end: Where mass is placed of which only a lower bound is known.
    /// - Precondition: as many weights as estimates, at least one; event times are ≥ 0 and at most `end`.
    public init(_ estimates: [KaplanMeier], weights: [Double], unidentifiedAt end: Double) {
        precondition(!estimates.isEmpty && estimates.count == weights.count, "each estimate has a weight")
        let total = weights.reduce(0, +)
        var points: [(value: Double, mass: Double)] = []
        var open = 0.0
        for (estimate, weight) in zip(estimates, weights) {
            let share = weight / total
            points += estimate.times.indices.map { (estimate.times[$0], share * estimate.mass(at: $0)) }
            points.append((.infinity, share * estimate.massAtInfinity))
            open += share * estimate.unidentified
        }
        points.append((end, open))
        points.sort { $0.value < $1.value }
        let limit = estimates.reduce(Double.infinity) { min($0, $1.identifiedUpTo) }
        self.init(
            values: points.map(\.value), masses: points.map(\.mass),
            observations: estimates.reduce(0) { $0 + $1.observations },
            censoring: Censoring(
                observations: estimates.reduce(0) { $0 + $1.censored },
                infinite: estimates.reduce(0) { $0 + $1.infinite }, unidentified: open, identifiedUpTo: max(0, limit),
                end: end))
    }

    /// The product-limit estimate `estimate` as a distribution, its unidentified mass placed at `end`.
    public init(_ estimate: KaplanMeier, unidentifiedAt end: Double) {
        self.init([estimate], weights: [1], unidentifiedAt: end)
    }

    /// What lower bounds among the observations leave open.
    public struct Censoring: Sendable, Equatable {
        /// How many observations were lower bounds.
        public let observations: Int
        /// How many observations were seen to be infinite.
        public let infinite: Int
        /// Mass of which only a lower bound is known; it is placed at `end`.
        public let unidentified: Double
        /// Up to here the distribution is identified; infinity where nothing is left open.
        ///
        /// Of a mixture, where the first of its parts ends: beyond, its survival is an upper bound.
        public let identifiedUpTo: Double
        /// Where the unidentified mass is placed.
        public let end: Double
    }

    /// Mass of which only a lower bound is known; 0 without lower bounds.
    public var unidentified: Double { censoring?.unidentified ?? 0 }

    /// Least of all possible P(offset + X > t): like `survival(after:at:)`, but mass that is not identified counts only where
    /// all of it is known to lie beyond.
    /// - Complexity: O(1) expected.
    public func knownSurvival(after offset: Double = 0, at t: Double) -> Double {
        let survival = survival(after: offset, at: t)
        guard let censoring, t - offset >= censoring.identifiedUpTo, offset + censoring.end > t else { return survival }
        return max(massAtInfinity, survival - censoring.unidentified)
    }

    /// Like `quantile`, but infinite where the quantile falls into mass that is not identified.
    /// - Complexity: O(log *n*).
    public func seenQuantile(_ q: Double) -> Double {
        let found = quantile(q)
        guard let censoring, censoring.unidentified > 0, found == censoring.end else { return found }
        return .infinity
    }

    /// E[min(X, x)] if all unidentified mass lay where it could at the earliest: a lower bound of the mean.
    public func leastMean(cappedAt x: Double) -> Double {
        guard let censoring, censoring.unidentified > 0 else { return mean(cappedAt: x) }
        return mean(cappedAt: x) - censoring.unidentified * (min(x, censoring.end) - min(x, censoring.identifiedUpTo))
    }
}
