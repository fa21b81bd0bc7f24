internal import Foundation
internal import Optimization
internal import Profiles
internal import Serving
internal import Solvers

/// A problem solved on one part of its traces: buckets chosen, budgets tightened, policy found.
struct SolveRun {
    let problem: Problem
    let worlds: [StudyWorld]
    /// The buckets of the emitted policy, a world each, those without requests included.
    let buckets: [Buckets]
    /// The limits solved under.
    let limits: [Limit]
    let answer: DispatchAnswer
    let bucketChoice: OptimalBuckets?
    let risks: [RiskStudy]
    private let profiles: StudyProfiles
    /// What late first tokens cost readers, a world each; empty where that is not known.
    let losses: [StreamLosses]

    /// Solves `problem` on one part.
    /// - Throws: `StudyError.infeasible` where no policy keeps the limits, or what `RiskStudy.assess` throws.
    init(
        _ problem: Problem, _ profiles: StudyProfiles, part: TracePart, losses known: [StreamLosses]? = nil
    ) throws(StudyError) {
        self.problem = problem
        self.profiles = profiles
        worlds = StudyWorld.of(part, profiles)
        let losses = known ?? worlds.compactMap { $0.losses(problem, profiles) }
        self.losses = losses
        var choice: OptimalBuckets?
        if case .optimal(let count) = problem.workload.buckets, let whole = worlds.first?.profile {
            choice = profiles.optimalBuckets(count: count, of: whole) { buckets in
                Self.program(
                    problem, profiles,
                    [DispatchProgram.World(profile: whole, buckets: buckets, losses: losses.first)], problem.limits)
            }
            guard let choice else { throw Self.infeasible(problem, worlds, losses, profiles) }
            buckets = [choice.choice(atMost: count).buckets]
        } else {
            buckets = worlds.map { profiles.buckets(problem.workload.buckets, of: $0.profile) }
        }
        bucketChoice = choice
        let parts = Self.parts(worlds, buckets, losses)
        var limits = problem.limits
        var risks: [RiskStudy] = []
        if problem.confidence != nil {
            for limit in problem.shareLimits {
                let place = limits.firstIndex { $0.metric == .prefillShare(of: limit.endpoint) }
                guard let place else { preconditionFailure("a share limit is one of the limits") }
                let others = limits
                let study = try RiskStudy.assess(
                    problem, on: profiles, part: part, limited: limit.endpoint, budget: limit.budget
                ) { budget in
                    var own = others
                    own[place].atMost = budget
                    if let least = own[place].atLeast, least > budget { return nil }
                    return Self.program(problem, profiles, parts, own).solve().plans.first
                }
                limits[place].atMost = study.effectiveBudget
                risks.append(study)
            }
        }
        self.limits = limits
        self.risks = risks
        answer = Self.program(problem, profiles, parts, limits).solve()
        guard !answer.plans.isEmpty else { throw Self.refusal(problem, answer) }
    }

    private static func program(
        _ problem: Problem, _ profiles: StudyProfiles, _ worlds: [DispatchProgram.World], _ limits: [Limit]
    ) -> DispatchProgram {
        DispatchProgram(
            worlds: worlds, costs: problem.costs, objective: problem.objective, limits: limits,
            isDeterministic: problem.isDeterministic, handOvers: profiles.handOvers(problem))
    }

    /// Above this many prompt lengths times residuals, solving for every length takes minutes where who answers matters.
    private static let exactWork = 400_000

    /// What the buckets cost against one bucket per length, in the objective's unit; nil where that would take too long.
    func partitionLoss() -> Double? {
        if let bucketChoice, limits == problem.limits,
            let own = bucketChoice.choices.last(where: { $0.buckets == buckets[0] })
        {
            return own.loss
        }
        let parts = Self.parts(worlds, worlds.map { .exact($0.profile.workload) }, losses)
        let exact = Self.program(problem, profiles, parts, limits)
        let work = worlds.reduce(0) {
            $0 + $1.profile.workload.lengths.count * $1.profile.device.residuals.count
        }
        guard exact.isQuick || work <= Self.exactWork else { return nil }
        return max(0, answer.certificate.primal - exact.solve().certificate.primal)
    }

    private static func parts(
        _ worlds: [StudyWorld], _ buckets: [Buckets], _ losses: [StreamLosses]
    ) -> [DispatchProgram.World] {
        worlds.indices.map {
            DispatchProgram.World(
                profile: worlds[$0].profile, buckets: buckets[$0], share: worlds[$0].share,
                losses: losses.isEmpty ? nil : losses[$0])
        }
    }

    private static func infeasible(
        _ problem: Problem, _ worlds: [StudyWorld], _ losses: [StreamLosses], _ profiles: StudyProfiles
    ) -> StudyError {
        let parts = parts(worlds, worlds.map { profiles.buckets(.quantile(count: 32), of: $0.profile) }, losses)
        return refusal(problem, program(problem, profiles, parts, problem.limits).solve())
    }

    /// Why there is no policy: the limits in conflict, and the nearest value of each.
    private static func refusal(_ problem: Problem, _ answer: DispatchAnswer) -> StudyError {
        guard answer.status == .infeasible, !answer.conflicts.isEmpty else {
            return .infeasible(
                problem.isDeterministic
                    ? "\(problem.path): deterministic: found no policy without mixtures that keeps the limits; allow mixtures"
                    : "\(problem.path): limits: the search ended without a policy that keeps them (\(answer.status.rawValue))"
            )
        }
        let limits = answer.conflicts.map { $0.limit.phrase }
        let nearest = answer.conflicts.compactMap { conflict in
            conflict.nearest.map {
                let side = conflict.limit.atMost == nil ? FloatingPointRoundingRule.down : .up
                return
                    "\(conflict.limit.metric.rawValue) \(conflict.limit.side) \(text($0.toFourDigits(side), digits: 4))"
            }
        }
        let which =
            limits.count == 1
            ? "no policy keeps \(limits[0])"
            : "no policy keeps \(limits.dropLast().joined(separator: ", ")) and \(limits[limits.count - 1]) together"
        let advice =
            nearest.isEmpty
            ? "" : ". Nearest, \(limits.count == 1 ? "" : "the others kept, ")\(nearest.joined(separator: ", or "))"
        return .infeasible("\(problem.path): limits: \(which)\(advice)")
    }
}

extension Limit {
    /// The limit as a phrase: `device.prefill_share at most 0.2`.
    var phrase: String {
        [
            atMost.map { "\(metric.rawValue) at most \($0.asGiven)" },
            atLeast.map { "\(metric.rawValue) at least \($0.asGiven)" },
        ]
        .compactMap { $0 }.joined(separator: " and ")
    }

    /// `at most` or `at least`.
    fileprivate var side: String { atMost != nil ? "at most" : "at least" }
}

extension Problem {
    /// Its limits on prefill shares from above that can bind.
    var shareLimits: [SolveStudy.ShareLimit] {
        prefillBudgets.filter { $0.budget < 1 }.map { .init(endpoint: $0.endpoint, budget: $0.budget) }
    }

    /// The limit that baselines are held to: the first on a prefill share.
    var shareLimit: SolveStudy.ShareLimit? {
        shareLimits.first ?? prefillBudgets.first.map { .init(endpoint: $0.endpoint, budget: $0.budget) }
    }
}

extension Double {
    /// Four significant digits, so that a limit of this value can be kept.
    fileprivate func toFourDigits(_ rule: FloatingPointRoundingRule) -> Double {
        guard self != 0, isFinite else { return self }
        // Exact powers of ten: a product with a negative one would round again.
        let places = 3 - Int(log10(abs(self)).rounded(.down))
        let unit = pow(10, Double(abs(places)))
        let scaled = places >= 0 ? self * unit : self / unit
        // What is off by rounding alone is the number itself.
        let near = scaled.rounded()
        let whole = abs(scaled - near) <= 1e-9 * abs(near) ? near : scaled.rounded(rule)
        return places >= 0 ? whole / unit : whole * unit
    }

    /// The shortest digits that say exactly this number.
    var asGiven: String {
        let digits = "\(self)"
        return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
    }
}
