import Costs
import Distributions
import Profiles
import Serving
import Solvers
import TestSupport
import Testing
import Traces

/// A world whose traces have hours: what arrived when, and the profile of all of it.
private struct HourlyWorld {
    /// (hour, group's lower edge, seconds).
    var server: [(hour: Int, group: Int, seconds: Double)] = []
    /// (hour, prompt tokens, seconds).
    var device: [(hour: Int, length: Int, seconds: Double)] = []
    /// (hour, prompt tokens).
    var prompts: [(hour: Int, length: Int)] = []
    let timeout = 8.0
    let curve = DeviceFit(intercept: 0.25, perToken: 0.125)

    /// Random requests on a grid of eighths, with failures; the server in one or two groups of lengths.
    init(seed: Int, hours: Int = 12, isQuiet: Bool = false) {
        var generator = SeededGenerator(seed: seed)
        let groups = seed.isMultiple(of: 2) ? [1, 4] : [1]
        for hour in 0..<hours {
            let load = isQuiet ? 3 : Int.random(in: 0...4, using: &generator)
            for i in 0..<load * groups.count {
                let fails = !isQuiet && Int.random(in: 0..<9, using: &generator) == 0
                let eighths = isQuiet ? 8 * (i + 1) : Int.random(in: 1...32, using: &generator)
                server.append((hour, groups[i % groups.count], fails ? .infinity : Double(eighths) / 8))
            }
            for i in 0..<(isQuiet ? 3 : Int.random(in: 0...3, using: &generator)) {
                let length = isQuiet ? 2 + i : Int.random(in: 1...6, using: &generator)
                let fails = !isQuiet && Int.random(in: 0..<9, using: &generator) == 0
                let noise = isQuiet ? 0 : Double(Int.random(in: 0...4, using: &generator)) / 8
                device.append((hour, length, fails ? .infinity : 0.25 + 0.125 * Double(length) + noise))
                prompts.append((hour, isQuiet ? 2 + i : Int.random(in: 1...6, using: &generator)))
            }
        }
        for group in groups { server.append((0, group, 1)) }
        device.append((hours - 1, 3, 1))
        prompts.append((hours - 1, 3))
        server.append((hours - 1, 1, 2))
    }

    private func rows(_ entries: [(hour: Int, length: Int, seconds: Double)]) -> TraceRows {
        var rows = TraceRows()
        for entry in entries {
            rows.hours.append(entry.hour)
            rows.promptTokens.append(entry.length)
            rows.ttft.append(entry.seconds)
        }
        rows.counts = entries.map { _ in 1 }
        rows.outputTokens = entries.map { _ in -1 }
        rows.isCensored = entries.map { _ in false }
        rows.isHeldOut = rows.isCensored
        return rows
    }

    var profile: ServingProfile {
        get throws {
            let edges = Set(server.map(\.group)).sorted()
            let groups = edges.map { edge in
                Empirical(samples: server.filter { $0.group == edge }.map(\.seconds), horizon: timeout)
            }
            return ServingProfile(
                workload: WorkloadProfile(promptTokens: prompts.map(\.length)),
                server: ServerProfile(
                    lowerEdges: edges, groups: groups,
                    pooled: Empirical(samples: server.map(\.seconds), horizon: timeout)),
                device: try DeviceProfile(
                    rows: rows(device), part: .all, usesResiduals: true, curve: curve, timeout: timeout),
                timeout: timeout)
        }
    }

    func hourly(_ roles: [HourlyProfile.Role], span: ClosedRange<Int>? = nil) throws -> HourlyProfile {
        HourlyProfile(
            series: try roles.enumerated().map { clock, role in
                let entries: [(hour: Int, length: Int, seconds: Double)] =
                    switch role {
                    case .server: server.map { ($0.hour, $0.group, $0.seconds) }
                    case .device: device
                    case .workload: prompts.map { ($0.hour, $0.length, 0) }
                    }
                return .init(
                    role: role, clock: clock,
                    requests: try HourlyRequests(rows: rows(entries), span: span, timeout: timeout))
            })
    }

    // MARK: - The definition, pair by pair

    /// Weighted entries of the three traces; a weight of 0 leaves one out.
    struct Weights {
        var server: [Double]
        var device: [Double]
        var prompts: [Double]
    }

    var evenWeights: Weights {
        Weights(server: server.map { _ in 1 }, device: device.map { _ in 1 }, prompts: prompts.map { _ in 1 })
    }

    /// The mean over prompts of the mean of f over actions and pairs of a server time (of the prompt's group) and a
    /// device time.
    private func mean(
        _ plan: DispatchPlan, _ weights: Weights, scale: (Int) -> Double,
        _ f: (_ s: Double, _ d: Double, _ action: Action) -> Double
    ) -> Double? {
        let edges = Set(server.map(\.group)).sorted()
        var (top, bottom) = (0.0, 0.0)
        let floor = device.map(\.seconds).min() ?? 0
        for (prompt, weight) in zip(prompts, weights.prompts) where weight > 0 {
            let group = edges.last { $0 <= prompt.length } ?? 1
            let parts = plan.mixture(promptTokens: prompt.length).parts
            var (own, pairs) = (0.0, 0.0)
            for (s, sWeight) in zip(server, weights.server) where s.group == group && sWeight > 0 {
                for (d, dWeight) in zip(device, weights.device) where dWeight > 0 {
                    let noise = d.seconds - curve.seconds(promptTokens: d.length)
                    let time = max(curve.seconds(promptTokens: prompt.length) + noise, floor)
                    pairs += sWeight * dWeight
                    for part in parts {
                        own += sWeight * dWeight * part.probability * f(s.seconds, time, part.action)
                    }
                }
            }
            guard pairs > 0 else { continue }
            bottom += weight * scale(prompt.length)
            top += weight * scale(prompt.length) * own / pairs
        }
        return bottom > 0 ? top / bottom : nil
    }

    func share(_ plan: DispatchPlan, of endpoint: Endpoint, _ weights: Weights) -> Double? {
        mean(plan, weights, scale: { Double($0) }) { s, d, action in
            let wait = action.wait(of: endpoint)
            let other = endpoint == .server ? d : s
            return wait == 0 || (wait < timeout && other > wait) ? 1 : 0
        }
    }

    func ttft(_ plan: DispatchPlan, _ weights: Weights) -> Double? {
        mean(plan, weights, scale: { _ in 1 }) { s, d, action in
            let first = action.serverWait == 0 || d > action.serverWait ? action.serverWait + s : .infinity
            let second = action.deviceWait == 0 || s > action.deviceWait ? action.deviceWait + d : .infinity
            return min(first, second, timeout)
        }
    }

    /// Weights with one trace cut to, or counted by, its hours.
    func weights(_ role: HourlyProfile.Role, _ count: (Int) -> Double) -> Weights {
        var weights = evenWeights
        switch role {
        case .server: weights.server = server.map { count($0.hour) }
        case .device: weights.device = device.map { count($0.hour) }
        case .workload: weights.prompts = prompts.map { count($0.hour) }
        }
        return weights
    }
}

/// Both families of actions, mixtures, waits on the times, 0 and never.
private func randomPlan(seed: Int) -> DispatchPlan {
    var generator = SeededGenerator(seed: seed)
    func action() -> Action {
        let wait = [0, .infinity, Double(Int.random(in: 1...32, using: &generator)) / 8].randomElement(
            using: &generator)
        return Action(first: Bool.random(using: &generator) ? .server : .device, otherAfter: wait ?? 0)
    }
    return DispatchPlan(
        lowerEdges: [1, 3, 5], mixtures: (0..<3).map { _ in Mixture(action(), share: 0.25, else: action()) })
}

/// Few resamples and a small family, where more would show nothing more.
private func quick(window: Int = 24, family: Int = 2) -> RiskSettings {
    var settings = RiskSettings(window: window)
    settings.resamples = 199
    settings.budgetsBelow = family
    settings.budgetsAbove = family
    return settings
}

private func solver(_ profile: ServingProfile, _ limited: Endpoint) -> (Double) -> DispatchPlan? {
    { budget in
        DispatchProblem(
            profile: profile, buckets: .exact(profile.workload), limited: limited, budget: budget
        ).solve().plan
    }
}

@Suite struct `Budget risk` {
    @Test(arguments: 1...24)
    func `the share over all hours and in the worst window are those of the definition`(seed: Int) throws {
        let world = HourlyWorld(seed: seed)
        let profile = try world.profile
        for (limited, role) in [
            (Endpoint.device, HourlyProfile.Role.server), (.server, .device), (.device, .workload),
            (.server, .workload),
        ] {
            let risk = try #require(
                BudgetRisk(
                    profile: profile, hourly: try world.hourly([role]), limited: limited, budget: 0.5,
                    settings: quick(window: 1), solve: { _ in DispatchPlan(everywhere: Mixture(.race)) }))
            #expect(risk.rollingHours == 1)
            let plan = randomPlan(seed: seed)
            let forecast = risk.forecast(of: plan)
            let share = try #require(world.share(plan, of: limited, world.evenWeights))
            #expect(abs(forecast.share - share) < 1e-9)
            guard role == .workload || profile.server.groups.count == 1 || role == .device else { continue }
            let hours = (0..<12).compactMap { hour in
                world.share(plan, of: limited, world.weights(role) { $0 == hour ? 1 : 0 })
            }
            #expect(abs(forecast.worst - max(share, hours.max() ?? 0)) < 1e-9, "\(limited) \(role)")
        }
    }

    @Test(arguments: 1...12)
    func `the interval of the mean TTFT is that of resampled traces, judged pair by pair`(seed: Int) throws {
        let world = HourlyWorld(seed: 2 * seed + 1)  // one group: hours are then weighed by their requests alone
        let profile = try world.profile
        for role in HourlyProfile.Role.allCases {
            let limited: Endpoint = role == .device ? .server : .device
            var settings = RiskSettings(confidence: 0.8, window: 6)
            settings.resamples = 39
            settings.budgetsBelow = 2
            settings.seed = UInt64(seed)
            let plan = randomPlan(seed: seed)
            let hourly = try world.hourly([role])
            let risk = try #require(
                BudgetRisk(
                    profile: profile, hourly: hourly, limited: limited, budget: 1, settings: settings,
                    solve: { _ in plan }))
            let tightened = try #require(risk.tightened(under: .plain, solve: { _ in plan }))
            let interval = risk.intervals(of: tightened).ttftMean
            let hours = try #require(hourly[role]).requests.hours
            let first = try #require(hourly[role]).requests.firstHour
            let counts = BlockBootstrap(units: hours, windowLength: 6, seed: settings.seed).counts(resamples: 0..<39)
            let whole = try #require(world.ttft(plan, world.evenWeights))
            let means = (0..<39).map { r in
                world.ttft(plan, world.weights(role) { counts[r + ($0 - first) * 39] }) ?? whole
            }.sorted()
            // Of 39 values the 4th and the 36th hold the middle 80 %.
            #expect(abs(interval.low - means[3]) < 1e-9 && abs(interval.high - means[35]) < 1e-9, "\(role)")
        }
    }

    @Test(arguments: [1, 3, 5, 7])
    func `the effective budget is kept by its rule, and a looser rule never gets less`(seed: Int) throws {
        let world = HourlyWorld(seed: seed, hours: 40)
        let profile = try world.profile
        for limited in Endpoint.allCases {
            let solve = solver(profile, limited)
            let risk = try #require(
                BudgetRisk(
                    profile: profile, hourly: try world.hourly([.server, .device, .workload]), limited: limited,
                    budget: 0.3, settings: quick(window: 4, family: 12), solve: solve))
            func tightened(_ rule: RiskRule) throws -> BudgetRisk.Tightened {
                try #require(risk.tightened(under: rule, solve: solve))
            }
            let both = try tightened(.both)
            #expect(max(both.forecast.predicted, both.forecast.worst) <= 0.3 + 1e-9)
            #expect(try tightened(.plain).budget == 0.3)
            #expect(try both.budget <= tightened(.bootstrap).budget)
            #expect(try both.budget <= tightened(.rolling(hours: nil)).budget)
            #expect(try tightened(.rolling(hours: 2)).budget <= tightened(.rolling(hours: 40)).budget)
            let intervals = risk.intervals(of: both)
            #expect(
                intervals.share.low <= both.forecast.share + 1e-9 && both.forecast.share <= intervals.share.high + 1e-9)
            #expect(intervals.waits.map(\.from) == both.plan.lowerEdges)
            for (wait, mixture) in zip(intervals.waits, both.plan.mixtures) {
                let own = mixture.parts.map { $0.action.wait(of: limited) }
                #expect(wait.seconds.low <= (own.max() ?? 0) && wait.seconds.high >= (own.min() ?? 0))
            }
        }
    }

    @Test func `hours that are all alike need no margin, and their intervals are points`() throws {
        let world = HourlyWorld(seed: 1, hours: 200, isQuiet: true)
        let profile = try world.profile
        let solve = solver(profile, .device)
        // Without its odd first and last entries every hour is the same.
        var even = world
        even.server.removeAll { [1, 2].contains($0.seconds) && $0.group == 1 }
        let risk = try #require(
            BudgetRisk(
                profile: try even.profile, hourly: try even.hourly([.server]), limited: .device, budget: 0.25,
                settings: quick(), solve: solver(try even.profile, .device)))
        let tightened = try #require(risk.tightened(under: .both, solve: solve))
        #expect(tightened.budget == 0.25 && abs(tightened.forecast.predicted - tightened.forecast.share) < 1e-9)
        let intervals = risk.intervals(of: tightened)
        #expect(abs(intervals.share.high - intervals.share.low) < 1e-9)
        #expect(abs(intervals.ttftMean.high - intervals.ttftMean.low) < 1e-9)
        #expect(intervals.waits.allSatisfy { $0.seconds.low == $0.seconds.high })
        #expect(risk.supportedLevel == 0.95 && risk.rollingHours == 24)
    }

    @Test func `a trace of fewer than eight days supports no level, and its rolling windows are shorter`() throws {
        for (hours, level, rolling) in [(69, nil, 8), (8 * 24 - 1, nil, 12), (8 * 24, 0.95, 24), (34, nil, 4)]
            as [(Int, Double?, Int)]
        {
            let world = HourlyWorld(seed: 1, hours: hours)
            let profile = try world.profile
            let risk = try #require(
                BudgetRisk(
                    profile: profile, hourly: try world.hourly([.server]), limited: .device, budget: 0.2,
                    settings: quick(), solve: { _ in DispatchPlan(everywhere: Mixture(.race)) }))
            #expect(risk.supportedLevel == level && risk.rollingHours == rolling)
        }
        #expect(BudgetRisk.rollingWindow(168, hours: 69) == 8)
        #expect(BudgetRisk.rollingWindow(7, hours: 50) == 1)
        #expect(BudgetRisk.rollingWindow(24, hours: 1) == 1)
    }

    @Test(arguments: 1...12)
    func `server times and prompts of one trace are met hour by hour`(seed: Int) throws {
        let world = HourlyWorld(seed: 2 * seed + 1)
        let profile = try world.profile
        let plan = randomPlan(seed: seed)
        let span = 0...11
        let series = try world.hourly([.server, .workload], span: span).series.map {
            HourlyProfile.Series(role: $0.role, clock: 0, requests: $0.requests)
        }
        var settings = RiskSettings(confidence: 0.8, window: 1)
        settings.resamples = 39
        settings.budgetsBelow = 2
        let risk = try #require(
            BudgetRisk(
                profile: profile, hourly: HourlyProfile(series: series), limited: .device, budget: 1,
                settings: settings, solve: { _ in plan }))
        var shares: [Double?] = []
        var means: [Double?] = []
        for hour in span {
            var weights = world.weights(.workload) { $0 == hour ? 1 : 0 }
            if world.server.contains(where: { $0.hour == hour }) {
                weights.server = world.weights(.server) { $0 == hour ? 1 : 0 }.server
            }
            shares.append(world.share(plan, of: .device, weights))
            means.append(world.ttft(plan, weights))
        }
        #expect(abs(risk.forecast(of: plan).worst - (shares.compactMap(\.self).max() ?? 0)) < 1e-9)
        // The interval of the mean, from resampled single hours.
        let tightened = try #require(risk.tightened(under: .plain, solve: { _ in plan }))
        let counts = BlockBootstrap(units: 12, windowLength: 1, seed: 0).counts(resamples: 0..<39)
        let requests = span.map { hour in Double(world.prompts.count { $0.hour == hour }) }
        let all = zip(means, requests).reduce(0) { $0 + ($1.0 ?? 0) * $1.1 } / requests.reduce(0, +)
        let resampled = (0..<39).map { r in
            let hour = span.first { counts[r + $0 * 39] > 0 } ?? 0
            return means[hour] ?? all
        }.sorted()
        let interval = risk.intervals(of: tightened).ttftMean
        #expect(abs(interval.low - resampled[3]) < 1e-9 && abs(interval.high - resampled[35]) < 1e-9)
    }

    @Test func `slow hours that bring long prompts are worse than either alone`() throws {
        var world = HourlyWorld(seed: 1, hours: 0)
        world.server = (0..<8).flatMap { [($0, 1, 0.5), ($0, 1, $0 == 7 ? 4.0 : 0.5)] }
        world.prompts = (0..<8).map { ($0, $0 == 7 ? 6 : 2) }
        world.device = [(0, 2, 0.5)]
        let profile = try world.profile
        let late = Action(serverWait: 0, deviceWait: 1)
        let plan = DispatchPlan(
            lowerEdges: [1, 5], mixtures: [Mixture(late), Mixture(.race, share: 0.25, else: late)])
        func worst(_ clocks: [Int]) throws -> Double {
            let series = zip(try world.hourly([.server, .workload]).series, clocks).map {
                HourlyProfile.Series(role: $0.role, clock: $1, requests: $0.requests)
            }
            let risk = try #require(
                BudgetRisk(
                    profile: profile, hourly: HourlyProfile(series: series), limited: .device, budget: 0.5,
                    settings: quick(window: 1), solve: { _ in plan }))
            return risk.forecast(of: plan).worst
        }
        // The slow hour with all prompts: 14 of 20 tokens start half the time, 6 with 0.25 + 0.75 / 2.
        #expect(abs(try worst([0, 1]) - (14 * 0.5 + 6 * 0.625) / 20) < 1e-9)
        // With its own, the long one.
        #expect(abs(try worst([0, 0]) - 0.625) < 1e-9)
    }

    /// Ten days of a server whose slow answers come in the evenings and in spells of hours, then the day after.
    @Test func `of simulated days to come nearly all keep a tightened budget, and about half a plain one`() throws {
        var kept = (plain: 0, both: 0)
        let trials = 24
        let workload = WorkloadProfile(promptTokens: (0..<40).map { 1 + ($0 * $0 * 7) % 300 })
        let fit = DeviceFit(intercept: 0.148, perToken: 0.00668)
        let device = try DeviceProfile(fit: fit, lengths: workload.lengths)
        var generator = SeededGenerator(seed: 5)  // one for all: neighbouring seeds give the same numbers one step on
        for _ in 0..<trials {
            var times: [Double] = []
            var later: [Double] = []
            var rows = TraceRows()
            var spell = 0.0
            for hour in 0..<11 * 24 {
                spell = 0.6 * spell + Double.random(in: -0.03...0.03, using: &generator)
                let slow = max(0, (hour % 24 >= 15 ? 0.09 : 0.03) + spell)
                for _ in 0..<20 {
                    let isSlow = Double.random(in: 0..<1, using: &generator) < slow
                    let time = Double.random(in: isSlow ? 5...7 : 0.5...1, using: &generator)
                    guard hour < 240 else {
                        later.append(time)
                        continue
                    }
                    times.append(time)
                    rows.hours.append(hour)
                }
            }
            rows.ttft = times
            rows.promptTokens = times.map { _ in 0 }
            rows.counts = times.map { _ in 1 }
            rows.outputTokens = times.map { _ in -1 }
            rows.isCensored = times.map { _ in false }
            rows.isHeldOut = rows.isCensored
            func profile(_ times: [Double]) -> ServingProfile {
                ServingProfile(
                    workload: workload, server: ServerProfile(pooled: Empirical(samples: times, horizon: 60)),
                    device: device, timeout: 60)
            }
            let own = profile(times)
            let buckets = Buckets(edges: [1])
            let solve: (Double) -> DispatchPlan? = { budget in
                DispatchProblem(profile: own, buckets: buckets, limited: .device, budget: budget).solve().plan
            }
            let requests = try HourlyRequests(rows: rows, timeout: 60)
            let risk = try #require(
                BudgetRisk(
                    profile: own, hourly: HourlyProfile(series: [.init(role: .server, clock: 0, requests: requests)]),
                    limited: .device, budget: 0.04, settings: quick(family: 8), solve: solve))
            let model = FirstTokenModel(profile(later))
            func keeps(_ rule: RiskRule) throws -> Bool {
                let plan = try #require(risk.tightened(under: rule, refinements: 3, solve: solve)).plan
                let outcomes = model.outcomes(of: plan, costs: CostModel(server: nil), quantiles: [])
                return try #require(outcomes[.devicePrefillShare]) <= 0.04
            }
            if try keeps(.plain) { kept.plain += 1 }
            if try keeps(.both) { kept.both += 1 }
        }
        #expect(kept.both >= trials - 3, "\(kept)")
        #expect(kept.plain <= trials - 6, "\(kept)")
    }

    @Test func `without arrival times, or over too few hours, there is nothing to say`() throws {
        let world = HourlyWorld(seed: 3, hours: 7)
        let profile = try world.profile
        let solve: (Double) -> DispatchPlan? = { _ in DispatchPlan(everywhere: Mixture(.race)) }
        func risk(_ hourly: HourlyProfile, _ limited: Endpoint) -> BudgetRisk? {
            BudgetRisk(profile: profile, hourly: hourly, limited: limited, budget: 0.2, settings: quick(), solve: solve)
        }
        #expect(risk(HourlyProfile(series: []), .device) == nil)
        #expect(risk(try world.hourly([.server, .workload]), .device) == nil)
        // The server's times have no say in the server's own share.
        #expect(risk(try HourlyWorld(seed: 3, hours: 20).hourly([.server]), .server) == nil)
    }

    @Test func `a server that always fails is budgeted like any other`() throws {
        var world = HourlyWorld(seed: 1, hours: 30)
        world.server = (0..<30).map { ($0, 1, .infinity) }
        let profile = try world.profile
        let solve = solver(profile, .device)
        let risk = try #require(
            BudgetRisk(
                profile: profile, hourly: try world.hourly([.server]), limited: .device, budget: 0.2, settings: quick(),
                solve: solve))
        let tightened = try #require(risk.tightened(under: .both, solve: solve))
        #expect(tightened.budget == 0.2 && abs(tightened.forecast.worst - 0.2) < 1e-9)
    }

    @Test func `a rule that no plan keeps has no budget`() throws {
        let world = HourlyWorld(seed: 5, hours: 20)
        let profile = try world.profile
        let solve: (Double) -> DispatchPlan? = { _ in DispatchPlan(everywhere: Mixture(.race)) }
        let risk = try #require(
            BudgetRisk(
                profile: profile, hourly: try world.hourly([.server]), limited: .device, budget: 0.2, settings: quick(),
                solve: solve))
        #expect(risk.tightened(under: .both, solve: solve) == nil)
        #expect(
            BudgetRisk(
                profile: profile, hourly: try world.hourly([.server]), limited: .device, budget: 0.2,
                solve: { _ in nil })
                == nil)
    }
}
