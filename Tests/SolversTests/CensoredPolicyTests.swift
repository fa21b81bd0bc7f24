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
}
