internal import Distributions
internal import Profiles
internal import Serving

/// How late hand-overs of one bucket's running responses come for their readers, from pairs of lengths and times.
///
/// Source e has delivered token i at (i − 1) τ_e; token i + 1 is due at max(i / r, i τ_e), and the target brings it after
/// network + its time for l + i tokens. A server that the device beat is known not to have answered by then.
struct HandOverLaw: Sendable {
    private let profile: ServingProfile
    private let settings: HandOverSettings
    private let laws: [TimeLaw]
    /// Prompt lengths of the bucket, in tokens.
    let prompts: [Int]
    /// Mass of the device from each residual on, failures included.
    private let remaining: [Double]
    /// Requests of known answer, ascending in it: place of the prompt length, answer length, number.
    private let requests: [(member: Int, tokens: Int, count: Double)]

    /// The law of the requests with prompt lengths `indices`; nil where no answer is known.
    init?(_ profile: ServingProfile, _ laws: [TimeLaw], indices: Range<Int>, _ settings: HandOverSettings) {
        self.profile = profile
        self.settings = settings
        self.laws = laws
        let prompts = Array(profile.workload.lengths[indices])
        self.prompts = prompts
        let place = Dictionary(uniqueKeysWithValues: prompts.enumerated().map { ($1, $0) })
        requests = profile.workload.outputs.compactMap { output in
            place[output.promptTokens].map { ($0, output.outputTokens, Double(output.count)) }
        }.sorted { $0.tokens < $1.tokens }
        var remaining = [profile.device.failedShare]
        for mass in profile.device.masses.reversed() { remaining.append(remaining[remaining.count - 1] + mass) }
        self.remaining = remaining.reversed()
        if requests.isEmpty { return nil }
    }

    var longestAnswer: Int { requests.reduce(0) { max($0, $1.tokens) } }

    /// Why responses of `source` must stay, whatever the point; nil where nothing stands against it.
    func obstacle(from source: Endpoint) -> String? {
        guard let other = settings.tpot(of: source.other), settings.tpot(of: source) != nil else {
            return "a time per output token is not known"
        }
        let failures =
            source.other == .server ? profile.server.pooled.massAtInfinity : profile.device.failedShare
        if failures >= settings.rules.epsilon - 1e-12 { return "the target fails in \(failures) of its requests" }
        let outread = settings.readers.paces.filter { 1 / $0.tokensPerSecond < other * (1 - 1e-12) }
        let share = outread.reduce(0) { $0 + $1.share }
        if !settings.rules.allowsStall, share > settings.rules.epsilon + 1e-12 {
            return "\(share) of readers are faster than the target"
        }
        return nil
    }

    /// Requests of known answer that still run after `i` tokens, by member.
    func running(after i: Int) -> [Double] {
        var running = prompts.map { _ in 0.0 }
        for request in requests where request.tokens > i { running[request.member] += request.count }
        return running
    }

    /// Requests whose answers have `i` tokens.
    func ending(at i: Int) -> [(member: Int, tokens: Int, count: Double)] {
        var low = requests.countOfLeading { $0.tokens < i }
        let start = low
        while low < requests.count, requests[low].tokens == i { low += 1 }
        return Array(requests[start..<low])
    }

    /// For each kind of reader its share, and how long the target may take for it.
    ///
    /// −∞ where it outreads the target and must not wait. Times count as equal within `slack` of when the token is due.
    func allowances(from source: Endpoint, after i: Int, slack: Double) -> [(share: Double, seconds: Double)] {
        guard let own = settings.tpot(of: source), let other = settings.tpot(of: source.other) else { return [] }
        return settings.readers.paces.map { pace in
            let due = max(Double(i) / pace.tokensPerSecond, Double(i) * own)
            let isOutread = 1 / pace.tokensPerSecond < other * (1 - 1e-12)
            let seconds = due * (1 + slack) - Double(i - 1) * own - settings.rules.network
            return (pace.share, isOutread && !settings.rules.allowsStall ? -.infinity : seconds)
        }
    }

    /// The share of hand-overs after `i` tokens that are late for their reader; 0 where none takes place.
    func lateShare(from source: Endpoint, after i: Int, under action: Action, slack: Double) -> Double {
        let running = running(after: i)
        return allowances(from: source, after: i, slack: slack).reduce(0) { sum, reader in
            sum + reader.share * late(from: source, after: i, running, under: action, seconds: reader.seconds)
        }
    }

    /// The hand-over time after `i` tokens that all but ε keep, network included, in seconds.
    func handOverSeconds(from source: Endpoint, after i: Int, under action: Action) -> Double {
        let running = running(after: i)
        var (low, high) = (0.0.bitPattern, 1e9.bitPattern)
        while low < high {
            let middle = low + (high - low) / 2
            let late = late(
                from: source, after: i, running, under: action, seconds: Double(bitPattern: middle))
            if late <= settings.rules.epsilon + 1e-12 { high = middle } else { low = middle + 1 }
        }
        return Double(bitPattern: low) + settings.rules.network
    }

    /// The buffer that a hand-over after `i` tokens asks for: what is read while it lasts.
    func bufferTokens(from source: Endpoint, after i: Int, under action: Action) -> Double {
        let pace = settings.readers.pace(exceededBy: settings.rules.epsilon)
        guard let own = settings.tpot(of: source), pace * own <= 1 else { return 0 }
        let ahead = Double(i) - pace * Double(i - 1) * own
        return max(0, min(ahead, pace * handOverSeconds(from: source, after: i, under: action)))
    }

    private func late(
        from source: Endpoint, after i: Int, _ running: [Double], under action: Action, seconds: Double
    ) -> Double {
        var (late, all) = (0.0, 0.0)
        var (unconditional, count) = (0.0, 0.0)
        for (member, weight) in running.enumerated() where weight > 0 {
            count += weight
            if source == .server {
                unconditional += weight * deviceLate(prompts[member] + i, seconds)
            } else {
                unconditional += weight * serverLate(prompts[member] + i, seconds)
                let (own, won) = lateAfterWin(prompts[member], i, action, seconds)
                late += weight * own
                all += weight * won
            }
        }
        if count == 0 { return 0 }
        return source == .device && profile.server.formula == nil && all > 0 ? late / all : unconditional / count
    }

    /// P(the device takes longer than `x` for `length` tokens).
    func deviceLate(_ length: Int, _ x: Double) -> Double {
        let line = profile.device.fit.seconds(promptTokens: length)
        let device = profile.device
        let k = device.residuals.countOfLeading(near: device.residuals.count / 2) {
            ($0 < .infinity ? max(line + $0, device.floor) : profile.timeout) <= x
        }
        return remaining[k]
    }

    func law(_ length: Int) -> TimeLaw { laws[profile.server.lowerEdges.lastIndex { $0 <= length } ?? 0] }

    /// P(the server takes longer than `x` for `length` tokens).
    func serverLate(_ length: Int, _ x: Double) -> Double {
        if let formula = profile.server.formula { return formula.seconds(promptTokens: length) > x ? 1 : 0 }
        return law(length).late(max(0, x))
    }

    /// P(the device wins and the server then takes longer than `x` for `length` + i tokens), and P(the device wins).
    private func lateAfterWin(
        _ length: Int, _ i: Int, _ action: Action, _ x: Double
    ) -> (late: Double, won: Double) {
        var (late, won) = (0.0, 0.0)
        let then = law(length + i)
        for way in waysToWin(length, action) {
            guard let way else { continue }
            won += way.won
            let open = then.late(max(0, way.lateBy))
            late += open > 0 && x >= way.lateBy ? way.won * then.late(max(0, x)) / open : way.won
        }
        return (late, won)
    }

    /// How the device wins a request of `length` tokens with each of its times; nil where it does not.
    func waysToWin(_ length: Int, _ action: Action) -> [WayToWin?] {
        let device = profile.device
        let line = device.fit.seconds(promptTokens: length)
        let now = law(length)
        return zip(device.residuals, device.masses).map { residual, mass in
            let answer =
                residual < .infinity ? action.deviceWait + max(line + residual, device.floor) : profile.timeout
            guard action.deviceWait < profile.timeout, answer <= profile.timeout else { return nil }
            if action.serverWait > 0, answer <= action.serverWait { return WayToWin(lateBy: -.infinity, won: mass) }
            let lateBy = action.serverWait == 0 ? answer : (answer - action.serverWait).nextDown
            return WayToWin(lateBy: lateBy, won: mass * now.late(max(0, lateBy)))
        }
    }
}

/// One of the device's times that wins.
struct WayToWin {
    /// Seconds within which the server is known not to have answered; −∞ where it was not started.
    var lateBy: Double
    /// P(the device wins so).
    var won: Double
}

extension Array {
    /// How many leading elements have a property that, once false, stays false.
    fileprivate func countOfLeading(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension TimeLaw {
    /// P(S > x).
    func late(_ x: Double) -> Double { above[times.countOfLeading(near: times.count / 2) { $0 <= x }] }
}
