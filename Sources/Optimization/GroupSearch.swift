/// One group's choices, valued only where the Lagrangian could be smallest.
struct GroupSearch {
    let curve: UsageCurve
    let weight: Double
    /// Vertices valued so far, ascending, and their values.
    private(set) var vertices: [Int]
    private(set) var values: [Double]

    /// Values both ends.
    ///
    /// With a concave v and a non-increasing usage, one of them has the largest value.
    init(curve: UsageCurve, weight: Double, value: (Int) -> Double) {
        self.curve = curve
        self.weight = weight
        vertices = [0, curve.positions.count - 1]
        values = [value(vertices[0]), value(vertices[1])]
    }

    /// max v − min v over the ends: v is concave, so its least value is at an end; where v also ascends, as waits do,
    /// the greatest is at the other.
    var spread: Double { abs(values[values.count - 1] - values[0]) }

    /// The vertex of least value + price · weight · usage, and that value and usage.
    ///
    /// Between two valued vertices a concave v lies above their chord, so chord + price · usage, convex in the position,
    /// is a lower bound there, least where the curve's slope balances the chord's. Only a vertex whose bound beats the
    /// best so far is valued.
    mutating func best(price: Double, value: (Int) -> Double) -> (vertex: Int, value: Double, usage: Double) {
        let unit = price * weight
        var best = 0
        var least = Double.infinity
        for i in vertices.indices {
            let lagrangian = values[i] + unit * curve.usage[vertices[i]]
            if lagrangian < least { (best, least) = (i, lagrangian) }
        }
        let tolerance = 1e-14 * spread
        var left = 0
        while left + 1 < vertices.count {
            let (a, b) = (vertices[left], vertices[left + 1])
            guard b > a + 1 else {
                left += 1
                continue
            }
            let (from, to) = (curve.positions[a], curve.positions[b])
            let slope = (values[left + 1] - values[left]) / (to - from)
            let k = curve.minimizer(valueSlope: slope, price: unit, within: a + 1...b - 1)
            let bound = values[left] + slope * (curve.positions[k] - from) + unit * curve.usage[k]
            guard bound < least - tolerance else {
                left += 1
                continue
            }
            let own = value(k)
            vertices.insert(k, at: left + 1)
            values.insert(own, at: left + 1)
            if best > left { best += 1 }
            if own + unit * curve.usage[k] < least { (best, least) = (left + 1, own + unit * curve.usage[k]) }
        }
        return (vertices[best], values[best], weight * curve.usage[vertices[best]])
    }
}
