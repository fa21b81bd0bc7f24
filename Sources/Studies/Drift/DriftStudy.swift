internal import Checking
public import Policies
internal import Profiles
public import Serving
internal import Solvers
internal import Traces

/// Whether the world has drifted since a policy table was made: distributions then and now, what the table does on new rows,
/// and what solving anew would gain.
public struct DriftStudy: Sendable {
    /// What holding on to the table costs.
    public struct Regret: Sendable, Equatable {
        /// The objective.
        public let metric: Metric
        /// What the table attains on the new rows.
        public let held: Double
        /// What a policy solved on the new rows attains there.
        public let solved: Double

        /// What holding on to a table costs.
        public init(metric: Metric, held: Double, solved: Double) {
            self.metric = metric
            self.held = held
            self.solved = solved
        }

        /// By how much the table is worse, in the objective's unit; below 0 where it is better.
        public var loss: Double { metric.isMaximized ? solved - held : held - solved }

        /// `loss` as a share of what can be had; infinite where that is 0 and the table has more.
        public var share: Double {
            if abs(loss) <= 1e-9 * max(1, abs(solved)) { return 0 }
            return solved == 0 ? (loss > 0 ? .infinity : -.infinity) : loss / abs(solved)
        }
    }

    /// The table.
    public let table: PolicyTable
    /// The problem file's path.
    public let problem: String
    /// What is compared, in the order server, its buckets, device, workload.
    public internal(set) var comparisons: [DriftComparison] = []
    /// The table's limits, in the order of their metrics.
    public internal(set) var budgets: [BudgetUse] = []
    /// What the table does, on the rows that the problem names and on the new ones, in the order of the metrics.
    public internal(set) var outcomes: [(metric: Metric, then: Double, now: Double)] = []
    /// Against a policy solved on the new rows; nil where none could be.
    public internal(set) var regret: Regret?
    /// Whether the table is still valid.
    public let state: PolicyState
    /// What the check lets pass.
    public let limits: DriftLimits
    /// The new traces that were read.
    public internal(set) var sources: [StudyProfiles.Source] = []
    /// Whether new rows are enough to judge budgets and regret by.
    public internal(set) var hasEnoughRows = true
    /// What is past a limit, a sentence each; empty for a table that can be held.
    public internal(set) var findings: [String] = []
    /// What is worth knowing.
    public internal(set) var notes: [String] = []

    /// Fewest new rows of a trace for budgets and regret to be judged by them.
    public static let fewestRows = 50

    /// Whether the table answers the question that a problem asks; where not, nothing else is checked.
    /// - Parameters:
    ///   - table: A valid table.
    ///   - problem: The problem.
    ///   - state: Whether the table is valid now.
    ///   - limits: What the check lets pass.
    public init(
        _ table: PolicyTable, for problem: Problem, state: PolicyState = .ready, limits: DriftLimits = DriftLimits()
    ) {
        self.table = table
        self.problem = problem.path
        self.limits = limits
        self.state = state
        findings = PolicyCheck.differences(table, problem)
        if state == .stale { notes.append("the table is STALE since \(table.validUntil ?? "?")") }
        if state == .error { notes.append("the table is not valid before \(table.validFrom ?? "?")") }
    }

    /// Compares old and new rows, and judges the table on the new ones.
    /// - Parameters:
    ///   - problem: The problem as it stands, with its profiles.
    ///   - then: Its traces' profiles.
    ///   - new: The problem with the new traces (`Problem.replacing`).
    ///   - now: Its traces' profiles.
    ///   - roles: Which traces are new.
    ///   - rows: What is compared.
    ///   - progress: Called with a line for the user as each step begins.
    /// - Throws: `StudyError.unsupported` where the new rows cannot tell the objective.
    public mutating func judge(
        _ problem: Problem, _ then: StudyProfiles, _ new: Problem, _ now: StudyProfiles, roles: Set<NewTrace.Role>,
        _ rows: DriftRows, progress: (String) -> Void = { _ in }
    ) throws(StudyError) {
        sources = now.sources.filter { source in roles.contains { $0.rawValue == source.role } }
        let worlds = (then: StudyWorld.of(.all, then), now: StudyWorld.of(.all, now))
        guard table.fits(worlds.then) else {
            findings.append(
                "periods: the table's \(table.bucketSets.count) are for other hours than the problem's \(worlds.then.count)"
            )
            return
        }
        try SolveStudy.checkFigures(new, now)
        progress("comparing distributions")
        comparisons = DriftComparison.all(rows, table, then.all.device.fit, timeout: problem.timeout)
        progress("judging the table on the new rows")
        let plans = table.bucketSets.map(PolicyCheck.plan)
        let asked = table.limits.keys.compactMap(Metric.init(rawValue:)).sorted()
        let metrics = Set(asked + table.expected.keys.compactMap(Metric.init(rawValue:)) + [problem.objective])
        let before = PolicyOutcomes(
            plans, in: worlds.then, metrics, problem, handOvers: then.handOvers(problem),
            quality: then.quality(problem))
        let after = PolicyOutcomes(
            plans, in: worlds.now, metrics, new, handOvers: now.handOvers(new),
            quality: now.quality(new))
        outcomes = metrics.sorted().compactMap { metric in
            before[metric].flatMap { old in after[metric].map { (metric, old, $0) } }
        }
        hasEnoughRows = sources.allSatisfy { $0.report.accepted >= Self.fewestRows }
        let errors = DriftSampling(problem: new, now: now, roles: roles, rows: rows).standardErrors(of: asked, plans)
        budgets = asked.flatMap { metric -> [BudgetUse] in
            guard let limit = table.limits[metric.rawValue], let value = after.enclosure(of: metric) else { return [] }
            func use(_ bound: Double?, isAtLeast: Bool) -> BudgetUse? {
                bound.map {
                    // What rounding may make of ties is no excess.
                    BudgetUse(
                        metric: metric, bound: $0, isAtLeast: isAtLeast, then: before[metric],
                        now: isAtLeast ? value.high : value.low, standardError: errors[metric])
                }
            }
            return [use(limit.atMost, isAtLeast: false), use(limit.atLeast, isAtLeast: true)].compactMap { $0 }
        }
        progress("solving anew")
        solveAnew(new, now, worlds.now, held: after[problem.objective])
        findings += gated()
        notes += PolicyCheck.notes(table, problem, then) + remarks(problem, then, now, roles, rows)
    }

    /// Solves the problem on the new rows, under the limits that the table was solved under.
    private mutating func solveAnew(_ new: Problem, _ now: StudyProfiles, _ worlds: [StudyWorld], held: Double?) {
        var again = new
        if let stricter = table.solvedUnder {
            again.limits = stricter.compactMap { name, limit in
                Metric(rawValue: name).map { Limit(metric: $0, atMost: limit.atMost, atLeast: limit.atLeast) }
            }.sorted { $0.metric < $1.metric }
            notes.append("solved anew under the stricter limits that the table was solved under")
        }
        again.confidence = nil
        let plans: [DispatchPlan]
        do throws(StudyError) {
            plans = try SolveRun(again, now, part: .all).answer.plans
        } catch {
            notes.append("the new rows have no policy to compare with: \(error)")
            return
        }
        let solved = PolicyOutcomes(
            plans, in: worlds, [new.objective], new, handOvers: now.handOvers(new),
            quality: now.quality(new))
        guard let held, let value = solved[new.objective] else { return }
        regret = Regret(metric: new.objective, held: held, solved: value)
    }
}
