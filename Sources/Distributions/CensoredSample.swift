/// Observations of a number some of which are only lower bounds, and some infinite: it never came.
///
/// Equal values are held once, with how often they were seen.
public struct CensoredSample: Sendable, Equatable {
    /// A value, and how often it was seen.
    struct Point: Sendable, Equatable {
        let value: Double
        let count: Int
    }

    /// What was seen, finite, ascending.
    let events: [Point]
    /// Lower bounds, ascending.
    let bounds: [Point]
    /// Number of observations, infinite ones included.
    public let count: Int

    /// A sample from values, each seen `counts` times.
    /// - Parameters:
    ///   - values: The values or lower bounds, any sign; `.infinity` for what never came.
    ///   - isCensored: True where a value is a lower bound; nil for nowhere.
    ///   - counts: How often each was seen; nil for once.
    ///   - horizon: Values above it are infinite, and so are those whose lower bound reaches it.
    /// - Precondition: as many elements in each array, none NaN.
    /// - Complexity: O(*n* log *n*).
    public init(
        _ values: [Double], isCensored: [Bool]? = nil, counts: [Int]? = nil, horizon: Double = .infinity
    ) {
        precondition(
            values.count == isCensored?.count ?? values.count && values.count == counts?.count ?? values.count,
            "each value has a count and says whether it is a bound")
        var seen: [Point] = []
        var cut: [Point] = []
        var total = 0
        for i in values.indices {
            let point = Point(value: values[i], count: counts?[i] ?? 1)
            total += point.count
            let isBound = isCensored?[i] ?? false
            if point.value == .infinity || point.value > horizon || (isBound && point.value >= horizon) { continue }
            if isBound { cut.append(point) } else { seen.append(point) }
        }
        events = Self.merged(seen)
        bounds = Self.merged(cut)
        count = total
    }

    /// How many observations are lower bounds.
    public var censored: Int { bounds.reduce(0) { $0 + $1.count } }

    /// Up to where the distribution can be told: infinity, or the largest bound where some of the mass lies beyond it.
    public var identifiedUpTo: Double {
        let never = count - censored - events.reduce(0) { $0 + $1.count }
        guard let last = bounds.last?.value, never == 0 else { return .infinity }
        return last < events.last?.value ?? -.infinity ? .infinity : last
    }

    /// The smallest value t with P̂(X ≤ t) ≥ `level`, by the product-limit estimate; infinite where bounds or failures
    /// leave none, nil for no observations.
    /// - Complexity: O(*n*).
    public func quantile(_ level: Double) -> Double? {
        guard count > 0 else { return nil }
        let estimate = KaplanMeier(
            values: (events + bounds).map(\.value) + [.infinity],
            isCensored: events.map { _ in false } + bounds.map { _ in true } + [false],
            counts: (events + bounds).map(\.count) + [count - (events + bounds).reduce(0) { $0 + $1.count }])
        return estimate.survival.firstIndex { $0 <= 1 - level + 1e-12 }.map { estimate.times[$0] } ?? .infinity
    }

    private static func merged(_ points: [Point]) -> [Point] {
        var merged: [Point] = []
        for point in points.sorted(by: { $0.value < $1.value }) where point.count > 0 {
            if let last = merged.last, last.value == point.value {
                merged[merged.count - 1] = Point(value: last.value, count: last.count + point.count)
            } else {
                merged.append(point)
            }
        }
        return merged
    }
}
