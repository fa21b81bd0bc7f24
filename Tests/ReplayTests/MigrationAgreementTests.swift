import Costs
import Distributions
import Profiles
import Replay
import Scheduling
import Serving
import Solvers
import TestSupport
import Testing
import Traces

/// What the solver says that hand-overs save is what the replay saves.
@Suite struct MigrationAgreementTests {
    private static let requests = 4000

    /// A random world with a plan, and the hand-overs that the solver finds best for it.
    private struct Case {
        let world: ReplayWorld
        let plan: DispatchPlan
        let rules: MigrationRules
        let points: [Endpoint: MigrationPoint]
        /// Money per request that they are planned to save.
        let planned: Double

        init(seed: Int) throws {
            var generator = SeededGenerator(seed: seed)
            func number(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
            var rows = TraceRows()
            for _ in 0..<30 {
                rows.promptTokens.append(Int.random(in: 1...40, using: &generator))
                rows.outputTokens.append(Int.random(in: 0...300, using: &generator))
            }
            rows.ttft = rows.promptTokens.map { _ in .infinity }
            rows.counts = rows.promptTokens.map { _ in 1 }
            rows.hours = rows.promptTokens.map { _ in TraceRows.noHour }
            rows.isCensored = rows.promptTokens.map { _ in false }
            rows.isHeldOut = rows.isCensored
            let workload = try #require(WorkloadProfile(rows: rows, part: .all))
            let times = (0..<20).map { _ in number(0.1...1.5) }
            let line = DeviceFit(intercept: number(0.05...0.5), perToken: number(0...0.02))
            let profile = ServingProfile(
                workload: workload, server: ServerProfile(pooled: Empirical(samples: times, horizon: 60)),
                device: try DeviceProfile(fit: line, lengths: workload.lengths), timeout: 60)
            // The device is cheaper to decode on in even seeds, the server in odd ones.
            let (cheap, dear) = (PerToken(prefill: 0.1, decode: 0.2), PerToken(prefill: number(0.1...1), decode: 4))
            let isEven = seed.isMultiple(of: 2)
            let costs = CostModel(server: isEven ? dear : cheap, device: isEven ? cheap : dear)
            let readers = Readers(tokensPerSecond: number(3...6))
            rules = MigrationRules(network: number(0...0.2), transfer: number(0...5), epsilon: 0.01)
            let tpot = (server: number(0.01...0.1), device: number(0.01...0.1))
            plan = DispatchPlan(
                everywhere: Mixture(Action(first: isEven ? .device : .server, otherAfter: number(0...0.8))))
            let mixture = plan.mixtures[0]
            let model = FirstTokenModel(profile)
            let migration = MigrationProblem(
                profile: profile, costs: costs, serverTPOT: tpot.server, deviceTPOT: tpot.device, readers: readers,
                rules: rules)
            let wins = workload.lengths.map { model.shares(promptTokens: $0, under: mixture.parts[0].action) }
            var planned = 0.0
            var points: [Endpoint: MigrationPoint] = [:]
            for source in [Endpoint.server, .device] {
                func share(_ i: Int) -> Double { source == .server ? wins[i].serverAnswers : wins[i].deviceAnswers }
                let own = BucketRequests.each(of: workload, in: [workload.lengths.indices], weight: share)[0]
                guard let point = migration.decision(from: source, for: own, under: mixture).point else { continue }
                points[source] = point
                planned += point.expectedSaving * own.weight / Double(workload.requests)
            }
            world = ReplayWorld(
                promptTokens: workload.outputs.map(\.promptTokens), outputTokens: workload.outputs.map(\.outputTokens),
                weights: workload.outputs.map { Double($0.count) }, server: .init(TimeSamples(profile.server.pooled)),
                device: .init { line.seconds(promptTokens: $0) },
                paces: .init(server: .constant(tpot.server), device: .constant(tpot.device)), timeout: 60, costs: costs,
                readers: readers, network: rules.network, transfer: rules.transfer)
            self.points = points
            self.planned = planned
        }
    }

    @Test(arguments: 0..<60)
    func `the saving that hand-overs are planned for is that of the replay, within 4 standard errors`(seed: Int) throws
    {
        let made = try Case(seed: seed)
        let (world, rules) = (made.world, made.rules)
        let stays = ReplayPolicy(made.plan)
        let moves = ReplayPolicy(
            [
                .init(
                    from: 1,
                    choices: stays.buckets[0].choices.map {
                        .init(
                            probability: $0.probability, action: $0.action,
                            fromServer: made.points[.server].map(\.rule),
                            fromDevice: made.points[.device].map(\.rule))
                    })
            ], leadTokensPerSecond: world.readers?.paces[0].tokensPerSecond)
        let without = Replay(world, stays, seed: seed).outcomes(requests: Self.requests)
        let with = Replay(world, moves, seed: seed).outcomes(requests: Self.requests)
        let saved = try #require(without.costMean) - #require(with.costMean)
        let error = try #require(without.costMeanError) + #require(with.costMeanError)
        #expect(abs(saved - made.planned) <= 4 * error, "planned \(made.planned), saved \(saved) ± \(error)")
        // All but epsilon of the readers never notice.
        let noticed = with.noticedShare ?? 0
        let slack = 4 * (rules.epsilon / Double(max(1, with.tally.handedOver))).squareRoot()
        #expect(noticed <= rules.epsilon + slack, "noticed \(noticed) of \(with.tally.handedOver)")
    }

    @Test func `many of these worlds hand over, both ways`() throws {
        let cases = try (0..<60).map(Case.init(seed:))
        for source in [Endpoint.server, .device] {
            let count = cases.count { $0.points[source] != nil }
            #expect(count >= 10, "\(source): \(count)")
        }
    }
}

extension MigrationPoint {
    fileprivate var rule: Migration { Migration(afterTokens: afterTokens, bufferTokens: bufferTokens) }
}
