internal import Distributions
internal import Optimization
internal import Serving

extension LinearAnswer {
    /// The same program's answer without mixtures: one action a bucket, every limit kept; without mixtures where none was found.
    ///
    /// The bound stays that of mixtures, so the gap says what rounding costs at most; how it is done says `Rounding`.
    /// - Parameters:
    ///   - limits: What must be kept.
    ///   - fallback: Mixtures of one action a bucket that keep the limits, to fall back on.
    /// - Returns: The answer; its primal is infinite where nothing was found.
    func rounded(limits: CoupledProgram, fallback: [Mixture]?) -> LinearAnswer {
        var answer = self
        var rounding = Rounding(
            groups: groups, limits: limits.limits, scales: limits.scales, mixtures: solution.mixtures)
        guard rounding.round() || fallback.map({ rounding.start(from: $0) }) == true else {
            (answer.primal, answer.mixtures) = (.infinity, [])
            return answer
        }
        answer.primal = rounding.value
        answer.mixtures = rounding.parts.map { Mixture([$0]) }
        answer.groups = rounding.groups
        return answer
    }
}
