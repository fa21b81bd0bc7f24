internal import Profiles
internal import Serving
internal import Solvers

extension RiskStudy {
    /// What to tell about the budget, a sentence or two a line.
    public var sentences: [String] {
        let metric = Metric.prefillShare(of: risk.limited).rawValue
        let window = risk.settings.window
        let percent = percentText(risk.settings.confidence)
        let forecast = tightened.forecast
        var lines: [String] = []
        switch decision {
        case .plain: lines.append("Budget: \(metric) at most \(text(risk.budget)); no margin is needed.")
        case .bootstrap, .rolling:
            let reason =
                decision == .rolling
                ? "every rolling \(risk.rollingHours) h window of the trace keeps it"
                : "a future window of \(window) h keeps it"
            lines.append(
                "Budget: \(metric) at most \(text(risk.budget)), solved at \(text(tightened.budget)) so that \(reason)."
            )
        }
        if let level = claimedLevel {
            lines.append(
                """
                With \(percentText(level)) % confidence the share stays within \(text(risk.budget)) in a future window of \
                \(window) h (predicted \(text(forecast.predicted)); worst so far \(text(forecast.worst))).
                """)
        } else {
            lines.append(
                """
                No level is claimed: \(text(risk.days)) days of arrival times are fewer than \(BudgetRisk.minimalPeriods), too \
                few to see how days differ. Resampled, \(percent) % of windows of \(window) h use at most \
                \(text(forecast.predicted)); the worst rolling window uses \(text(forecast.worst)).
                """)
        }
        lines.append(
            """
            Without a margin these would be \(text(plain.predicted)) and \(text(plain.worst)).
            """)
        if risk.rollingHours < window {
            lines.append(
                """
                The trace holds fewer than \(BudgetRisk.minimalPeriods) windows of \(window) h: rolling windows of \
                \(risk.rollingHours) h stand in, whose worst is no better.
                """)
        }
        let range = { (interval: RiskInterval) in "\(text(interval.low)) to \(text(interval.high))" }
        lines.append(
            """
            The middle \(percent) % of resampled windows: share \(range(intervals.share)), mean TTFT \
            \(range(intervals.ttftMean)) s.
            """)
        return lines + steady.map { $0.prefix(1).uppercased() + $0.dropFirst() + "." }
    }

    /// The result as JSON; `level` is null where none can be claimed.
    public var json: JSONValue {
        .object([
            "budget": .number(risk.budget),
            "effective_budget": .number(tightened.budget),
            "decided_by": .string(decision.rawValue),
            "confidence": .number(risk.settings.confidence),
            "level": .init(claimedLevel),
            "window_hours": .integer(risk.settings.window),
            "rolling_hours": .integer(risk.rollingHours),
            "days": .number(risk.days),
            "optimum": tightened.forecast.json,
            "plain": plain.json,
            "intervals": .object([
                "share": intervals.share.json, "ttft.mean": intervals.ttftMean.json,
                "waits": .array(
                    intervals.waits.map {
                        .object([
                            "from": .integer($0.from), "low": .number($0.seconds.low), "high": .number($0.seconds.high),
                        ])
                    }),
            ]),
            "steady": .array(steady.map { .string($0) }),
        ])
    }
}

/// A share in percent, without needless decimals: 95, 97.5, 99.9.
func percentText(_ share: Double) -> String {
    var digits = fixed(100 * share, decimals: 4)
    while digits.last == "0" { digits.removeLast() }
    if digits.last == "." { digits.removeLast() }
    return digits
}

extension BudgetRisk.Forecast {
    /// The forecast as JSON.
    var json: JSONValue {
        .object(["share": .number(share), "predicted": .number(predicted), "worst_window": .number(worst)])
    }
}

extension RiskInterval {
    /// The interval as JSON; an end at never is null.
    var json: JSONValue { .object(["low": .number(low), "high": .number(high)]) }
}
