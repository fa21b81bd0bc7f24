internal import Profiles
internal import Serving
internal import Traces

/// How much the outcomes of a policy hang on which new rows happened to be logged.
///
/// The new rows are dealt into random parts, and the outcomes computed on each: of K parts that are alike but for chance, with
/// standard deviation s, the whole has the standard error s / √K. It says nothing of drift within the new rows.
/// Source: docs/maths/drift.md.
struct DriftSampling {
    private let parts: [(worlds: [StudyWorld], handOvers: HandOverSettings?)]
    private let problem: Problem

    /// Number of parts.
    static let parts = 20

    /// Deals out the new rows; nil where any trace has too few for it.
    init?(_ problem: Problem, _ now: StudyProfiles, _ roles: Set<NewTrace.Role>, _ rows: DriftRows) {
        self.problem = problem
        let dealt = rows.now.filter { roles.contains($0.key) }.mapValues { $0.dealt(into: Self.parts, seed: 1) }
        guard !dealt.isEmpty, dealt.values.joined().allSatisfy({ !$0.counts.isEmpty }) else { return nil }
        var parts: [(worlds: [StudyWorld], handOvers: HandOverSettings?)] = []
        for part in 0..<Self.parts {
            func own(_ role: NewTrace.Role) -> TraceRows? { dealt[role]?[part] }
            let whole = now.all
            let workload = own(.workload).flatMap { WorkloadProfile(rows: $0, part: .all) } ?? whole.workload
            let server = own(.server).flatMap {
                ServerProfile(
                    rows: $0, part: .all, isConditioned: now.isConditioned, edges: whole.server.lowerEdges,
                    timeout: problem.timeout)
            }
            var device = whole.device
            if let rows = own(.device) {
                guard
                    let fitted = try? DeviceProfile(
                        rows: rows, part: .all, usesResiduals: problem.device.usesResiduals, curve: whole.device.fit,
                        timeout: problem.timeout)
                else { return nil }
                device = fitted
            }
            let profile = ServingProfile(
                workload: workload, server: server ?? whole.server, device: device, timeout: problem.timeout)
            var worlds = [StudyWorld(hours: nil, share: 1, profile: profile)]
            if let day = now.day {
                guard let times = own(.server) ?? rows.now[.server] else { return nil }
                // Without new prompts the workload is the same in every part, and so are the shares of the periods.
                let split = DayProfile(
                    profile, cut: day.all.cut, part: .all, workload: day.goesByWorkload ? own(.workload) : nil,
                    server: times, isConditioned: now.isConditioned,
                    edges: day.all.periods.map(\.profile.server.lowerEdges))
                worlds = zip(split.periods, day.all.periods).map { own, all in
                    let keepsRequests = day.goesByWorkload && dealt[.workload] == nil
                    return StudyWorld(
                        hours: own.hours, share: keepsRequests ? all.share : own.share,
                        profile: ServingProfile(
                            workload: keepsRequests ? all.profile.workload : own.profile.workload,
                            server: own.profile.server, device: own.profile.device, timeout: problem.timeout))
                }
            }
            parts.append((worlds, now.handOvers(problem)))
        }
        self.parts = parts
    }

    /// Standard errors of the policy's metrics on all new rows.
    func standardErrors(of metrics: [Metric], _ plans: [DispatchPlan]) -> [Metric: Double] {
        let values = parts.map { PolicyOutcomes(plans, in: $0.worlds, metrics, problem, handOvers: $0.handOvers) }
        var errors: [Metric: Double] = [:]
        let count = Double(parts.count)
        for metric in metrics {
            let own = values.compactMap { $0[metric] }
            guard own.count == parts.count else { continue }
            let mean = own.reduce(0, +) / count
            let squares = own.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
            errors[metric] = (squares / (count * (count - 1))).squareRoot()
        }
        return errors
    }
}
