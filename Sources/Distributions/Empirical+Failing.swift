extension Empirical {
    /// The distribution where a share of all, whatever it would have been, never comes.
    /// - Parameter share: 0...1.
    /// - Returns: Masses times 1 − share, and the share at infinity.
    /// - Complexity: O(*n*).
    public func failing(_ share: Double) -> Empirical {
        precondition((0...1).contains(share), "a share of \(share)")
        guard share > 0 else { return self }
        var masses = support.indices.map { mass(at: $0) * (1 - share) }
        masses.append(massAtInfinity * (1 - share) + share)
        return Empirical(
            values: support + [.infinity], masses: masses, observations: observations,
            censoring: censoring?.failing(share))
    }
}

extension Empirical.Censoring {
    fileprivate func failing(_ share: Double) -> Empirical.Censoring {
        Empirical.Censoring(
            observations: observations, infinite: infinite, unidentified: unidentified * (1 - share),
            identifiedUpTo: identifiedUpTo, end: end)
    }
}
