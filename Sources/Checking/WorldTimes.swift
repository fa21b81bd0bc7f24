internal import Distributions
internal import Profiles
internal import Serving

/// One world's times, taken from its profile as data.
struct WorldTimes: Sendable {
    private let profile: ServingProfile
    private let laws: [TimeLaw]
    private let remaining: [Double]
    private let requestShare: Double

    init(_ world: World) {
        profile = world.profile
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
            outputTokens: workload.meanOutputTokens?[index] ?? 0,
            server: laws[profile.server.lowerEdges.lastIndex { $0 <= length } ?? 0], device: device,
            deviceOpen: profile.device.residuals.last == .infinity ? profile.device.masses.last ?? 0 : 0,
            masses: profile.device.masses, remaining: remaining, timeout: profile.timeout)
    }
}
