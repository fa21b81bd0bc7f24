public import Profiles
public import Serving
public import Solvers

/// How sure the data makes us that a prefill budget holds later, and the budget to solve at so that it does.
public struct RiskStudy: Sendable {
    /// What made the budget smaller.
    public enum Decision: String, Sendable {
        /// Nothing: the plain optimum keeps the budget under both rules.
        case plain
        /// The predicted share of a future window.
        case bootstrap
        /// The worst rolling window of the trace.
        case rolling
    }

    /// Families of plans, by budget, and what they would have done hour by hour.
    public let risk: BudgetRisk
    /// The effective budget with its plan, under the stricter of the two rules.
    public let tightened: BudgetRisk.Tightened
    /// How the plain optimum's share varies.
    public let plain: BudgetRisk.Forecast
    /// Ranges of outcomes and waits.
    public let intervals: RiskIntervals
    /// Traces that the share depends on but that show no drift, each with the reason.
    public let steady: [String]

    /// Tightens the budget of one endpoint until the confidence that `problem` asks for is reached.
    /// - Parameters:
    ///   - problem: The problem, with a confidence.
    ///   - profiles: Its traces' profiles, by the hour too.
    ///   - part: The part of the traces that the plan is made from.
    ///   - limited: The endpoint whose prefill is limited.
    ///   - budget: The largest share.
    ///   - solve: The optimum on that part at another budget; nil where there is none.
    /// - Returns: The effective budget with all that is said about it.
    /// - Throws: `StudyError.unsupported` where no trace that matters has arrival times, `.infeasible` where not even
    ///   the tightest budget that can be solved holds in all windows.
    public static func assess(
        _ problem: Problem, on profiles: StudyProfiles, part: TracePart = .all, limited: Endpoint, budget: Double,
        solve: (Double) -> DispatchPlan?
    ) throws(StudyError) -> RiskStudy {
        let risk = try family(problem, on: profiles, part: part, limited: limited, budget: budget, solve: solve)
        let metric = Metric.prefillShare(of: limited).rawValue
        guard let tightened = risk.tightened(under: .both, solve: solve) else {
            throw .infeasible(
                """
                \(problem.path): confidence: no budget for \(metric) that the other limits allow keeps its share within \
                \(text(budget)) in every window; loosen another limit, or leave confidence out
                """)
        }
        let plain = risk.family.last { $0.budget <= budget } ?? risk.family[0]
        return RiskStudy(
            risk: risk, tightened: tightened, plain: risk.forecast(of: plain.plan),
            intervals: risk.intervals(of: tightened), steady: steadiness(problem, profiles, part, risk))
    }

    /// The family of plans that the rules choose from.
    /// - Throws: `StudyError.unsupported` as `assess` does.
    static func family(
        _ problem: Problem, on profiles: StudyProfiles, part: TracePart, limited: Endpoint, budget: Double,
        solve: (Double) -> DispatchPlan?
    ) throws(StudyError) -> BudgetRisk {
        let settings = RiskSettings(confidence: problem.confidence ?? 0.95, window: problem.budgetWindowHours)
        let profile: ServingProfile? =
            switch part {
            case .all: profiles.all
            case .tuning: profiles.tuning
            case .heldOut: profiles.heldOut
            }
        guard let profile else { throw .unsupported("\(problem.path): confidence: nothing is held out (see `split`)") }
        let risk = BudgetRisk(
            profile: profile, hourly: profiles.hourly[part] ?? HourlyProfile(series: []), limited: limited,
            budget: budget, settings: settings, solve: solve)
        guard let risk else {
            let traces = limited == .device ? "server and workload" : "device and workload"
            throw .unsupported(
                """
                \(problem.path): confidence: found no arrival times over at least \(BudgetRisk.minimalHours) hours in the \
                traces that \(Metric.prefillShare(of: limited).rawValue) depends on (\(traces)), so nothing shows how it \
                drifts. Record arrived_at, map it with columns: {arrived_at: ...}, or leave confidence out
                """)
        }
        return risk
    }

    /// What the data supports: the level asked for, or nil where it claims none.
    public var claimedLevel: Double? { risk.supportedLevel }

    /// The share that the effective plan is solved at.
    public var effectiveBudget: Double { tightened.budget }

    /// Which rule made the budget smaller.
    public var decision: Decision {
        if tightened.budget >= risk.budget { return .plain }
        return tightened.forecast.worst >= tightened.forecast.predicted ? .rolling : .bootstrap
    }

    /// Why traces that the share depends on are taken as they are, hour in, hour out.
    private static func steadiness(
        _ problem: Problem, _ profiles: StudyProfiles, _ part: TracePart, _ risk: BudgetRisk
    ) -> [String] {
        let roles: [HourlyProfile.Role] = risk.limited == .device ? [.server, .workload] : [.device, .workload]
        let names: [HourlyProfile.Role: String] = [
            .server: "the server's times", .device: "the device's times", .workload: "prompt lengths",
        ]
        return roles.filter { role in !risk.series.contains { $0.role == role } }.map { role in
            let reason =
                if let series = profiles.hourly[part]?[role] {
                    "their trace covers \(series.requests.hours) h"
                } else if profiles.sources.contains(where: { $0.role == role.rawValue }) {
                    "their trace has no arrival times"
                } else {
                    "they are a formula"
                }
            return "\(names[role] ?? role.rawValue) are taken as steady: \(reason)"
        }
    }
}
