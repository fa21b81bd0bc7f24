internal import Costs
internal import Crypto
internal import Policies
#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
internal import Serving
internal import Traces

extension Problem {
    /// The problem as text: one line a field, defaults filled in, lines sorted.
    ///
    /// Equal for equal problems, however their files spell them. Trace paths stand as they are in `self`; `sha256` and `path` do not count.
    func canonicalText() -> String {
        var lines: [String] = []
        func line(_ name: String, _ value: String) { lines.append("\(name)=\(value)\n") }
        line("version", "1")
        line("workload.buckets", workload.buckets.canonicalText)
        add(workload.trace, "workload.trace", to: &lines)
        add(server, "endpoints.server", to: &lines)
        add(device, "endpoints.device", to: &lines)
        line("exchange.per_joule", canonical(moneyPerJoule))
        line("reader", canonical(readers))
        line("migration.network", canonical(migration?.network))
        line("migration.transfer", canonical(migration?.transfer))
        line("migration.epsilon", canonical(migration?.epsilon))
        line("migration.allow_stall", migration.map { "\($0.allowsStall)" } ?? "null")
        line("metrics.ttft_target", canonical(metrics.ttftTarget))
        line("metrics.deadline.tokens_per_second", canonical(metrics.deadlineTokensPerSecond))
        line("metrics.deadline.offset", canonical(metrics.deadlineOffset))
        line("metrics.alpha", canonical(metrics.alpha))
        line("objective", objective.rawValue)
        for limit in limits {
            line("limits.\(limit.metric.rawValue).at_most", canonical(limit.atMost))
            line("limits.\(limit.metric.rawValue).at_least", canonical(limit.atLeast))
        }
        line("deterministic", "\(isDeterministic)")
        line("confidence", canonical(confidence))
        line("budget_window", "\(budgetWindowHours)")
        line("timeout", canonical(timeout))
        line("split.tuning_share", canonical(tuningShare))
        line("disco.alpha", canonical(discoAlpha))
        line("table.as_of", canonical(asOf))
        line("table.valid_days", canonical(validityDays))
        line("table.revision", "\(revision)")
        // Left out where not set, so that a problem without them keeps the hash it had.
        if let rollout {
            line("table.rollout.percentage", canonical(rollout.percentage))
            line("table.rollout.salt", canonical(rollout.salt))
        }
        if let maxExtraLoad { line("table.max_extra_load", canonical(maxExtraLoad)) }
        return lines.sorted().joined()
    }

    /// SHA-256 of `canonicalText()`, in hexadecimal.
    func canonicalSHA256() -> String {
        let digits = Array("0123456789abcdef")
        return String(
            SHA256.hash(data: Array(canonicalText().utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private func add(_ trace: TraceSource, _ name: String, to lines: inout [String]) {
        lines.append("\(name).path=\(canonical(trace.path))\n")
        lines.append("\(name).format=\(trace.format?.rawValue ?? "null")\n")
        lines.append("\(name).where=\(canonical(trace.filter))\n")
        lines.append("\(name).max_rejected=\(canonical(trace.maxRejected))\n")
        lines += trace.columns.map { "\(name).columns.\($0.key)=\(canonical($0.value))\n" }
    }

    private func add(_ endpoint: EndpointSpec, _ name: String, to lines: inout [String]) {
        switch endpoint.ttft {
        case .trace(let trace): add(trace, "\(name).trace", to: &lines)
        case .formula(let intercept, let perToken, let perTokenSquared):
            lines.append("\(name).ttft.intercept=\(canonical(intercept))\n")
            lines.append("\(name).ttft.per_token=\(canonical(perToken))\n")
            lines.append("\(name).ttft.per_token_squared=\(canonical(perTokenSquared))\n")
        }
        lines.append("\(name).condition_on=\(endpoint.canonicalConditions)\n")
        lines.append("\(name).residuals=\(endpoint.usesResiduals ? "empirical" : "none")\n")
        lines.append("\(name).tpot=\(canonical(endpoint.tpot))\n")
        lines.append("\(name).price.prefill=\(canonical(endpoint.price?.prefill))\n")
        lines.append("\(name).price.decode=\(canonical(endpoint.price?.decode))\n")
        lines.append("\(name).price.currency=\(canonical(endpoint.price?.currency))\n")
        lines.append("\(name).price.source=\(canonical(endpoint.price?.source))\n")
        lines.append("\(name).price.date=\(canonical(endpoint.price?.date))\n")
        lines.append("\(name).energy.prefill=\(canonical(endpoint.energy?.prefill))\n")
        lines.append("\(name).energy.decode=\(canonical(endpoint.energy?.decode))\n")
    }
}

extension Problem.BucketChoice {
    fileprivate var canonicalText: String {
        switch self {
        case .quantile(let count): "quantile \(count)"
        case .edges(let edges): "edges \(edges)"
        case .exact: "exact"
        case .optimal(let count): "optimal \(count)"
        }
    }
}

extension Problem.EndpointSpec {
    fileprivate var canonicalConditions: String {
        var conditions: [String] = []
        if case .promptTokens(let lowerEdges) = conditioning { conditions.append("prompt_tokens \(lowerEdges)") }
        switch periods {
        case .chosen: conditions.append("hour_of_day []")
        case .starting(let hours): conditions.append("hour_of_day \(hours)")
        case nil: break
        }
        return conditions.isEmpty ? "none" : conditions.joined(separator: " ")
    }
}

/// Paces ascending, each as `share of all at tokens per second`; `null` for none.
private func canonical(_ readers: Readers?) -> String {
    guard let readers else { return "null" }
    return readers.paces.map { "\(canonical($0.share)) at \(canonical($0.tokensPerSecond))" }.joined(separator: ", ")
}

/// A number as the shortest decimal that reads back as the same double; `null` for none.
private func canonical(_ number: Double?) -> String { number.map { "\($0 == 0 ? 0 : $0)" } ?? "null" }

/// A text in quotes, with quotes, backslashes and line ends escaped, so that no text looks like two lines.
private func canonical(_ text: String?) -> String {
    guard let text else { return "null" }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        .replacing("\r", with: "\\r")
    return "\"\(escaped)\""
}
