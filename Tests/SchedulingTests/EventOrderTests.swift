import Policies
import Scheduling
import TestSupport
import Testing

@Suite struct `Every order of events` {
    /// What an exploration has seen.
    private struct Findings {
        var states = 0
        var orders = 0.0
        var mostCommands = 0
        var handOvers = 0
        var resumed = 0
        var outcomes: [Scheduler.Outcome?: Int] = [:]
        var fault: String?
    }

    /// Depth first over states, each visited once; orders are counted along.
    private func explore(_ start: Adversary) -> Findings {
        var findings = Findings()
        var known: [Adversary: Double] = [:]
        var path: [Adversary.Step] = []
        /// Orders from here to an end, that of a finished request being one.
        func visit(_ state: Adversary) -> Double {
            if let orders = known[state] { return orders }
            findings.states += 1
            findings.outcomes[state.audit.outcome, default: 0] += 1
            findings.handOvers = max(findings.handOvers, state.audit.handOvers)
            findings.resumed = max(findings.resumed, state.audit.records.count)
            var orders = 1.0
            for step in state.steps() where findings.fault == nil {
                var next = state
                path.append(step)
                let (commands, fault) = next.take(step)
                findings.mostCommands = max(findings.mostCommands, commands)
                if let fault { findings.fault = findings.fault ?? "\(fault): \(path)" }
                // What comes after the end is tried, but not what comes after that.
                orders += state.audit.outcome != nil ? 1 : visit(next)
                path.removeLast()
            }
            known[state] = orders
            return orders
        }
        findings.orders = visit(start)
        return findings
    }

    struct World: Sendable, CustomTestStringConvertible {
        var server = 0.0
        var device = 0.0
        var timeout = 2.0
        var fromServer: Migration?
        var fromDevice: Migration?
        var missing: Endpoint?
        var mostTokens = 2
        var horizon = 2.0
        var mischief = 0

        var testDescription: String {
            let moves = [fromServer, fromDevice].map { $0.map { "\($0.afterTokens)/\($0.bufferTokens)" } ?? "never" }
            return "waits \(server) and \(device), timeout \(timeout), moves \(moves), \(mostTokens) tokens, "
                + "mischief \(mischief), missing \(missing?.rawValue ?? "nobody")"
        }
    }

    private static let eager = Migration(afterTokens: 1, bufferTokens: 0)
    private static let buffered = Migration(afterTokens: 1, bufferTokens: 1.5)

    @Test(arguments: [
        World(mostTokens: 3, horizon: 3), World(mischief: 1), World(device: 1, mostTokens: 3, horizon: 3),
        World(server: 1, horizon: 3, mischief: 1), World(device: .infinity, mostTokens: 3, horizon: 4, mischief: 2),
        World(server: 1, device: 2, timeout: 3, horizon: 4), World(missing: .server, horizon: 4, mischief: 3),
        World(fromServer: eager), World(fromDevice: eager, mischief: 1), World(device: 1, fromServer: buffered),
        World(server: .infinity, fromServer: eager, fromDevice: eager, horizon: 3, mischief: 1),
        World(server: 1, fromDevice: buffered),
        World(device: .infinity, timeout: .infinity, fromServer: eager, mostTokens: 3, horizon: 4),
    ])
    func `delivers each token once and in order, leaves none out, and ends when it should`(world: World) {
        let rules = Rules(
            action: .init(serverWait: world.server, deviceWait: world.device), timeout: world.timeout,
            reader: Reader(tokensPerSecond: 1), fromServer: world.fromServer, fromDevice: world.fromDevice,
            missing: world.missing)
        let findings = explore(
            Adversary(rules: rules, mostTokens: world.mostTokens, horizon: world.horizon, mischief: world.mischief))
        #expect(findings.fault == nil)
        #expect(findings.mostCommands <= Scheduler.Commands.capacity)
        #expect(findings.outcomes[.ok, default: 0] > 0 && findings.outcomes[.failed, default: 0] > 0)
        #expect(findings.handOvers == (world.fromServer == nil && world.fromDevice == nil ? 0 : 1))
        #expect(findings.orders > 1_000)
    }

    /// Walks through much longer responses than can be enumerated, under rules drawn at random.
    @Test(arguments: 0..<8)
    func `long responses, drawn at random, keep the same promises`(seed: Int) {
        var generator = SeededGenerator(seed: seed << 32)
        var whole = 0
        for _ in 0..<250 {
            let waits = [0, 0, 0.5, 2, .infinity]
            func wait() -> Double { waits.randomElement(using: &generator) ?? 0 }
            func migration() -> Migration? {
                guard Bool.random(using: &generator) else { return nil }
                return Migration(
                    afterTokens: Int.random(in: 1...20, using: &generator),
                    bufferTokens: Double.random(in: 0...5, using: &generator))
            }
            let rules = Rules(
                action: .init(serverWait: wait(), deviceWait: wait()), timeout: 4,
                reader: Reader(tokensPerSecond: Double.random(in: 0.1...3, using: &generator)),
                fromServer: migration(), fromDevice: migration())
            var state = Adversary(rules: rules, mostTokens: 40, horizon: 1_000, mischief: 8)
            var path: [Adversary.Step] = []
            while state.audit.outcome == nil, path.count < 400 {
                // Ends and failures are as frequent as tokens in the list of steps; most of them are passed over.
                let steps = state.steps()
                let isPatient = Int.random(in: 0..<10, using: &generator) > 0
                let tokens = steps.filter { if case .token = $0.event { !$0.isMischief } else { false } }
                guard let step = (isPatient && !tokens.isEmpty ? tokens : steps).randomElement(using: &generator) else {
                    break
                }
                path.append(step)
                let (_, fault) = state.take(step)
                #expect(fault == nil, "\(path)")
                if fault != nil { return }
            }
            if state.audit.outcome == .ok && state.audit.delivered > 10 { whole += 1 }
        }
        #expect(whole > 0)
    }
}
