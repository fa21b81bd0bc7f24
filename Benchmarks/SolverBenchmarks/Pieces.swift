import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import Traces

extension SolverBenchmarks {
    /// Copies `--count` doubles: what memory alone allows.
    static func copying(_ options: Options) -> Report {
        let values = (0..<options.number("count", else: 100_000)).map(Double.init)
        var target = [Double](repeating: 0, count: values.count)
        let seconds = measure(options, ready: {}) {
            target.replaceSubrange(target.indices, with: values)
            return target[values.count / 2]
        }
        return Report(seconds: seconds, rows: values.count)
    }

    /// Sorts `--samples` `--by` radix or swift.
    static func sorting(_ options: Options) throws -> Report {
        let samples: [Double] = try numbers(options.text("samples"))
        let isRadix = options.text("by", else: "radix") == "radix"
        func copy() -> [Double] { samples.map { $0 } }
        let seconds = measure(options, ready: copy) { (values: consuming [Double]) in
            if isRadix { values.radixSort() } else { values.sort() }
            return values
        }
        return Report(seconds: seconds, rows: samples.count)
    }

    /// The paper's policy for a limited `--limited` server or device: prompt-length histogram and plan.
    ///
    /// With `--stage sorted` the distribution of the sorted server times is made as well.
    static func paperPolicies(_ options: Options) throws -> Report {
        let world = try World(options)
        let sorted = world.sorted
        let distribution = Empirical(sorted: sorted, horizon: World.timeout)
        let makesDistribution = options.text("stage", else: "distribution") == "sorted"
        let baseline: Baseline = world.limited == .server ? .discoS : .discoD
        func input() -> [Double] { makesDistribution ? sorted.map { $0 } : [] }
        let seconds = measure(options, ready: input) { (times: consuming [Double]) in
            let profile = world.profile(
                makesDistribution ? Empirical(sorted: times, horizon: World.timeout) : distribution)
            return baseline.plan(profile, limited: world.limited, budget: world.budget, alpha: 0.05)
        }
        return Report(seconds: seconds, rows: sorted.count)
    }

    /// The exact optimum, `--stage` sorted (server times ascend already) or raw (sort and bucketing included).
    static func solving(_ options: Options) throws -> Report {
        let world = try World(options)
        let isRaw = options.text("stage", else: "sorted") == "raw"
        let sorted = isRaw ? [] : world.sorted
        let buckets = world.buckets
        func input() -> [Double] { (isRaw ? world.samples : sorted).map { $0 } }
        var solution: DispatchSolution?
        let seconds = measure(options, ready: input) { (times: consuming [Double]) in
            let found: DispatchSolution
            if isRaw {
                let profile = world.profile(Empirical(samples: times, horizon: World.timeout))
                found = world.problem(profile, Buckets.quantile(count: world.bucketCount, of: profile.workload)).solve()
            } else {
                let server = ServerProfile(pooled: Empirical(sorted: times, horizon: World.timeout))
                let profile = ServingProfile(
                    workload: world.workload, server: server, device: world.device, timeout: World.timeout)
                found = world.problem(profile, buckets).solve()
            }
            solution = found
            return found
        }
        return Report(
            seconds: seconds, objective: solution?.certificate.primal, bound: solution?.certificate.bound,
            lowerEdges: buckets.lowerEdges, evaluations: solution?.certificate.evaluations, rows: world.samples.count)
    }

    /// The optimum at every budget at once, server times ascending already.
    static func frontier(_ options: Options) throws -> Report {
        let world = try World(options)
        let (sorted, buckets) = (world.sorted, world.buckets)
        func input() -> [Double] { sorted.map { $0 } }
        var frontier: DispatchFrontier?
        let seconds = measure(options, ready: input) { (times: consuming [Double]) in
            let server = ServerProfile(pooled: Empirical(sorted: times, horizon: World.timeout))
            let profile = ServingProfile(
                workload: world.workload, server: server, device: world.device, timeout: World.timeout)
            let found = world.problem(profile, buckets).frontier()
            frontier = found
            return found
        }
        return Report(
            seconds: seconds, objective: frontier?.point(at: world.budget).mean, evaluations: frontier?.evaluations,
            rows: sorted.count, points: frontier?.points.count)
    }

    /// Sorts and solves once, and says how much memory that took beyond the empty process: `--objective` as in `program`.
    static func peakMemory(_ options: Options) throws -> Report {
        let base = try peakResidentBytes()
        let world = try World(options, withSamples: false)
        let samples: [Double] = try numbers(options.text("samples"))
        let count = samples.count
        let profile = world.profile(Empirical(samples: samples, horizon: World.timeout))
        if options.text("objective", else: "") == "" {
            keep(world.problem(profile, world.buckets).solve())
        } else {
            keep(try program(profile, world.buckets, options).solve())
        }
        return Report(peakBytes: try peakResidentBytes(), baseBytes: base, rows: count)
    }

    /// Reads the server's part of `--trace` with the program `--duckdb`.
    static func ingesting(_ options: Options) async throws -> Report {
        let reader = TraceReader(duckdb: DuckDBProgram(path: try options.text("duckdb")), timeout: World.timeout)
        let rows = try await reader.read(
            TraceSource(path: try options.text("trace")), TraceSelection(lengths: .pooled, needsTTFT: true))
        return Report(rows: rows.rows.counts.count)
    }
}
