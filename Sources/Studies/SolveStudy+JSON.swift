internal import LinearAlgebra
internal import Optimization
public import Policies
internal import Profiles
internal import Serving
internal import Solvers
public import Traces

extension SolveStudy {
    /// The result as JSON (schema/solve.schema.json).
    /// - Parameter table: The policy table made from this study.
    /// - Returns: An object; numbers that are infinite or unknown are null.
    public func json(_ table: PolicyTable) -> JSONValue {
        let certificate = answer.certificate
        // The certificate is that of a minimization; what is maximized is told in its own sign.
        let sign: Double = problem.objective.isMaximized ? -1 : 1
        return .object([
            "version": .integer(1),
            "metric": .string(problem.objective.rawValue),
            "status": .string(answer.status.rawValue),
            "objective": .number(sign * certificate.primal),
            "bound": .number(sign * certificate.bound),
            "gap": .number(certificate.gap),
            "scale": .number(certificate.scale),
            "limits": problem.limits.json,
            "solved_under": limits.json,
            "multipliers": certificate.multipliers.json,
            "tail": answer.tail.map {
                .object([
                    "time": .number($0.time), "bound": .number(min(1, $0.bound)), "multipliers": $0.multipliers.json,
                ])
            } ?? .null,
            "tie_break": answer.tieBreak.map {
                .object([
                    "metric": .string(Metric.ttftMean.rawValue), "primal": .number($0.primal),
                    "bound": .number($0.bound), "gap": .number($0.gap), "scale": .number($0.scale),
                    "multipliers": $0.multipliers.json,
                ])
            } ?? .null,
            "deterministic": .bool(problem.isDeterministic),
            "risk": .array(risks.map(\.json)),
            "expected": optimum.expected.json,
            "held_out": optimum.heldOut?.json ?? .null,
            "baselines": .object(
                Dictionary(
                    uniqueKeysWithValues: baselines.map { ($0.baseline.rawValue, json($0.judgement)) })),
            "partition": partition,
            "regime": .init(regime),
            "policy_id": .string(table.id),
            "buckets": .array(table.buckets.map(Self.json)),
            "periods": .array(
                table.periods.map { period in
                    .object([
                        "hours": .array(period.hours.map { .integer($0) }), "share": .number(period.share),
                        "buckets": .array(period.buckets.map(Self.json)),
                    ])
                }),
            "traces": .array(profiles.sources.map(\.json)),
            "linear_algebra": .string(Engine.name),
            "notes": .array(notes.map { .string($0) }),
        ])
    }

    private static func json(_ bucket: PolicyTable.Bucket) -> JSONValue {
        .object([
            "from": .integer(bucket.from), "to": bucket.to.map { .integer($0) } ?? .null,
            "requests": .integer(bucket.evidence.requests),
            "actions": .array(
                bucket.actions.map { choice in
                    .object([
                        "probability": .number(choice.probability),
                        "server_wait": .number(choice.action.serverWait),
                        "device_wait": .number(choice.action.deviceWait), "migration": json(choice.migration),
                    ])
                }),
            "migration": json(bucket.migration),
        ])
    }

    private static func json(_ migrations: PolicyTable.Migrations?) -> JSONValue {
        migrations.map {
            .object(["device_to_server": json($0.deviceToServer), "server_to_device": json($0.serverToDevice)])
        } ?? .null
    }

    private static func json(_ migration: PolicyTable.Migration) -> JSONValue {
        switch migration {
        case .never(let reason): .object(["never": .string(reason.rawValue)])
        case .handOver(let point):
            .object([
                "after_tokens": .integer(point.afterTokens), "buffer_tokens": .number(point.bufferTokens),
                "expected_saving": .number(point.expectedSaving), "stall": .init(point.stall),
            ])
        }
    }

    private var partition: JSONValue {
        var members: [String: JSONValue] = [
            "buckets": .integer(optimum.plans.reduce(0) { $0 + $1.lowerEdges.count }), "loss": .init(partitionLoss),
        ]
        members["losses"] = bucketChoice?.lossesJSON
        return .object(members)
    }

    /// A baseline's outcomes by metric, with those on held-out rows and the limits it breaks beside them.
    private func json(_ judgement: Judgement) -> JSONValue {
        guard case .object(var members) = judgement.expected.json else { return .null }
        members["held_out"] = judgement.heldOut?.json ?? .null
        members["breaks"] = .array(judgement.brokenLimits.map { .string($0.rawValue) })
        return .object(members)
    }
}

extension [Limit] {
    /// Limits as a JSON object by metric.
    var json: JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: map {
                    ($0.metric.rawValue, .object(["at_most": .init($0.atMost), "at_least": .init($0.atLeast)]))
                }))
    }
}

extension Dictionary where Key == Metric, Value == Double {
    /// Numbers as a JSON object by metric; what is 0 is left out.
    var json: JSONValue { .object(byName.mapValues { .number($0) }) }
}

extension Outcomes {
    /// The outcomes as a JSON object with the metrics' names.
    var json: JSONValue {
        .object(Dictionary(uniqueKeysWithValues: ordered.map { ($0.metric.rawValue, .number($0.value)) }))
    }
}

extension StudyProfiles.Source {
    /// The conservation report as JSON.
    var json: JSONValue {
        guard case .object(var members) = report.json else { return .null }
        members["role"] = .string(role)
        return .object(members)
    }
}

extension TraceReport {
    /// The report as JSON.
    public var json: JSONValue {
        .object([
            "path": .string(path), "format": .string(format.rawValue), "detected": .bool(isDetected),
            "sha256": .string(sha256), "rows_in": .integer(rowsIn), "accepted": .integer(accepted),
            "filtered": .integer(filtered), "rejected": .integer(rejected), "ok": .integer(ok),
            "failed": .integer(failed),
            "cancelled": .integer(cancelled), "first_arrival": .init(firstArrival), "last_arrival": .init(lastArrival),
            "rejections": .array(
                rejections.map {
                    .object([
                        "reason": .string($0.reason), "count": .integer($0.count), "first_line": .integer($0.firstLine),
                        "found": .init($0.found),
                    ])
                }),
            "ignored_columns": .array(ignoredColumns.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
        ])
    }
}
