extension PolicyTable {
    private typealias Status = Certificate.Status

    func checkCertificate(_ certificate: Certificate, _ findings: inout Findings) {
        let path = "$.certificate"
        checkMultipliers(certificate.multipliers, path, &findings)
        checkBounds(
            certificate.status, certificate.primal, certificate.bound, certificate.gap, certificate.scale, path,
            &findings)
        let level = PolicyMetric.quantileLevel(objective)
        if let tail = certificate.tail {
            checkMultipliers(tail.multipliers, path + ".tail", &findings)
            if let level {
                checkTail(tail, of: certificate, level: level, &findings)
            } else {
                findings.require(
                    false, .tailObjective, path + ".tail",
                    "a tail is about a quantile, but the objective is \(quoted(objective))")
            }
        } else {
            findings.require(
                level == nil || certificate.status != .optimal, .tailMissing, path,
                "the objective is a quantile and the status optimal: wanted the tail that proves it, or status feasible"
            )
        }
        if let tieBreak = certificate.tieBreak {
            let place = path + ".tie_break"
            findings.require(
                level != nil, .tieBreakObjective, place,
                "ties are broken between policies of one quantile, but the objective is \(quoted(objective))")
            checkMultipliers(tieBreak.multipliers, place, mayNameObjective: level != nil, &findings)
            checkBounds(
                tieBreak.status, tieBreak.primal, tieBreak.bound, tieBreak.gap, tieBreak.scale, place, &findings)
        }
    }

    /// Multipliers belong to limits; from above they cost at most, from below at least.
    ///
    /// The objective's own multiplier, where there may be one, is that of a limit from above.
    private func checkMultipliers(
        _ multipliers: [String: Double], _ parent: String, mayNameObjective: Bool = false, _ findings: inout Findings
    ) {
        for (metric, multiplier) in multipliers.sorted(by: { $0.key < $1.key }) {
            let path = Findings.entry(parent + ".multipliers", metric)
            checkMetric(metric, path, &findings)
            let isObjective = mayNameObjective && metric == objective
            let limit = (solvedUnder ?? limits)[metric]
            findings.require(
                limit != nil || isObjective, .multiplierLimit, path, "there is no limit on \(quoted(metric))")
            guard findings.requireFinite(multiplier, path) else { continue }
            let isFromAbove = limit?.atMost != nil || isObjective
            let isFromBelow = limit?.atLeast != nil
            findings.require(
                multiplier >= 0 || !isFromAbove || isFromBelow, .multiplierSign, path,
                "found \(multiplier) for a limit from above alone, wanted at least 0")
            findings.require(
                multiplier <= 0 || !isFromBelow || isFromAbove, .multiplierSign, path,
                "found \(multiplier) for a limit from below alone, wanted at most 0")
        }
    }

    private func checkBounds(
        _ status: Status, _ primal: Double, _ bound: Double, _ gap: Double, _ scale: Double, _ path: String,
        _ findings: inout Findings
    ) {
        var areFinite = true
        for (name, value) in [("primal", primal), ("bound", bound), ("gap", gap), ("scale", scale)]
        where !findings.requireFinite(value, "\(path).\(name)") { areFinite = false }
        guard areFinite else { return }
        findings.require(scale >= 0, .scaleRange, path + ".scale", "found \(scale), wanted at least 0")
        findings.require(
            bound <= primal + Self.tolerance(scale), .boundBelowPrimal, path + ".bound",
            "bound \(bound) is above primal \(primal)")
        let stated = Certificate.gap(primal: primal, bound: bound, scale: scale)
        findings.require(
            (gap - stated).magnitude <= Self.tolerance(stated), .gapConsistent, path + ".gap",
            "found \(gap), wanted (primal \(primal) - bound \(bound)) / scale \(scale) = \(stated)")
        findings.require(
            status != .optimal || gap <= Certificate.largestOptimalGap, .optimalGap, path + ".gap",
            "found a gap of \(gap) with status optimal, wanted at most \(Certificate.largestOptimalGap), or status feasible"
        )
    }

    private func checkTail(
        _ tail: Certificate.Tail, of certificate: Certificate, level: Double, _ findings: inout Findings
    ) {
        let path = "$.certificate.tail"
        if findings.requireFinite(tail.bound, path + ".bound") {
            findings.require(
                tail.bound > 1 - level && tail.bound <= 1, .tailBound, path + ".bound",
                "found \(tail.bound), wanted more than \(1 - level), which \(objective) leaves, and at most 1")
        }
        guard findings.requireFinite(tail.time, path + ".time") else { return }
        let (primal, bound) = (certificate.primal, certificate.bound)
        findings.require(
            tail.time >= 0 && (tail.time <= primal || !primal.isFinite), .tailTime, path + ".time",
            "found \(tail.time) s, wanted 0 ... \(primal) s, the primal value")
        findings.require(
            (bound >= tail.time && bound <= tail.time.nextUp) || !bound.isFinite, .tailProof, "$.certificate.bound",
            "found \(bound) s, wanted \(tail.time) s, the tail's time, or the next larger double")
    }
}
