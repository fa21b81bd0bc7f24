private import Distributions
private import Profiles

private import Traces

/// What `disco profile` says of a problem's traces, before anything is solved.
public struct ProfileStudy: Sendable {
    private let problem: Problem
    let profiles: StudyProfiles

    /// A study of `profiles`.
    public init(_ problem: Problem, _ profiles: StudyProfiles) {
        self.problem = problem
        self.profiles = profiles
    }

    private var profile: StudyProfilesView { StudyProfilesView(problem: problem, profiles: profiles) }

    /// The profile for people.
    public func rendered() -> String {
        let view = profile
        var lines = ["workload  \(view.workloadSentence)"]
        lines += columns([["prompt tokens", "requests", "mean prompt", "output p50", "output p90"]] + view.bucketRows)
        lines += ["", "server    \(profiles.serverSentence(problem))"]
        lines += view.evidenceLines
        lines += hourLines
        lines += ["", "device    \(profiles.deviceSentence(problem))"]
        lines += view.fitLines
        if let heldOut = profiles.heldOut, let tuning = profiles.tuning {
            lines += [
                "",
                """
                split     \(tuning.workload.requests) requests to tune on, \(heldOut.workload.requests) held out; server p50 \
                \(text(tuning.server.pooled.quantile(0.5))) s, then \(text(heldOut.server.pooled.quantile(0.5))) s
                """,
            ]
        }
        if case .optimal = problem.workload.buckets {
            lines.append("note: optimal buckets come of the solution; these are quantile buckets of the same number")
        }
        lines += profiles.notes.map { "note: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The profile as JSON.
    public func json() -> JSONValue {
        let device = profiles.all.device
        let fit = device.fit
        let server = profiles.all.server
        func summary(_ distribution: Empirical) -> JSONValue {
            .object([
                "rows": .integer(distribution.observations),
                "cancelled": .integer(distribution.censoring?.observations ?? 0),
                "unidentified_share": .number(distribution.unidentified),
                "identified_up_to": .number(distribution.censoring?.identifiedUpTo ?? .infinity),
                "failed_share": .number(distribution.massAtInfinity),
                "mean": .number(distribution.mean(cappedAt: profiles.all.timeout)),
                "least_mean": .number(distribution.leastMean(cappedAt: profiles.all.timeout)),
                "p50": .number(distribution.seenQuantile(0.5)), "p90": .number(distribution.seenQuantile(0.9)),
                "p95": .number(distribution.seenQuantile(0.95)), "p99": .number(distribution.seenQuantile(0.99)),
                "p99.9": .number(distribution.seenQuantile(0.999)),
            ])
        }
        return .object([
            "version": .integer(1),
            "workload": .object([
                "requests": .integer(profiles.all.workload.requests),
                "prompt_tokens.mean": .number(profiles.all.workload.meanPromptTokens),
                "prompt_tokens.p50": .integer(profiles.all.workload.median),
                "buckets": .array(profile.buckets.map(\.json)),
            ]),
            "server": .object([
                "pooled": summary(server.pooled),
                "groups": .array(
                    zip(server.lowerEdges, server.groups).prefix(profiles.isConditioned ? server.groups.count : 0).map {
                        .object(["from": .integer($0), "ttft": summary($1)])
                    }),
                "rank_correlation": .init(profiles.evidence?.rankCorrelation),
                "pooled_by_groups": .bool(server.strata?.isNeeded ?? false),
                "pooling_misleads": .bool(profiles.evidence?.speaksAgainstPooling ?? false),
                "evidence": .array(
                    (profiles.evidence?.groups ?? []).map {
                        .object([
                            "from": .integer($0.from), "requests": .integer($0.requests),
                            "cancelled": .integer($0.cancelled), "p50": .number($0.p50), "p99": .number($0.p99),
                        ])
                    }),
                "hours": hoursJSON,
            ]),
            "device": .object([
                "intercept": .number(fit.intercept), "per_token": .number(fit.perToken),
                "per_token_squared": .number(fit.perTokenSquared),
                "standard_errors": .array(fit.standardErrors.map { .number($0) }),
                "r_squared": .init(fit.rSquared), "curvature_t": .init(fit.curvatureT),
                "cancelled": .integer(device.censoring?.rows ?? 0),
                "unidentified_share": .number(device.censoring?.unidentified ?? 0),
                "residuals_identified_up_to": .number(device.censoring?.identifiedUpTo ?? .infinity),
                "floor": .number(device.floor), "failed_share": .number(device.failedShare),
                "rows": .integer(device.observations), "residuals": .integer(device.residuals.count),
                "residual_quantiles": .object(
                    Dictionary(
                        uniqueKeysWithValues: StudyProfilesView.levels.map {
                            ("p\(fixed(100 * $0, decimals: 0))", .number(device.residualQuantile($0)))
                        })),
            ]),
            "traces": .array(profiles.sources.map(\.json)),
            "notes": .array(profiles.notes.map { .string($0) }),
        ])
    }
}

/// The parts of a profile as rows and lines.
private struct StudyProfilesView {
    static let levels = [0.01, 0.1, 0.5, 0.9, 0.99]

    let problem: Problem
    let profiles: StudyProfiles

    struct BucketSummary {
        let from: Int
        let to: Int?
        let requests: Int
        let meanPrompt: Double?
        let outputs: Empirical?

        var json: JSONValue {
            .object([
                "from": .integer(from), "to": to.map { .integer($0) } ?? .null, "requests": .integer(requests),
                "prompt_tokens.mean": .init(meanPrompt), "output_tokens.p50": .init(outputs?.quantile(0.5)),
                "output_tokens.p90": .init(outputs?.quantile(0.9)),
                "output_tokens.survival": .array(
                    outputs.map { o in
                        zip(o.support, o.survival.dropFirst()).map {
                            .object(["tokens": .number($0), "share_longer": .number($1)])
                        }
                    } ?? []),
            ])
        }
    }

    var workloadSentence: String {
        let workload = profiles.all.workload
        return """
            \(workload.requests) requests, \(workload.lengths.count) distinct prompt lengths, median \(workload.median), mean \
            \(text(workload.meanPromptTokens)) tokens
            """
    }

    var buckets: [BucketSummary] {
        let workload = profiles.all.workload
        let buckets = profiles.buckets(problem.workload.buckets, of: profiles.all)
        let edges = buckets.lowerEdges
        return zip(edges, buckets.ranges(in: workload)).enumerated().map { index, bucket in
            let (from, range) = bucket
            let next = index + 1 < edges.count ? edges[index + 1] : Int.max
            let requests = range.reduce(0) { $0 + workload.counts[$1] }
            let tokens = range.reduce(0) { $0 + workload.counts[$1] * workload.lengths[$1] }
            let outputs = workload.outputs.filter { $0.promptTokens >= from && $0.promptTokens < next }
            return BucketSummary(
                from: from, to: next == Int.max ? nil : next - 1, requests: requests,
                meanPrompt: requests > 0 ? Double(tokens) / Double(requests) : nil,
                outputs: outputs.isEmpty
                    ? nil : Empirical(values: outputs.map { Double($0.outputTokens) }, counts: outputs.map(\.count)))
        }
    }

    var bucketRows: [[String]] {
        buckets.map { bucket in
            [
                bucket.to.map { $0 == bucket.from ? "\(bucket.from)" : "\(bucket.from)-\($0)" } ?? "\(bucket.from)+",
                "\(bucket.requests)", bucket.meanPrompt.map { text($0) } ?? "-",
                bucket.outputs.map { text($0.quantile(0.5)) } ?? "-",
                bucket.outputs.map { text($0.quantile(0.9)) } ?? "-",
            ]
        }
    }

    var evidenceLines: [String] {
        guard let evidence = profiles.evidence else {
            return profiles.sources.contains { $0.role == "server" }
                ? ["          the trace has no prompt lengths: whether TTFT goes with them cannot be told"] : []
        }
        let hasCancelled = evidence.groups.contains { $0.cancelled > 0 }
        let rows = evidence.groups.map { group in
            func time(_ seconds: Double) -> String {
                seconds.isFinite ? text(seconds) : group.cancelled > 0 ? "not seen" : "failed"
            }
            return ["\(group.from)+", "\(group.requests)", time(group.p50), time(group.p99)]
                + (hasCancelled ? ["\(group.cancelled)"] : [])
        }
        let rho = evidence.rankCorrelation.map { text($0) } ?? "none (one group)"
        let verdict =
            evidence.speaksAgainstPooling
            ? profiles.isConditioned
                ? "conditioning is right" : "pooling misleads: consider condition_on: prompt_tokens"
            : "pooling is defensible"
        return columns([["prompt tokens", "requests", "p50 s", "p99 s"] + (hasCancelled ? ["cancelled"] : [])] + rows)
            + [
                "rank correlation of length and TTFT \(rho), medians up to \(text(evidence.medianRatio)) x apart: \(verdict)"
            ]
    }

    var fitLines: [String] {
        let device = profiles.all.device
        guard device.fit.rSquared != nil else { return [] }
        let names = ["intercept s", "per token s", "per token^2 s"]
        let values = [device.fit.intercept, device.fit.perToken, device.fit.perTokenSquared]
        let rows = zip(names, zip(values, device.fit.standardErrors)).map { [$0, text($1.0, digits: 4), text($1.1)] }
        let quantiles = Self.levels.map { "p\(fixed(100 * $0, decimals: 0)) \(text(device.residualQuantile($0)))" }
        var lines = columns([["", "value", "std. error"]] + rows)
        lines.append("residuals, s: \(quantiles.joined(separator: ", ")); never below \(text(device.floor)) s")
        if let t = device.fit.curvatureT {
            let verdict =
                device.fit.perTokenSquared != 0
                ? "curved: the quadratic term is kept"
                : abs(t) > DeviceFit.curvatureThreshold
                    ? "curved, but the parabola would fall within the lengths seen: a line is used" : "straight"
            lines.append("quadratic term: t = \(text(t)); \(verdict)")
        }
        return lines
    }
}
