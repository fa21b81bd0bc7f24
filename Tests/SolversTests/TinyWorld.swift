import Distributions
import Profiles
import Serving
import Solvers
import TestSupport
import Traces

/// A world small enough to list every pair of times, and the outcomes of actions straight from their definition.
struct TinyWorld {
    let profile: ServingProfile
    /// Server samples per length, in seconds; infinite for failures.
    ///
    /// Worlds of even seed have two groups of lengths.
    let server: [Int: [Double]]
    /// Device samples per length, in seconds; infinite for failures.
    let device: [Int: [Double]]
    let timeout: Double

    /// Random lengths, server samples with ties and failures, a device line with noise and failures.
    ///
    /// Times lie on a grid of eighths, so that ties happen and sums are exact.
    init(seed: Int, hasNoise: Bool = true, canFail: Bool = true) {
        var generator = SeededGenerator(seed: seed)
        func eighths(_ range: ClosedRange<Int>) -> Double { Double(Int.random(in: range, using: &generator)) / 8 }
        timeout = canFail ? 4 : 64
        func serverSamples() -> [Double] {
            (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                canFail && Int.random(in: 0..<6, using: &generator) == 0 ? Double.infinity : eighths(1...40)
            }
        }
        let groups = seed.isMultiple(of: 2) ? [serverSamples(), serverSamples()] : [serverSamples()]
        let lengths = Set(
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in Int.random(in: 1...6, using: &generator) })
        var prompts: [Int] = []
        for length in lengths.sorted() {
            prompts += Array(repeating: length, count: Int.random(in: 1...3, using: &generator))
        }
        let perToken = eighths(1...4)
        var rows = TraceRows()
        let noise = hasNoise ? [-0.125, 0, 0.125, 0.25].prefix(Int.random(in: 1...4, using: &generator)) : [0]
        for residual in noise {
            rows.promptTokens.append(1)
            rows.ttft.append(0.5 + perToken + residual)
        }
        let failures = canFail ? Int.random(in: 0...1, using: &generator) : 0
        for _ in 0..<failures {
            rows.promptTokens.append(1)
            rows.ttft.append(.infinity)
        }
        let n = rows.ttft.count
        rows.outputTokens = Array(repeating: -1, count: n)
        rows.hours = Array(repeating: TraceRows.noHour, count: n)
        rows.isCensored = Array(repeating: false, count: n)
        rows.isHeldOut = Array(repeating: false, count: n)
        rows.counts = Array(repeating: 1, count: n)
        let curve = DeviceFit(intercept: 0.5, perToken: perToken)
        guard
            let device = try? DeviceProfile(
                rows: rows, part: .all, usesResiduals: true, curve: curve, timeout: 1_000)
        else { preconditionFailure("the tiny device has an answered row") }
        let floor = rows.ttft.min() ?? 0
        server = Dictionary(uniqueKeysWithValues: lengths.map { ($0, groups[$0 < 4 ? 0 : groups.count - 1]) })
        self.device = Dictionary(
            uniqueKeysWithValues: lengths.map { length in
                let times = noise.map { max(0.5 + perToken * Double(length) + $0, floor) }
                return (length, times + Array(repeating: .infinity, count: failures))
            })
        profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: prompts),
            server: ServerProfile(
                lowerEdges: groups.count == 1 ? [1] : [1, 4],
                groups: groups.map { [timeout] in Empirical(samples: $0, horizon: timeout) },
                pooled: Empirical(samples: groups.flatMap { $0 }, horizon: timeout)),
            device: device, timeout: timeout)
    }

    /// What happens to one pair of times, by the rules.
    struct Event {
        var ttft = 0.0
        var serverStarted = false
        var deviceStarted = false
        var winner: Endpoint?
    }

    func event(server s: Double, device d: Double, _ action: Action) -> Event {
        var event = Event()
        let serverTime = s > timeout ? Double.infinity : s
        event.serverStarted = action.serverWait == 0 || (action.serverWait.isFinite && d > action.serverWait)
        event.deviceStarted = action.deviceWait == 0 || (action.deviceWait.isFinite && serverTime > action.deviceWait)
        let byServer = event.serverStarted ? action.serverWait + serverTime : .infinity
        let byDevice = event.deviceStarted ? action.deviceWait + d : .infinity
        let first = min(byServer, byDevice)
        event.ttft = min(first, timeout)
        guard first <= timeout else { return event }
        if byServer == byDevice {
            event.winner = action.serverWait <= action.deviceWait ? .server : .device
        } else {
            event.winner = byServer < byDevice ? .server : .device
        }
        return event
    }

    /// The mean of `f` over all pairs of times for one length.
    func mean(_ length: Int, _ action: Action, _ f: (Event) -> Double) -> Double {
        let devices = device[length] ?? []
        var sum = 0.0
        let servers = server[length] ?? []
        for s in servers { for d in devices { sum += f(event(server: s, device: d, action)) } }
        return sum / Double(servers.count * devices.count)
    }

    /// All candidate actions: every pair with a wait at 0, at a time of either endpoint, or never.
    var actions: [Action] {
        let devices = device.values.flatMap { $0 }.filter { $0 < timeout }
        let waits = Set(server.values.flatMap { $0 }.filter { $0 < timeout } + devices + [0, .infinity]).sorted()
        return waits.map { Action(first: .server, otherAfter: $0) }
            + waits.map { Action(first: .device, otherAfter: $0) }
    }
}
