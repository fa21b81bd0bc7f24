internal import Distributions
public import Profiles
public import Serving
public import Traces

/// The traces of a problem, read and profiled: all rows, and the two parts of the time split.
public struct StudyProfiles: Sendable {
    /// One trace that was read.
    public struct Source: Sendable {
        /// What it is for: `workload`, `server` or `device`.
        public let role: String
        /// What came of reading it.
        public let report: TraceReport
    }

    /// All rows: what the emitted policy is made from.
    public let all: ServingProfile
    /// The earlier part of each trace; nil where nothing is held out.
    public let tuning: ServingProfile?
    /// The later part of each trace; nil where nothing is held out.
    public let heldOut: ServingProfile?
    /// The traces, in the order workload, server, device.
    public let sources: [Source]
    /// The traces that have arrival times, hour by hour, for each part of the time split; empty unless asked for.
    public let hourly: [TracePart: HourlyProfile]
    /// How fast each endpoint's tokens followed each other in its trace; empty unless asked for.
    public let paces: [Endpoint: TracePaces]
    /// Whether the server's TTFT goes with the prompt length; nil where its trace has no lengths.
    public let evidence: PoolingEvidence?
    /// Whether the server's TTFT is conditioned on the prompt length.
    public let isConditioned: Bool
    /// By period of the day, where the problem conditions the server on it; nil otherwise.
    public let day: Day?
    /// Whether the server's TTFT goes with the hour of the day; nil where that was not asked or has no answer.
    public let hourEvidence: HourEvidence?
    /// Outages that worlds have besides (`disco whatif`).
    let outages: [WorldChange.Outage]
    /// Remarks for the user.
    public let notes: [String]

    /// Groups by prompt length that a conditioned server is asked for, unless the problem names its own.
    static let defaultGroups = [1] + (5...17).map { 1 << $0 }

    /// Reads and profiles the traces of `problem`.
    /// - Parameters:
    ///   - problem: The problem.
    ///   - duckdb: The program that reads tables.
    ///   - wantsHourEvidence: Whether the evidence on the hour of the day is wanted where nothing is conditioned on it.
    ///   - wantsHours: Profile the traces by the hour, too; nil does where `problem` has a confidence.
    ///   - wantsPaces: Whether the paces of endpoints whose `tpot` the problem does not give are wanted.
    ///   - cache: Traces that were read already; nil reads all.
    ///   - change: What becomes of the traces before they are profiled.
    ///   - older: Profiles to compare with: periods are kept, and the device's curve where none can be fitted.
    ///   - progress: Called with a line for the user as each step begins.
    /// - Returns: The profiles of all rows and of both parts.
    /// - Throws: `StudyError` where a trace cannot be read or profiled.
    public static func load(
        _ problem: Problem, duckdb: DuckDBProgram, wantsHourEvidence: Bool = false, wantsHours: Bool? = nil,
        wantsPaces: Bool = false, cache: TraceCache? = nil, change: WorldChange = WorldChange(),
        after older: StudyProfiles? = nil, progress: (String) -> Void = { _ in }
    ) async throws(StudyError) -> StudyProfiles {
        let reader = TraceReader(duckdb: duckdb, timeout: problem.timeout)
        var sources: [Source] = []
        func read(_ role: String, _ trace: TraceSource, _ selection: TraceSelection) async throws(StudyError)
            -> TraceRows
        {
            if let (rows, report) = await cache?.rows(trace, selection, timeout: problem.timeout) {
                sources.append(Source(role: role, report: report))
                return rows
            }
            progress("reading \(role) trace \(trace.path)")
            do {
                let (rows, report) = try await reader.read(trace, selection)
                await cache?.keep(rows, report, of: trace, selection, timeout: problem.timeout)
                sources.append(Source(role: role, report: report))
                return rows
            } catch {
                throw .trace(error)
            }
        }
        let share = problem.tuningShare
        let wantsHours = wantsHours ?? (problem.confidence != nil)
        let lengths = change.workload(
            try await read(
                "workload", problem.workload.trace,
                TraceSelection(
                    lengths: .exact, needsTTFT: false, wantsOutputTokens: true,
                    wantsHours: wantsHours || problem.server.periods != nil, tuningShare: share)))
        var server: TraceRows?
        var hasHours = false
        if case .trace(let trace) = problem.server.ttft {
            let groups: TraceSelection.Lengths
            switch problem.server.conditioning {
            case .pooled: groups = .doublings
            case .promptTokens(let edges): groups = .groups(lowerEdges: edges.isEmpty ? defaultGroups : edges)
            }
            let needsHours = wantsHours || wantsHourEvidence || problem.server.periods != nil
            server = try await read(
                "server", trace,
                TraceSelection(lengths: groups, needsTTFT: true, wantsHours: needsHours, tuningShare: share))
            hasHours = needsHours && sources.last?.report.hasCalendarTime == true
            if problem.server.periods != nil, !hasHours { throw .profile(.noHourOfDay, path: trace.path) }
        }
        var device: TraceRows?
        if case .trace(let trace) = problem.device.ttft {
            device = try await read(
                "device", trace,
                TraceSelection(lengths: .exact, needsTTFT: true, wantsHours: wantsHours, tuningShare: share))
        }
        var paces: [Endpoint: TracePaces] = [:]
        for (endpoint, spec) in [(Endpoint.server, problem.server), (.device, problem.device)]
        where wantsPaces && spec.tpot == nil {
            guard case .trace(let trace) = spec.ttft else { continue }
            progress("reading the pace of \(endpoint.rawValue) trace \(trace.path)")
            do { paces[endpoint] = try await reader.paces(trace) } catch { throw .trace(error) }
        }
        progress("fitting profiles")
        let maker = ProfileMaker(
            problem: problem, lengths: lengths, server: server, device: device, spareCurve: older?.all.device.fit)
        let all = try maker.profile(.all, like: nil)
        var dayMaker: DayMaker?
        if let choice = problem.server.periods, let server {
            dayMaker = DayMaker(
                choice, server: server, workload: lengths,
                workloadHasCalendar: sources.first?.report.hasCalendarTime == true, isConditioned: maker.isConditioned)
        }
        var notes = dayMaker?.notes ?? []
        if case .promptTokens(let edges) = problem.server.conditioning, !edges.isEmpty, all.server.lowerEdges != edges {
            notes.append(
                """
                endpoints.server.condition_on: groups of fewer than \(ServerProfile.minimalGroupRows) rows were joined to the \
                shorter neighbour; left are those from \(all.server.lowerEdges.map(String.init).joined(separator: ", ")) tokens
                """)
        }
        notes += censoringNotes(all)
        var parts: (tuning: ServingProfile, heldOut: ServingProfile)?
        if share != nil {
            // Too few rows for a split is no reason to refuse the problem: the policy is made from all rows anyway.
            do {
                let tuning = try maker.profile(.tuning, like: nil)
                parts = (tuning, try maker.profile(.heldOut, like: tuning))
            } catch {
                notes.append("nothing is held out: \(error)")
            }
        }
        var day: Day?
        if let dayMaker {
            let tuning = parts.map { dayMaker.profile($0.tuning, .tuning, like: nil) }
            day = Day(
                all: dayMaker.profile(all, .all, like: older?.day?.all, keepsGroups: false), tuning: tuning,
                heldOut: parts.map { dayMaker.profile($0.heldOut, .heldOut, like: tuning) },
                goesByWorkload: dayMaker.workload != nil)
        }
        let hourEvidence = hasHours ? server.flatMap { HourEvidence(rows: $0, periods: day?.all.cut) } : nil
        if let dayMaker, let day { notes += dayMaker.remarks(day, hourEvidence) }
        var hourly: [TracePart: HourlyProfile] = [:]
        if wantsHours {
            var profiles: [(TracePart, ServingProfile)] = [(.all, all)]
            if let parts { profiles += [(.tuning, parts.tuning), (.heldOut, parts.heldOut)] }
            for (part, own) in profiles {
                let (profile, remarks) = maker.hourly(part, own)
                hourly[part] = profile
                if part == .all { notes += remarks }
            }
        }
        return StudyProfiles(
            all: all, tuning: parts?.tuning, heldOut: parts?.heldOut, sources: sources, hourly: hourly, paces: paces,
            evidence: server.flatMap(PoolingEvidence.init(rows:)), isConditioned: maker.isConditioned, day: day,
            hourEvidence: hourEvidence, outages: change.outages, notes: notes)
    }
}

/// Makes the profiles of a problem's parts from its rows.
private struct ProfileMaker {
    let problem: Problem
    let lengths: TraceRows
    let server: TraceRows?
    let device: TraceRows?
    /// The curve of a device trace that none can be fitted to; nil refuses such a trace.
    let spareCurve: DeviceFit?

    /// Whether the server's TTFT is conditioned on the prompt length.
    var isConditioned: Bool {
        if case .promptTokens = problem.server.conditioning { return server != nil }
        return false
    }

    /// The profile of one part; a held-out part keeps the groups and the curve of the part it is `like`.
    func profile(_ part: TracePart, like tuned: ServingProfile?) throws(StudyError) -> ServingProfile {
        let path = problem.workload.trace.path
        guard let workload = WorkloadProfile(rows: lengths, part: part) else {
            throw .profile(.empty("the workload trace has no rows in its \(part) part"), path: path)
        }
        return ServingProfile(
            workload: workload, server: try serverProfile(part, like: tuned, workload),
            device: try deviceProfile(part, like: tuned, workload), timeout: problem.timeout)
    }

    private func serverProfile(
        _ part: TracePart, like tuned: ServingProfile?, _ workload: WorkloadProfile
    ) throws(StudyError) -> ServerProfile {
        switch problem.server.ttft {
        case .trace(let trace):
            let profile = ServerProfile(
                rows: server ?? TraceRows(), part: part, isConditioned: isConditioned, edges: tuned?.server.lowerEdges,
                timeout: problem.timeout)
            guard let profile else {
                throw .profile(.empty("the server trace has no rows in its \(part) part"), path: trace.path)
            }
            if profile.pooled.unidentified == 1 {
                throw .profile(.censored(rows: profile.pooled.observations), path: trace.path)
            }
            return profile
        case .formula(let intercept, let perToken, let squared):
            let curve = DeviceFit(intercept: intercept, perToken: perToken, perTokenSquared: squared)
            for length in workload.lengths where !(curve.seconds(promptTokens: length) > 0) {
                throw .profile(
                    .notPositive(promptTokens: length, seconds: curve.seconds(promptTokens: length)), path: problem.path
                )
            }
            return ServerProfile(
                lengths: workload.lengths, counts: workload.counts, timeout: problem.timeout,
                formula: curve)
        }
    }

    private func deviceProfile(
        _ part: TracePart, like tuned: ServingProfile?, _ workload: WorkloadProfile
    ) throws(StudyError) -> DeviceProfile {
        var path = problem.path
        do throws(ProfileError) {
            switch problem.device.ttft {
            case .trace(let trace):
                path = trace.path
                func around(_ curve: DeviceFit?) throws(ProfileError) -> DeviceProfile {
                    try DeviceProfile(
                        rows: device ?? TraceRows(), part: part, usesResiduals: problem.device.usesResiduals,
                        curve: curve, timeout: problem.timeout)
                }
                do throws(ProfileError) {
                    return try around(tuned?.device.fit)
                } catch {
                    guard let spareCurve else { throw error }
                    return try around(spareCurve)
                }
            case .formula(let intercept, let perToken, let squared):
                return try DeviceProfile(
                    fit: DeviceFit(intercept: intercept, perToken: perToken, perTokenSquared: squared),
                    lengths: workload.lengths)
            }
        } catch {
            throw .profile(error, path: path)
        }
    }

    /// The traces of one part that have arrival times, hour by hour, and remarks on those that cannot be used.
    ///
    /// Traces of one file have one clock. Cancelled requests take times that `profile` gives beyond their bounds.
    func hourly(_ part: TracePart, _ profile: ServingProfile) -> (profile: HourlyProfile, remarks: [String]) {
        var traces: [(role: HourlyProfile.Role, path: String, rows: TraceRows)] = []
        if let server, case .trace(let trace) = problem.server.ttft { traces.append((.server, trace.path, server)) }
        if let device, case .trace(let trace) = problem.device.ttft { traces.append((.device, trace.path, device)) }
        traces.append((.workload, problem.workload.trace.path, lengths))
        var series: [HourlyProfile.Series] = []
        var remarks: [String] = []
        for trace in traces {
            let companions = traces.filter { $0.path == trace.path }
            let spans = companions.compactMap { HourlyRequests.span(of: $0.rows, part) }
            let first = spans.map(\.lowerBound).min()
            let last = spans.map(\.upperBound).max()
            do {
                let requests = try HourlyRequests(
                    rows: trace.rows, part: part, span: first.flatMap { first in last.map { first...$0 } },
                    timeout: problem.timeout
                ) { level, length, bound in
                    trace.role == .device
                        ? profile.device.quantile(level, promptTokens: length, beyond: bound)
                        : profile.server.groups[profile.server.group(of: length)].quantile(level, beyond: bound)
                }
                if requests.undated > 0 {
                    remarks.append(
                        "\(trace.path): \(requests.undated) requests without arrival time do not count in hourly windows"
                    )
                }
                let clock = traces.firstIndex { $0.path == trace.path } ?? 0
                series.append(.init(role: trace.role, clock: clock, requests: requests))
            } catch .tooLong(let hours) {
                remarks.append(
                    """
                    \(trace.path): arrivals span \(hours) hours, more than \(HourlyRequests.maximalHours): is some arrived_at \
                    wrong? The trace is taken as steady
                    """)
            } catch {}  // without arrival times a trace is steady, which the risk study says
        }
        return (HourlyProfile(series: series), remarks)
    }
}
