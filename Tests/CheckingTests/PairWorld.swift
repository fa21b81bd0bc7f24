import Checking
import Costs
import Distributions
import Profiles
import Serving
import TestSupport
import Traces

/// A world whose pairs of times can all be listed: what happens is read off each pair by the rules.
struct PairWorld {
    let profile: ServingProfile
    /// Times by length, in seconds; infinite for failures.
    ///
    /// All are equally likely.
    let server: [Int: [Double]]
    let device: [Int: [Double]]

    /// A world of given times.
    /// - Parameters:
    ///   - prompts: One length a request; each answer has twice as many tokens plus one.
    ///   - server: Server times, by group of lengths.
    ///   - edges: First lengths of the server's groups.
    ///   - times: Device times of a prompt of one token.
    ///   - perToken: Seconds more per further token.
    ///   - timeout: In seconds.
    init(
        prompts: [Int], server: [[Double]], edges: [Int] = [1], device times: [Double], perToken: Double,
        timeout: Double
    ) {
        var lengths = TraceRows()
        for length in prompts {
            lengths.promptTokens.append(length)
            lengths.ttft.append(.infinity)
            lengths.outputTokens.append(2 * length + 1)
        }
        var rows = TraceRows()
        for time in times {
            rows.promptTokens.append(1)
            rows.ttft.append(time)
            rows.outputTokens.append(-1)
        }
        for set in [\TraceRows.isCensored, \TraceRows.isHeldOut] {
            lengths[keyPath: set] = prompts.map { _ in false }
            rows[keyPath: set] = times.map { _ in false }
        }
        lengths.hours = prompts.map { _ in TraceRows.noHour }
        rows.hours = times.map { _ in TraceRows.noHour }
        lengths.counts = prompts.map { _ in 1 }
        rows.counts = times.map { _ in 1 }
        let base = times.min() ?? 0
        let curve = DeviceFit(intercept: (base.isFinite ? base : 1) - perToken, perToken: perToken)
        guard let workload = WorkloadProfile(rows: lengths, part: .all),
            let profile = try? DeviceProfile(
                rows: rows, part: .all, usesResiduals: true, curve: curve, timeout: 1_000)
        else { preconditionFailure("a small world has rows") }
        self.profile = ServingProfile(
            workload: workload,
            server: ServerProfile(
                lowerEdges: edges, groups: server.map { Empirical(samples: $0, horizon: timeout) },
                pooled: Empirical(samples: server.flatMap { $0 }, horizon: timeout)),
            device: profile, timeout: timeout)
        self.server = Dictionary(
            uniqueKeysWithValues: workload.lengths.map { length in
                (length, server[edges.lastIndex { $0 <= length } ?? 0])
            })
        device = Dictionary(
            uniqueKeysWithValues: workload.lengths.map { length in
                (length, times.map { $0.isFinite ? $0 + perToken * Double(length - 1) : .infinity })
            })
    }

    /// Random times on a grid of eighths, so that sums are exact and ties happen; some beyond the timeout, some failed.
    init(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        func times(_ count: ClosedRange<Int>, _ eighths: ClosedRange<Int>) -> [Double] {
            (0..<Int.random(in: count, using: &generator)).map { _ in
                Int.random(in: 0..<6, using: &generator) == 0
                    ? .infinity : Double(Int.random(in: eighths, using: &generator)) / 8
            }
        }
        let prompts = (0..<Int.random(in: 1...6, using: &generator)).map { _ in Int.random(in: 1...6, using: &generator)
        }
        let groups = seed.isMultiple(of: 2) ? 2 : 1
        self.init(
            prompts: prompts, server: (0..<groups).map { _ in times(1...6, 1...36) },
            edges: groups == 1 ? [1] : [1, 4], device: times(1...4, 2...14) + [Double](repeating: 0.5, count: 1),
            perToken: Double(Int.random(in: 0...5, using: &generator)) / 8, timeout: 4)
    }

    private var timeout: Double { profile.timeout }

    /// What happens to one pair of times.
    struct Event {
        var ttft = 0.0
        var serverStarted = false
        var deviceStarted = false
        var winner: Endpoint?
    }

    func event(server: Double, device: Double, _ action: Action) -> Event {
        let (ws, wd) = (action.serverWait, action.deviceWait)
        let server = server > timeout ? .infinity : server
        var event = Event()
        // Nothing is started once the request has failed.
        event.serverStarted = ws == 0 || (ws < timeout && device > ws)
        event.deviceStarted = wd == 0 || (wd < timeout && server > wd)
        let s = event.serverStarted ? ws + server : .infinity
        let d = event.deviceStarted ? wd + device : .infinity
        event.ttft = min(s, d, timeout)
        guard min(s, d) <= timeout else { return event }
        event.winner = s == d ? (ws <= wd ? .server : .device) : s < d ? .server : .device
        return event
    }

    /// The mean of `value` over requests of `lengths` and all their pairs, for a policy; others count as 0.
    func mean(
        of lengths: Range<Int> = 1..<Int.max, _ action: (Int) -> Action, _ value: (Int, Event) -> Double
    ) -> Double {
        var sum = 0.0
        for (length, count) in zip(profile.workload.lengths, profile.workload.counts) where lengths.contains(length) {
            let (servers, devices) = (server[length] ?? [], device[length] ?? [])
            let action = action(length)
            var own = 0.0
            for s in servers { for d in devices { own += value(length, event(server: s, device: d, action)) } }
            sum += own * Double(count) / Double(servers.count * devices.count)
        }
        return sum / Double(profile.workload.requests)
    }

    /// A metric of one event; the mean of these is the metric.
    func value(of metric: Metric, _ length: Int, _ event: Event, _ costs: CostModel) -> Double {
        func started(_ endpoint: Endpoint) -> Double {
            (endpoint == .server ? event.serverStarted : event.deviceStarted) ? Double(length) : 0
        }
        func decoded(_ endpoint: Endpoint) -> Double { event.winner == endpoint ? Double(2 * length + 1) : 0 }
        let use = TokenUse(
            serverPrefill: started(.server), serverDecode: decoded(.server), devicePrefill: started(.device),
            deviceDecode: decoded(.device))
        switch metric {
        case .ttftMean: return event.ttft
        case .devicePrefillShare: return started(.device) / profile.workload.meanPromptTokens
        case .serverPrefillShare: return started(.server) / profile.workload.meanPromptTokens
        case .deviceAnswerShare: return event.winner == .device ? 1 : 0
        case .failedShare: return event.winner == nil ? 1 : 0
        case .costMean: return costs.money(for: use) ?? .nan
        case .energyMean: return costs.joules(for: use) ?? .nan
        case .qoeMean: return event.winner.map { stream($0, length, event).qoe } ?? 0
        case .goodputSmooth:
            let metrics = QualitySettings.sample.metrics
            let lost = metrics.alpha * metrics.deadlineTokensPerSecond * timeout
            return (event.winner.map { stream($0, length, event).benefit } ?? -lost)
                * (QualitySettings.sample.requestsPerSecond ?? 1)
        default: preconditionFailure("\(metric) is no mean")
        }
    }

    /// QoE, the mean over readers, and smooth goodput's benefit of a response, walked token by token.
    private func stream(_ winner: Endpoint, _ length: Int, _ event: Event) -> (qoe: Double, benefit: Double) {
        let quality = QualitySettings.sample
        let (metrics, tokens) = (quality.metrics, 2 * length + 1)
        let times = (0..<tokens).map { event.ttft + Double($0) * quality.tpot(of: winner) }
        var qoe = 0.0
        for pace in quality.readers?.paces ?? [] {
            var (read, late, all) = (-Double.infinity, 0.0, 0.0)
            let ideals = times.indices.map { metrics.ttftTarget + Double($0) / pace.tokensPerSecond }
            for (time, ideal) in zip(times, ideals) {
                read = max(time, read + 1 / pace.tokensPerSecond)
                late += max(0, read - ideal)
            }
            for ideal in ideals { all += read - ideal }
            qoe += pace.share * (late > 0 ? 1 - late / all : 1)
        }
        var idle = 0.0
        for (j, time) in zip(1..., times) { idle = max(idle, time - metrics.deadline(j)) }
        return (qoe, Double(tokens) - metrics.alpha * metrics.deadlineTokensPerSecond * min(idle, timeout))
    }

    /// Every wait at which anything can change for a request of `length`, its neighbours among doubles, and never.
    func waits(late: [Double]) -> [Double] {
        var waits: Set<Double> = [0, .infinity, timeout.nextDown]
        for length in profile.workload.lengths {
            let (servers, devices) = (server[length] ?? [], device[length] ?? [])
            let times = (servers + devices).filter(\.isFinite)
            for t in times {
                waits.formUnion([t] + (late + [timeout]).map { $0 - t })
                for other in times { waits.insert(t - other) }
            }
        }
        var near: Set<Double> = []
        // A wait so much longer moves the sum with any time by a double or two.
        let nudge = 2 * timeout.ulp
        for wait in waits { near.formUnion([wait.nextDown, wait, wait.nextUp, wait - nudge, wait + nudge]) }
        func isWait(_ wait: Double) -> Bool { wait >= 0 && (wait < timeout || wait == .infinity) }
        return near.filter(isWait).sorted()
    }
}

extension CostModel {
    /// Prices that make every part of a cost count.
    static let sample = CostModel(
        server: PerToken(prefill: 0.5, decode: 2), device: PerToken(prefill: 0.25, decode: 0.125),
        deviceEnergy: PerToken(prefill: 1, decode: 3), moneyPerJoule: 0.25)
}

extension QualitySettings {
    /// A device slower than some readers and than its deadlines, a server faster than all.
    static let sample = QualitySettings(
        serverTPOT: 0.0625, deviceTPOT: 0.5,
        readers: Readers([
            .init(share: 0.5, tokensPerSecond: 1), .init(share: 0.25, tokensPerSecond: 4),
            .init(share: 0.25, tokensPerSecond: 8),
        ]), metrics: MetricSettings(ttftTarget: 1, deadlineOffset: 0.5, deadlineTokensPerSecond: 4, alpha: 2),
        requestsPerSecond: 0.25)
}

extension Metric {
    /// Metrics that are means over requests.
    static let linear: [Metric] = [
        .ttftMean, .devicePrefillShare, .serverPrefillShare, .deviceAnswerShare, .failedShare, .costMean, .energyMean,
    ]
}
