/// Number, mean and spread of numbers, the same whatever their order and however they were split.
public struct Moments: Sendable, Hashable {
    /// How many numbers there are.
    @inlinable public var count: Int { seen }
    @usableFromInline var seen = 0
    @usableFromInline var sum = FixedPointSum()
    @usableFromInline var squares = FixedPointSum()

    /// No numbers.
    public init() {}

    /// Adds one number.
    /// - Precondition: finite.
    @inlinable @inline(__always) public mutating func add(_ number: Double) {
        seen &+= 1
        sum.add(number)
        squares.add(number * number)
    }

    /// Adds all numbers of another set.
    public mutating func merge(_ other: Moments) {
        seen += other.seen
        sum.merge(other.sum)
        squares.merge(other.squares)
    }

    /// The sum.
    public var total: Double { sum.value }

    /// The mean; nil without numbers.
    public var mean: Double? { count > 0 ? sum.value / Double(count) : nil }

    /// The standard error of the mean, √((E[x²] − E[x]²) / (n − 1)); nil for fewer than two numbers.
    public var standardError: Double? {
        guard count > 1, let mean else { return nil }
        return (max(0, squares.value / Double(count) - mean * mean) / Double(count - 1)).squareRoot()
    }
}
