internal import Distributions
internal import Profiles
internal import Serving

/// The server as target of a response that the device won: S given that it had not answered when the device did.
///
/// Under an action with waits (w_s, w_d) a device time D beats the server where S > c = w_d + D − w_s, so a server that was
/// started is known to be late by c. The law is that of S at l + i tokens given S > c, weighted by how often the device wins
/// so, over actions, residuals and requests. Source: derived, docs/maths/migration.md.
struct LateServerTimes: TargetTimes {
    /// One way in which the device wins: how late the server then is known to be.
    private struct Win {
        /// Probability of the action and the residual.
        let mass: Double
        /// P(the device wins so).
        let weight: Double
        /// Seconds that the server is known not to have answered for; −∞ where it was not started.
        let lateBy: Double
    }

    private let profile: ServingProfile
    private let mixture: Mixture
    /// P(the device wins), a length of the bucket each.
    private var won: [Double] = []
    /// Probability of all actions and residuals with which it can win, a length each.
    private var masses: [Double] = []
    /// Least and largest `lateBy`.
    private var earliest = Double.infinity
    private var latest = -Double.infinity
    /// Whether all lengths, with whatever is generated, are in one group.
    private let isOneGroup: Bool
    /// `won` and `masses` of the requests that still run.
    private var wonRunning = 0.0
    private var wonAtFirst = 0.0
    private var massRunning = 0.0
    /// For each length and group, once wanted: Σ weight / P(S > c) over its wins, and the weight of those with no S > c.
    private var open: [Double]
    private var lost: [Double]

    private var groups: [Empirical] { profile.server.groups }

    /// The server's times after the device has won under `mixture`; nil where it never does.
    /// - Parameters:
    ///   - profile: The world.
    ///   - mixture: What the bucket's requests do.
    ///   - requests: What still runs at first.
    init?(_ profile: ServingProfile, under mixture: Mixture, requests: BucketRequests) {
        // A formula has no late answers.
        guard profile.server.formula == nil else { return nil }
        self.profile = profile
        self.mixture = mixture
        let server = profile.server
        isOneGroup = server.group(of: requests.lengths.first ?? 1) == server.groups.count - 1
        let cells = requests.lengths.count * server.groups.count
        open = Array(repeating: .nan, count: cells)
        lost = Array(repeating: .nan, count: cells)
        for length in requests.lengths {
            var (weight, mass) = (0.0, 0.0)
            var (least, largest) = (earliest, latest)
            forEachWin(promptTokens: length) { win in
                weight += win.weight
                mass += win.mass
                least = min(least, win.lateBy)
                largest = max(largest, win.lateBy)
            }
            (earliest, latest) = (least, largest)
            won.append(weight)
            masses.append(mass)
        }
        for end in requests.ends {
            wonRunning += end.weight * won[end.length]
            massRunning += end.weight * masses[end.length]
        }
        wonAtFirst = wonRunning
        guard wonRunning > 0 else { return nil }
    }

    /// Calls `body` with each way in which the device wins a request of `length` prompt tokens.
    private func forEachWin(promptTokens length: Int, _ body: (Win) -> Void) {
        let device = profile.device
        let server = groups[profile.server.group(of: length)]
        for part in mixture.parts where part.probability > 0 && part.action.deviceWait < profile.timeout {
            let (serverWait, deviceWait) = (part.action.serverWait, part.action.deviceWait)
            for (residual, mass) in zip(device.residuals, device.masses) where mass > 0 {
                let own = deviceWait + device.seconds(promptTokens: length, residual: residual)
                // Mass that is not identified answers at the timeout, whenever the device was started.
                let answer = residual < .infinity ? own : profile.timeout
                guard answer <= profile.timeout else { continue }
                let share = part.probability * mass
                if serverWait > 0, answer <= serverWait {
                    body(Win(mass: share, weight: share, lateBy: -.infinity))
                    continue
                }
                // A tie goes to the endpoint that began: S ≥ c is S > the double before c.
                let lateBy = serverWait == 0 ? answer : (answer - serverWait).nextDown
                let weight = share * server.survival(at: lateBy)
                if weight > 0 { body(Win(mass: share, weight: weight, lateBy: lateBy)) }
            }
        }
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        if x < earliest, isKnown { return (1, 1) }
        // Having waited never makes an answer by x more likely.
        var least = 1.0
        let first = profile.server.group(of: lengths.lowerBound)
        for group in first...profile.server.group(of: lengths.upperBound) {
            least = min(least, groups[group].survival(at: max(0, x)))
        }
        guard isOneGroup, x >= latest, isKnown else { return (least, 1) }
        let late = least * massRunning / wonRunning
        return (late, late)
    }

    /// Whether the device wins enough of what still runs for sums kept by subtracting to be sharp.
    private var isKnown: Bool { wonRunning > 1e-3 * wonAtFirst }

    mutating func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        var (late, total) = (0.0, 0.0)
        var (unconditional, all) = (0.0, 0.0)
        for index in lengths.indices where running[index] > 0 {
            let group = profile.server.group(of: lengths[index] + i)
            let later = groups[group].survival(at: max(0, x))
            all += running[index]
            unconditional += running[index] * later
            total += running[index] * won[index]
            guard x < latest else {
                let (open, lost) = sums(promptTokens: lengths[index], index: index, group: group)
                late += running[index] * (lost + open * later)
                continue
            }
            var own = 0.0
            forEachWin(promptTokens: lengths[index]) { win in
                // The group of l + i may know no answer as late as that of l: then it is infinite.
                let open = groups[group].survival(at: max(0, win.lateBy))
                own += win.weight * (x < win.lateBy || open <= 0 ? 1 : later / open)
            }
            late += running[index] * own
        }
        return total > 0 ? late / total : unconditional / all
    }

    /// `open` and `lost` of a length and a group.
    private mutating func sums(promptTokens length: Int, index: Int, group: Int) -> (open: Double, lost: Double) {
        let cell = index * groups.count + group
        if open[cell].isNaN {
            var (sum, missing) = (0.0, 0.0)
            forEachWin(promptTokens: length) { win in
                let share = groups[group].survival(at: max(0, win.lateBy))
                if share > 0 { sum += win.weight / share } else { missing += win.weight }
            }
            (open[cell], lost[cell]) = (sum, missing)
        }
        return (open[cell], lost[cell])
    }

    mutating func end(_ weight: Double, length index: Int) {
        wonRunning -= weight * won[index]
        massRunning -= weight * masses[index]
    }
}
