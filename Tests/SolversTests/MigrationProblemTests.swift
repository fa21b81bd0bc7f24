import Costs
import Distributions
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

/// When to hand a running response over, against every request, reader and time listed.
@Suite struct `Migration points` {
    @Test(arguments: 0..<1500)
    func `the point is the best of all that go unnoticed, request by request`(seed: Int) throws {
        let world = try MigrationWorld(seed: seed)
        for source in Endpoint.allCases {
            let points = world.points(from: source)
            switch world.problem.decision(from: source, for: world.bucket, under: world.mixture) {
            case .handOver(let point):
                let best = try #require(points.max { $0.saving < $1.saving })
                #expect(abs(point.expectedSaving - best.saving) <= 1e-12 * max(1, best.saving))
                let own = try #require(points.first { $0.tokens == point.afterTokens })
                #expect(abs(own.saving - best.saving) <= 1e-12 * max(1, best.saving))
                let seconds = world.quantile(world.handOvers(from: source, after: point.afterTokens))
                #expect(point.handOverSeconds == seconds)
                expectBuffer(point, world, source)
            case .never(let reason):
                #expect(points.isEmpty, "\(reason)")
                expectReason(reason, world, source)
            }
        }
    }

    /// r h is ahead on time at the point, unless several paces share the risk or the source is the slower.
    private func expectBuffer(_ point: MigrationPoint, _ world: MigrationWorld, _ source: Endpoint) {
        guard world.readers.count == 1, let tpot = world.tpot[source] else { return }
        let pace = world.readers[0].pace
        let ahead = Double(point.afterTokens) - pace * Double(point.afterTokens - 1) * tpot
        let wanted = pace * tpot > 1 ? 0 : pace * point.handOverSeconds
        #expect(abs(point.bufferTokens - wanted) <= 1e-12 && (pace * tpot > 1 || point.bufferTokens <= ahead + 1e-12))
    }

    private func expectReason(_ reason: NoMigration, _ world: MigrationWorld, _ source: Endpoint) {
        let longest = world.requests.reduce(0) { max($0, $1.output) }
        let never = world.cost(from: source, after: nil)
        let saves = longest > 1 && (1..<longest).contains { never - world.cost(from: source, after: $0) > 1e-12 }
        let other = world.tpot[source.other] ?? 0
        let outreading = world.readers.reduce(0) { $0 + (other > 1 / $1.pace ? $1.share : 0) }
        switch reason {
        case .dearer: #expect(!saves)
        case .readerTooFast: #expect(saves && outreading > world.rules.epsilon && !world.rules.allowsStall)
        case .targetFails, .tooSlow: #expect(saves)
        case .noOutputLengths, .tpotUnknown, .priceUnknown: Issue.record("\(reason)")
        }
    }

    @Test func `hand-overs, and every reason against them that times and prices give, occur in these worlds`() throws {
        var seen: Set<String> = []
        for seed in 0..<600 {
            let world = try MigrationWorld(seed: seed)
            for source in Endpoint.allCases {
                switch world.problem.decision(from: source, for: world.bucket, under: world.mixture) {
                case .handOver(let point):
                    seen.insert("\(source)")
                    if point.stallSeconds ?? 0 > 0 { seen.insert("stall") }
                case .never(let reason): seen.insert("\(source) \(reason)")
                }
            }
        }
        for source in Endpoint.allCases {
            #expect(seen.contains("\(source)") && seen.contains("stall"))
            for reason in [NoMigration.dearer, .tooSlow, .readerTooFast, .targetFails] {
                #expect(seen.contains("\(source) \(reason)"), "\(reason)")
            }
        }
    }

    @Test(arguments: 0..<100)
    func `the cost of a hand-over after any token is that of its definition`(seed: Int) throws {
        let world = try MigrationWorld(seed: seed)
        let bucket = world.bucket
        let counts = bucket.lengths.map { length in Double(world.requests.filter { $0.prompt == length }.count) }
        for source in Endpoint.allCases {
            for i in [nil, 1, 2, 5, 30] {
                let costs = try #require(world.problem.costs(from: source, for: bucket, handingOverAfter: i))
                let mean = zip(costs, counts).reduce(0) { $0 + $1.0 * $1.1 } / Double(world.requests.count)
                #expect(abs(mean - world.cost(from: source, after: i)) <= 1e-12 * max(1, mean))
            }
        }
    }

    @Test(arguments: 0..<200, [1e-7, 3.0, 1e6])
    func `invariant 4: multiplying all prices by k leaves migration points as they are`(seed: Int, k: Double) throws {
        let world = try MigrationWorld(seed: seed)
        func scaled(_ price: PerToken?) -> PerToken? {
            price.map { PerToken(prefill: k * $0.prefill, decode: k * $0.decode) }
        }
        var rules = world.rules
        rules.transfer *= k
        let dear = MigrationProblem(
            profile: world.profile,
            costs: CostModel(server: scaled(world.costs.server), device: scaled(world.costs.device)),
            serverTPOT: world.tpot[.server], deviceTPOT: world.tpot[.device], readers: world.problem.readers,
            rules: rules)
        for source in Endpoint.allCases {
            let (one, other) = (
                world.problem.decision(from: source, for: world.bucket, under: world.mixture),
                dear.decision(from: source, for: world.bucket, under: world.mixture)
            )
            #expect(one.point?.afterTokens == other.point?.afterTokens)
            #expect(one.point?.bufferTokens == other.point?.bufferTokens)
            let saving = k * (one.point?.expectedSaving ?? 0)
            #expect(abs(saving - (other.point?.expectedSaving ?? 0)) <= 1e-9 * saving)
        }
    }

    @Test(arguments: 0..<100)
    func `invariant 4: duplicating every request leaves migration points as they are`(seed: Int) throws {
        let world = try MigrationWorld(seed: seed)
        let thrice = BucketRequests(
            world.requests.flatMap { Array(repeating: ($0.prompt, $0.output, 1.0), count: 3) })
        let weighted = BucketRequests(world.requests.map { ($0.prompt, $0.output, 0.7) })
        for source in Endpoint.allCases {
            let once = world.problem.decision(from: source, for: world.bucket, under: world.mixture)
            for bucket in [thrice, weighted] {
                let again = world.problem.decision(from: source, for: bucket, under: world.mixture)
                #expect(again.point?.afterTokens == once.point?.afterTokens)
                #expect(again.point?.handOverSeconds == once.point?.handOverSeconds)
            }
        }
    }

    // MARK: - By hand

    /// A server at 1 s for certain, a device at 0.5 s; the server decodes at 3, the device at 1 per token.
    private func plain(
        readers: Readers = Readers(tokensPerSecond: 4), server: Double? = 0.125, device: Double? = 0.125,
        rules: MigrationRules = MigrationRules(), costs: CostModel? = nil
    ) throws -> MigrationProblem {
        MigrationProblem(
            profile: ServingProfile(
                workload: WorkloadProfile(promptTokens: [10]), server: ServerProfile(pooled: Empirical(samples: [1])),
                device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0), lengths: [10]), timeout: 60),
            costs: costs
                ?? CostModel(server: PerToken(prefill: 1, decode: 3), device: PerToken(prefill: 0.125, decode: 1)),
            serverTPOT: server, deviceTPOT: device, readers: readers, rules: rules)
    }

    /// (i − 1) / 8 + 0.5 ≤ i / 4 from i = 3 on.
    ///
    /// Of 100 tokens 97 are decoded elsewhere, 13 prefilled.
    @Test func `the first point in time is best where all answers are alike`() throws {
        let decision = try plain().decision(from: .server, for: BucketRequests([(10, 100, 1)]))
        let point = try #require(decision.point)
        #expect(point.afterTokens == 3 && point.bufferTokens == 2 && point.handOverSeconds == 0.5)
        #expect(point.expectedSaving == 97 * 2 - 13 * 0.125 && point.stallSeconds == nil)
    }

    /// Long prompts have short answers: at 4 tokens they are through, and only the short prompt pays a prefill.
    @Test func `prompt and answer go together`() throws {
        let costs = CostModel(server: PerToken(prefill: 1, decode: 3), device: PerToken(prefill: 1, decode: 1))
        let problem = try plain(costs: costs)
        let point = problem.decision(from: .server, for: BucketRequests([(1_000, 4, 9), (1, 200, 1)])).point
        #expect(point?.afterTokens == 4)
        #expect(problem.decision(from: .server, for: BucketRequests([(1_000, 200, 9), (1, 4, 1)])) == .never(.dearer))
    }

    @Test func `what is missing is said`() throws {
        let bucket = BucketRequests([(10, 100, 1)])
        #expect(try plain().decision(from: .device, for: bucket) == .never(.dearer))
        #expect(try plain().decision(from: .server, for: BucketRequests([])) == .never(.noOutputLengths))
        for problem in [try plain(server: nil), try plain(device: nil)] {
            #expect(problem.decision(from: .server, for: bucket) == .never(.tpotUnknown))
            #expect(problem.decision(from: .device, for: bucket) == .never(.dearer))
        }
        let unpriced = try plain(costs: CostModel(server: PerToken(prefill: 1, decode: 3)))
        #expect(unpriced.decision(from: .server, for: bucket) == .never(.priceUnknown))
    }

    @Test(arguments: [0, 1])
    func `responses of no token or one are not handed over`(output: Int) throws {
        #expect(try plain().decision(from: .server, for: BucketRequests([(10, output, 5)])) == .never(.dearer))
    }

    @Test func `a reader faster than both endpoints stalls anyway, and is not handed to the slower one`() throws {
        let bucket = BucketRequests([(10, 100, 1)])
        let fast = Readers(tokensPerSecond: 16)
        #expect(try plain(readers: fast).decision(from: .server, for: bucket) == .never(.readerTooFast))
        // Each token is awaited, so only a target that comes within one gap goes unnoticed.
        let allowed = MigrationRules(allowsStall: true)
        #expect(try plain(readers: fast, rules: allowed).decision(from: .server, for: bucket) == .never(.tooSlow))
        let slow = try plain(readers: fast, server: 0.5, device: 0.5, rules: allowed)
        let point = try #require(slow.decision(from: .server, for: bucket).point)
        #expect(point.afterTokens == 1 && point.bufferTokens == 0 && point.stallSeconds == 0)
    }

    /// The reader takes 25 s for 100 tokens; the device, from 1.0 s on (8 + 0.5 s of lead), 49.75 s.
    @Test func `a slow target's stall is stated`() throws {
        let problem = try plain(device: 0.5, rules: MigrationRules(allowsStall: true))
        let point = try #require(problem.decision(from: .server, for: BucketRequests([(10, 100, 1)])).point)
        #expect(point.afterTokens == 3)
        // Token 4 comes at 0.25 + 0.5 s, token 100 96 gaps later; read on time it is at 24.75 s.
        #expect(abs((point.stallSeconds ?? 0) - (0.75 + 96 * 0.5 - 24.75)) < 1e-12)
    }

    @Test func `risk is shared by readers and times`() throws {
        let bucket = BucketRequests([(10, 100, 1)])
        // A hundredth may be late: one reader in two hundred outreads the target, and does not matter.
        let few = Readers([.init(share: 0.995, tokensPerSecond: 4), .init(share: 0.005, tokensPerSecond: 100)])
        let decision = try plain(readers: few).decision(from: .server, for: bucket)
        #expect(decision.point?.afterTokens == 3 && decision.point?.bufferTokens == 2)
        let many = Readers([.init(share: 0.98, tokensPerSecond: 4), .init(share: 0.02, tokensPerSecond: 100)])
        #expect(try plain(readers: many).decision(from: .server, for: bucket) == .never(.readerTooFast))
        // Of readers at 4 and 2 a second the faster need 3 tokens.
        let both = Readers([.init(share: 0.5, tokensPerSecond: 2), .init(share: 0.5, tokensPerSecond: 4)])
        #expect(try plain(readers: both).decision(from: .server, for: bucket).point?.afterTokens == 3)
    }

    @Test func `a server that was beaten is known to be late`() throws {
        let server = [1.0, 1, 1, 1, 1, 1, 1, 1, 1, 20]
        let problem = MigrationProblem(
            profile: ServingProfile(
                workload: WorkloadProfile(promptTokens: [10]),
                server: ServerProfile(pooled: Empirical(samples: server)),
                device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0), lengths: [10]), timeout: 60),
            costs: CostModel(server: PerToken(prefill: 0, decode: 1), device: PerToken(prefill: 1, decode: 3)),
            serverTPOT: 0.125, deviceTPOT: 0.125, readers: Readers(tokensPerSecond: 4), rules: .init(epsilon: 0.2))
        let bucket = BucketRequests([(10, 1_000, 1)])
        func seconds(_ mixture: Mixture?) -> Double? {
            problem.decision(from: .device, for: bucket, under: mixture).point?.handOverSeconds
        }
        #expect(seconds(nil) == 1 && seconds(Mixture(.only(.device))) == 1 && seconds(Mixture(.race)) == 1)
        // Nothing at 1 s but the one at 20 s.
        #expect(seconds(Mixture(Action(serverWait: 0, deviceWait: 0.75))) == 20)
        // The device cannot win: nothing is known.
        #expect(seconds(Mixture(.only(.server))) == 1)
    }

    @Test func `a server's formula holds at the length that is handed over`() throws {
        let formula = DeviceFit(intercept: 0, perToken: 0.125)
        let problem = MigrationProblem(
            profile: ServingProfile(
                workload: WorkloadProfile(promptTokens: [4]),
                server: ServerProfile(lengths: [4], counts: [1], timeout: 60, formula: formula),
                device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0), lengths: [4]), timeout: 60),
            costs: CostModel(server: PerToken(prefill: 0, decode: 1), device: PerToken(prefill: 1, decode: 3)),
            serverTPOT: 0.125, deviceTPOT: 0.0625, readers: Readers(tokensPerSecond: 4))
        let point = try #require(problem.decision(from: .device, for: BucketRequests([(4, 100, 1)])).point)
        // (i − 1) / 16 + (4 + i) / 8 ≤ i / 4 from i = 7 on.
        #expect(point.afterTokens == 7 && point.handOverSeconds == 11 * 0.125)
    }

    @Test func `an absurd answer length is no reason to search for ever`() throws {
        let bucket = BucketRequests([(10, Int(1e15), 1)])
        let rules = MigrationRules(network: 1e12)
        #expect(try plain(rules: rules).decision(from: .server, for: bucket) == .never(.tooSlow))
        #expect(try plain().decision(from: .server, for: bucket).point?.afterTokens == 3)
    }
}
