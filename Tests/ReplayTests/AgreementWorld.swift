import Costs
import Distributions
import Profiles
import Replay
import Serving
import TestSupport
import Traces

/// A random world twice: as profiles, which the solvers' formulas take, and as what a replay draws from.
struct AgreementWorld {
    let profile: ServingProfile
    let costs: CostModel
    let plan: DispatchPlan

    /// A world with groups of lengths, noise, failures, times beyond the timeout and a mixture per bucket.
    init(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        // Every third world has its times on a grid, so that both first tokens fall together.
        let isGrid = seed.isMultiple(of: 3)
        func time(_ range: ClosedRange<Int>) -> Double {
            isGrid
                ? Double(Int.random(in: range, using: &generator)) / 8
                : Double.random(in: Double(range.lowerBound)...Double(range.upperBound), using: &generator) / 8
        }
        let timeout = 4.0
        var requests = TraceRows()
        for _ in 0..<Int.random(in: 1...25, using: &generator) {
            requests.promptTokens.append(Int.random(in: 1...9, using: &generator))
            requests.outputTokens.append(Int.random(in: 0...40, using: &generator))
            requests.ttft.append(.infinity)
        }
        func complete(_ rows: inout TraceRows) {
            let n = rows.ttft.count
            rows.isCensored = Array(repeating: false, count: n)
            rows.isHeldOut = Array(repeating: false, count: n)
            rows.hours = Array(repeating: TraceRows.noHour, count: n)
            rows.counts = Array(repeating: 1, count: n)
        }
        complete(&requests)
        var device = TraceRows()
        for index in 0..<Int.random(in: 1...8, using: &generator) {
            let isFailed = index > 0 && Int.random(in: 0..<5, using: &generator) == 0
            device.promptTokens.append(1)
            device.outputTokens.append(-1)
            device.ttft.append(isFailed ? .infinity : time(3...20))
        }
        complete(&device)
        let edges = Bool.random(using: &generator) ? [1] : [1, 5]
        let groups = edges.map { _ in
            (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                Int.random(in: 0..<7, using: &generator) == 0 ? Double.infinity : time(1...40)
            }
        }
        guard let workload = WorkloadProfile(rows: requests, part: .all),
            let times = try? DeviceProfile(
                rows: device, part: .all, usesResiduals: true,
                curve: DeviceFit(intercept: 0.25, perToken: time(0...2)), timeout: timeout)
        else { preconditionFailure("a small world has rows") }
        profile = ServingProfile(
            workload: workload,
            server: ServerProfile(
                lowerEdges: edges, groups: groups.map { Empirical(samples: $0, horizon: timeout) },
                pooled: Empirical(samples: groups.flatMap { $0 }, horizon: timeout)), device: times, timeout: timeout)
        costs = CostModel(
            server: PerToken(prefill: 0.14e-6, decode: 0.28e-6), deviceEnergy: PerToken(prefill: 0.025, decode: 0.155),
            moneyPerJoule: 1e-6)
        func action() -> Action {
            let wait = [0, time(1...30), time(1...30), .infinity][Int.random(in: 0..<4, using: &generator)]
            return Action(first: Bool.random(using: &generator) ? .server : .device, otherAfter: wait)
        }
        func mixture() -> Mixture {
            Mixture(action(), share: [0.25, 0.5, 1][Int.random(in: 0..<3, using: &generator)], else: action())
        }
        plan = DispatchPlan(lowerEdges: [1, 4], mixtures: [mixture(), mixture()])
    }

    /// The same world to draw from.
    var replayed: ReplayWorld {
        let outputs = profile.workload.outputs
        let device = profile.device
        return ReplayWorld(
            promptTokens: outputs.map(\.promptTokens), outputTokens: outputs.map(\.outputTokens),
            weights: outputs.map { Double($0.count) },
            server: ReplayWorld.ServerTimes(
                lowerEdges: profile.server.lowerEdges, groups: profile.server.groups.map(TimeSamples.init(_:))),
            device: ReplayWorld.DeviceTimes(
                residuals: TimeSamples(
                    device.residuals.map { $0 < .infinity ? $0 : TimeSamples.unidentified } + [TimeSamples.failed],
                    weights: device.masses + [device.failedShare]), floor: device.floor
            ) { [fit = device.fit] in fit.seconds(promptTokens: $0) },
            timeout: profile.timeout, costs: costs)
    }
}
