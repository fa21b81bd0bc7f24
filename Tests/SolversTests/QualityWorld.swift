import Costs
import Profiles
import Serving
import Solvers
import TestSupport

/// A small world whose streams are told token by token, in every combination of times, from their definitions.
struct QualityWorld {
    let joint: JointWorld
    let quality: QualitySettings
    let losses: StreamLosses

    /// A world of random paces, readers and targets.
    init(seed: Int) throws {
        joint = try JointWorld(seed: seed)
        var generator = SeededGenerator(seed: seed + 77_000)
        let metrics = MetricSettings(
            ttftTarget: [0.25, 1, 2].randomElement(using: &generator) ?? 1,
            deadlineOffset: [0, 0.5].randomElement(using: &generator) ?? 0,
            deadlineTokensPerSecond: [2, 5, 10].randomElement(using: &generator) ?? 5,
            alpha: [0.5, 2.5].randomElement(using: &generator) ?? 1)
        let world = joint.world
        quality = QualitySettings(
            serverTPOT: world.tpot[.server] ?? 1, deviceTPOT: world.tpot[.device] ?? 1,
            readers: Readers(world.readers.map { .init(share: $0.share, tokensPerSecond: $0.pace) }), metrics: metrics,
            requestsPerSecond: seed.isMultiple(of: 3) ? 0.5 : nil)
        guard let losses = StreamLosses(joint.profile, quality) else { preconditionFailure("answers are known") }
        self.losses = losses
    }

    var profile: ServingProfile { joint.profile }

    func program(
        _ objective: Metric, _ limits: [Limit], edges: [Int] = [1], isDeterministic: Bool = false,
        handsOver: Bool = false
    ) -> DispatchProgram {
        let plain = joint.program(objective, limits, edges: edges, handsOver: handsOver)
        return DispatchProgram(
            worlds: [.init(profile: profile, buckets: Buckets(edges: edges), losses: losses)], costs: joint.costs,
            objective: objective, limits: limits, isDeterministic: isDeterministic, handOvers: plain.handOvers)
    }

    func outcomes(_ action: Action) -> Outcomes { outcomes(DispatchPlan(everywhere: Mixture(action))) }

    func outcomes(_ plan: DispatchPlan) -> Outcomes {
        FirstTokenModel(profile).outcomes(of: plan, costs: joint.costs, losses: losses, quantiles: [])
    }

    // MARK: - From the definition

    /// QoE and smooth goodput's benefit of a response, token by token.
    func response(_ winner: Endpoint, first: Double, tokens: Int, pace: Double) -> (qoe: Double, benefit: Double) {
        streamedTokenByToken(
            first: first, tokens: tokens, gap: quality.tpot(of: winner), pace: pace, quality.metrics,
            timeout: joint.world.timeout)
    }

    /// What an action comes to for one request of all: its metrics, by the names of those that are means.
    func values(_ action: Action, from: Int = 1, to: Int = .max) -> [Metric: Double] {
        let world = joint.world
        var sums: [Metric: Double] = [:]
        let unit = 1 / Double(world.requests.count)
        let tokens = Double(world.requests.reduce(0) { $0 + $1.prompt })
        for request in world.requests where request.prompt >= from && request.prompt <= to {
            let (servers, devices) = (world.serverSamples(request.prompt), world.deviceSamples(request.prompt))
            let weight = unit / Double(servers.count * devices.count)
            for s in servers {
                for d in devices {
                    let event = event(s, d, action)
                    sums[.ttftMean, default: 0] += weight * event.time
                    let started = Double(world.requests.count * request.prompt) / tokens
                    if event.serverStarted { sums[.serverPrefillShare, default: 0] += weight * started }
                    if event.deviceStarted { sums[.devicePrefillShare, default: 0] += weight * started }
                    if event.winner == .device { sums[.deviceAnswerShare, default: 0] += weight }
                    guard let winner = event.winner else {
                        let lost = quality.metrics.alpha * quality.metrics.deadlineTokensPerSecond * world.timeout
                        sums[.goodputSmooth, default: 0] -= weight * lost * (quality.requestsPerSecond ?? 1)
                        continue
                    }
                    for reader in world.readers {
                        let stream = response(winner, first: event.time, tokens: request.output, pace: reader.pace)
                        sums[.qoeMean, default: 0] += weight * reader.share * stream.qoe
                        sums[.goodputSmooth, default: 0] +=
                            weight * reader.share * stream.benefit * (quality.requestsPerSecond ?? 1)
                    }
                }
            }
        }
        return sums
    }

    private func event(
        _ s: Double, _ d: Double, _ action: Action
    ) -> (time: Double, winner: Endpoint?, serverStarted: Bool, deviceStarted: Bool) {
        let timeout = joint.world.timeout
        let server = s > timeout ? .infinity : s
        let serverStarts = action.serverWait == 0 || action.serverWait.isFinite && d > action.serverWait
        let deviceStarts = action.deviceWait == 0 || action.deviceWait.isFinite && server > action.deviceWait
        let byServer = serverStarts ? action.serverWait + server : .infinity
        let byDevice = deviceStarts ? action.deviceWait + d : .infinity
        let time = min(byServer, byDevice)
        guard time <= timeout else { return (timeout, nil, serverStarts, deviceStarts) }
        let serverWins = byServer == byDevice ? action.serverWait <= action.deviceWait : byServer < byDevice
        return (time, serverWins ? .server : .device, serverStarts, deviceStarts)
    }

    /// Every action at which something changes for prompts of a range, and its neighbours.
    func actions(from: Int = 1, to: Int = .max) -> [Action] {
        let prompts = Set(joint.world.requests.map(\.prompt).filter { $0 >= from && $0 <= to }).sorted()
        let waits = joint.waits(prompts)
        return waits.map { Action(first: .server, otherAfter: $0) }
            + waits.dropFirst().map { Action(first: .device, otherAfter: $0) }
    }
}

/// QoE and smooth goodput's benefit of a response, walked token by token.
func streamedTokenByToken(
    first: Double, tokens: Int, gap: Double, pace: Double, _ metrics: MetricSettings, timeout: Double
) -> (qoe: Double, benefit: Double) {
    guard tokens > 0 else { return (1, 0) }
    var (read, late, idealSum, idle) = (-Double.infinity, 0.0, 0.0, 0.0)
    for j in 1...tokens {
        let time = first + Double(j - 1) * gap
        read = max(time, read + 1 / pace)
        let ideal = metrics.ttftTarget + Double(j - 1) / pace
        late += max(0, read - ideal)
        idealSum += ideal
        idle = max(idle, time - metrics.deadlineOffset - Double(j) / metrics.deadlineTokensPerSecond)
    }
    let qoe = late > 0 ? 1 - late / (Double(tokens) * read - idealSum) : 1
    let weight = metrics.alpha * metrics.deadlineTokensPerSecond
    return (qoe, Double(tokens) - weight * min(idle, timeout))
}
