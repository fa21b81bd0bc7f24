extension UsageCurve {
    /// The vertex k that saves most value per unit of usage against the last: max (v(last) − v(k)) / (usage(k) − usage(last)).
    ///
    /// Dinkelbach's method: at price ρ the best vertex of v + ρ · usage either beats the last, and gives a better ratio, or
    /// proves ρ optimal. v must be concave in the position. Ratios of 0 or less give the last vertex.
    /// Source: Dinkelbach (1967); docs/maths/baselines.md.
    /// - Complexity: a few rounds; only values that the search needs.
    public func vertexOfLargestRatio(value: (Int) -> Double) -> Int {
        let last = positions.count - 1
        var search = GroupSearch(curve: self, weight: 1, value: value)
        let reference = value(last)
        var best = last
        var ratio = 0.0
        for _ in 0..<100 {
            let next = search.best(price: ratio, value: value)
            let saved = usage[next.vertex] - usage[last]
            guard next.vertex != last, saved > 0, (reference - next.value) / saved > ratio * (1 + 1e-14) else { break }
            ratio = (reference - next.value) / saved
            best = next.vertex
        }
        return best
    }
}
