internal import Serving
internal import Solvers

/// One what-if run: a sweep of one or two fields, or named scenarios, with policies that are held fixed.
public struct WhatIfStudy: Sendable {
    /// What is asked.
    public enum Question: Sendable {
        /// Every combination of one or two fields' values.
        case sweep([Variation])
        /// Named scenarios, the problem as it is first.
        case scenarios
    }

    /// The problem as it is.
    public let problem: Problem
    /// What is asked.
    public let question: Question
    /// Whether each point was solved anew.
    public let resolves: Bool
    /// Policies held fixed.
    public let candidates: [WhatIf.Candidate]
    /// A point a combination, or a scenario.
    public let points: [WhatIf.Point]
    /// What fixed policies lose under the scenarios; nil for a sweep.
    public let regret: RegretTable?

    /// The name of the policy that is optimal for the problem as it is, where it is held.
    public static let today = "today"

    /// Sweeps fields.
    /// - Parameters:
    ///   - whatIf: The problem.
    ///   - variations: One field or two, with their values.
    ///   - candidates: Policies held fixed; without any, and where the problem has an optimum, that one is.
    ///   - resolves: Whether each point is solved anew.
    /// - Throws: As `WhatIf.points`; `QuestionError` for what cannot be swept.
    public init(
        _ whatIf: WhatIf, varying variations: [Variation], holding candidates: [WhatIf.Candidate], resolves: Bool
    ) async throws {
        guard (1...2).contains(variations.count) else {
            throw QuestionError.usage("--vary: found \(variations.count) fields, wanted one or two")
        }
        let grid = try Scenario.grid(variations)
        var today: WhatIf.Candidate?
        if candidates.isEmpty {
            // A problem that has no optimum as it is may well have one elsewhere.
            do { today = try await whatIf.today() } catch StudyError.infeasible {}
        }
        self.candidates = candidates + [today].compactMap(\.self)
        problem = whatIf.base
        question = .sweep(variations)
        self.resolves = resolves
        points = try await whatIf.points(grid, holding: self.candidates, resolves: resolves)
        regret = nil
    }

    /// Solves scenarios, and holds against each of them the optimum of every other, every baseline and the candidates.
    /// - Throws: As `WhatIf.points`.
    public init(
        _ whatIf: WhatIf, scenarios: [Scenario], holding candidates: [WhatIf.Candidate]
    ) async throws {
        let all = [Scenario(name: "base")] + scenarios
        for scenario in all { try await whatIf.check(scenario) }
        let solved = try await whatIf.points(all)
        if let other = solved.first(where: { $0.objective != whatIf.base.objective }) {
            throw QuestionError.badData(
                """
                scenario \(other.scenario.name): objective: found \(other.objective.rawValue), but regrets are in one unit, that of \
                \(whatIf.base.objective.rawValue); use --vary objective=..., or a run of its own with --set objective=...
                """)
        }
        var fixed: [WhatIf.Candidate] = []
        for point in solved {
            guard let optimum = point.optimum else { continue }
            let name = point.scenario.name
            fixed.append(.init(name: name == "base" ? Self.today : "best for \(name)", plans: optimum.plans))
        }
        fixed += candidates
        for baseline in Baseline.allCases { fixed.append(try await whatIf.candidate(baseline)) }
        self.candidates = fixed
        problem = whatIf.base
        question = .scenarios
        resolves = true
        let judged = try await whatIf.points(all, holding: fixed, resolves: false)
        points = zip(solved, judged).map { $0.holding($1.held) }
        regret = RegretTable(points, holding: fixed)
    }
}
