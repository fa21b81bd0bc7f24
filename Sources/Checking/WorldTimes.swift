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
    /// What late first tokens lose, by prompt length; empty where that is not known.
    private let qoe: [LossLaw]
    private let goodput: [LossLaw]

    init(_ world: World, quality: QualitySettings? = nil) {
        profile = world.profile
        let answers = Self.answers(world.profile.workload)
        self.answers = answers
        let known = world.profile.workload.outputs.isEmpty ? nil : quality
        qoe = known.map { Self.qoe($0, answers, world.profile.timeout) } ?? []
        goodput = known.map { Self.goodput($0, answers, world.profile.timeout) } ?? []
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
            masses: profile.device.masses, remaining: remaining, timeout: profile.timeout,
            qoe: qoe.isEmpty ? nil : qoe[index], goodput: goodput.isEmpty ? nil : goodput[index])
    }

    private static func qoe(
        _ quality: QualitySettings, _ answers: [[(tokens: Int, share: Double)]], _ timeout: Double
    ) -> [LossLaw] {
        guard let readers = quality.readers else { return [] }
        let breaks = QualityTable.breaks(
            quality.metrics, readers, gaps: [quality.serverTPOT, quality.deviceTPOT],
            outputs: answers.flatMap { $0.map(\.tokens) }, timeout: timeout)
        return answers.map { answers in
            func table(_ gap: Double) -> QualityTable {
                QualityTable(answers, gap: gap, readers, quality.metrics, breaks: breaks)
            }
            return LossLaw(server: table(quality.serverTPOT), device: table(quality.deviceTPOT), failed: 1)
        }
    }

    private static func goodput(
        _ quality: QualitySettings, _ answers: [[(tokens: Int, share: Double)]], _ timeout: Double
    ) -> [LossLaw] {
        let metrics = quality.metrics
        return answers.map { answers in
            func table(_ gap: Double) -> LatenessTable { LatenessTable(answers, gap: gap, metrics, timeout: timeout) }
            // Its tokens are lost, too.
            let tokens = answers.reduce(0) { $0 + $1.share * Double($1.tokens) }
            return LossLaw(
                server: table(quality.serverTPOT), device: table(quality.deviceTPOT),
                failed: metrics.alpha * metrics.deadlineTokensPerSecond * timeout + tokens)
        }
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
