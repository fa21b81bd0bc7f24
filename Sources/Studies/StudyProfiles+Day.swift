public import Profiles
internal import Traces

extension StudyProfiles {
    /// The profiles by period of the day: for each period its own requests, its own server, the common device.
    ///
    /// A part is the sum of its periods by their shares: a solver takes each period as a world of its own, with buckets of
    /// its own, under limits that all share.
    public struct Day: Sendable {
        /// All rows: what the emitted policy is made from.
        public let all: DayProfile
        /// The earlier part of each trace, by a cut of its own; nil where nothing is held out.
        public let tuning: DayProfile?
        /// The later part of each trace, by the tuning part's cut; nil where nothing is held out.
        public let heldOut: DayProfile?
        /// Whether shares and requests go by the workload's arrivals (else shares by the server's rows, and every period
        /// has the whole workload).
        public let goesByWorkload: Bool
    }

    /// Fewest hours from a workload's first to its last arrival for its time of day to mean anything.
    static let fewestWorkloadHours = 24
}

/// Cuts the parts of a problem's traces into periods of the day.
struct DayMaker {
    let choice: Problem.PeriodChoice
    let server: TraceRows
    /// nil where its arrivals do not tell the time of day.
    let workload: TraceRows?
    let isConditioned: Bool
    private(set) var notes: [String] = []

    /// A maker, with notes on what the traces cannot tell.
    init(
        _ choice: Problem.PeriodChoice, server: TraceRows, workload: TraceRows, workloadHasCalendar: Bool,
        isConditioned: Bool
    ) {
        self.choice = choice
        self.server = server
        self.isConditioned = isConditioned
        let known = workload.hours.filter { $0 != TraceRows.noHour }
        let span = (known.max() ?? 0) - (known.min() ?? 0) + 1
        let tellsTime = workloadHasCalendar && span >= StudyProfiles.fewestWorkloadHours
        self.workload = tellsTime ? workload : nil
        if !tellsTime {
            let reason =
                workloadHasCalendar
                ? "spans \(span) h, less than a day" : "has no arrivals of the calendar"
            notes.append(
                """
                condition_on: hour_of_day: the workload trace \(reason), so periods weigh by the server's rows, and each has \
                the whole workload
                """)
        }
        for (name, rows) in [("server", server), ("workload", self.workload ?? TraceRows())] {
            let unplaced = rows.counts.indices.reduce(0) {
                $0 + (rows.hours[$1] == TraceRows.noHour ? rows.counts[$1] : 0)
            }
            if unplaced > 0 {
                notes.append(
                    "condition_on: hour_of_day: \(unplaced) \(name) rows have no arrived_at and are in no period")
            }
        }
    }

    /// The profile of one part; a held-out part keeps the periods and the length groups of the part it is `like`.
    func profile(
        _ whole: ServingProfile, _ part: TracePart, like tuned: DayProfile?, keepsGroups: Bool = true
    ) -> DayProfile {
        DayProfile(
            whole, cut: tuned?.cut ?? cut(part), part: part, workload: workload, server: server,
            isConditioned: isConditioned, edges: keepsGroups ? tuned?.periods.map(\.profile.server.lowerEdges) : nil)
    }

    private func cut(_ part: TracePart) -> DayPeriods {
        let asked: DayPeriods =
            switch choice {
            case .chosen: .chosen(from: server, part: part)
            case .starting(let hours): DayPeriods(startHours: hours)
            }
        let minimum = ServerProfile.minimalGroupRows
        let known = asked.joined(rows: server, part: part, minimum: minimum)
        // A period that hardly any request came in would be free to spend a budget that its future requests share.
        return workload.map { known.joined(rows: $0, part: part, minimum: minimum) } ?? known
    }

    /// What a user should know of the periods that came out.
    func remarks(_ day: StudyProfiles.Day, _ evidence: HourEvidence?) -> [String] {
        var remarks: [String] = []
        func starts(_ cut: DayPeriods) -> String {
            cut.count == 1 ? "all day" : "from hours \(cut.startHours.map(String.init).joined(separator: ", "))"
        }
        if case .starting(let hours) = choice, day.all.cut != DayPeriods(startHours: hours) {
            remarks.append(
                """
                endpoints.server.condition_on: periods of fewer than \(ServerProfile.minimalGroupRows) server rows or workload \
                requests were joined to the one before; left: \(starts(day.all.cut))
                """)
        }
        if choice == .chosen, day.all.cut.count == 1 {
            remarks.append(
                """
                condition_on: hour_of_day: this trace bears out no periods, so there is one, all day; name hours to have them \
                anyway: {hour_of_day: [0, 8, 18]}
                """)
        }
        if let evidence, evidence.verdict == .tooFewDays {
            let days = evidence.wholeDays
            remarks.append(
                """
                condition_on: hour_of_day: the server trace has \(days) whole day\(days == 1 ? "" : "s"); fewer than \
                \(HourEvidence.fewestDays) cannot tell the hour of the day from a drift
                """)
        } else if let evidence, evidence.verdict == .notShown, day.all.cut.count > 1 {
            remarks.append(
                "condition_on: hour_of_day: \(evidence.wholeDays) days do not show that the TTFT goes with it")
        }
        if let tuning = day.tuning, tuning.cut != day.all.cut {
            remarks.append("the tuning part has periods of its own: \(starts(tuning.cut))")
        }
        if let heldOut = day.heldOut, !heldOut.unseen.isEmpty {
            let names = heldOut.unseen.map(heldOut.cut.words(of:)).joined(separator: ", ")
            remarks.append("no held-out server rows at \(names): judged by all held-out rows")
        }
        return remarks
    }
}
