import Costs
import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

@Suite struct Baselines {
    /// Server times of 1 to 20 s, one each; prompts of 10 (four), 20 (two) and 40 tokens, 120 tokens in all.
    let profile: ServingProfile

    init() throws {
        profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: [10, 10, 10, 10, 20, 20, 40]),
            server: ServerProfile(pooled: Empirical(samples: (1...20).map(Double.init), horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.5, perToken: 0.01), lengths: [10, 20, 40]),
            timeout: 60)
    }

    func waits(_ plan: DispatchPlan) -> [Double] { plan.mixtures.map { $0.parts[0].action.deviceWait } }

    @Test func `DiSCo-D within the tail budget lets every prompt wait for the tail`() {
        // b = 0.05 ≤ α: F(t) ≥ 0.95 first at 19 s.
        let plan = DiSCo.deviceConstrained(profile, budget: 0.05, alpha: 0.05)
        #expect(plan.lowerEdges == [1] && waits(plan) == [19])
    }

    @Test func `DiSCo-D gives what is left to the shortest prompts, worked by hand`() {
        // Left (0.5 − 0.05) · 120 = 54 token-requests; 10s take 0.95 · 40 = 38; of the 20s' 40 tokens, 16 are left:
        // P(S > w) ≤ 0.05 + 16 / 40 = 0.45, so w = 11; the 40s wait 19.
        let plan = DiSCo.deviceConstrained(profile, budget: 0.5, alpha: 0.05)
        #expect(plan.lowerEdges == [1, 20, 40] && waits(plan) == [0, 11, 19])
    }

    @Test func `DiSCo-D with a budget of one starts every device at once`() {
        #expect(waits(DiSCo.deviceConstrained(profile, budget: 1, alpha: 0.05)) == [0])
    }

    @Test func `DiSCo-D never starts the device where failures exceed the tail`() {
        let failing = ServingProfile(
            workload: profile.workload,
            server: ServerProfile(pooled: Empirical(samples: [1, 2, 3, .infinity], horizon: 60)),
            device: profile.device,
            timeout: 60)
        #expect(waits(DiSCo.deviceConstrained(failing, budget: 0.02, alpha: 0.05)) == [.infinity])
    }

    @Test func `DiSCo-S races from the shortest length whose tail of tokens fits`() {
        // The 40 holds a third of the tokens, with the 20s two thirds.
        #expect(DiSCo.serverConstrained(profile, budget: 0.34).lowerEdges == [1, 40])
        #expect(DiSCo.serverConstrained(profile, budget: 2.0 / 3).lowerEdges == [1, 20])
        #expect(DiSCo.serverConstrained(profile, budget: 1).mixtures == [Mixture(.race)])
        #expect(DiSCo.serverConstrained(profile, budget: 0.1).mixtures == [Mixture(.only(.device))])
    }

    @Test func `a fixed hedge waits for the server's 95th percentile`() {
        #expect(waits(Baseline.fixedHedge.plan(profile, limited: .device, budget: 0.2, alpha: 0.05)) == [19])
    }

    @Test func `stochastic policies draw one endpoint with the budget's probability`() {
        let plan = Baseline.stochD.plan(profile, limited: .device, budget: 0.2, alpha: 0.05)
        let shares = plan.mixtures[0].parts.map(\.probability)
        #expect(
            plan.mixtures[0].parts.map(\.action) == [.only(.device), .only(.server)] && abs(shares[0] - 0.2) < 1e-15)
    }

    @Test(arguments: 1...40)
    func `SingleR is the best single delay with one probability, by brute force`(seed: Int) throws {
        let world = TinyWorld(seed: seed)
        var generator = SeededGenerator(seed: seed)
        let budget = Double.random(in: 0.01...0.99, using: &generator)
        let model = FirstTokenModel(world.profile)
        for limited in Endpoint.allCases {
            func outcomes(_ plan: DispatchPlan) throws -> (mean: Double, share: Double) {
                let all = model.outcomes(of: plan, costs: CostModel(server: nil), quantiles: [])
                return (try #require(all[.ttftMean]), try #require(all[.prefillShare(of: limited)]))
            }
            let own = try outcomes(Baseline.singleR.plan(world.profile, limited: limited, budget: budget, alpha: 0.05))
            #expect(own.share <= budget + 1e-9)
            var best = try outcomes(DispatchPlan(everywhere: Mixture(.only(limited.other)))).mean
            for action in world.actions
            where action.wait(of: limited.other) == 0 && action.wait(of: limited) < .infinity {
                let started = try outcomes(DispatchPlan(everywhere: Mixture(action))).share
                let probability = started > 0 ? min(1, budget / started) : 1
                let plan = DispatchPlan(everywhere: Mixture(action, share: probability, else: .only(limited.other)))
                best = min(best, try outcomes(plan).mean)
            }
            #expect(abs(own.mean - best) < 1e-9)
        }
    }

    @Test(arguments: 1...20, [0.02, 0.2, 0.6])
    func `no baseline that keeps the limit beats the optimum on exact buckets`(seed: Int, budget: Double) throws {
        let world = TinyWorld(seed: seed)
        let model = FirstTokenModel(world.profile)
        for limited in Endpoint.allCases {
            let optimum = DispatchProblem(
                profile: world.profile, buckets: .exact(world.profile.workload), limited: limited, budget: budget
            ).solve().certificate.primal
            for baseline in Baseline.allCases {
                let plan = baseline.plan(world.profile, limited: limited, budget: budget, alpha: 0.05)
                let outcomes = model.outcomes(of: plan, costs: CostModel(server: nil), quantiles: [])
                let share = try #require(outcomes[.prefillShare(of: limited)])
                let mean = try #require(outcomes[.ttftMean])
                if share <= budget + 1e-12 { #expect(mean >= optimum - 1e-9, "\(baseline)") }
            }
        }
    }
}
