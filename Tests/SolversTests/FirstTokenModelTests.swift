import Costs
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

@Suite struct `First token model` {
    @Test(arguments: 1...60)
    func `agrees with the definition, pair by pair, for every action`(seed: Int) {
        let world = TinyWorld(seed: seed)
        let model = FirstTokenModel(world.profile)
        for action in world.actions {
            let lengths = world.profile.workload.lengths
            let means = model.meanTTFT(promptTokens: lengths[...], under: action)
            for (length, mean) in zip(lengths, means) {
                #expect(abs(mean - world.mean(length, action) { $0.ttft }) < 1e-12, "\(action) at \(length) tokens")
                let shares = model.shares(promptTokens: length, under: action)
                #expect(abs(shares.serverStarted - world.mean(length, action) { $0.serverStarted ? 1 : 0 }) < 1e-12)
                #expect(abs(shares.deviceStarted - world.mean(length, action) { $0.deviceStarted ? 1 : 0 }) < 1e-12)
                #expect(abs(shares.serverAnswers - world.mean(length, action) { $0.winner == .server ? 1 : 0 }) < 1e-12)
                #expect(abs(shares.deviceAnswers - world.mean(length, action) { $0.winner == .device ? 1 : 0 }) < 1e-12)
                #expect(abs(shares.failed - world.mean(length, action) { $0.winner == nil ? 1 : 0 }) < 1e-12)
                for t in stride(from: 0.0625, to: world.timeout, by: 0.25) {
                    let late = world.mean(length, action) { $0.ttft > t ? 1 : 0 }
                    #expect(abs(model.survival(promptTokens: length, under: action, at: t) - late) < 1e-12)
                }
            }
        }
    }

    @Test(arguments: 1...30)
    func `quantiles of a plan are the smallest times with enough mass`(seed: Int) {
        let world = TinyWorld(seed: seed)
        let model = FirstTokenModel(world.profile)
        let plan = DispatchPlan(
            everywhere: Mixture(world.actions[seed % world.actions.count], share: 0.25, else: .race))
        let outcomes = model.outcomes(
            of: plan, costs: CostModel(server: nil), quantiles: [.ttftP50, .ttftP90, .ttftP99])
        let total = Double(world.profile.workload.requests)
        func late(_ t: Double) -> Double {
            zip(world.profile.workload.lengths, world.profile.workload.counts).reduce(0) { sum, entry in
                plan.mixtures[0].parts.reduce(sum) { sum, part in
                    sum + part.probability * Double(entry.1) / total
                        * world.mean(entry.0, part.action) { $0.ttft > t ? 1 : 0 }
                }
            }
        }
        for (metric, level) in [(Metric.ttftP50, 0.5), (.ttftP90, 0.9), (.ttftP99, 0.99)] {
            guard let t = outcomes[metric] else {
                Issue.record("no \(metric)")
                continue
            }
            #expect(late(t) <= 1 - level + 1e-9)
            #expect(t == 0 || late(t - 1e-9) > 1 - level - 1e-9)
            #expect(t <= world.timeout)
        }
    }

    @Test func `quantiles asked for out of order are those asked for one by one`() {
        let world = TinyWorld(seed: 3)
        let model = FirstTokenModel(world.profile)
        let plan = DispatchPlan(everywhere: Mixture(world.actions[0], share: 0.25, else: .race))
        let asked = ["ttft.p97.5", "ttft.p0.1", "ttft.p60", "ttft.mean", "ttft.p97.5"].compactMap(Metric.init)
        let outcomes = model.outcomes(of: plan, costs: CostModel(server: nil), quantiles: asked)
        for metric in asked where metric.quantileLevel != nil {
            let alone = model.outcomes(of: plan, costs: CostModel(server: nil), quantiles: [metric])
            #expect(outcomes[metric] != nil && outcomes[metric] == alone[metric])
        }
        #expect(outcomes[.ttftP99] == nil)
        #expect(
            outcomes.ordered.map(\.metric.rawValue).prefix(5) == [
                "ttft.mean", "ttft.p0.1", "ttft.p60", "ttft.p97.5", "device.prefill_share",
            ])
    }

    @Test(arguments: 1...30)
    func `a race prefills everything on both endpoints, and unknown prices leave the cost out`(seed: Int) throws {
        let world = TinyWorld(seed: seed)
        let outcomes = FirstTokenModel(world.profile).outcomes(
            of: DispatchPlan(everywhere: Mixture(.race)), costs: CostModel(server: nil))
        #expect(abs(try #require(outcomes[.devicePrefillShare]) - 1) < 1e-12)
        #expect(abs(try #require(outcomes[.serverPrefillShare]) - 1) < 1e-12)
        #expect(outcomes[.costMean] == nil)
    }
}
