import Distributions
import Profiles
import Serving
import Solvers
import Traces

/// The data of a piece of work: server times and prompt lengths from files, and a device.
struct World {
    /// Seconds after which a request has failed.
    static let timeout = 60.0
    /// The device: 0.148 s and 6.68 ms a prompt token.
    static let line = DeviceFit(intercept: 0.148, perToken: 0.00668)

    let samples: [Double]
    let prompts: [Int]
    let workload: WorkloadProfile
    let device: DeviceProfile
    let limited: Endpoint
    let budget: Double
    let bucketCount: Int

    init(_ options: Options, withSamples: Bool = true) throws {
        samples = withSamples ? try numbers(options.text("samples")) : []
        prompts = try numbers(options.text("prompts"))
        workload = WorkloadProfile(promptTokens: prompts)
        device = try Self.device(residuals: options.number("residuals", else: 0), lengths: workload.lengths)
        limited = options.text("limited", else: "device") == "server" ? .server : .device
        budget = options.number("budget", else: 0.2)
        bucketCount = options.number("buckets", else: 64)
    }

    /// The line without noise, or with so many residuals between -50 and 150 ms.
    private static func device(residuals: Int, lengths: [Int]) throws -> DeviceProfile {
        guard residuals > 0 else { return try DeviceProfile(fit: line, lengths: lengths) }
        var rows = TraceRows()
        for i in 0..<residuals {
            let share = (Double(i) + 0.5) / Double(residuals)
            rows.promptTokens.append(1)
            rows.ttft.append(line.seconds(promptTokens: 1) - 0.05 + 0.2 * share * share)
        }
        rows.outputTokens = Array(repeating: -1, count: residuals)
        rows.hours = Array(repeating: TraceRows.noHour, count: residuals)
        rows.isCensored = Array(repeating: false, count: residuals)
        rows.isHeldOut = Array(repeating: false, count: residuals)
        rows.counts = Array(repeating: 1, count: residuals)
        return try DeviceProfile(rows: rows, part: .all, usesResiduals: true, curve: line, timeout: timeout)
    }

    /// The server times, ascending.
    var sorted: [Double] {
        var times = samples
        times.radixSort()
        return times
    }

    /// Buckets of equal request mass.
    var buckets: Buckets { Buckets.quantile(count: bucketCount, of: workload) }

    /// The profile from prompt lengths, one by one, and the server's distribution.
    func profile(_ server: Empirical) -> ServingProfile {
        ServingProfile(
            workload: WorkloadProfile(promptTokens: prompts), server: ServerProfile(pooled: server), device: device,
            timeout: Self.timeout)
    }

    /// The problem in a profile.
    func problem(_ profile: ServingProfile, _ buckets: Buckets) -> DispatchProblem {
        DispatchProblem(profile: profile, buckets: buckets, limited: limited, budget: budget)
    }
}
