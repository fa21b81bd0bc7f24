import Costs
import Profiles
import Serving
import Solvers
import Traces

/// A small world in which waits and hand-overs are tried in every combination, from their definitions.
struct JointWorld {
    var world: MigrationWorld
    let profile: ServingProfile
    var costs: CostModel

    /// Joules per token that the device draws beside its price.
    static let energy = PerToken(prefill: 0.5, decode: 2)

    init(seed: Int) throws {
        world = try MigrationWorld(seed: seed)
        costs = CostModel(
            server: world.costs.server, device: world.costs.device, deviceEnergy: Self.energy, moneyPerJoule: 0.01)
        var rows = TraceRows()
        for request in world.requests.sorted(by: { ($0.prompt, $0.output) < ($1.prompt, $1.output) }) {
            rows.promptTokens.append(request.prompt)
            rows.outputTokens.append(request.output)
            rows.ttft.append(1)
            rows.hours.append(TraceRows.noHour)
            rows.isCensored.append(false)
            rows.isHeldOut.append(false)
            rows.counts.append(1)
        }
        guard let workload = WorkloadProfile(rows: rows, part: .all) else { preconditionFailure("no requests") }
        profile = ServingProfile(
            workload: workload, server: world.profile.server, device: world.profile.device,
            timeout: world.profile.timeout)
    }

    func program(_ objective: Metric, _ limits: [Limit] = [], edges: [Int] = [1], handsOver: Bool = true)
        -> DispatchProgram
    {
        DispatchProgram(
            worlds: [.init(profile: profile, buckets: Buckets(edges: edges))], costs: costs, objective: objective,
            limits: limits,
            handOvers: handsOver
                ? HandOverSettings(
                    serverTPOT: world.tpot[.server], deviceTPOT: world.tpot[.device],
                    readers: Readers(world.readers.map { .init(share: $0.share, tokensPerSecond: $0.pace) }),
                    rules: world.rules) : nil)
    }

    // MARK: - From the definition

    /// What one action does to one request, over all pairs of times.
    struct Shares {
        var serverStarted = 0.0
        var deviceStarted = 0.0
        var serverWins = 0.0
        var deviceWins = 0.0
        var ttft = 0.0
    }

    func shares(_ request: MigrationWorld.Request, _ action: Action) -> Shares {
        let (servers, devices) = (world.serverSamples(request.prompt), world.deviceSamples(request.prompt))
        let unit = 1 / Double(servers.count * devices.count)
        var sums = Shares()
        for s in servers {
            for d in devices {
                let serverTime = s > world.timeout ? .infinity : s
                let serverStarts = action.serverWait == 0 || action.serverWait.isFinite && d > action.serverWait
                let deviceStarts =
                    action.deviceWait == 0 || action.deviceWait.isFinite && serverTime > action.deviceWait
                let byServer = serverStarts ? action.serverWait + serverTime : .infinity
                let byDevice = deviceStarts ? action.deviceWait + d : .infinity
                if serverStarts { sums.serverStarted += unit }
                if deviceStarts { sums.deviceStarted += unit }
                sums.ttft += unit * min(byServer, byDevice, world.timeout)
                guard min(byServer, byDevice) <= world.timeout else { continue }
                let serverWins = byServer == byDevice ? action.serverWait <= action.deviceWait : byServer < byDevice
                if serverWins { sums.serverWins += unit } else { sums.deviceWins += unit }
            }
        }
        return sums
    }

    /// An action with hand-overs, and what it comes to for the requests of a bucket, per request of all.
    struct Option {
        var action: Action
        var handOvers: HandOvers
        var cost: Double
        var energy: Double
        var ttft: Double

        func value(_ metric: Metric) -> Double { metric == .costMean ? cost : metric == .energyMean ? energy : ttft }
    }

    /// Waits at which something changes, with waits a little before and after: so near that sums with times are apart still.
    func waits(_ prompts: [Int]) -> [Double] {
        var steps: Set<Double> = [0, .infinity]
        for prompt in prompts {
            let (servers, devices) = (world.serverSamples(prompt), world.deviceSamples(prompt))
            for s in servers where s.isFinite {
                steps.insert(s)
                for d in devices where d.isFinite { steps.formUnion([s - d, d - s]) }
            }
            for d in devices where d.isFinite { steps.insert(d) }
        }
        let near = steps.filter { $0 >= 0 }.flatMap { $0.isFinite ? [max(0, $0 - 0x1p-40), $0, $0 + 0x1p-40] : [$0] }
        return Set(near).sorted()
    }

    /// Every action with every pair of hand-overs in time.
    func options(from: Int, to: Int) -> [Option] {
        let own = world.requests.filter { $0.prompt >= from && $0.prompt <= to }
        guard !own.isEmpty else { return [] }
        let longest = own.reduce(1) { max($0, $1.output) }
        var part = world
        part.requests = own
        let fromServer = [nil] + (1..<max(2, longest)).filter { part.mayHandOver(from: .server, after: $0) }
        var options: [Option] = []
        let waits = waits(own.map(\.prompt))
        for action in waits.map({ Action(first: .server, otherAfter: $0) })
            + waits.map({ Action(first: .device, otherAfter: $0) })
        {
            part.mixture = Mixture(action)
            let fromDevice = [nil] + (1..<max(2, longest)).filter { part.mayHandOver(from: .device, after: $0) }
            let shares = own.map { self.shares($0, action) }
            for s in fromServer {
                for d in fromDevice { options.append(option(own, shares, action, s, d)) }
            }
        }
        return options
    }

    private func option(
        _ requests: [MigrationWorld.Request], _ shares: [Shares], _ action: Action, _ s: Int?, _ d: Int?
    ) -> Option {
        let server = costs.server ?? PerToken(prefill: 0, decode: 0)
        let device = costs.deviceTotal ?? PerToken(prefill: 0, decode: 0)
        var option = Option(
            action: action, handOvers: HandOvers(fromServer: s, fromDevice: d), cost: 0, energy: 0, ttft: 0)
        let unit = 1 / Double(world.requests.count)
        for (request, own) in zip(requests, shares) {
            let prompt = Double(request.prompt)
            var (onServer, onDevice, handOvers) = (0.0, 0.0, 0.0)
            var prefill = (server: own.serverStarted * prompt, device: own.deviceStarted * prompt)
            for (wins, point, isServer) in [(own.serverWins, s, true), (own.deviceWins, d, false)] {
                let kept = Double(min(request.output, point ?? .max))
                let moved = Double(request.output) - kept
                onServer += wins * (isServer ? kept : moved)
                onDevice += wins * (isServer ? moved : kept)
                guard moved > 0, let point else { continue }
                handOvers += wins
                if isServer {
                    prefill.device += wins * (prompt + Double(point))
                } else {
                    prefill.server += wins * (prompt + Double(point))
                }
            }
            option.ttft += unit * own.ttft
            option.energy += unit * (Self.energy.prefill * prefill.device + Self.energy.decode * onDevice)
            option.cost +=
                unit
                * (server.prefill * prefill.server + server.decode * onServer + device.prefill * prefill.device
                    + device.decode * onDevice + world.rules.transfer * handOvers)
        }
        return option
    }
}

extension MigrationWorld {
    /// Whether a response may be handed over after `i` tokens: somebody still runs, the target does not fail too often, and
    /// nobody waits.
    func mayHandOver(from source: Endpoint, after i: Int) -> Bool {
        guard requests.contains(where: { $0.output > i }), failedShare(of: source.other) < rules.epsilon else {
            return false
        }
        return isUnnoticed(from: source, after: i)
    }
}

/// The least value of mixtures of points (value, usage) whose usage is at most `limit`; infinite if there are none.
func leastMixture(_ points: [(value: Double, usage: Double)], limit: Double) -> Double {
    var hull: [(value: Double, usage: Double)] = []
    for point in points.sorted(by: { ($0.usage, $0.value) < ($1.usage, $1.value) }) {
        if let last = hull.last, point.value >= last.value { continue }
        while hull.count >= 2 {
            let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
            let isBelow =
                (b.value - a.value) * (point.usage - a.usage) < (point.value - a.value) * (b.usage - a.usage)
            if isBelow { break }
            hull.removeLast()
        }
        hull.append(point)
    }
    guard let first = hull.first, first.usage <= limit + 1e-12 else { return .infinity }
    guard let next = hull.firstIndex(where: { $0.usage > limit }), next > 0 else {
        return hull.last?.value ?? .infinity
    }
    let (a, b) = (hull[next - 1], hull[next])
    return a.value + (b.value - a.value) * max(0, limit - a.usage) / (b.usage - a.usage)
}
