internal import Distributions
internal import Profiles
internal import Serving
internal import Traces

/// How much the outcomes of a policy hang on which new rows happened to be logged.
///
/// The rows of one new trace are dealt into K random parts, the others left whole, and the outcomes computed without each part:
/// values V₁ ... V_K with mean V̄ give the variance (K − 1)/K Σ (V_k − V̄)². The traces are independent, so variances add. It says
/// nothing of drift within the new rows.
/// Source: the jackknife by groups (Quenouille 1956, Tukey 1958); docs/maths/drift.md.
struct DriftSampling {
    let problem: Problem
    let now: StudyProfiles
    let roles: Set<NewTrace.Role>
    let rows: DriftRows

    /// Number of parts of a trace.
    static let parts = 20

    /// Standard errors of a policy's metrics on all new rows; empty where any trace has too few rows to tell.
    /// - Complexity: O(parts) evaluations of the policy for each new trace; holds one at a time.
    func standardErrors(of metrics: [Metric], _ plans: [DispatchPlan]) -> [Metric: Double] {
        guard !metrics.isEmpty else { return [:] }
        let (handOvers, quality) = (now.handOvers(problem), now.quality(problem))
        var variances: [Metric: Double] = [:]
        let count = Double(Self.parts)
        for role in NewTrace.Role.allCases where roles.contains(role) {
            guard let own = rows.now[role], own.requests >= Self.parts else { return [:] }
            let hands = own.hands(Self.parts, seed: 1)
            var values: [Metric: [Double]] = [:]
            for part in 0..<Self.parts {
                guard let worlds = worlds(with: own.without(part, of: hands), as: role) else { return [:] }
                let outcomes = PolicyOutcomes(
                    plans, in: worlds, metrics, problem, handOvers: handOvers, quality: quality)
                for metric in metrics { if let value = outcomes[metric] { values[metric, default: []].append(value) } }
            }
            for (metric, own) in values where own.count == Self.parts {
                let mean = own.reduce(0, +) / count
                let squares = own.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
                variances[metric, default: 0] += squares * (count - 1) / count
            }
        }
        return variances.mapValues { $0.squareRoot() }
    }

    /// The worlds of all new rows but for one trace, of which there are only `rows`; nil where these make no profile.
    private func worlds(with rows: TraceRows, as role: NewTrace.Role) -> [StudyWorld]? {
        var (workload, server, device) = (now.all.workload, now.all.server, now.all.device)
        switch role {
        case .workload:
            guard let own = WorkloadProfile(rows: rows, part: .all) else { return nil }
            workload = own
        case .server:
            let own = ServerProfile(
                rows: rows, part: .all, isConditioned: now.isConditioned, edges: server.lowerEdges,
                timeout: problem.timeout)
            guard let own else { return nil }
            server = own
        case .device:
            let own = try? DeviceProfile(
                rows: rows, part: .all, usesResiduals: problem.device.usesResiduals, curve: device.fit,
                timeout: problem.timeout)
            guard let own else { return nil }
            device = own
        }
        let profile = ServingProfile(workload: workload, server: server, device: device, timeout: problem.timeout)
        guard let day = now.day else { return [StudyWorld(hours: nil, share: 1, profile: profile)] }
        guard let times = role == .server ? rows : self.rows.now[.server] else { return nil }
        let split = DayProfile(
            profile, cut: day.all.cut, part: .all, workload: day.goesByWorkload && role == .workload ? rows : nil,
            server: times, isConditioned: now.isConditioned, edges: day.all.periods.map(\.profile.server.lowerEdges))
        // Prompts that are left whole keep their periods, and these their shares.
        let keepsPrompts = day.goesByWorkload && role != .workload
        return zip(split.periods, day.all.periods).map { own, whole in
            StudyWorld(
                hours: own.hours, share: keepsPrompts ? whole.share : own.share,
                profile: ServingProfile(
                    workload: keepsPrompts ? whole.profile.workload : own.profile.workload, server: own.profile.server,
                    device: own.profile.device, timeout: problem.timeout))
        }
    }
}

extension TraceRows {
    /// A random part for each request, in the order of the rows, 1...255 parts; their sizes differ by one at most.
    /// - Complexity: O(requests).
    fileprivate func hands(_ count: Int, seed: UInt64) -> [UInt8] {
        var hands = (0..<requests).map { UInt8($0 % count) }
        let random = CounterRandom(seed: seed, stream: 0)
        for k in hands.indices.dropFirst().reversed() { hands.swapAt(k, random.below(k + 1, k)) }
        return hands
    }

    /// The requests that are not in one of the parts.
    /// - Complexity: O(requests).
    fileprivate func without(_ part: Int, of hands: [UInt8]) -> TraceRows {
        var left = TraceRows()
        var next = 0
        for i in counts.indices {
            let own = hands[next..<next + counts[i]]
            next += counts[i]
            let count = own.count { Int($0) != part }
            if count > 0 { left.append(row: i, of: self, count: count) }
        }
        return left
    }
}
