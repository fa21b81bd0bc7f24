internal import Distributions
internal import Profiles

/// How long the target of a hand-over takes to its first token, over the requests whose answer still runs.
///
/// Prompt lengths are those of the hand-over, l + i. Lengths that still run are counted by their weights.
protocol TargetTimes {
    /// Bounds on the share of answers later than `x` seconds, for requests of these lengths in any proportion.
    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double)
    /// The share of answers later than `x` seconds of all requests that still run after `i` tokens.
    /// - Parameters:
    ///   - lengths: Prompt lengths of the bucket.
    ///   - running: How much of each still runs; one of them is > 0.
    ///   - i: Tokens delivered before the hand-over.
    ///   - x: Seconds that the target may take.
    /// - Returns: A share, 0 ... 1.
    mutating func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double
    /// Takes note that requests of a length have ended.
    mutating func end(_ weight: Double, length index: Int)
}

extension TargetTimes {
    mutating func end(_ weight: Double, length index: Int) {}
}

/// The device as target: its curve at l + i tokens, with the residuals.
struct DeviceTimes: TargetTimes {
    private let device: DeviceProfile
    private let timeout: Double
    private let unidentified: Double
    /// Whether longer prompts never take less (true), never more (false), or it depends (nil).
    private let isRising: Bool?

    /// The device of a world, for prompts of at least `shortest` tokens.
    init(_ profile: ServingProfile, shortest: Int) {
        device = profile.device
        timeout = profile.timeout
        unidentified = profile.device.censoring?.unidentified ?? 0
        isRising = device.fit.isRising(from: shortest)
    }

    /// P(D(length) > x); what is not identified answers at the timeout.
    private func late(_ length: Int, after x: Double) -> Double {
        let late = device.survival(promptTokens: length, at: x)
        return x < timeout ? late : max(device.failedShare, late - unidentified)
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        guard let isRising else { return (0, 1) }
        let short = late(lengths.lowerBound, after: x)
        if lengths.count == 1 { return (short, short) }
        let long = late(lengths.upperBound, after: x)
        return isRising ? (short, long) : (long, short)
    }

    func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        var total = 0.0
        var late = 0.0
        for index in lengths.indices where running[index] > 0 {
            total += running[index]
            late += running[index] * self.late(lengths[index] + i, after: x)
        }
        return late / total
    }
}

/// The server as target, of which nothing is known in this request: its distribution at l + i tokens.
struct ServerTimes: TargetTimes {
    private let server: ServerProfile

    /// The server of a world.
    init(_ profile: ServingProfile) { server = profile.server }

    private func late(_ length: Int, after x: Double) -> Double {
        if let formula = server.formula { return formula.seconds(promptTokens: length) > x ? 1 : 0 }
        return server.groups[server.group(of: length)].survival(at: max(0, x))
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        if let formula = server.formula {
            guard let isRising = formula.isRising(from: lengths.lowerBound) else { return (0, 1) }
            let ends = (late(lengths.lowerBound, after: x), late(lengths.upperBound, after: x))
            return isRising ? ends : (ends.1, ends.0)
        }
        if server.groups.count == 1 {
            let late = server.groups[0].survival(at: max(0, x))
            return (late, late)
        }
        var least = 1.0
        var most = 0.0
        for group in server.group(of: lengths.lowerBound)...server.group(of: lengths.upperBound) {
            let late = server.groups[group].survival(at: max(0, x))
            least = min(least, late)
            most = max(most, late)
        }
        return (least, most)
    }

    func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        if server.groups.count == 1, server.formula == nil { return server.groups[0].survival(at: max(0, x)) }
        var total = 0.0
        var late = 0.0
        for index in lengths.indices where running[index] > 0 {
            total += running[index]
            late += running[index] * self.late(lengths[index] + i, after: x)
        }
        return late / total
    }
}

extension DeviceFit {
    /// Whether the curve never falls from `length` on (true), never rises (false), or neither (nil).
    func isRising(from length: Int) -> Bool? {
        let first = perToken + 2 * perTokenSquared * Double(length)
        // A concave curve that was fitted goes on along its tangent at the longest prompt seen.
        let end = perTokenSquared < 0 ? lengthRange.map { perToken + 2 * perTokenSquared * Double($0.upperBound) } : nil
        let last = perTokenSquared == 0 ? first : perTokenSquared > 0 ? .infinity : end ?? -.infinity
        if first >= 0 && last >= 0 { return true }
        return first <= 0 && last <= 0 ? false : nil
    }
}

/// The least that the server may be late after any action, whatever lengths still run.
struct LeastServerTimes: TargetTimes {
    private let server: ServerProfile

    /// The server of a world.
    init(_ profile: ServingProfile) { server = profile.server }

    private func late(_ lengths: ClosedRange<Int>, after x: Double) -> Double {
        var least = 1.0
        for group in server.group(of: lengths.lowerBound)...server.group(of: lengths.upperBound) {
            least = min(least, server.groups[group].survival(at: max(0, x)))
        }
        return least
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        let late = late(lengths, after: x)
        return (late, late)
    }

    func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        guard let first = running.firstIndex(where: { $0 > 0 }), let last = running.lastIndex(where: { $0 > 0 }) else {
            return 0
        }
        return late(lengths[first] + i...lengths[last] + i, after: x)
    }
}

/// The least that a beaten server may be late under any action of a range: late answers of the one that has fewest, over
/// the device's wins under the one that has most.
struct RangeOfServerTimes: TargetTimes {
    private var late: LateServerTimes
    private let won: [Double]

    /// Times for a range of actions.
    init(_ late: LateServerTimes, won: [Double]) {
        self.late = late
        self.won = won
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        (late.unconditional(lengths, after: x), 1)
    }

    mutating func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        let (sum, _) = late.wonLate(lengths, running, tokens: i, after: x)
        let all = zip(running, won).reduce(0) { $0 + $1.0 * $1.1 }
        return all > 0 ? min(1, sum / all) : 0
    }
}
