import Costs
import Distributions
import FoundationEssentials
import Glibc
import Policies
import Profiles
import Replay
import Scheduling
import Serving

extension SolverBenchmarks {
    /// Replays `--requests` responses of `--tokens` tokens each, a third of which is handed over.
    ///
    /// `--gaps` recorded: 2¹⁶ gaps in their order on each endpoint, token by token; constant: closed form.
    /// `--path` walk takes the online rules themselves. With `--cores` above 1, or `--clock wall`, the seconds
    /// are by the clock.
    static func replaying(_ options: Options) throws -> Report {
        let requests = options.number("requests", else: 1_000_000)
        let cores = options.number("cores", else: 1)
        let walks = options.text("path", else: "fast") == "walk"
        let base = try peakResidentBytes()
        let replay = try replayed(options)
        let tokens = options.number("tokens", else: 200)
        var outcomes: ReplayOutcomes?
        func run() -> ReplayTally {
            walks ? replay.walkedTally(0..<requests) : replay.tally(0..<requests, cores: cores)
        }
        var seconds: [Double] = []
        if cores == 1 && options.text("clock", else: "cpu") == "cpu" {
            seconds = measure(options, ready: {}) {
                let tally = run()
                outcomes = replay.outcomes(of: tally)
                return tally
            }
        } else {
            for turn in 0...options.number("runs", else: 3) {
                let start = wallSeconds()
                let tally = run()
                if turn > 0 { seconds.append(wallSeconds() - start) }
                outcomes = replay.outcomes(of: tally)
            }
        }
        return Report(
            seconds: seconds, objective: outcomes?.smoothGoodput, peakBytes: try peakResidentBytes(), baseBytes: base,
            rows: requests * tokens, mean: outcomes?.ttftMean)
    }

    /// Server times from `--samples`, prompts from `--prompts`, a device that is slower than the server once it streams.
    private static func replayed(_ options: Options) throws -> Replay {
        let world = try World(options)
        let prompts = Array(world.prompts.prefix(10_000))
        let tokens = options.number("tokens", else: 200)
        func pace(_ mean: Double, _ stream: Int) -> DecodePace {
            guard options.text("gaps", else: "recorded") == "recorded" else { return .constant(mean) }
            let random = CounterRandom(seed: 1, stream: stream)
            // Mostly steady, one gap in fifty ten times as long.
            return .recorded(
                (0..<1 << 16).map { mean * (0.5 + Double(random.below(1000, $0)) / 1000) * ($0 % 50 == 0 ? 10 : 1) })
        }
        let line = World.line
        let costs = CostModel(
            server: PerToken(prefill: 0.14e-6, decode: 0.28e-6), deviceEnergy: PerToken(prefill: 0.025, decode: 0.155),
            moneyPerJoule: 5e-8)
        let policy = ReplayPolicy(
            [
                .init(
                    from: 1,
                    choices: [0, 1.5].map { PolicyTable.Choice(probability: 0.5, serverWait: 0, deviceWait: $0) },
                    fromServer: Migration(afterTokens: 20, bufferTokens: 8))
            ], leadTokensPerSecond: 4.8)
        return Replay(
            ReplayWorld(
                promptTokens: prompts, outputTokens: prompts.map { _ in tokens },
                server: .init(TimeSamples(world.samples)), device: .init { line.seconds(promptTokens: $0) },
                paces: .init(server: pace(0.02, 0), device: pace(0.06, 1)), timeout: World.timeout, costs: costs,
                readers: Readers(tokensPerSecond: 4.8), network: 0.05), policy, seed: 1)
    }

    /// Seconds of a clock that only goes forward.
    private static func wallSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
}
