internal import Distributions
internal import Profiles

/// Unidentified mass beyond which means and high quantiles rest on where it is placed.
private let materialShare = 0.01

/// What cancelled rows leave open, for the user: how many, up to where times are known, and how much lies beyond.
func censoringNotes(_ profile: ServingProfile) -> [String] {
    var notes: [String] = []
    let timeout = "\(text(profile.timeout)) s"
    if let censoring = profile.server.pooled.censoring {
        var note = "server: \(censoring.observations) of \(profile.server.pooled.observations) rows were cancelled"
        if let strata = profile.server.strata, strata.cancellingGoesWithLength {
            note +=
                strata.isNeeded
                ? ", and both that and the TTFT go with the prompt length: estimated in \(strata.lowerEdges.count) length groups"
                : ", which goes with the prompt length; the TTFT does not, so all rows are estimated together"
        }
        notes.append(note + beyond(profile.server.pooled, timeout))
        if censoring.unidentified > materialShare {
            let least = profile.server.pooled.leastMean(cappedAt: profile.timeout)
            let most = profile.server.pooled.mean(cappedAt: profile.timeout)
            notes.append(
                """
                the server's mean TTFT is only known to be between \(text(least)) and \(text(most)) s: let more requests answer, \
                or read means and high quantiles of waiting policies as upper bounds
                """)
        }
        let seen = Double(censoring.infinite) / Double(profile.server.pooled.observations)
        let weighed = profile.server.pooled.massAtInfinity
        if weighed > seen + materialShare / 2 {
            notes.append(
                """
                server: \(percent(seen)) of the rows failed, which stands for \(percent(weighed)) of requests if a failure is seen \
                only by waiting for it, since cancelled requests may have failed as well; where errors come at once it is too much
                """)
        }
        for (edge, group) in zip(profile.server.lowerEdges, profile.server.groups)
        where profile.server.groups.count > 1 && group.unidentified > materialShare {
            notes.append("server, prompts from \(edge) tokens\(beyond(group, timeout))")
        }
    }
    if let censoring = profile.device.censoring {
        var note = "device: \(censoring.rows) of \(profile.device.observations) rows were cancelled"
        if censoring.unidentified > 0 {
            note += """
                ; residuals are known up to \(text(censoring.identifiedUpTo)) s, \(percent(censoring.unidentified)) lies \
                beyond and is placed at the timeout of \(timeout)
                """
        }
        if censoring.unidentified > materialShare {
            note += "; means and high quantiles that wait for the device are upper bounds"
        }
        notes.append(note)
    }
    return notes
}

private func beyond(_ times: Empirical, _ timeout: String) -> String {
    guard let censoring = times.censoring, censoring.unidentified > 0 else { return "" }
    return """
        ; times are known up to \(text(censoring.identifiedUpTo)) s, \(percent(censoring.unidentified)) lies beyond and is placed \
        at the timeout of \(timeout)
        """
}

private func percent(_ share: Double) -> String { "\(text(100 * share)) %" }
