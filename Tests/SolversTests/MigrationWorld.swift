import Costs
import Distributions
import Profiles
import Serving
import Solvers
import TestSupport
import Traces

/// A world small enough to list every request, reader and pair of times, and hand-overs straight from their definition.
///
/// Times lie on a grid of eighths and paces are powers of two, so that ties happen and sums are exact.
struct MigrationWorld {
    struct Request {
        let prompt: Int
        let output: Int
    }

    var requests: [Request]
    /// Server samples by group, in seconds; infinite for failures.
    let server: [[Double]]
    let secondGroupFrom = 5
    /// Device noise around its line, in seconds; infinite for failures.
    let noise: [Double]
    let line: DeviceFit
    let floor: Double
    let timeout = 64.0
    let costs: CostModel
    let tpot: [Endpoint: Double]
    let readers: [(share: Double, pace: Double)]
    var rules: MigrationRules
    var mixture: Mixture
    let profile: ServingProfile

    init(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        func eighths(_ range: ClosedRange<Int>) -> Double { Double(Int.random(in: range, using: &generator)) / 8 }
        func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }
        // Long prompts with short answers, or any.
        let goTogether = chance(2)
        requests = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
            let prompt = Int.random(in: 1...9, using: &generator)
            let output = Int.random(in: 0...24, using: &generator)
            return Request(prompt: prompt, output: goTogether ? output / prompt : output)
        }
        let canFail = chance(3)
        func samples() -> [Double] {
            (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                canFail && chance(8) ? .infinity : eighths(1...(chance(4) ? 60 : 12))
            }
        }
        server = chance(2) ? [samples(), samples()] : [samples()]
        noise =
            Array([-0.125, 0, 0.125, 0.75].prefix(Int.random(in: 1...4, using: &generator)))
            + (canFail && chance(2) ? [.infinity] : [])
        line = DeviceFit(intercept: eighths(2...9), perToken: eighths(0...2) / 4)
        var rows = TraceRows()
        for residual in noise {
            rows.promptTokens.append(1)
            rows.ttft.append(line.seconds(promptTokens: 1) + residual)
        }
        floor = rows.ttft.min() ?? 0
        let n = rows.ttft.count
        rows.outputTokens = Array(repeating: -1, count: n)
        rows.isCensored = Array(repeating: false, count: n)
        rows.isHeldOut = Array(repeating: false, count: n)
        rows.counts = Array(repeating: 1, count: n)
        let device = try DeviceProfile(rows: rows, part: .all, usesResiduals: true, curve: line, timeout: 1_000)
        func price() -> PerToken {
            PerToken(
                prefill: .random(in: 0...0.3, using: &generator), decode: .random(in: 0...3, using: &generator))
        }
        costs = CostModel(server: price(), device: price())
        func gap() -> Double { chance(4) ? eighths(1...4) : eighths(1...4) / 8 }
        tpot = [.server: gap(), .device: gap()]
        let paces = [0.5, 1, 2, 4].shuffled(using: &generator).prefix(chance(2) ? 1 : 3)
        let shares = paces.count == 1 ? [1] : [0.5, 0.375, 0.125]
        readers = zip(shares, paces).map { ($0, $1) }
        let epsilon = [0.01, 0.125, 0.25, 0.4].randomElement(using: &generator) ?? 0.01
        rules = MigrationRules(
            network: eighths(0...2), transfer: chance(2) ? 0 : 0.3, epsilon: epsilon, allowsStall: chance(4))
        let wait = chance(4) ? Double.infinity : eighths(0...16)
        let action = Action(first: chance(2) ? .server : .device, otherAfter: wait)
        mixture = chance(2) ? Mixture(action) : Mixture(action, share: 0.25, else: .race)
        profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: requests.map(\.prompt)),
            server: ServerProfile(
                lowerEdges: server.count == 1 ? [1] : [1, secondGroupFrom],
                groups: server.map { Empirical(samples: $0, horizon: 64) },
                pooled: Empirical(samples: server.flatMap { $0 }, horizon: 64)),
            device: device, timeout: timeout)
    }

    var problem: MigrationProblem {
        MigrationProblem(
            profile: profile, costs: costs, serverTPOT: tpot[.server], deviceTPOT: tpot[.device],
            readers: Readers(readers.map { .init(share: $0.share, tokensPerSecond: $0.pace) }), rules: rules)
    }

    var bucket: BucketRequests { BucketRequests(requests.map { ($0.prompt, $0.output, 1) }) }

    // MARK: - From the definition

    /// J(i) request by request; nil for never.
    func cost(from source: Endpoint, after i: Int?) -> Double {
        let (own, other) = prices(from: source)
        let sum = requests.reduce(0.0) { sum, request in
            guard let i, request.output > i else { return sum + own.decode * Double(request.output) }
            return sum + own.decode * Double(i) + other.prefill * Double(request.prompt + i) + rules.transfer
                + other.decode * Double(request.output - i)
        }
        return sum / Double(requests.count)
    }

    func prices(from source: Endpoint) -> (own: PerToken, other: PerToken) {
        let server = costs.server ?? PerToken(prefill: 0, decode: 0)
        let device = costs.device ?? PerToken(prefill: 0, decode: 0)
        return source == .server ? (server, device) : (device, server)
    }

    func serverSamples(_ length: Int) -> [Double] {
        server.count > 1 && length >= secondGroupFrom ? server[1] : server[0]
    }

    func deviceSamples(_ length: Int) -> [Double] {
        noise.map { max(line.seconds(promptTokens: length) + $0, floor) }
    }

    /// All hand-over times of all requests that still run after `i` tokens, with weights.
    func handOvers(from source: Endpoint, after i: Int) -> [(seconds: Double, weight: Double)] {
        var times: [(seconds: Double, weight: Double)] = []
        for request in requests where request.output > i {
            let length = request.prompt + i
            guard source == .device else {
                let samples = deviceSamples(length)
                times += samples.map { ($0, 1 / Double(samples.count)) }
                continue
            }
            times += afterWins(of: request, prefilling: length)
        }
        if times.isEmpty, source == .device {
            // The device wins none of these: nothing is known of the server.
            for request in requests where request.output > i {
                let samples = serverSamples(request.prompt + i)
                times += samples.map { ($0, 1 / Double(samples.count)) }
            }
        }
        return times.map { ($0.seconds + rules.network, $0.weight) }
    }

    /// The server's times at `length` given how the device won, over all pairs of times and actions.
    private func afterWins(of request: Request, prefilling length: Int) -> [(seconds: Double, weight: Double)] {
        var times: [(seconds: Double, weight: Double)] = []
        let (servers, devices) = (serverSamples(request.prompt), deviceSamples(request.prompt))
        let pairs = Double(servers.count * devices.count)
        for part in mixture.parts {
            for s in servers {
                for d in devices {
                    let (sAnswer, dAnswer) = (part.action.serverWait + s, part.action.deviceWait + d)
                    guard dAnswer <= timeout else { continue }
                    let serverBegan = part.action.serverWait == 0
                    let isStarted = serverBegan || part.action.serverWait < dAnswer
                    let wins = serverBegan ? dAnswer < sAnswer : !isStarted || dAnswer <= sAnswer
                    guard wins else { continue }
                    var law = serverSamples(length)
                    if isStarted {
                        let lateBy = dAnswer - part.action.serverWait
                        law = law.filter { serverBegan ? $0 > lateBy : $0 >= lateBy }
                    }
                    if law.isEmpty { law = [.infinity] }
                    let weight = part.probability / pairs / Double(law.count)
                    times += law.map { ($0, weight) }
                }
            }
        }
        return times
    }

    /// The smallest time that all but ε of `times` keep; infinite if none.
    func quantile(_ times: [(seconds: Double, weight: Double)]) -> Double {
        let total = times.reduce(0) { $0 + $1.weight }
        var seen = 0.0
        for time in times.sorted(by: { $0.seconds < $1.seconds }) {
            seen += time.weight
            if seen >= (1 - rules.epsilon - 1e-12) * total { return time.seconds }
        }
        return .infinity
    }

    /// Whether a hand-over after `i` tokens goes unnoticed: for one pace by the quantile of the hand-over time, for a
    /// population by counting readers and times.
    func isUnnoticed(from source: Endpoint, after i: Int) -> Bool {
        guard let own = tpot[source], let other = tpot[source.other] else { return false }
        let times = handOvers(from: source, after: i)
        func room(_ pace: Double) -> Double { max(Double(i) / pace, Double(i) * own) - Double(i - 1) * own }
        func stalls(_ pace: Double) -> Bool { !rules.allowsStall && other > 1 / pace }
        if readers.count == 1 { return !stalls(readers[0].pace) && quantile(times) <= room(readers[0].pace) }
        let total = times.reduce(0) { $0 + $1.weight }
        let late = readers.reduce(0.0) { sum, reader in
            let late = times.reduce(0.0) {
                $0 + (stalls(reader.pace) || $1.seconds > room(reader.pace) ? $1.weight : 0)
            }
            return sum + reader.share * late / total
        }
        return late <= rules.epsilon + 1e-12
    }

    func failedShare(of endpoint: Endpoint) -> Double {
        let all = endpoint == .device ? noise : server.flatMap { $0 }
        return Double(all.filter { $0 == .infinity }.count) / Double(all.count)
    }

    /// The points that save and go unnoticed, with what they save.
    func points(from source: Endpoint) -> [(tokens: Int, saving: Double)] {
        let longest = requests.reduce(0) { max($0, $1.output) }
        guard longest > 1, failedShare(of: source.other) < rules.epsilon else { return [] }
        return (1..<longest).compactMap { i in
            let saving = cost(from: source, after: nil) - cost(from: source, after: i)
            return saving > 1e-12 && isUnnoticed(from: source, after: i) ? (i, saving) : nil
        }
    }
}
