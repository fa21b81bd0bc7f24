/// The values of a survival function at the points of its support: element k is P(X > the k-th point), element 0 is 1.
///
/// Of points that all were seen once only their number is kept.
public struct Survival: Sendable, Equatable, RandomAccessCollection {
    /// One more than the number of points.
    public let endIndex: Int
    /// The elements; empty where each point stands for one observation.
    @usableFromInline let elements: [Double]
    /// Number of observations, those at infinity included.
    @usableFromInline let observations: Double

    /// One observation at each of `points` points, the others of `observations` at infinity.
    init(points: Int, observations: Int) {
        endIndex = points + 1
        elements = []
        self.observations = Double(observations)
    }

    /// The given elements, the first of them 1.
    init(_ elements: [Double]) {
        endIndex = elements.count
        self.elements = elements
        observations = 1
    }

    /// 0.
    @inlinable public var startIndex: Int { 0 }

    /// P(X > the k-th point).
    @inlinable public subscript(k: Int) -> Double {
        guard elements.isEmpty else { return elements[k] }
        precondition(k >= 0 && k < endIndex, "no such point")
        return (observations - Double(k)) / observations
    }
}
