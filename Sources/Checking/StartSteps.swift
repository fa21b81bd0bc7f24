internal import Serving

/// How much of a group's prompt tokens the second endpoint is started for, as a step function of its wait.
struct StartSteps {
    /// Waits at which the share falls, ascending, in seconds.
    let waits: [Double]
    /// P(first > waits[k − 1]) over the group's prompt tokens.
    private let above: [Double]
    /// Σ share · prompt tokens over the group.
    private let total: Double

    /// The steps of a group.
    /// - Precondition: the group has requests.
    init(_ group: [LengthTimes], first: Endpoint) {
        let total = group.reduce(0) { $0 + $1.share * $1.promptTokens }
        self.total = total
        if first == .server, group.allSatisfy({ $0.server.isSame(as: group[0].server) }) {
            // One law for all lengths: its own arrays serve.
            waits = group[0].server.times
            above = group[0].server.above
            return
        }
        var drops: [(wait: Double, share: Double)] = []
        for length in group {
            let share = length.share * length.promptTokens / total
            switch first {
            case .server:
                for k in length.server.times.indices {
                    drops.append(
                        (length.server.times[k], share * (length.server.above[k] - length.server.above[k + 1])))
                }
            case .device:
                for j in length.device.indices { drops.append((length.device[j], share * length.masses[j])) }
            }
        }
        drops.sort { $0.wait < $1.wait }
        waits = drops.map(\.wait)
        var left = 1.0
        above =
            [1]
            + drops.map { drop in
                left -= drop.share
                return max(0, left)
            }
    }

    /// Σ share · prompt tokens · P(first > waits[k − 1]); for k = 0 that of a wait of 0+.
    func tokens(_ k: Int) -> Double { total * above[k] }
}

extension TimeLaw {
    /// Whether two laws are one; cheap where they share their arrays, or differ in a sum.
    func isSame(as other: TimeLaw) -> Bool {
        times.count == other.times.count && area.last == other.area.last && times == other.times
            && above == other.above
    }
}
