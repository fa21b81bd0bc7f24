internal import Distributions
internal import Profiles
public import Traces

extension SolveStudy {
    /// One line on where the server's TTFT is from.
    var serverSentence: String { profiles.serverSentence(problem) }
    /// One line on where the device's TTFT is from.
    var deviceSentence: String { profiles.deviceSentence(problem) }
}

extension StudyProfiles {
    /// One line on where the server's TTFT is from.
    func serverSentence(_ problem: Problem) -> String {
        if case .formula = problem.server.ttft {
            return "TTFT by formula: p50 \(text(all.server.pooled.quantile(0.5))) s"
        }
        let server = all.server.pooled
        let failed = server.massAtInfinity > 0 ? ", \(text(100 * server.massAtInfinity)) % failed" : ""
        let cancelled = server.censoring.map { ", \($0.observations) of them cancelled (Kaplan-Meier)" } ?? ""
        let strata = all.server.groups.count
        let groups = isConditioned ? ", \(strata) length group\(strata == 1 ? "" : "s")" : ", pooled"
        let count = day?.all.cut.count ?? 1
        let periods = count > 1 ? ", \(count) periods of the day" : ""
        return """
            TTFT p50 \(time(0.5, of: server)), p99 \(time(0.99, of: server))\(failed), \
            \(server.observations) row\(server.observations == 1 ? "" : "s")\(groups)\(periods)\(cancelled)
            """
    }

    /// One line on where the device's TTFT is from.
    func deviceSentence(_ problem: Problem) -> String {
        let fit = all.device.fit
        let squared = fit.perTokenSquared == 0 ? "" : " + \(text(fit.perTokenSquared)) l^2"
        let line = "TTFT \(text(fit.intercept)) + \(text(fit.perToken)) l\(squared) s"
        guard let rSquared = fit.rSquared else { return line + ", as given" }
        let cancelled = all.device.censoring.map { ", \($0.rows) of them cancelled (Buckley-James)" } ?? ""
        let noise = all.device.residuals.count(where: \.isFinite) > 1 ? "residuals kept" : "no noise"
        let failed = all.device.failedShare > 0 ? ", \(text(100 * all.device.failedShare)) % failed" : ""
        return "\(line) (R^2 \(text(rSquared))), \(noise), \(all.device.observations) rows\(cancelled)\(failed)"
    }

    private func time(_ level: Double, of times: Empirical) -> String {
        let seconds = times.seenQuantile(level)
        if seconds.isFinite { return "\(text(seconds)) s" }
        return times.quantile(level).isFinite ? "not seen" : "never"
    }
}

extension TraceReport {
    /// One line: how many rows, and what became of them.
    public var sentence: String {
        let format = "\(format.rawValue)\(isDetected ? " (detected)" : "")"
        var line = "\(path): \(format), \(rowsIn) rows = \(accepted) accepted"
        if filtered > 0 { line += " + \(filtered) filtered" }
        line += " + \(rejected) rejected"
        if failed > 0 { line += "; \(failed) failed" }
        if cancelled > 0 { line += "; \(cancelled) cancelled" }
        return line
    }

    /// A line a rejection and a note; the notes name ignored columns too.
    public var remarks: [String] {
        rejections.map { rejection in
            let found = rejection.found.map { " (\($0))" } ?? ""
            return "\(path):\(rejection.firstLine): \(rejection.count) rejected: \(rejection.reason)\(found)"
        } + notes.map { "\(path): \($0)" }
    }
}
