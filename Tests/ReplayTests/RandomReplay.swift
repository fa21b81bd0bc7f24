import Costs
import Policies
import Replay
import Scheduling
import Serving
import TestSupport

/// Random worlds and policies of every kind, on grids so coarse that ties happen.
enum RandomReplay {
    /// A replay of a seed: even ones with times on a grid of eighths, odd ones without.
    static func make(seed: Int) -> Replay {
        var generator = SeededGenerator(seed: seed)
        let isGrid = seed.isMultiple(of: 2)
        func number(_ range: ClosedRange<Int>) -> Double {
            isGrid
                ? Double(Int.random(in: range, using: &generator)) / 8
                : Double.random(in: Double(range.lowerBound)...Double(range.upperBound), using: &generator) / 8
        }
        func times(_ count: Int, _ eighths: ClosedRange<Int>) -> TimeSamples {
            let values = (0..<count).map { _ in
                switch Int.random(in: 0..<12, using: &generator) {
                case 0: TimeSamples.failed
                case 1: TimeSamples.unidentified
                default: number(eighths)
                }
            }
            let weights = (0..<count).map { _ in Double(Int.random(in: 1...3, using: &generator)) }
            return TimeSamples(values, weights: Bool.random(using: &generator) ? weights : nil)
        }
        func pace() -> DecodePace {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: .constant(number(0...3))
            case 1: .constant(0.25)
            case 2: .perRun(TimeSamples((0..<5).map { _ in number(0...4) }))
            default: .recorded((0..<Int.random(in: 1...40, using: &generator)).map { _ in max(0, number(-3...6)) })
            }
        }
        let rows = Int.random(in: 1...20, using: &generator)
        let prompts = (0..<rows).map { _ in Int.random(in: 1...12, using: &generator) }
        let outputs = (0..<rows).map { _ in Int.random(in: 0...60, using: &generator) }
        let groups = Int.random(in: 1...2, using: &generator)
        let perToken = number(0...2)
        let world = ReplayWorld(
            promptTokens: prompts, outputTokens: seed % 11 == 10 ? nil : outputs,
            weights: seed.isMultiple(of: 3) ? prompts.map(Double.init) : nil,
            server: ReplayWorld.ServerTimes(
                lowerEdges: groups == 1 ? [1] : [1, 8],
                groups: (0..<groups).map { _ in times(Int.random(in: 1...8, using: &generator), 1...40) }),
            device: ReplayWorld.DeviceTimes(residuals: times(4, -4...8), floor: 0.125) { 0.5 + perToken * Double($0) },
            paces: seed % 13 == 12 ? nil : ReplayWorld.Paces(server: pace(), device: pace()), timeout: 4,
            costs: CostModel(
                server: PerToken(prefill: 0.5, decode: 2), device: PerToken(prefill: 0.25, decode: 0.125),
                deviceEnergy: PerToken(prefill: 1, decode: 3), moneyPerJoule: 0.25),
            readers: seed % 7 == 6
                ? nil
                : Readers([
                    Readers.Pace(share: 0.5, tokensPerSecond: 4), Readers.Pace(share: 0.3, tokensPerSecond: 2.5),
                    Readers.Pace(share: 0.2, tokensPerSecond: 8),
                ]), network: number(0...1), transfer: 1, loserCharge: seed.isMultiple(of: 5) ? .elapsed : .full)
        func migration() -> Migration? {
            guard Int.random(in: 0..<4, using: &generator) > 0 else { return nil }
            return Migration(
                afterTokens: Int.random(in: 1...10, using: &generator), bufferTokens: max(0, number(-8...40)))
        }
        func choice(_ action: PolicyTable.Action) -> ReplayPolicy.Choice {
            .init(probability: 0.5, action: action, fromServer: migration(), fromDevice: migration())
        }
        func action() -> ReplayPolicy.Choice {
            let wait = Int.random(in: 0..<5, using: &generator) == 0 ? .infinity : max(0, number(-4...40))
            return Bool.random(using: &generator)
                ? choice(PolicyTable.Action(serverWait: 0, deviceWait: wait))
                : choice(PolicyTable.Action(serverWait: wait, deviceWait: 0))
        }
        let policy = ReplayPolicy(
            [1, 6].map {
                ReplayPolicy.Bucket(from: $0, choices: [action(), action()])
            }, leadTokensPerSecond: seed.isMultiple(of: 4) ? 4 : nil)
        return Replay(
            world, policy, seed: seed,
            settings: MetricSettings(ttftTarget: 0.5, deadlineOffset: 0.25, deadlineTokensPerSecond: 3))
    }
}
