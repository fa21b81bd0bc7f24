import Costs
import Distributions
import Profiles
import Serving
import Solvers
import TestSupport
import Testing
import Traces

@Suite struct `Policies made from a log of races` {
    static let device = DeviceFit(intercept: 0.148, perToken: 0.00668)

    /// A world of these server times.
    func world(_ server: Empirical) throws -> ServingProfile {
        let lengths = Races(count: 2_000, seed: 77).lengths
        return ServingProfile(
            workload: WorkloadProfile(promptTokens: lengths), server: ServerProfile(pooled: server),
            device: try DeviceProfile(fit: Self.device, lengths: lengths), timeout: 60)
    }

    struct Verdict {
        /// Predicted over true mean TTFT, minus 1.
        var mean: Double
        /// Predicted minus true device share.
        var share: Double
    }

    /// What a policy tuned on `server` promises, against what it does in the world that logs are drawn from.
    func verdict(_ server: Empirical, budget: Double, truth: ServingProfile) throws -> Verdict {
        let believed = try world(server)
        let problem = DispatchProblem(
            profile: believed, buckets: .quantile(count: 8, of: believed.workload), limited: .device, budget: budget)
        let plan = try #require(problem.solve().plan)
        func outcomes(_ world: ServingProfile) -> Outcomes {
            FirstTokenModel(world).outcomes(of: plan, costs: CostModel(server: nil), quantiles: [])
        }
        let (promised, real) = (outcomes(believed), outcomes(truth))
        return Verdict(
            mean: try #require(promised[.ttftMean]) / #require(real[.ttftMean]) - 1,
            share: try #require(promised[.devicePrefillShare]) - #require(real[.devicePrefillShare]))
    }

    @Test(arguments: [0.1, 0.2, 0.4], 1...5)
    func `keep their promise with product-limit estimates, and break it with naive ones`(budget: Double, seed: Int)
        throws
    {
        let truth = try world(Empirical(samples: Races(count: 200_000, seed: 1_000).server))
        let log = Races(count: 10_000, seed: seed).serverLog
        let estimate = KaplanMeier(values: log.map(\.value), isCensored: log.map(\.isCensored), horizon: 60)
        let ours = try verdict(Empirical(estimate, unidentifiedAt: 60), budget: budget, truth: truth)
        let dropped = try verdict(
            Empirical(samples: log.filter { !$0.isCensored }.map(\.value)), budget: budget, truth: truth)
        let taken = try verdict(Empirical(samples: log.map(\.value)), budget: budget, truth: truth)
        // What is not identified is placed at the timeout, so ours errs upwards, if at all.
        #expect(ours.mean > -0.02 && ours.mean < 0.06 && abs(ours.share) < 0.02, "\(ours)")
        #expect(dropped.mean < -0.14 && taken.mean < -0.18, "\(dropped), \(taken)")
    }

    @Test func `never wait longer than anything was seen`() throws {
        let log = Races(count: 3_000, seed: 4).serverLog
        let estimate = KaplanMeier(values: log.map(\.value), isCensored: log.map(\.isCensored), horizon: 60)
        let believed = try world(Empirical(estimate, unidentifiedAt: 60))
        let last = try #require(estimate.lastEvent)
        for budget in [0.001, 0.01, 0.05, 0.5] {
            let problem = DispatchProblem(
                profile: believed, buckets: .exact(believed.workload), limited: .device, budget: budget)
            let plans =
                [try #require(problem.solve().plan)]
                + Baseline.allCases.map { $0.plan(believed, limited: .device, budget: budget, alpha: 0.05) }
            for part in plans.flatMap(\.mixtures).flatMap(\.parts) {
                #expect(part.action.deviceWait <= last || part.action.deviceWait == .infinity)
            }
        }
    }

    @Test func `count nothing that is not identified among the failures`() throws {
        let open = Empirical(
            KaplanMeier(values: [1, 2, 3, .infinity], isCensored: [false, false, true, false], horizon: 60),
            unidentifiedAt: 60)
        let model = FirstTokenModel(try world(open))
        for action in [Action.only(.server), .race, Action(first: .server, otherAfter: 1.5)] {
            let shares = model.shares(promptTokens: 10, under: action)
            #expect(shares.failed <= 0.25 + 1e-12)
            #expect(abs(shares.serverAnswers + shares.deviceAnswers + shares.failed - 1) < 1e-12)
        }
        #expect(abs(model.shares(promptTokens: 10, under: .only(.server)).failed - 0.25) < 1e-12)
    }

    @Test func `a device's open mass answers at the timeout under every action`() throws {
        var rows = TraceRows()
        rows.promptTokens = [1, 2, 3, 2]
        rows.ttft = [0.1, 0.2, 0.3, 9]
        rows.isCensored = [false, false, false, true]
        rows.outputTokens = [-1, -1, -1, -1]
        rows.isHeldOut = [false, false, false, false]
        rows.counts = [1, 1, 1, 1]
        rows.hours = rows.counts.map { _ in TraceRows.noHour }
        let device = try DeviceProfile(rows: rows, part: .all, usesResiduals: true, timeout: 60)
        let server = Empirical(samples: [1, .infinity])
        let model = FirstTokenModel(
            ServingProfile(
                workload: WorkloadProfile(promptTokens: [2]), server: ServerProfile(pooled: server), device: device,
                timeout: 60))
        let alone = model.shares(promptTokens: 2, under: .only(.device))
        #expect(alone.failed == 0 && abs(alone.deviceAnswers - 1) < 1e-12)
        #expect(abs(model.meanTTFT(promptTokens: [2], under: .only(.device))[0] - (0.75 * 0.2 + 0.25 * 60)) < 1e-9)
        // Half of the server's requests fail; a quarter of the device's answers late, however late it was started.
        let hedged = model.shares(promptTokens: 2, under: Action(first: .server, otherAfter: 5))
        #expect(hedged.failed == 0 && abs(hedged.deviceAnswers - 0.5) < 1e-12)
        let reversed = model.shares(promptTokens: 2, under: Action(first: .device, otherAfter: 5))
        #expect(reversed.failed == 0 && abs(reversed.serverAnswers - 0.125) < 1e-12)
    }

    @Test(arguments: 1...6)
    func `any objective is the model's own, with waits no longer than anything was seen`(seed: Int) throws {
        let races = Races(count: 120, seed: seed, failing: 0.1, noise: 0.2)
        func estimate(_ log: [(value: Double, isCensored: Bool)]) -> KaplanMeier {
            KaplanMeier(values: log.map(\.value), isCensored: log.map(\.isCensored), horizon: 8)
        }
        var rows = TraceRows()
        for (length, row) in zip(races.lengths, races.deviceLog) {
            rows.append(length, row.value, row.isCensored)
        }
        // A device that hung until it was given up.
        for length in [50, 300, 500] { rows.append(length, 7, true) }
        for length in [100, 200, 400] { rows.append(length, .infinity, false) }
        let device = try DeviceProfile(rows: rows, part: .all, usesResiduals: true, timeout: 8)
        let server = estimate(races.halfLog + [(7.9, true), (7.95, true)])
        #expect(device.residuals.last == .infinity && device.failedShare > 0)
        #expect(server.unidentified > 0 && server.massAtInfinity > 0)
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: Array(races.lengths.prefix(12))),
            server: ServerProfile(pooled: Empirical(server, unidentifiedAt: 8)), device: device, timeout: 8)
        let last = try #require(server.lastEvent)
        for (objective, limits) in [
            (Metric.failedShare, [Limit(metric: .devicePrefillShare, atMost: 0.4)]),
            (
                .ttftMean,
                [Limit(metric: .deviceAnswerShare, atLeast: 0.3), Limit(metric: .devicePrefillShare, atMost: 0.7)]
            ),
            (.ttftMean, [Limit(metric: .serverPrefillShare, atMost: 0.5), Limit(metric: .failedShare, atMost: 0.2)]),
            (.ttftP50, [Limit(metric: .devicePrefillShare, atMost: 0.3)]),
        ] {
            let answer = DispatchProgram(
                worlds: [.init(profile: profile, buckets: .quantile(count: 3, of: profile.workload))],
                costs: CostModel(server: nil), objective: objective, limits: limits
            ).solve()
            let plan = try #require(answer.plans.first)
            let outcomes = FirstTokenModel(profile).outcomes(
                of: plan, costs: CostModel(server: nil), quantiles: [.ttftP50])
            let found = try #require(outcomes[objective])
            if objective != .ttftP50 {
                #expect(abs(found - answer.certificate.primal) < 1e-9 && answer.certificate.gap < 1e-6)
            }
            for limit in limits {
                let value = try #require(outcomes[limit.metric])
                #expect(value <= (limit.atMost ?? 2) + 1e-9 && value >= (limit.atLeast ?? -1) - 1e-9)
            }
            for part in plan.mixtures.flatMap(\.parts) {
                let wait = part.action.deviceWait
                #expect(wait <= last || wait >= 8, "\(objective) \(part)")
            }
        }
    }
}

extension TraceRows {
    /// Adds one request.
    fileprivate mutating func append(_ length: Int, _ ttft: Double, _ isCancelled: Bool) {
        promptTokens.append(length)
        self.ttft.append(ttft)
        isCensored.append(isCancelled)
        outputTokens.append(-1)
        isHeldOut.append(false)
        hours.append(TraceRows.noHour)
        counts.append(1)
    }
}
