public import Profiles
internal import Serving
internal import Solvers

/// A part of all requests with distributions and buckets of its own: all day, or a period of it.
public struct StudyWorld: Sendable {
    /// Hours of the day (UTC) that belong to it, ascending; nil for all day.
    public let hours: [Int]?
    /// Share of all requests, 0...1.
    public let share: Double
    /// Its requests and times.
    public let profile: ServingProfile

    /// What late first tokens cost its readers; nil where the problem and the traces do not tell.
    func losses(_ problem: Problem, _ profiles: StudyProfiles) -> StreamLosses? {
        profiles.quality(problem).flatMap { StreamLosses(profile, $0) }
    }

    /// The worlds of one part of the traces; empty where there is no such part.
    static func of(_ part: TracePart, _ profiles: StudyProfiles) -> [StudyWorld] {
        let (whole, day): (ServingProfile?, DayProfile?) =
            switch part {
            case .all: (profiles.all, profiles.day?.all)
            case .tuning: (profiles.tuning, profiles.day?.tuning)
            case .heldOut: (profiles.heldOut, profiles.day?.heldOut)
            }
        func after(_ profile: ServingProfile) -> ServingProfile {
            profiles.outages.reduce(profile) { $0.withOutage(of: $1.endpoint, share: $1.share) }
        }
        if let day {
            return day.periods.map { StudyWorld(hours: $0.hours, share: $0.share, profile: after($0.profile)) }
        }
        return whole.map { [StudyWorld(hours: nil, share: 1, profile: after($0))] } ?? []
    }

    /// The worlds of the held-out part.
    static func heldOut(_ problem: Problem, _ profiles: StudyProfiles) -> [StudyWorld] { of(.heldOut, profiles) }
}
