import Costs
import Distributions
import Profiles
import Serving
import Solvers
import Traces

/// A world with a name: the cases that every solver must get right.
struct NamedProblem: Sendable, CustomStringConvertible {
    let name: String
    let worlds: [DispatchProgram.World]

    var description: String { name }

    var profile: ServingProfile { worlds[0].profile }

    /// Prices and energies that every named problem is solved with.
    static let costs = CostModel(
        server: PerToken(prefill: 1e-6, decode: 4e-6), device: PerToken(prefill: 2e-7, decode: 1e-7),
        deviceEnergy: PerToken(prefill: 0.025, decode: 0.155), moneyPerJoule: 1e-7)

    /// A problem of one world.
    /// - Parameters:
    ///   - name: What it is called.
    ///   - prompts: Prompt and output tokens, a request each.
    ///   - server: Times by group of lengths, in seconds; infinite for failures.
    ///   - edges: The first length of each group.
    ///   - device: Times of a prompt of one token.
    ///   - perToken: How much longer each further token takes the device.
    ///   - timeout: In seconds.
    ///   - buckets: Which lengths share an action; nil for each by itself.
    init(
        _ name: String, prompts: [(Int, Int)], server: [[Double]], edges: [Int] = [1], device: [Double],
        perToken: Double, timeout: Double = 60, buckets: Buckets? = nil
    ) {
        let profile = Self.profile(prompts, server, edges, device, perToken, timeout)
        self.name = name
        worlds = [.init(profile: profile, buckets: buckets ?? .exact(profile.workload))]
    }

    init(_ name: String, worlds: [DispatchProgram.World]) {
        self.name = name
        self.worlds = worlds
    }

    static func profile(
        _ prompts: [(Int, Int)], _ server: [[Double]], _ edges: [Int], _ device: [Double], _ perToken: Double,
        _ timeout: Double
    ) -> ServingProfile {
        func rows(_ lengths: [Int], _ times: [Double], _ outputs: [Int]) -> TraceRows {
            var rows = TraceRows()
            rows.promptTokens = lengths
            rows.ttft = times
            rows.outputTokens = outputs
            rows.hours = lengths.map { _ in TraceRows.noHour }
            rows.isCensored = lengths.map { _ in false }
            rows.isHeldOut = lengths.map { _ in false }
            rows.counts = lengths.map { _ in 1 }
            return rows
        }
        let sorted = prompts.sorted { $0 < $1 }
        let base = device.first { $0.isFinite } ?? 1
        let curve = DeviceFit(intercept: base - perToken, perToken: perToken)
        guard
            let workload = WorkloadProfile(
                rows: rows(sorted.map(\.0), sorted.map { _ in 1 }, sorted.map(\.1)), part: .all),
            let profile = try? DeviceProfile(
                rows: rows(device.map { _ in 1 }, device, device.map { _ in -1 }), part: .all, usesResiduals: true,
                curve: curve, timeout: timeout)
        else { preconditionFailure("a named problem has prompts and device rows") }
        return ServingProfile(
            workload: workload,
            server: ServerProfile(
                lowerEdges: edges, groups: server.map { Empirical(samples: $0, horizon: timeout) },
                pooled: Empirical(samples: server.flatMap { $0 }, horizon: timeout)),
            device: profile, timeout: timeout)
    }

    private static let mixed = [(4, 10), (4, 30), (8, 50), (16, 20), (16, 0), (40, 100)]

    /// All of them.
    static let all: [NamedProblem] = [
        handChecked,
        .init("one length, one sample", prompts: [(7, 9)], server: [[0.5]], device: [0.25], perToken: 0),
        .init(
            "all times equal", prompts: mixed, server: [[0.5, 0.5, 0.5]], device: [0.5, 0.5], perToken: 0),
        .init(
            "device as fast as some server times", prompts: mixed, server: [[0.25, 0.5, 0.5, 0.75, 1.5]],
            device: [0.25, 0.5, 0.75], perToken: 0),
        .init(
            "server always fails", prompts: mixed, server: [[.infinity]], device: [0.5, 0.75], perToken: 0.03125,
            timeout: 4),
        .init(
            "device always fails", prompts: mixed, server: [[0.5, 1, 2]], device: [.infinity], perToken: 0.03125,
            timeout: 4),
        .init(
            "both always fail", prompts: mixed, server: [[.infinity]], device: [.infinity], perToken: 0.03125,
            timeout: 4),
        .init(
            "both fail at times", prompts: mixed, server: [[0.25, 0.5, 1, 3, .infinity]],
            device: [0.5, 0.625, 1.25, .infinity], perToken: 0.03125, timeout: 4),
        .init(
            "a microsecond to eleven days", prompts: [(1, 5), (100, 10), (10_000, 20)],
            server: [[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6]],
            device: [1e-6, 1e-3, 10], perToken: 1e-3, timeout: 1e6),
        .init(
            "heavy atoms", prompts: mixed,
            server: [Array(repeating: 0.25, count: 90) + Array(repeating: 8, count: 9) + [50]],
            device: Array(repeating: 0.5, count: 30) + [2.5], perToken: 0.03125),
        .init(
            "many residuals", prompts: mixed, server: [[0.25, 0.75, 1.25, 2.25, 5, 9]],
            device: (0..<600).map { 0.5 + Double($0 * $0 % 601) / 997 }, perToken: 0.03125),
        .init(
            "the timeout cuts everything", prompts: mixed, server: [[0.5, 1, 2]], device: [0.5, 0.75],
            perToken: 0.03125, timeout: 0.125),
        .init(
            "the timeout is the last time", prompts: mixed, server: [[0.5, 1, 2]], device: [0.75, 2], perToken: 0,
            timeout: 2),
        .init(
            "conditioned groups within a bucket", prompts: mixed,
            server: [[0.25, 0.5, 1, 4], [0.75, 1.5, 6, .infinity]],
            edges: [1, 8], device: [0.5, 0.625, 1], perToken: 0.03125, timeout: 10, buckets: Buckets(edges: [1, 16])),
        .init(
            "two worlds",
            worlds: [
                (0.3, [0.25, 0.5, 1, 2], [(4, 10), (16, 30)]), (0.7, [0.5, 2, 4, 8, .infinity], [(4, 20), (40, 60)]),
            ].map { share, server, prompts in
                let own = profile(prompts, [server], [1], [0.5, 0.75, 1.5], 0.03125, 10)
                return .init(profile: own, buckets: .exact(own.workload), share: share)
            }),
    ]

    /// Half the requests have 10 prompt tokens, half 30; the server takes 1 s or 3 s, the device 1 s for 10 and 2 s for 30.
    static let handChecked = NamedProblem(
        "worked by hand", prompts: [(10, 10), (30, 20)], server: [[1, 3]], device: [0.55], perToken: 0.05)
}
