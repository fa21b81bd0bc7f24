extension PolicyTable {
    /// Relative where the magnitude is above 1.
    static func tolerance(_ magnitude: Double) -> Double { 1e-9 * max(1, magnitude.magnitude) }

    func checkClaims(_ findings: inout Findings) {
        checkMetric(objective, "$.objective", &findings)
        findings.require(
            expected[objective] != nil, .objectiveReported, "$.expected",
            "the objective \(quoted(objective)) is not among the expected outcomes")
        checkLimits(limits, "$.limits", &findings)
        if let solvedUnder { checkSolvedUnder(solvedUnder, &findings) }
        if let certificate { checkCertificate(certificate, &findings) }
        checkOutcomes(expected, "$.expected", &findings)
        if let heldOut { checkOutcomes(heldOut, "$.held_out", &findings) }
        if let expectedIntervals { checkIntervals(expectedIntervals, &findings) }
        if let budgetGuard, findings.requireFinite(budgetGuard.budget, "$.guard.budget") {
            findings.require(
                (0...1).contains(budgetGuard.budget), .guardBudget, "$.guard.budget",
                "found \(budgetGuard.budget), wanted 0 ... 1")
        }
        findings.require(
            fallback.serverMissing == Action(serverWait: .infinity, deviceWait: 0), .fallbackAction,
            "$.fallback.server_missing", "wanted the device at 0 and the server never")
        findings.require(
            fallback.deviceMissing == Action(serverWait: 0, deviceWait: .infinity), .fallbackAction,
            "$.fallback.device_missing", "wanted the server at 0 and the device never")
    }

    func checkMetric(_ name: String, _ path: @autoclosure () -> String, _ findings: inout Findings) {
        findings.require(
            PolicyMetric.isKnown(name), .metricKnown, path(),
            "unknown metric \(quoted(name)); \(PolicyMetric.advice(about: name))")
    }

    private func checkLimits(_ limits: [String: Limit], _ parent: String, _ findings: inout Findings) {
        for (metric, limit) in limits.sorted(by: { $0.key < $1.key }) {
            checkLimit(limit, on: metric, parent, &findings)
        }
    }

    /// What was solved under are limits too, each at least as strict as the one that it stands for.
    private func checkSolvedUnder(_ stricter: [String: Limit], _ findings: inout Findings) {
        let parent = "$.solved_under"
        checkLimits(stricter, parent, &findings)
        for (metric, limit) in limits.sorted(by: { $0.key < $1.key }) {
            guard let own = stricter[metric] else {
                findings.require(
                    false, .solvedUnderStrict, parent, "there is no limit on \(quoted(metric)), which $.limits limits")
                continue
            }
            let path = Findings.entry(parent, metric)
            if let bound = limit.atMost, bound.isFinite, own.atMost?.isFinite != false {
                findings.require(
                    own.atMost.map { $0 <= bound } ?? false, .solvedUnderStrict, path + ".at_most",
                    "found \(own.atMost.map { "\($0)" } ?? "none"), wanted at most \(bound), as in $.limits")
            }
            if let bound = limit.atLeast, bound.isFinite, own.atLeast?.isFinite != false {
                findings.require(
                    own.atLeast.map { $0 >= bound } ?? false, .solvedUnderStrict, path + ".at_least",
                    "found \(own.atLeast.map { "\($0)" } ?? "none"), wanted at least \(bound), as in $.limits")
            }
        }
    }

    private func checkLimit(_ limit: Limit, on metric: String, _ parent: String, _ findings: inout Findings) {
        let path = Findings.entry(parent, metric)
        checkMetric(metric, path, &findings)
        findings.require(
            limit.atMost != nil || limit.atLeast != nil, .limitEmpty, path, "wanted at_most, at_least or both")
        for (name, side) in [("at_most", limit.atMost), ("at_least", limit.atLeast)] {
            if let side, !findings.requireFinite(side, "\(path).\(name)") { return }
        }
        if let atMost = limit.atMost, let atLeast = limit.atLeast, atLeast > atMost {
            findings.require(false, .limitOrder, path, "at_least \(atLeast) is above at_most \(atMost)")
            return
        }
        guard let value = expected[metric] else {
            findings.require(
                false, .limitReported, "$.expected", "the limited \(quoted(metric)) is not among the expected outcomes")
            return
        }
        let place = Findings.entry("$.expected", metric)
        if let atMost = limit.atMost {
            findings.require(
                !(value > atMost + Self.tolerance(atMost)), .limitKept, place,
                "found \(value), wanted at most \(atMost)")
        }
        if let atLeast = limit.atLeast {
            findings.require(
                !(value < atLeast - Self.tolerance(atLeast)), .limitKept, place,
                "found \(value), wanted at least \(atLeast)")
        }
    }

    private func checkOutcomes(_ outcomes: [String: Double], _ path: String, _ findings: inout Findings) {
        for (metric, value) in outcomes.sorted(by: { $0.key < $1.key }) {
            let place = Findings.entry(path, metric)
            checkMetric(metric, place, &findings)
            guard findings.requireFinite(value, place) else { continue }
            let tolerance = Self.tolerance(timeout.isFinite ? timeout : 1)
            if PolicyMetric.isShare(metric) {
                findings.require(
                    value >= -1e-9 && value <= 1 + 1e-9, .outcomeRange, place,
                    "found \(value), wanted a share in 0 ... 1")
            } else if PolicyMetric.isTime(metric) {
                findings.require(
                    value >= 0 && (value <= timeout + tolerance || !timeout.isFinite), .outcomeRange, place,
                    "found \(value) s, wanted 0 ... \(timeout) s, the timeout")
            } else if !PolicyMetric.isMaximized(metric) {
                findings.require(value >= 0, .outcomeRange, place, "found \(value), wanted at least 0")
            }
        }
    }
}
