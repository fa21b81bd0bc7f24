public import Profiles
internal import Solvers

extension StudyProfiles {
    /// The buckets that a problem asks for, cut where the server's distribution changes.
    ///
    /// Optimal buckets depend on the solution (`optimalBuckets`); here quantile buckets of the same number stand for them.
    public func buckets(_ choice: Problem.BucketChoice, of profile: ServingProfile) -> Buckets {
        let buckets =
            switch choice {
            case .quantile(let count), .optimal(let count): Buckets.quantile(count: count, of: profile.workload)
            case .edges(let edges): Buckets(edges: edges)
            case .exact: Buckets.exact(profile.workload)
            }
        return isConditioned ? buckets.cut(at: profile.server.lowerEdges) : buckets
    }

    /// Numbers of buckets that losses are stated for: all up to 64, or fewer where every solve goes over many lengths.
    static func countsOfLosses(_ profile: ServingProfile) -> [Int] {
        profile.workload.lengths.count <= LengthCells.maximalLengths ? Array(1...64) : printedCounts
    }

    /// Numbers of buckets that are printed for people.
    static let printedCounts = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]

    /// Numbers of buckets that losses are stated for where each takes seconds to solve.
    static let fewCounts = [1, 4, 16, 64]
    private static let slowWork = 20_000

    /// The buckets that lose least for a problem, cut where the server's distribution changes.
    /// - Parameters:
    ///   - count: How many are wanted, at most.
    ///   - profile: All rows, or one part of them.
    ///   - program: The problem with given buckets.
    /// - Returns: Buckets and losses for `count` and up to 64 others; nil where no policy keeps the limits.
    func optimalBuckets(count: Int, of profile: ServingProfile, _ program: (Buckets) -> DispatchProgram)
        -> OptimalBuckets?
    {
        let program = program(Buckets(edges: []))
        let work = profile.workload.lengths.count * profile.device.residuals.count
        let counts =
            program.isQuick
            ? Self.countsOfLosses(profile) : work <= Self.slowWork ? Self.printedCounts : Self.fewCounts
        return program.optimalBuckets(count: count, counts: counts, mandatoryEdges: mandatoryEdges(profile))
    }

    private func mandatoryEdges(_ profile: ServingProfile) -> [Int] { isConditioned ? profile.server.lowerEdges : [] }
}

extension OptimalBuckets {
    /// The losses for people: a row of numbers of buckets over a row of losses, eight numbers at a time.
    /// - Parameters:
    ///   - scale: Units of the objective per printed unit: 1000 for seconds as milliseconds.
    ///   - unit: Name of the printed unit.
    /// - Returns: Lines within 80 columns.
    func lossLines(scale: Double = 1000, unit: String = "ms") -> [String] {
        let printed = choices.filter { StudyProfiles.printedCounts.contains($0.count) }
        return stride(from: 0, to: printed.count, by: 8).flatMap { start in
            let part = printed[start..<min(start + 8, printed.count)]
            return columns([
                ["buckets"] + part.map { "\($0.count)" },
                ["loss, \(unit)"] + part.map { text(scale * $0.loss) },
            ])
        }
    }

    /// The losses as JSON, in units of the objective: `partition.losses` of schema/solve.schema.json.
    var lossesJSON: JSONValue {
        .array(
            choices.map {
                .object(["buckets": .integer($0.count), "loss": .number($0.loss), "bound": .init($0.bound)])
            })
    }
}
