import Policies
import Scheduling
import Testing

/// The rules in simulated time against design formulas, which know no events: T = min(w_s + S, w_d + D), and so on.
///
/// Times are multiples of 1/2, so that all sums are exact and ties frequent.
@Suite struct `Simulated time and the formulas` {
    private typealias Answer = Simulation.Answer
    private typealias Story = Simulation.Story

    struct World: Sendable, CustomTestStringConvertible {
        var server: Double
        var device: Double
        var testDescription: String { "waits \(server) and \(device)" }
    }

    private static let timeout = 3.0
    private static let pace = 1.0

    /// What the formulas say.
    private func expected(_ rules: Rules, _ answers: [Endpoint: Answer]) -> Story {
        var story = Story()
        func wait(_ endpoint: Endpoint) -> Double { rules.action.wait(of: endpoint) }
        func ttft(_ endpoint: Endpoint) -> Double { answers[endpoint]?.ttft ?? .infinity }
        // Started iff the other, started at 0, has not answered by w; beyond the timeout nobody is.
        let started = Endpoint.allCases.filter {
            wait($0) == 0 || (wait($0) < rules.timeout && ttft($0.opposite) > wait($0))
        }
        for endpoint in started {
            story.starts.insert(.init(time: wait(endpoint), run: Run(endpoint: endpoint, attempt: 1, after: 0)))
        }
        // Together: who was started first, and the server if both were at 0.
        let ranked = started.sorted { left, right in
            (wait(left) + ttft(left), wait(left), left == .server ? 0 : 1)
                < (wait(right) + ttft(right), wait(right), right == .server ? 0 : 1)
        }
        guard let winner = ranked.first, let source = answers[winner], let target = answers[winner.opposite],
            wait(winner) + source.ttft <= rules.timeout
        else {
            story.outcome = .failed
            story.finishedAt = rules.timeout
            return story
        }
        let first = wait(winner) + source.ttft
        func sent(_ token: Int) -> Double { first + Double(token - 1) * source.tbt }
        // A source hands over after i tokens if more follow later; it breaks off after k.
        var handOver: Int?
        if let migration = rules.migration(from: winner), source.tbt > 0 {
            handOver = (1..<max(1, source.tokens)).first { token in
                token >= migration.afterTokens
                    && max(0, Double(token) - Self.pace * (sent(token) - first)) >= migration.bufferTokens
            }
        }
        let broken = source.breaksAfter.flatMap { $0 <= source.tokens ? $0 : nil }
        if let after = handOver, broken.map({ after < $0 }) ?? true { story.handOverAfter = after }
        let left = [handOver, broken].compactMap { $0 }.min()
        for token in 1..<max(1, (left ?? source.tokens) + 1) {
            story.deliveries.append(.init(time: sent(token), endpoint: winner))
        }
        story.outcome = .ok
        story.finishedAt = source.tokens == 0 ? first : sent(left ?? source.tokens)
        if let left {
            let attempt = started.contains(winner.opposite) ? 2 : 1
            story.starts.insert(
                .init(time: sent(left), run: Run(endpoint: winner.opposite, attempt: attempt, after: left)))
            let resumed = sent(left) + target.continuation
            for token in left..<max(left, target.tokens) {
                story.deliveries.append(
                    .init(time: resumed + Double(token - left) * target.tbt, endpoint: winner.opposite))
            }
            story.finishedAt = story.deliveries.count > left ? story.deliveries.last?.time : resumed
        }
        return story
    }

    @Test(arguments: [
        World(server: 0, device: 0), World(server: 0, device: 1), World(server: 0, device: 2.5),
        World(server: 1, device: 0), World(server: 2, device: 0), World(server: 0, device: 3),
        World(server: 0, device: .infinity), World(server: .infinity, device: 0),
    ])
    func `agree on starts, winner, every token's time and the hand-over, in every order of an instant`(world: World) {
        let migrations: [Migration?] = [
            nil, Migration(afterTokens: 1, bufferTokens: 0), Migration(afterTokens: 2, bufferTokens: 1.5),
            Migration(afterTokens: 3, bufferTokens: 2), Migration(afterTokens: 3, bufferTokens: 0),
        ]
        var count = 0
        var handOvers = 0
        for server in [1, 2, 2.5, 3, 3.5, .infinity] {
            for device in [0.5, 1, 2, 3, .infinity] {
                for tokens in [0, 1, 2, 5] {
                    for (tbt, breaksAfter) in [(0, nil), (0.5, nil), (1, nil), (2, nil), (0.5, 2)] as [(Double, Int?)] {
                        for migration in migrations {
                            let rules = Rules(
                                action: .init(serverWait: world.server, deviceWait: world.device),
                                timeout: Self.timeout, reader: Reader(tokensPerSecond: Self.pace),
                                fromServer: migration, fromDevice: migration)
                            func answer(_ ttft: Double) -> Answer {
                                Answer(
                                    ttft: ttft, tbt: tbt, tokens: tokens, breaksAfter: breaksAfter, continuation: 1)
                            }
                            let answers = [Endpoint.server: answer(server), .device: answer(device)]
                            let wanted = expected(rules, answers)
                            let stories = Simulation(rules: rules, answers: answers).stories()
                            #expect(
                                stories == [wanted],
                                "S \(server), D \(device), \(tokens) tokens every \(tbt) s to \(String(describing: breaksAfter)), \(String(describing: migration))"
                            )
                            count += 1
                            handOvers += wanted.handOverAfter == nil ? 0 : 1
                        }
                    }
                }
            }
        }
        #expect(count == 3_000 && handOvers > 100)
    }
}
