import Costs
import Testing

@Suite struct `Cost model` {
    let use = TokenUse(serverPrefill: 100, serverDecode: 50, devicePrefill: 20, deviceDecode: 10)

    @Test func `money is tokens times prices, with device energy turned into money`() throws {
        let model = CostModel(
            server: PerToken(prefill: 1e-6, decode: 2e-6), deviceEnergy: PerToken(prefill: 0.03, decode: 0.2),
            moneyPerJoule: 1e-7)
        // 100e-6 + 100e-6 + (0.6 + 2) J at 1e-7
        #expect(abs(try #require(model.money(for: use)) - (2e-4 + 2.6e-7)) < 1e-18)
        #expect(abs(try #require(model.joules(for: use)) - 2.6) < 1e-12)
    }

    @Test func `a missing price leaves money unknown, never zero`() {
        #expect(CostModel(server: nil).money(for: use) == nil)
        #expect(CostModel(server: PerToken(prefill: 1, decode: 1)).money(for: use) == nil)
        #expect(CostModel(server: nil).joules(for: use) == nil)
    }

    @Test(arguments: [(3.0, Regime.deviceConstrained), (0.1, .serverConstrained), (1.5, .mixed)])
    func `the regime is whose every token is dearer`(price: Double, regime: Regime) {
        let model = CostModel(server: PerToken(prefill: 1, decode: 2), device: PerToken(prefill: price, decode: price))
        #expect(model.regime == regime)
    }
}
