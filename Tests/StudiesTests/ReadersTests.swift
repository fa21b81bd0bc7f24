import Serving
import Testing

@Suite struct `A population of readers` {
    @Test func `paces ascend and shares sum to 1`() {
        let readers = Readers([.init(share: 3, tokensPerSecond: 5), .init(share: 1, tokensPerSecond: 4)])
        #expect(readers.paces == [.init(share: 0.25, tokensPerSecond: 4), .init(share: 0.75, tokensPerSecond: 5)])
        #expect(Readers(tokensPerSecond: 4).paces == [.init(share: 1, tokensPerSecond: 4)])
    }

    @Test(arguments: [(0, 8), (0.009, 8), (0.01, 5), (0.2, 5), (0.5, 4), (0.99, 4), (1, 4)] as [(Double, Double)])
    func `a share may exceed the pace that is planned for`(epsilon: Double, wanted: Double) {
        let readers = Readers([
            .init(share: 0.5, tokensPerSecond: 4), .init(share: 0.49, tokensPerSecond: 5),
            .init(share: 0.01, tokensPerSecond: 8),
        ])
        #expect(readers.pace(exceededBy: epsilon) == wanted)
    }
}
