internal import Costs
public import Serving

/// Checks what a certificate claims of a policy against the problem alone.
///
/// Everything is recomputed from pairs of times: the policy's metrics, and the least value of the Lagrangian over *all*
/// actions of every bucket. Nothing is shared with the solvers. Tolerances: 1e-9 of a share, 1e-9 relative for other
/// metrics, 1e-12 relative for the sum of a wait and a time (what rounding may do to ties); for a dual bound 1e-9 of the
/// scale, 1e-7 where it matters who answers or how late, and 1e-12 of the sizes of its terms.
/// Source: derived, docs/maths/certificate.md.
public struct CertificateCheck: Sendable {
    /// What the policy was asked.
    public let question: DispatchQuestion
    private let worlds: [WorldTimes]
    private let plans: [DispatchPlan]
    /// Requests that share an action, those of each bucket in each world.
    private let groups: [PolicyGroup]

    /// A check of a policy.
    /// - Parameters:
    ///   - question: What it was asked.
    ///   - plans: What it does, one plan a world.
    /// - Precondition: as many plans as worlds.
    public init(_ question: DispatchQuestion, plans: [DispatchPlan]) {
        precondition(plans.count == question.worlds.count, "one plan a world")
        self.question = question
        self.plans = plans
        worlds = question.worlds.map { WorldTimes($0, quality: question.quality) }
        groups = Self.groups(question, worlds, plans)
    }

    /// Judges a claim.
    /// - Parameters:
    ///   - claim: The certificate; nil checks values and limits alone.
    ///   - expected: Outcomes that are claimed beside it.
    /// - Returns: The recomputed numbers and what is wrong.
    public func verdict(on claim: Claim?, expected: [Metric: Double] = [:]) -> CertificateVerdict {
        var verdict = CertificateVerdict()
        judgeValues(expected, &verdict)
        switch claim {
        case nil: break
        case .linear(let claim):
            guard let objective = question.weights(of: question.objective) else {
                verdict.findings.append(
                    "\(question.objective.rawValue) is not linear in the policy, or the data cannot tell it")
                break
            }
            let minimized = question.objective.isMaximized ? objective.negated : objective
            judge(claim, named: question.objective, minimized, rows: rows(), &verdict)
        case .quantile(let claim): judge(claim, &verdict)
        }
        return verdict
    }

    /// The dual function of a linear objective: min over all policies of objective + Σ μ (metric − limit).
    /// - Parameters:
    ///   - multipliers: As in `LinearClaim`.
    ///   - tolerance: How far below the attained value the proof may end, in the objective's unit.
    /// - Returns: Its value, of a metric that is maximized that of its negative; nil where the objective is not linear or the
    ///   data cannot tell it.
    public func dualValue(multipliers: [Metric: Double], tolerance: Double) -> DualValue? {
        question.weights(of: question.objective).map {
            dualValue(
                Lagrangian(question.objective.isMaximized ? $0.negated : $0, rows: rows(), multipliers: multipliers),
                tolerance: tolerance)
        }
    }

    // MARK: Values

    private func judgeValues(_ expected: [Metric: Double], _ verdict: inout CertificateVerdict) {
        let values = PolicyValues(question, worlds, plans: plans)
        let metrics = Set([question.objective] + question.limits.map(\.metric) + expected.keys)
        for metric in metrics.sorted() {
            let limit = question.limits.first { $0.metric == metric }
            let claimed = expected[metric]
            guard let found = values.enclosure(of: metric) else {
                verdict.findings.append(
                    "\(metric.rawValue): the data cannot tell it (\(metric.isMaximized ? "a pace, a reader" : "a price, an energy") or output lengths are missing)"
                )
                continue
            }
            verdict.values.append(.init(metric: metric, recomputed: found, claimed: claimed, limit: limit))
            if let claimed, !found.holds(claimed, within: Self.tolerance(of: metric, at: claimed)) {
                verdict.findings.append("\(metric.rawValue): claimed \(claimed), recomputed \(found)")
            }
            if let most = limit?.atMost, !(found.low <= most + Self.tolerance(of: metric, at: most)) {
                verdict.findings.append("\(metric.rawValue): the policy has \(found), the limit is at most \(most)")
            }
            if let least = limit?.atLeast, !(found.high >= least - Self.tolerance(of: metric, at: least)) {
                verdict.findings.append("\(metric.rawValue): the policy has \(found), the limit is at least \(least)")
            }
        }
    }

    private static func tolerance(of metric: Metric, at value: Double) -> Double {
        switch metric {
        case .devicePrefillShare, .serverPrefillShare, .deviceAnswerShare, .failedShare: 1e-9
        // Losses are tabulated here, and taken to be linear between knots there.
        case .qoeMean: qualityTolerance
        case .goodputSmooth: 1e-9 * max(1, abs(value))
        default: 1e-9 * abs(value)
        }
    }

    private static let qualityTolerance = 1e-6

    /// The value of a metric as `judgeValues` found it.
    private func recomputed(_ metric: Metric, in verdict: CertificateVerdict) -> Enclosure? {
        verdict.values.first { $0.metric == metric }?.recomputed
    }

    // MARK: Bounds

    private func rows(except metric: Metric? = nil, side: LimitRow.Side? = nil) -> [LimitRow] {
        question.limits.flatMap { LimitRow.rows($0, in: question) ?? [] }
            .filter { $0.metric != metric || $0.side != side }
    }

    private static func groups(
        _ question: DispatchQuestion, _ worlds: [WorldTimes], _ plans: [DispatchPlan]
    ) -> [PolicyGroup] {
        var groups: [PolicyGroup] = []
        for (number, (world, plan)) in zip(worlds, plans).enumerated() {
            let edges = question.worlds[number].lowerEdges
            var start = 0
            for bucket in edges.indices {
                var end = start
                while end < world.lengths.count, bucket + 1 == edges.count || world.lengths[end] < edges[bucket + 1] {
                    end += 1
                }
                defer { start = end }
                guard start < end else { continue }
                let requests = (start..<end).map { world.times(ofLength: $0) }
                let actions = Set((start..<end).map { plan.mixture(promptTokens: world.lengths[$0]) })
                    .flatMap { $0.parts.map(\.action) }
                groups.append(
                    PolicyGroup(
                        requests, actions: actions, handOvers: book(question, worlds[number], start..<end, requests)))
            }
        }
        return groups
    }

    /// Where the responses of some prompt lengths of a world may be handed over; nil where they stay, or a price is missing.
    private static func book(
        _ question: DispatchQuestion, _ world: WorldTimes, _ indices: Range<Int>, _ requests: [LengthTimes]
    ) -> HandOverBook? {
        let asked = [question.objective] + question.limits.map(\.metric)
        guard let settings = question.handOvers, asked.contains(.costMean) || asked.contains(.energyMean),
            question.costs.server != nil, question.costs.deviceTotal != nil,
            let law = HandOverLaw(world.profile, world.laws, indices: indices, settings)
        else { return nil }
        return HandOverBook(
            law, world.profile, answers: Set(requests.flatMap { $0.answers.map(\.tokens) }),
            epsilon: settings.rules.epsilon)
    }

    private func dualValue(_ lagrangian: Lagrangian, tolerance: Double) -> DualValue {
        let bound = DualBound(of: lagrangian.weights, over: groups, tolerance: tolerance)
        return DualValue(
            proven: bound.proven + lagrangian.constant, attained: bound.attained + lagrangian.constant)
    }

    /// Σ share · (greatest − least value) of a linear function over all actions, within a hundredth above.
    private func range(of weights: Weights) -> Double {
        func range(_ tolerance: Double) -> (proven: Double, attained: Double) {
            let least = DualBound(of: weights, over: groups, tolerance: tolerance)
            let greatest = DualBound(of: weights.negated, over: groups, tolerance: tolerance)
            return (-greatest.proven - least.proven, -greatest.attained - least.attained)
        }
        return range(range(.infinity).attained / 200).proven
    }

    private func judge(
        _ claim: LinearClaim, named metric: Metric, _ objective: Weights, rows: [LimitRow],
        _ verdict: inout CertificateVerdict
    ) {
        let numbers = [claim.primal, claim.bound, claim.gap, claim.scale]
        guard numbers.allSatisfy(\.isFinite), claim.scale >= 0 else {
            verdict.findings.append("\(metric.rawValue): primal, bound, gap and scale are \(numbers)")
            return
        }
        let known = metric.isMaximized ? nil : recomputed(metric, in: verdict)
        let value = known ?? PolicyValues(question, worlds, plans: plans).enclosure(of: objective)
        if !value.holds(claim.primal, within: Self.tolerance(of: metric, at: claim.primal)) {
            verdict.findings.append("\(metric.rawValue): primal is claimed as \(claim.primal), recomputed \(value)")
        }
        let range = range(of: objective)
        let rounding = 1e-12 * max(abs(claim.primal), abs(claim.bound))
        if claim.scale > range * (1 + 1e-9) + rounding + Self.qualityTolerance * abs(objective.qoe) {
            verdict.findings.append(
                "\(metric.rawValue): the scale \(claim.scale) is above \(range), the range over all actions")
        }
        judgeGap(
            claim.gap, primal: claim.primal, bound: claim.bound, scale: claim.scale, metric.rawValue, &verdict)
        let lagrangian = Lagrangian(objective, rows: rows, multipliers: claim.multipliers)
        verdict.findings += lagrangian.findings.map { "\(metric.rawValue): \($0)" }
        let precision = lagrangian.weights.areOfStartsAndMean ? 1e-9 : 1e-7
        let scale = claim.scale > 0 ? min(claim.scale, range) : range
        let slack =
            precision * scale + rounding + 1e-12 * lagrangian.magnitude
            + Self.qualityTolerance * abs(lagrangian.weights.qoe)
        let bound = dualValue(lagrangian, tolerance: slack / 2)
        verdict.proofs.append(.init(name: metric.rawValue, claimed: claim.bound, bound: bound, tolerance: slack))
        if claim.bound > claim.primal + slack {
            verdict.findings.append(
                "\(metric.rawValue): the bound \(claim.bound) is above the primal value \(claim.primal)")
        }
        if claim.bound > bound.attained + slack {
            verdict.findings.append(
                "\(metric.rawValue): the bound is claimed as \(claim.bound), but the dual function is at most \(bound.attained)"
            )
        } else if !(claim.bound <= bound.proven + slack) {
            verdict.findings.append(
                "\(metric.rawValue): the bound is claimed as \(claim.bound), but only \(bound.proven) could be proven")
        }
    }

    private func judgeGap(
        _ gap: Double, primal: Double, bound: Double, scale: Double, _ name: String,
        _ verdict: inout CertificateVerdict
    ) {
        let made = scale > 0 ? max(0, primal - bound) / scale : 0
        if !(abs(max(0, gap) - made) <= 1e-9 * max(1, made)) {
            verdict.findings.append("\(name): the gap is claimed as \(gap); primal, bound and scale make it \(made)")
        }
    }

    private func judge(_ claim: QuantileClaim, _ verdict: inout CertificateVerdict) {
        let metric = question.objective
        guard let level = metric.quantileLevel else {
            verdict.findings.append("\(metric.rawValue) is no quantile")
            return
        }
        let name = metric.rawValue
        if let value = recomputed(metric, in: verdict),
            !value.holds(claim.primal, within: Self.tolerance(of: metric, at: claim.primal))
        {
            verdict.findings.append("\(name): primal is claimed as \(claim.primal), recomputed \(value)")
        }
        if !(claim.bound <= claim.primal) {
            verdict.findings.append("\(name): the bound \(claim.bound) is above the primal value \(claim.primal)")
        }
        if let gap = claim.gap, let scale = claim.scale {
            judgeGap(gap, primal: claim.primal, bound: claim.bound, scale: scale, name, &verdict)
        }
        if let tail = claim.tail {
            if !(claim.bound <= tail.time.nextUp) {
                verdict.findings.append(
                    "\(name): the bound \(claim.bound) is later than \(tail.time), the time that the proof is for")
            }
            judge(tail, level, &verdict)
        } else if claim.bound > 0 {
            verdict.findings.append("\(name): there is no proof of the bound \(claim.bound)")
        }
        guard let tieBreak = claim.tieBreak else { return }
        var rows = rows(except: metric, side: .atMost)
        if claim.primal < question.timeout {
            rows.append(
                LimitRow(metric: metric, side: .atMost, weights: .late(after: claim.primal), value: 1 - level))
        }
        var mean = Weights()
        mean.mean = 1
        judge(tieBreak, named: .ttftMean, mean, rows: rows, &verdict)
    }

    /// A policy with its quantile at `tail.time` or before has P(T > time) ≤ 1 − level + 1e-12: the dual function must be
    /// above that.
    private func judge(_ tail: QuantileClaim.Tail, _ level: Double, _ verdict: inout CertificateVerdict) {
        let needed = 1 - level + 1e-12
        let lagrangian = Lagrangian(.late(after: tail.time), rows: rows(), multipliers: tail.multipliers)
        let name = "P(ttft > \(tail.time))"
        verdict.findings += lagrangian.findings.map { "\(name): \($0)" }
        var tolerance = 1e-3
        var bound = dualValue(lagrangian, tolerance: tolerance)
        while bound.proven <= needed, bound.attained > needed, tolerance > 1e-13 {
            tolerance = min(tolerance / 8, (bound.attained - needed) / 2)
            bound = dualValue(lagrangian, tolerance: tolerance)
        }
        // What is claimed beyond need is checked to 1e-7.
        if let claimed = tail.bound, bound.proven > needed, bound.proven < claimed - 1e-7 {
            bound = dualValue(lagrangian, tolerance: 5e-8)
            if !(claimed <= bound.proven + 1e-7) {
                verdict.findings.append("\(name): the bound is claimed as \(claimed), recomputed \(bound.proven)")
            }
        }
        verdict.proofs.append(.init(name: name, claimed: needed, bound: bound, tolerance: 0))
        if bound.attained <= needed {
            verdict.findings.append(
                "\(name): the dual function is at most \(bound.attained), so the quantile is not proven to be later")
        } else if !(bound.proven > needed) {
            verdict.findings.append(
                "\(name): must be above \(needed), but only \(bound.proven) could be proven")
        }
    }
}
