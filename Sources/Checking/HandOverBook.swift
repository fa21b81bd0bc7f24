internal import Profiles
internal import Serving

/// All hand-overs that the responses of one bucket may take, whatever the waits.
///
/// Between two answer lengths what responses cost is linear in the point, so in each such stretch the first and the last point in
/// time are enough. A beaten server is later than one of which nothing is known: points from the device are those in time
/// without that knowledge, of which each action allows some.
struct HandOverBook: Sendable {
    /// A point, and what lies between it and the next answer's end.
    struct Point {
        let tokens: Int
        /// Tokens of the stretch: hand-overs after any of them cost the same answers' rest.
        let stretch: Range<Int>
    }

    let law: HandOverLaw
    /// Points from the server, which every action allows, and from the device.
    private let fromServer: [Point]
    private let fromDevice: [Point]
    /// Whether actions allow fewer points from the device.
    let dependsOnAction: Bool
    private let epsilon: Double

    /// The hand-overs of a bucket; nil where none is possible.
    /// - Parameters:
    ///   - law: When hand-overs are in time.
    ///   - profile: The world.
    ///   - answers: Answer lengths of the bucket's requests.
    ///   - epsilon: How many may be late.
    init?(_ law: HandOverLaw, _ profile: ServingProfile, answers: Set<Int>, epsilon: Double) {
        self.law = law
        self.epsilon = epsilon
        let hasFormula = profile.server.formula != nil
        dependsOnAction = !hasFormula
        func points(from source: Endpoint) -> [Point] {
            guard law.obstacle(from: source) == nil else { return [] }
            let longest = min(law.longestAnswer, 1 << 22)
            var running = law.running(after: 0)
            let isLeast = source == .device && !hasFormula
            var points: [Point] = []
            var i = 1
            while i < longest {
                var stop = i + 1
                while stop < longest, !answers.contains(stop) { stop += 1 }
                for tokens in (i == 1 ? 0 : i)...i {
                    for request in law.ending(at: tokens) { running[request.member] -= request.count }
                }
                let inTime = (i..<stop).filter {
                    law.isInTime(from: source, after: $0, running, least: isLeast, epsilon)
                }
                if let first = inTime.first, let last = inTime.last {
                    points += Set([first, last]).sorted().map { Point(tokens: $0, stretch: i..<stop) }
                }
                i = stop
            }
            return points
        }
        fromServer = points(from: .server)
        fromDevice = points(from: .device)
        if fromServer.isEmpty && fromDevice.isEmpty { return nil }
    }

    func points(from source: Endpoint) -> [Point] { source == .server ? fromServer : fromDevice }

    /// Whether an action allows hand-overs from the device after `i` tokens, of which the unconditioned rule does.
    func allows(_ i: Int, under action: Action) -> Bool {
        law.lateShare(from: .device, after: i, under: action, slack: 1e-12) <= epsilon + 1e-12
    }

    /// Whether any of a range of actions may allow hand-overs from the device after `i` tokens.
    /// - Parameters:
    ///   - i: Tokens delivered.
    ///   - late: By member, P(the device wins and the server is later than x): the least of the range.
    ///   - won: By member, P(the device wins): the most of the range.
    /// - Returns: False if the share of late ones is above ε for all of them.
    func mayAllow(_ i: Int, late: [LateWins], won: [Double]) -> Bool {
        let running = law.running(after: i)
        let all = zip(running, won).reduce(0) { $0 + $1.0 * $1.1 }
        guard all > 0 else { return true }
        let share = law.allowances(from: .device, after: i, slack: 1e-12).reduce(0.0) { sum, reader in
            var own = 0.0
            for (member, weight) in running.enumerated() where weight > 0.5 {
                own += weight * late[member].late(after: reader.seconds, law.law(law.prompts[member] + i))
            }
            return sum + reader.share * min(1, own / all)
        }
        return share <= epsilon + 1e-12
    }
}

/// How often, at the least, the device wins a length's requests between two waits, and how late the server then is.
struct LateWins {
    private let ways: [WayToWin]

    /// The ways at both waits, residual by residual; one that does not win at either wait may not win between.
    init(_ before: [WayToWin?], _ after: [WayToWin?]) {
        ways = zip(before, after).compactMap { before, after in
            guard let before, let after else { return nil }
            return WayToWin(lateBy: min(before.lateBy, after.lateBy), won: min(before.won, after.won))
        }
    }

    /// P(the device wins and the server, of the given law, takes longer than `x`), at the least.
    func late(after x: Double, _ law: TimeLaw) -> Double {
        let then = law.late(max(0, x))
        return ways.reduce(0) { sum, way in
            let open = law.late(max(0, way.lateBy))
            return sum + (open > 0 && x >= way.lateBy ? way.won * then / open : way.won)
        }
    }
}

extension HandOverLaw {
    /// Whether hand-overs after `i` tokens are in time when nothing is known of the target; with `least` for the member whose
    /// target is least late, whatever the proportions.
    fileprivate func isInTime(
        from source: Endpoint, after i: Int, _ running: [Double], least: Bool, _ epsilon: Double
    ) -> Bool {
        var late = 0.0
        for reader in allowances(from: source, after: i, slack: 1e-12) {
            var (sum, all, smallest) = (0.0, 0.0, 1.0)
            for (member, weight) in running.enumerated() where weight > 0.5 {
                let length = prompts[member] + i
                let own =
                    source == .server ? deviceLate(length, reader.seconds) : serverLate(length, reader.seconds)
                (sum, all, smallest) = (sum + weight * own, all + weight, min(smallest, own))
            }
            guard all > 0 else { return false }
            late += reader.share * (least ? smallest : sum / all)
        }
        return late <= epsilon + 1e-12
    }
}
