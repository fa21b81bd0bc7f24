internal import Distributions
internal import LinearAlgebra
internal import Profiles
internal import Serving

/// What plans would have done hour by hour: the limited endpoint's prefilled tokens and the TTFT, as sums that resamples
/// and windows need no more than to add up.
///
/// Here each series varies by itself, the other distributions staying as they are over all hours; `HourlyModel+Joint` has
/// those that vary together.
/// Source: derived, docs/maths/risk.md.
struct HourlyModel {
    let profile: ServingProfile
    let model: FirstTokenModel
    let limited: Endpoint
    /// The server's group of each of the workload's lengths.
    private let groupOfLength: [Int]

    init(_ profile: ServingProfile, limited: Endpoint) {
        self.profile = profile
        self.limited = limited
        model = FirstTokenModel(profile)
        groupOfLength = profile.workload.lengths.map { profile.server.group(of: $0) }
    }

    /// Whether a series has a say in the limited endpoint's share: the other endpoint's times and prompt lengths do.
    func movesShare(_ role: HourlyProfile.Role) -> Bool {
        switch role {
        case .server: limited == .device
        case .device: limited == .server
        case .workload: true
        }
    }

    /// Prompt tokens that the limited endpoint prefills under each plan, against all prompt tokens.
    func prefilled(under plans: [DispatchPlan], in series: HourlyProfile.Series) -> HourlySums {
        switch series.role {
        case .server: byServerTimes(plans, series.requests)
        case .device: byDeviceTimes(plans, series.requests)
        case .workload: byLengths(plans, series.requests)
        }
    }

    /// The limited endpoint's share of prompt tokens over all pairs of requests and times.
    func share(under plan: DispatchPlan) -> Double {
        let workload = profile.workload
        var tokens = 0.0
        if limited == .device {
            for (group, own, mixture) in groupRuns(of: plan) {
                let length = profile.server.lowerEdges[group]  // any length of the group has its times
                for part in mixture.parts {
                    tokens +=
                        part.probability * own
                        * model.startShare(of: .device, promptTokens: length, under: part.action)
                }
            }
        } else {
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for part in mixture.parts {
                    for i in range {
                        tokens +=
                            part.probability * Double(workload.lengths[i] * workload.counts[i])
                            * model.startShare(of: .server, promptTokens: workload.lengths[i], under: part.action)
                    }
                }
            }
        }
        return tokens / (workload.meanPromptTokens * Double(workload.requests))
    }

    /// Runs of lengths that share a mixture and a group of server times, with their prompt tokens.
    private func groupRuns(of plan: DispatchPlan) -> [(group: Int, tokens: Double, mixture: Mixture)] {
        let workload = profile.workload
        var runs: [(group: Int, tokens: Double, mixture: Mixture)] = []
        for (range, mixture) in plan.runs(over: workload.lengths) {
            var last = -1
            for i in range {
                if groupOfLength[i] != last {
                    last = groupOfLength[i]
                    runs.append((last, 0, mixture))
                }
                runs[runs.count - 1].tokens += Double(workload.lengths[i] * workload.counts[i])
            }
        }
        return runs
    }

    // MARK: - The server's times

    /// The share of tokens in each group of lengths, and the dated requests of the group in the server's trace.
    func groups(_ requests: HourlyRequests) -> (tokens: [Double], requests: [Double], seen: [Double]) {
        let server = profile.server
        var tokens = [Double](repeating: 0, count: server.groups.count)
        var shares = tokens
        var seen = tokens
        for (length, count) in zip(profile.workload.lengths, profile.workload.counts) {
            tokens[server.group(of: length)] += Double(length * count)
            shares[server.group(of: length)] += Double(count)
        }
        for (length, count) in zip(requests.promptTokens, requests.counts) {
            seen[server.group(of: length)] += Double(count)
        }
        return (tokens, shares, seen)
    }

    /// A server request of a group stands for its part of the group's tokens, and starts the device after each of the
    /// waits below its time.
    ///
    /// All that a time decides is which of the plans' waits it exceeds, so times are
    /// counted between neighbouring waits.
    private func byServerTimes(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let server = profile.server
        let (tokens, _, seen) = groups(requests)
        // [group][plan]: (wait, tokens that wait so long)
        var masses = [[[(wait: Double, mass: Double)]]](
            repeating: Array(repeating: [], count: plans.count), count: server.groups.count)
        var waits = [Set<Double>](repeating: [], count: server.groups.count)
        for (p, plan) in plans.enumerated() {
            for (group, own, mixture) in groupRuns(of: plan) {
                for part in mixture.parts where part.action.deviceWait < profile.timeout {
                    masses[group][p].append((part.action.deviceWait, part.probability * own))
                    if part.action.deviceWait > 0 { waits[group].insert(part.action.deviceWait) }
                }
            }
        }
        let sorted = waits.map { $0.sorted() }
        var offsets = [0]
        for waits in sorted { offsets.append(offsets[offsets.count - 1] + waits.count + 1) }
        var table = Matrix(rows: plans.count + 1, columns: offsets[offsets.count - 1])
        for (group, waits) in sorted.enumerated() {
            let places = Dictionary(uniqueKeysWithValues: waits.enumerated().map { ($0.element, $0.offset + 1) })
            for p in plans.indices {
                for (wait, mass) in masses[group][p] {
                    table[p, offsets[group] + (wait == 0 ? 0 : places[wait] ?? 0)] += mass
                }
                for key in offsets[group] + 1..<offsets[group + 1] { table[p, key] += table[p, key - 1] }
            }
            for key in offsets[group]..<offsets[group + 1] { table[plans.count, key] = tokens[group] }
        }
        return HourlySums(of: requests, table: table) { i in
            let group = server.group(of: requests.promptTokens[i])
            let exceeded = sorted[group].firstIndex(from: 0) { $0 >= requests.seconds[i] }
            return (offsets[group] + exceeded, 1 / seen[group])
        }
    }

    // MARK: - The device's times

    /// The residual of a device request, as its place among the profile's; one place more for failures.
    func residualPlace(_ requests: HourlyRequests, _ i: Int) -> Int {
        let residuals = profile.device.residuals
        guard requests.seconds[i].isFinite else { return residuals.count }
        let residual = requests.seconds[i] - profile.device.fit.seconds(promptTokens: requests.promptTokens[i])
        return min(residuals.firstIndex(from: 0) { $0 >= residual }, residuals.count - 1)
    }

    /// A device request stands for its residual, at every length; it starts the server after each of the waits below
    /// the time that makes.
    private func byDeviceTimes(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let device = profile.device
        let failure = device.residuals.count
        var table = Matrix(rows: plans.count + 1, columns: failure + 1)
        let workload = profile.workload
        for (p, plan) in plans.enumerated() {
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for part in mixture.parts where part.action.serverWait < profile.timeout {
                    let wait = part.action.serverWait
                    for i in range {
                        let tokens = Double(workload.lengths[i] * workload.counts[i]) * part.probability
                        // Times ascend with residuals, so those that exceed the wait are the last ones.
                        let first =
                            wait == 0
                            ? 0
                            : device.residuals.firstIndex(from: 0) {
                                device.seconds(promptTokens: workload.lengths[i], residual: $0) > wait
                            }
                        table[p, first] += tokens
                    }
                }
            }
            for key in 1..<failure + 1 { table[p, key] += table[p, key - 1] }
        }
        let tokens = workload.meanPromptTokens * Double(workload.requests)
        for key in 0...failure { table[plans.count, key] = tokens }
        return HourlySums(of: requests, table: table) { (residualPlace(requests, $0), 1) }
    }

    // MARK: - Prompt lengths

    /// A workload request stands for its length.
    private func byLengths(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let lengths = profile.workload.lengths
        var table = Matrix(rows: plans.count + 1, columns: lengths.count)
        for (p, plan) in plans.enumerated() {
            for (range, mixture) in plan.runs(over: lengths) {
                for i in range {
                    let started = mixture.parts.reduce(0) {
                        $0 + $1.probability
                            * model.startShare(of: limited, promptTokens: lengths[i], under: $1.action)
                    }
                    table[p, i] = started * Double(lengths[i])
                }
            }
        }
        for (i, length) in lengths.enumerated() { table[plans.count, i] = Double(length) }
        return HourlySums(of: requests, table: table) { (place(requests.promptTokens[$0]), 1) }
    }

    func place(_ length: Int) -> Int {
        let lengths = profile.workload.lengths
        return min(lengths.firstIndex(from: 0) { $0 >= length }, lengths.count - 1)
    }
}

extension FirstTokenModel {
    /// P(the endpoint is started) for a prompt of `length` tokens.
    /// - Complexity: O(log residuals).
    func startShare(of endpoint: Endpoint, promptTokens length: Int, under action: Action) -> Double {
        let wait = action.wait(of: endpoint)
        if wait == 0 { return 1 }
        if wait >= profile.timeout { return 0 }
        return endpoint == .server
            ? profile.device.survival(promptTokens: length, at: wait)
            : profile.server.groups[profile.server.group(of: length)].survival(at: wait)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index from `low` whose element has a property that, once true, stays true; the end if none has.
    func firstIndex(from low: Int, where isBeyond: (Element) -> Bool) -> Int {
        var low = low
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
