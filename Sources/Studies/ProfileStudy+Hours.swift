private import Profiles

extension ProfileStudy {
    /// The server's TTFT by hour of the day, or by period where it is conditioned on that, and what the trace can say.
    var hourLines: [String] {
        guard let evidence = profiles.hourEvidence else { return [] }
        var rows = [["hours (UTC)", "requests", "days", "p50 s", "p99 s"]]
        var verdict: String
        if let day = profiles.day {
            rows[0].append("share")
            let worlds = day.all.periods
            rows += evidence.byPeriod.map { group in
                let index = worlds.firstIndex { $0.hours == group.hours }
                let name = index.map { day.all.cut.words(of: $0) } ?? "?"
                return row(name, group) + [index.map { "\(text(100 * worlds[$0].share)) %" } ?? "-"]
            }
            verdict = day.all.cut.count == 1 ? "one period, all day; " : "\(day.all.cut.count) periods; "
        } else {
            rows += evidence.byHour.map { row("\($0.hours[0] < 10 ? "0" : "")\($0.hours[0]):00", $0) }
            verdict = ""
        }
        verdict += Self.sentence(evidence, isConditioned: profiles.day != nil)
        return [""] + columns(rows) + [verdict]
    }

    private func row(_ name: String, _ group: HourEvidence.Group) -> [String] {
        func time(_ seconds: Double) -> String {
            seconds.isFinite ? text(seconds) : group.cancelled > 0 ? "not seen" : "failed"
        }
        return [name, "\(group.requests)", "\(group.days)", time(group.p50), time(group.p99)]
    }

    private static func sentence(_ evidence: HourEvidence, isConditioned: Bool) -> String {
        let days = "\(evidence.wholeDays) whole day\(evidence.wholeDays == 1 ? "" : "s")"
        let numbers = """
            hours explain \(text(100 * evidence.explainedShare)) % of the variation, rotation test p \
            \(text(evidence.pValue)) over \(days)
            """
        return switch evidence.verdict {
        case .hoursDiffer:
            "\(numbers): "
                + (isConditioned ? "conditioning is right" : "hours differ: consider condition_on: hour_of_day")
        case .notShown: "\(numbers): no sign that the hour of the day matters"
        case .tooFewDays:
            "\(numbers): cannot tell the hour of the day from a drift with fewer than \(HourEvidence.fewestDays) days"
        }
    }

    /// The evidence on the hour of the day; null where the server has no arrivals of the calendar.
    var hoursJSON: JSONValue {
        guard let evidence = profiles.hourEvidence else { return .null }
        func json(_ group: HourEvidence.Group) -> [String: JSONValue] {
            [
                "hours": .array(group.hours.map { .integer($0) }), "requests": .integer(group.requests),
                "days": .integer(group.days), "cancelled": .integer(group.cancelled), "p50": .number(group.p50),
                "p99": .number(group.p99),
            ]
        }
        let worlds = profiles.day?.all.periods ?? []
        return .object([
            "by_hour": .array(evidence.byHour.map { .object(json($0)) }),
            "periods": .array(
                evidence.byPeriod.map { group in
                    let world = worlds.first { $0.hours == group.hours }
                    return .object(
                        json(group).merging([
                            "share": .init(world?.share),
                            "workload_requests": .integer(world?.profile.workload.requests ?? 0),
                        ]) { own, _ in own })
                }),
            "shares_from": profiles.day.map { .string($0.goesByWorkload ? "workload" : "server") } ?? .null,
            "whole_days": .integer(evidence.wholeDays), "explained_share": .number(evidence.explainedShare),
            "rotation_p": .number(evidence.pValue), "unplaced": .integer(evidence.unplaced),
            "verdict": .string(evidence.verdict.rawValue),
        ])
    }
}
