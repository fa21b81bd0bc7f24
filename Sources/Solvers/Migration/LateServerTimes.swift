internal import Distributions
internal import Profiles
internal import Serving

/// The server as target of a response that the device won: S given that it had not answered when the device did.
///
/// Under an action with waits (w_s, w_d) a device time D beats the server where S > c = w_d + D − w_s, so a server that was
/// started is known to be late by c. The law is that of S at l + i tokens given S > c, weighted by how often the device wins
/// so, over actions, residuals and requests. Source: derived, docs/maths/migration.md.
struct LateServerTimes: TargetTimes {
    private let profile: ServingProfile
    /// The ways in which the device wins, length after length, each ascending in how late the server then is known to be.
    private var ways = Ways()
    /// Σ weight / P(S > c) and the weight of those with no S > c, of one length and one group of target lengths, over the first k of the
    /// length's ways to win: a number more than there are ways, a cell after another.
    private var open: [Double] = []
    private var lost: [Double] = []
    /// Where the cell of each length and group begins; −1 until it is wanted.
    private var cells: [Int]
    /// Of each length P(the device wins), and Σ weight / P(S > c) in one group.
    private var won: [Double] = []
    private var allOpen: [Double] = []
    /// Least and largest `lateBy`.
    private var earliest = Double.infinity
    private var latest = -Double.infinity
    /// Whether all lengths, with whatever is generated, are in one group.
    let isOneGroup: Bool
    /// P(the device wins) and Σ weight / P(S > c) of the requests that still run.
    private var wonRunning = 0.0
    private var wonAtFirst = 0.0
    private var openRunning = 0.0

    private var groups: [Empirical] { profile.server.groups }

    /// The server's times after the device has won under `mixture`; nil where it never does.
    /// - Parameters:
    ///   - profile: The world.
    ///   - mixture: What the bucket's requests do.
    ///   - requests: What still runs at first.
    /// - Complexity: O(lengths · residuals).
    init?(_ profile: ServingProfile, under mixture: Mixture, requests: BucketRequests) {
        self.init(profile, requests) { Self.add(to: &$0, profile, mixture, promptTokens: $1) }
    }

    private init?(_ profile: ServingProfile, _ requests: BucketRequests, _ addWays: (inout Ways, Int) -> Void) {
        // A formula has no late answers.
        guard profile.server.formula == nil else { return nil }
        self.profile = profile
        let server = profile.server
        isOneGroup = server.group(of: requests.lengths.first ?? 1) == server.groups.count - 1
        cells = Array(repeating: -1, count: requests.lengths.count * server.groups.count)
        won.reserveCapacity(requests.lengths.count)
        for length in requests.lengths {
            addWays(&ways, length)
            let own = ways.endLength()
            if let first = own.first, let last = own.last {
                (earliest, latest) = (min(earliest, ways.lateBy[first]), max(latest, ways.lateBy[last]))
            }
            won.append(ways.won(won.count, first: own.count))
        }
        for end in requests.ends { wonRunning += end.weight * won[end.length] }
        wonAtFirst = wonRunning
        guard wonRunning > 0 else { return nil }
        allOpen = won.map { _ in 0 }
        if isOneGroup {
            open.reserveCapacity(ways.lateBy.count + won.count)
            lost.reserveCapacity(ways.lateBy.count + won.count)
            for index in won.indices {
                makeCell(index, server.groups.count - 1)
                allOpen[index] = open[open.count - 1]
            }
            for end in requests.ends { openRunning += end.weight * allOpen[end.length] }
        }
    }

    /// Ways in which the device wins, of several lengths.
    private struct Ways {
        /// Seconds that the server is known not to have answered for; −∞ where it was not started.
        var lateBy: [Double] = []
        /// Probability of the way's action and residual, and of winning so.
        var mass: [Double] = []
        var weight: [Double] = []
        /// The first way of each length, and the end of the last one's.
        private(set) var first = [0]
        /// P(the device wins in one of the first k ways) of each length: a number more than it has ways.
        private var before: [Double] = []

        mutating func add(lateBy: Double, mass: Double, weight: Double) {
            self.lateBy.append(lateBy)
            self.mass.append(mass)
            self.weight.append(weight)
        }

        /// The ways of a length.
        subscript(_ length: Int) -> Range<Int> { first[length]..<first[length + 1] }

        /// The ways added since the last length's.
        mutating func endLength() -> Range<Int> {
            let own = first[first.count - 1]..<lateBy.count
            first.append(lateBy.count)
            var sum = 0.0
            before.append(0)
            for way in own {
                sum += weight[way]
                before.append(sum)
            }
            return own
        }

        /// P(the device wins in one of the first `k` ways) of a length.
        func won(_ length: Int, first k: Int) -> Double { before[first[length] + length + k] }

        /// Brings the ways from `start` on into ascending order.
        mutating func sort(from start: Int) {
            let order = (start..<lateBy.count).sorted { lateBy[$0] < lateBy[$1] }
            (lateBy, mass, weight) = (
                lateBy[..<start] + order.map { lateBy[$0] }, mass[..<start] + order.map { mass[$0] },
                weight[..<start] + order.map { weight[$0] }
            )
        }
    }

    /// Adds the ways in which the device wins a request of `length` prompt tokens.
    private static func add(
        to ways: inout Ways, _ profile: ServingProfile, _ mixture: Mixture, promptTokens length: Int
    ) {
        let device = profile.device
        let line = device.fit.seconds(promptTokens: length)
        let server = profile.server.groups[profile.server.group(of: length)]
        let start = ways.lateBy.count
        let parts = mixture.parts.filter { $0.probability > 0 && $0.action.deviceWait < profile.timeout }
        for part in parts {
            for r in device.residuals.indices where device.masses[r] > 0 {
                guard let way = way(profile, part.action, line, r, server) else { continue }
                ways.add(
                    lateBy: way.lateBy, mass: part.probability * way.mass, weight: part.probability * way.weight)
            }
        }
        if parts.count > 1 { ways.sort(from: start) }
    }

    /// How the device wins with one of its residuals; nil where it does not.
    private static func way(
        _ profile: ServingProfile, _ action: Action, _ line: Double, _ r: Int, _ server: borrowing Empirical
    ) -> (lateBy: Double, mass: Double, weight: Double)? {
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
        self.init(profile, requests) { ways, length in
            let line = profile.device.fit.seconds(promptTokens: length)
            let server = profile.server.groups[profile.server.group(of: length)]
            for r in profile.device.residuals.indices where profile.device.masses[r] > 0 {
                guard let one = Self.way(profile, a, line, r, server), let other = Self.way(profile, b, line, r, server)
                else { continue }
                let (lateBy, weight) = (min(one.lateBy, other.lateBy), min(one.weight, other.weight))
                ways.add(lateBy: lateBy, mass: weight / server.survival(at: max(0, lateBy)), weight: weight)
            }
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
            all += running[index] * won[index]
            late += running[index] * self.late(index, group, after: x, later)
        }
        return (late, all)
    }

    /// P(the device wins and S at `group` is later than `x`), given that `later` = P(S > x) there.
    private mutating func late(_ index: Int, _ group: Int, after x: Double, _ later: Double) -> Double {
        let number = index * groups.count + group
        if cells[number] < 0 { makeCell(index, group) }
        let own = ways[index]
        // In the first k ways the server is late by no more than x so far; in the others it is later for certain.
        let k = x >= latest ? own.count : ways.lateBy[own].partitioningIndex { $0 > x } - own.lowerBound
        let place = cells[number] + k
        return lost[place] + open[place] * later + (won[index] - ways.won(index, first: k))
    }

    private mutating func makeCell(_ index: Int, _ group: Int) {
        let times = groups[group]
        cells[index * groups.count + group] = open.count
        var sums = (open: 0.0, lost: 0.0)
        open.append(0)
        lost.append(0)
        for way in ways[index] {
            // The group of l + i may know no answer as late as that of l: then it is infinite.
            if isOneGroup, ways.lateBy[way] > 0 {
                sums.open += ways.mass[way]
            } else {
                let share = times.survival(at: max(0, ways.lateBy[way]))
                if share > 0 { sums.open += ways.weight[way] / share } else { sums.lost += ways.weight[way] }
            }
            open.append(sums.open)
            lost.append(sums.lost)
        }
    }

    mutating func end(_ weight: Double, length index: Int) {
        wonRunning -= weight * won[index]
        openRunning -= weight * allOpen[index]
    }
}
