import Distributions

/// Times of several groups in one piece of memory, drawn without following from one array to the next.
struct TimeTable: Sendable {
    private let seconds: [Double]
    /// Where each group begins, and how many it has.
    private let offsets: [Int]
    private let counts: [UInt64]
    /// How each group is drawn; empty where all times of all groups are equally likely.
    private let draws: [WeightedIndex]

    init(_ groups: [TimeSamples]) {
        seconds = groups.flatMap(\.seconds)
        counts = groups.map { UInt64($0.seconds.count) }
        var sum = 0
        offsets = groups.map { group in
            defer { sum += group.seconds.count }
            return sum
        }
        draws = groups.allSatisfy(\.isUniform) ? [] : groups.map(\.draw)
    }

    /// The time of a group that a random word stands for, the same as `TimeSamples.time`.
    @inline(__always) func time(_ group: Int, _ word: UInt64) -> Double {
        let index =
            draws.isEmpty
            ? Int(truncatingIfNeeded: counts[group].multipliedFullWidth(by: word).high) : draws[group].index(word)
        return seconds[offsets[group] &+ index]
    }
}
