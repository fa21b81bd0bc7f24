internal import Distributions
internal import Profiles
internal import Serving

/// One world's times, taken from its profile as data.
struct WorldTimes: Sendable {
    let profile: ServingProfile
    let laws: [TimeLaw]
    private let remaining: [Double]
    private let requestShare: Double
    /// Answers of each prompt length, by its index.
    private let answers: [[(tokens: Int, share: Double)]]

    init(_ world: World) {
        profile = world.profile
        answers = Self.answers(world.profile.workload)
        laws = world.profile.server.groups.map { TimeLaw($0, timeout: world.profile.timeout) }
        let masses = world.profile.device.masses
        var remaining = [Double](repeating: world.profile.device.failedShare, count: masses.count + 1)
        for j in masses.indices.reversed() { remaining[j] = remaining[j + 1] + masses[j] }
        remaining[0] = 1
        self.remaining = remaining
        requestShare = world.share / Double(world.profile.workload.counts.reduce(0, +))
    }

    /// Distinct prompt lengths, ascending.
    var lengths: [Int] { profile.workload.lengths }

    /// The requests of the `index`-th distinct length.
    func times(ofLength index: Int) -> LengthTimes {
        let workload = profile.workload
        let length = workload.lengths[index]
        let line = profile.device.fit.seconds(promptTokens: length)
        var device: [Double] = []
        device.reserveCapacity(profile.device.residuals.count)
        for residual in profile.device.residuals {
            let time = max(line + residual, profile.device.floor)
            if time > profile.timeout { break }  // an infinite residual too: mass that is not identified
            device.append(time)
        }
        return LengthTimes(
            share: requestShare * Double(workload.counts[index]), promptTokens: Double(length),
            outputTokens: workload.meanOutputTokens?[index] ?? 0, answers: answers[index],
            server: laws[profile.server.lowerEdges.lastIndex { $0 <= length } ?? 0], device: device,
            deviceOpen: profile.device.residuals.last == .infinity ? profile.device.masses.last ?? 0 : 0,
            masses: profile.device.masses, remaining: remaining, timeout: profile.timeout)
    }

    /// P(o | l): each length's own answers, or those of all prompts where none of its own is known.
    private static func answers(_ workload: WorkloadProfile) -> [[(tokens: Int, share: Double)]] {
        func shares(_ counts: [Int: Int]) -> [(tokens: Int, share: Double)] {
            let total = counts.values.reduce(0, +)
            return counts.sorted { $0.key < $1.key }.map { ($0.key, Double($0.value) / Double(total)) }
        }
        var own: [Int: [Int: Int]] = [:]
        var all: [Int: Int] = [:]
        for output in workload.outputs {
            own[output.promptTokens, default: [:]][output.outputTokens, default: 0] += output.count
            all[output.outputTokens, default: 0] += output.count
        }
        let pooled = shares(all)
        return workload.lengths.map { own[$0].map(shares) ?? pooled }
    }
}
