internal import Policies
internal import Replay
internal import Serving

extension ReplayStudy {
    /// The result as JSON (schema/replay.schema.json).
    public var json: JSONValue {
        let metrics = options.metrics
        return .object([
            "version": .integer(1),
            "policy_id": .string(table.id),
            "problem": .string(problem.path),
            "requests": .integer(options.requests),
            "seed": .integer(options.seed),
            "settings": .object([
                "ttft_target": .number(metrics.ttftTarget), "deadline_offset": .number(metrics.deadlineOffset),
                "deadline_tokens_per_second": .number(metrics.deadlineTokensPerSecond),
                "alpha": .number(metrics.alpha),
            ]),
            "goodput_unit": .string(goodputUnit),
            "limits": problem.limits.json,
            "paces": paces.map {
                .object(["server": .string($0.server.kind), "device": .string($0.device.kind)])
            } ?? .null,
            "policies": .array(rows.map(json)),
            "traces": .array(profiles.sources.map(\.json)),
            "notes": .array(notes.map { .string($0) }),
        ])
    }

    /// The unit of goodput: tokens per second of arrivals, or per request where no arrival times are known.
    var goodputUnit: String { hasArrivals ? "tokens/s" : "tokens/request" }

    private func json(_ row: Row) -> JSONValue {
        let figures = row.outcomes.figures(quantiles: problem.reportedQuantiles)
        return .object([
            "name": .string(row.name),
            "outcomes": Self.values(figures),
            "standard_errors": .object(
                Dictionary(
                    uniqueKeysWithValues: figures.compactMap { figure in
                        figure.error.map { (figure.name, .number($0)) }
                    })),
            "without_hand_overs": row.withoutHandOvers.map {
                Self.values($0.figures(quantiles: problem.reportedQuantiles))
            } ?? .null,
            "breaks": .array(row.brokenLimits.map { .string($0) }),
        ])
    }

    private static func values(_ figures: [ReplayFigure]) -> JSONValue {
        .object(Dictionary(uniqueKeysWithValues: figures.map { ($0.name, .number($0.value)) }))
    }
}
