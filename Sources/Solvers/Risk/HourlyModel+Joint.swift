internal import Distributions
internal import LinearAlgebra
internal import Profiles
internal import Serving

/// Hourly sums with the clock that their hours are on.
struct ClockedSums {
    let clock: Int
    let sums: HourlySums
    /// Whether they are of server times and prompts as they came together.
    var isJoint = false
}

extension [ClockedSums] {
    /// Each plan's outcome over all hours: where server times and prompts came together, as they did; else that of all
    /// their pairs, which `pairs` has.
    func outcomes(orOf pairs: [Double]) -> [Double] { first(where: \.isJoint)?.sums.ratios ?? pairs }
}

extension HourlyModel {
    /// Prompt tokens that the limited endpoint prefills under each plan: one table a series, or one for the server and
    /// the workload together where they are of one clock.
    func prefilled(under plans: [DispatchPlan], in series: [HourlyProfile.Series]) -> [ClockedSums] {
        joined(series.filter { movesShare($0.role) }) {
            prefilled(under: plans, in: $0)
        } together: { server, prompts in
            byHour(plans, server, prompts) { model, lengths, action in
                lengths.map { Double($0) * model.startShare(of: limited, promptTokens: $0, under: action) }
            } weight: {
                Double($0)
            }
        }
    }

    /// The sum of min(TTFT, timeout) under each plan, likewise.
    func waited(under plans: [DispatchPlan], in series: [HourlyProfile.Series]) -> [ClockedSums] {
        joined(series) {
            waited(under: plans, in: $0)
        } together: { server, prompts in
            byHour(plans, server, prompts) { model, lengths, action in
                model.meanTTFT(promptTokens: lengths, under: action)
            } weight: { _ in
                1
            }
        }
    }

    private func joined(
        _ series: [HourlyProfile.Series], alone: (HourlyProfile.Series) -> HourlySums,
        together: (HourlyRequests, HourlyRequests) -> HourlySums
    ) -> [ClockedSums] {
        let server = series.first { $0.role == .server }
        let prompts = series.first { $0.role == .workload }
        guard let server, let prompts, server.clock == prompts.clock else {
            return series.map { ClockedSums(clock: $0.clock, sums: alone($0)) }
        }
        let rest = series.filter { $0.role == .device }
        return [ClockedSums(clock: server.clock, sums: together(server.requests, prompts.requests), isJoint: true)]
            + rest.map { ClockedSums(clock: $0.clock, sums: alone($0)) }
    }

    /// Sums over each hour's own prompts with each hour's own server times; a group of lengths without times in an
    /// hour keeps those of all hours.
    private func byHour(
        _ plans: [DispatchPlan], _ server: HourlyRequests, _ prompts: HourlyRequests,
        value: (FirstTokenModel, ArraySlice<Int>, Action) -> [Double], weight: (Int) -> Double
    ) -> HourlySums {
        var table = Matrix(rows: plans.count + 1, columns: prompts.hours)
        for hour in 0..<prompts.hours {
            let range = prompts.starts[hour]..<prompts.starts[hour + 1]
            guard !range.isEmpty else { continue }
            var requests: [Int: Int] = [:]
            for i in range { requests[prompts.promptTokens[i], default: 0] += prompts.counts[i] }
            let lengths = requests.keys.sorted()
            let counts = lengths.map { Double(requests[$0] ?? 0) }
            let model = FirstTokenModel(
                ServingProfile(
                    workload: profile.workload, server: times(server, hour), device: profile.device,
                    timeout: profile.timeout))
            for (length, count) in zip(lengths, counts) { table[plans.count, hour] += count * weight(length) }
            for (p, plan) in plans.enumerated() {
                for (run, mixture) in plan.runs(over: lengths) {
                    for part in mixture.parts {
                        let values = value(model, lengths[run], part.action)
                        for (i, value) in zip(run, values) { table[p, hour] += part.probability * counts[i] * value }
                    }
                }
            }
        }
        return HourlySums(table: table)
    }

    /// The server's times in one hour.
    private func times(_ requests: HourlyRequests, _ hour: Int) -> ServerProfile {
        let server = profile.server
        var members = [[Int]](repeating: [], count: server.groups.count)
        for i in requests.starts[hour]..<requests.starts[hour + 1] {
            members[server.group(of: requests.promptTokens[i])].append(i)
        }
        let groups = members.enumerated().map { group, own in
            own.isEmpty
                ? server.groups[group]
                : Empirical(values: own.map { requests.seconds[$0] }, counts: own.map { requests.counts[$0] })
        }
        return ServerProfile(lowerEdges: server.lowerEdges, groups: groups, pooled: server.pooled)
    }
}
