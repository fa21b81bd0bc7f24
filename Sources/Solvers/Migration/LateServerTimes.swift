internal import Distributions
internal import Profiles
internal import Serving

/// The server as target of a response that the device won: S given that it had not answered when the device did.
///
/// Under an action with waits (w_s, w_d) a device time D beats the server where S > c = w_d + D − w_s, so a server that was
/// started is known to be late by c. The law is that of S at l + i tokens given S > c, weighted by how often the device wins
/// so, over actions, residuals and requests. Source: derived, docs/maths/migration.md.
struct LateServerTimes: TargetTimes {
    /// How the device wins requests of one length, ascending in how late the server then is known to be.
    private struct Wins {
        /// Seconds that the server is known not to have answered for; −∞ where it was not started.
        var lateBy: [Double] = []
        /// `won[k]` is P(the device wins in one of the first `k` ways).
        var won: [Double] = [0]
        /// Probability of each way's action and residual.
        var masses: [Double] = []

        var all: Double { won[won.count - 1] }

        init(_ ways: [Way]) {
            lateBy = ways.map(\.lateBy)
            masses = ways.map(\.mass)
            won.reserveCapacity(ways.count + 1)
            for way in ways { won.append(won[won.count - 1] + way.weight) }
        }
    }

    /// Of one length and one group of target lengths, over the first `k` ways to win: Σ weight / P(S > c), and the weight of
    /// those with no S > c.
    private struct Odds {
        var open: [Double] = [0]
        var lost: [Double] = [0]
    }

    private let profile: ServingProfile
    private var wins: [Wins] = []
    /// Least and largest `lateBy`.
    private var earliest = Double.infinity
    private var latest = -Double.infinity
    /// Whether all lengths, with whatever is generated, are in one group.
    let isOneGroup: Bool
    /// P(the device wins) and Σ weight / P(S > c) of the requests that still run.
    private var wonRunning = 0.0
    private var wonAtFirst = 0.0
    private var openRunning = 0.0
    /// For each length and group, once wanted.
    private var odds: [Odds?]

    private var groups: [Empirical] { profile.server.groups }

    /// The server's times after the device has won under `mixture`; nil where it never does.
    /// - Parameters:
    ///   - profile: The world.
    ///   - mixture: What the bucket's requests do.
    ///   - requests: What still runs at first.
    /// - Complexity: O(lengths · residuals).
    init?(_ profile: ServingProfile, under mixture: Mixture, requests: BucketRequests) {
        self.init(profile, requests) { Self.wins(profile, mixture, promptTokens: $0) }
    }

    private init?(_ profile: ServingProfile, _ requests: BucketRequests, _ winsOfLength: (Int) -> Wins) {
        // A formula has no late answers.
        guard profile.server.formula == nil else { return nil }
        self.profile = profile
        let server = profile.server
        isOneGroup = server.group(of: requests.lengths.first ?? 1) == server.groups.count - 1
        odds = Array(repeating: nil, count: requests.lengths.count * server.groups.count)
        for length in requests.lengths {
            let own = winsOfLength(length)
            if let first = own.lateBy.first, let last = own.lateBy.last {
                (earliest, latest) = (min(earliest, first), max(latest, last))
            }
            wins.append(own)
        }
        for end in requests.ends { wonRunning += end.weight * wins[end.length].all }
        wonAtFirst = wonRunning
        guard wonRunning > 0 else { return nil }
        if isOneGroup {
            for end in requests.ends { openRunning += end.weight * lastOpen(end.length) }
        }
    }

    /// A way in which the device wins.
    private typealias Way = (lateBy: Double, mass: Double, weight: Double)

    /// The ways in which the device wins a request of `length` prompt tokens.
    private static func wins(_ profile: ServingProfile, _ mixture: Mixture, promptTokens length: Int) -> Wins {
        let device = profile.device
        let line = device.fit.seconds(promptTokens: length)
        let server = profile.server.groups[profile.server.group(of: length)]
        var ways: [Way] = []
        let parts = mixture.parts.filter { $0.probability > 0 && $0.action.deviceWait < profile.timeout }
        ways.reserveCapacity(parts.count * device.residuals.count)
        for part in parts {
            for r in device.residuals.indices where device.masses[r] > 0 {
                guard let way = way(profile, part.action, line, r, server) else { continue }
                ways.append((way.lateBy, part.probability * way.mass, part.probability * way.weight))
            }
        }
        if parts.count > 1 { ways.sort { $0.lateBy < $1.lateBy } }
        return Wins(ways)
    }

    /// How the device wins with one of its residuals; nil where it does not.
    private static func way(
        _ profile: ServingProfile, _ action: Action, _ line: Double, _ r: Int, _ server: borrowing Empirical
    ) -> Way? {
        let (serverWait, deviceWait) = (action.serverWait, action.deviceWait)
        let (residual, mass) = (profile.device.residuals[r], profile.device.masses[r])
        // Mass that is not identified answers at the timeout, whenever the device was started.
        let answer =
            residual < .infinity ? deviceWait + max(line + residual, profile.device.floor) : profile.timeout
        guard answer <= profile.timeout else { return nil }
        if serverWait > 0, answer <= serverWait { return (-.infinity, mass, mass) }
        // A tie goes to the endpoint that began: S ≥ c is S > the double before c.
        let lateBy = serverWait == 0 ? answer : (answer - serverWait).nextDown
        let weight = mass * server.survival(at: lateBy)
        return weight > 0 ? (lateBy, mass, weight) : nil
    }

    /// The least wins, and the least that the server is then late, of any wait between two of one family; nil where the device
    /// need not win at all.
    init?(_ profile: ServingProfile, between a: Action, _ b: Action, requests: BucketRequests) {
        guard max(a.deviceWait, b.deviceWait) < profile.timeout else { return nil }
        self.init(profile, requests) { length in
            let line = profile.device.fit.seconds(promptTokens: length)
            let server = profile.server.groups[profile.server.group(of: length)]
            var ways: [Way] = []
            for r in profile.device.residuals.indices where profile.device.masses[r] > 0 {
                guard let one = Self.way(profile, a, line, r, server), let other = Self.way(profile, b, line, r, server)
                else { continue }
                let (lateBy, weight) = (min(one.lateBy, other.lateBy), min(one.weight, other.weight))
                ways.append((lateBy, weight / server.survival(at: max(0, lateBy)), weight))
            }
            return Wins(ways)
        }
    }

    func bounds(lengths: ClosedRange<Int>, after x: Double) -> (least: Double, most: Double) {
        if x < earliest, isKnown { return (1, 1) }
        // Having waited never makes an answer by x more likely.
        let least = unconditional(lengths, after: x)
        guard isOneGroup, x >= latest, isKnown else { return (least, 1) }
        let late = least * openRunning / wonRunning
        return (late, late)
    }

    /// The least P(S > x) among lengths.
    func unconditional(_ lengths: ClosedRange<Int>, after x: Double) -> Double {
        var least = 1.0
        let first = profile.server.group(of: lengths.lowerBound)
        for group in first...profile.server.group(of: lengths.upperBound) {
            least = min(least, groups[group].survival(at: max(0, x)))
        }
        return least
    }

    /// Whether the device wins enough of what still runs for sums kept by subtracting to be sharp.
    private var isKnown: Bool { wonRunning > 1e-3 * wonAtFirst }

    mutating func lateShare(_ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double) -> Double {
        let (late, total) = wonLate(lengths, running, tokens: i, after: x)
        if total > 0 { return late / total }
        var (unconditional, all) = (0.0, 0.0)
        for index in lengths.indices where running[index] > 0 {
            let group = profile.server.group(of: lengths[index] + i)
            unconditional += running[index] * groups[group].survival(at: max(0, x))
            all += running[index]
        }
        return unconditional / all
    }

    /// Of what still runs: how much the device wins with S at l + i later than `x`, and how much it wins at all.
    mutating func wonLate(
        _ lengths: [Int], _ running: [Double], tokens i: Int, after x: Double
    ) -> (late: Double, all: Double) {
        var (late, all) = (0.0, 0.0)
        for index in lengths.indices where running[index] > 0 {
            let group = profile.server.group(of: lengths[index] + i)
            let later = groups[group].survival(at: max(0, x))
            all += running[index] * wins[index].all
            late += running[index] * self.late(index, group, after: x, later)
        }
        return (late, all)
    }

    /// P(the device wins and S at `group` is later than `x`), given that `later` = P(S > x) there.
    private mutating func late(_ index: Int, _ group: Int, after x: Double, _ later: Double) -> Double {
        let cell = index * groups.count + group
        if odds[cell] == nil { odds[cell] = makeOdds(index, group) }
        guard let odds = odds[cell] else { return 0 }
        let own = wins[index]
        let k = x >= latest ? own.lateBy.count : own.lateBy.partitioningIndex { $0 > x }
        return odds.lost[k] + odds.open[k] * later + (own.all - own.won[k])
    }

    private func makeOdds(_ index: Int, _ group: Int) -> Odds {
        let own = wins[index]
        var odds = Odds()
        for k in own.lateBy.indices {
            let weight = own.won[k + 1] - own.won[k]
            // The group of l + i may know no answer as late as that of l: then it is infinite.
            let share = groups[group].survival(at: max(0, own.lateBy[k]))
            let isOpen = share > 0
            let open = isOneGroup && own.lateBy[k] > 0 ? own.masses[k] : weight / share
            odds.open.append(odds.open[k] + (isOpen ? open : 0))
            odds.lost.append(odds.lost[k] + (isOpen ? 0 : weight))
        }
        return odds
    }

    private mutating func lastOpen(_ index: Int) -> Double {
        let cell = index * groups.count + groups.count - 1
        if odds[cell] == nil { odds[cell] = makeOdds(index, groups.count - 1) }
        return odds[cell]?.open.last ?? 0
    }

    mutating func end(_ weight: Double, length index: Int) {
        wonRunning -= weight * wins[index].all
        if isOneGroup { openRunning -= weight * lastOpen(index) }
    }
}
