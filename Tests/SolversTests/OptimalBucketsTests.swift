import Distributions
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing
import Traces

/// A world of up to seven lengths, with noise, failures and two groups of server times by seed.
private struct BucketWorld {
    let profile: ServingProfile
    /// The server's groups, where it has two.
    let mandatoryEdges: [Int]
    let limited: Endpoint
    let budget: Double

    init(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let lengths = Set((0..<8).map { _ in Int.random(in: 1...12, using: &generator) }).sorted()
        let prompts = lengths.flatMap { Array(repeating: $0, count: Int.random(in: 1...4, using: &generator)) }
        let timeout = 6.0
        func samples() -> [Double] {
            (0..<12).map { _ in
                Int.random(in: 0..<12, using: &generator) == 0 ? .infinity : .random(in: 0.1...4, using: &generator)
            }
        }
        let groups = seed.isMultiple(of: 3) ? [samples(), samples()] : [samples()]
        mandatoryEdges = groups.count == 2 ? [1, 5] : []
        var rows = TraceRows()
        for noise in seed.isMultiple(of: 2) ? [-0.2, 0, 0.3, .infinity] : [0] {
            rows.promptTokens.append(1)
            rows.ttft.append(0.5 + noise)
        }
        let n = rows.ttft.count
        rows.outputTokens = Array(repeating: -1, count: n)
        rows.isCensored = Array(repeating: false, count: n)
        rows.isHeldOut = Array(repeating: false, count: n)
        rows.counts = Array(repeating: 1, count: n)
        profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: prompts),
            server: ServerProfile(
                lowerEdges: groups.count == 2 ? [1, 5] : [1],
                groups: groups.map { Empirical(samples: $0, horizon: timeout) },
                pooled: Empirical(samples: groups.flatMap { $0 }, horizon: timeout)),
            device: try DeviceProfile(
                rows: rows, part: .all, usesResiduals: true, curve: DeviceFit(intercept: 0.3, perToken: 0.2),
                timeout: timeout),
            timeout: timeout)
        limited = seed % 5 < 3 ? .device : .server
        budget = .random(in: 0.02...0.9, using: &generator)
    }

    func primal(_ buckets: Buckets) -> Double { problem(buckets).solve().certificate.primal }

    func problem(_ buckets: Buckets = Buckets(edges: [])) -> DispatchProblem {
        DispatchProblem(profile: profile, buckets: buckets, limited: limited, budget: budget)
    }

    /// Each partition with the mandatory edges, as buckets: all subsets of the other lengths.
    var partitions: [Buckets] {
        let edges = Array(profile.workload.lengths.dropFirst())
        return (0..<1 << edges.count).map { bits in
            Buckets(edges: edges.indices.filter { bits >> $0 & 1 == 1 }.map { edges[$0] }).cut(at: mandatoryEdges)
        }
    }

    func occupied(_ buckets: Buckets) -> Int { buckets.occupied(in: profile.workload).lowerEdges.count }
}

@Suite struct `Optimal buckets` {
    @Test(arguments: 1...40)
    func `losses are true, no cut beats their bounds, and quantile buckets of the same number lose no less`(seed: Int)
        throws
    {
        let world = try BucketWorld(seed: seed)
        let workload = world.profile.workload
        let n = workload.lengths.count
        let found = try #require(
            world.problem().optimalBuckets(count: 3, counts: Array(1...10), mandatoryEdges: world.mandatoryEdges))
        let exact = world.primal(.exact(workload).cut(at: world.mandatoryEdges))
        let all = world.partitions.map { (count: world.occupied($0), loss: world.primal($0) - exact) }
        #expect(found.choices.last?.loss == 0 && found.cells == nil)
        #expect(zip(found.choices, found.choices.dropFirst()).allSatisfy { $1.loss <= $0.loss && $0.count < $1.count })
        for choice in found.choices {
            #expect(world.occupied(choice.buckets) <= choice.count)
            #expect(Set(world.mandatoryEdges).isSubset(of: choice.buckets.lowerEdges))
            #expect(abs(world.primal(choice.buckets) - exact - choice.loss) < 1e-10)
            let least = all.filter { $0.count <= choice.count }.map(\.loss).min() ?? .infinity
            let bound = try #require(choice.bound)
            #expect(bound <= least + 1e-10 && choice.loss >= least - 1e-10)
            if choice.count >= n { #expect(choice.loss == 0) }
            for count in 1...choice.count {
                let quantile = Buckets.quantile(count: count, of: workload).cut(at: world.mandatoryEdges)
                guard world.occupied(quantile) <= choice.count else { continue }
                #expect(choice.loss <= world.primal(quantile) - exact + 1e-10)
            }
        }
    }

    @Test func `over many worlds nearly all choices are the best there are`() throws {
        var (choices, missed, excess, total) = (0, 0, 0.0, 0.0)
        for seed in 1...40 {
            let world = try BucketWorld(seed: seed)
            let exact = world.primal(.exact(world.profile.workload).cut(at: world.mandatoryEdges))
            let all = world.partitions.map { (count: world.occupied($0), loss: world.primal($0) - exact) }
            let found = try #require(
                world.problem().optimalBuckets(count: 3, counts: Array(1...10), mandatoryEdges: world.mandatoryEdges))
            for choice in found.choices {
                let least = all.filter { $0.count <= choice.count }.map(\.loss).min() ?? .infinity
                choices += 1
                if choice.loss > least + 1e-9 { missed += 1 }
                excess += choice.loss - least
                total += least
            }
        }
        #expect(Double(missed) <= 0.03 * Double(choices), "\(missed) of \(choices), by \(excess) of \(total) s")
    }

    @Test func `one length is one bucket, whatever is asked for`() throws {
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: [7, 7]),
            server: ServerProfile(pooled: Empirical(samples: [1, 2, 3], horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 1, perToken: 0.1), lengths: [7]), timeout: 60)
        for limited in Endpoint.allCases {
            let problem = DispatchProblem(
                profile: profile, buckets: Buckets(edges: []), limited: limited, budget: 0.5)
            let found = try #require(problem.optimalBuckets(count: 32, counts: Array(1...64)))
            #expect(found.choices.count == 64 && found.choices.allSatisfy { $0.loss == 0 })
            #expect(found.choice(atMost: 32).buckets == Buckets(edges: [1]))
        }
    }

    @Test(arguments: Endpoint.allCases, [0.0, 0.3, 1])
    func `alike lengths need one bucket`(limited: Endpoint, budget: Double) throws {
        let lengths = [3, 4, 5, 6]
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: lengths),
            server: ServerProfile(pooled: Empirical(samples: [1, 1, 1], horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 1, perToken: 0), lengths: lengths), timeout: 60)
        let problem = DispatchProblem(profile: profile, buckets: Buckets(edges: []), limited: limited, budget: budget)
        let found = try #require(problem.optimalBuckets(count: 4, counts: [1, 2, 3]))
        #expect(found.choices.allSatisfy { abs($0.loss) < 1e-12 })
    }

    @Test(arguments: [3, 6, 9, 12, 15, 18]) func `fewer buckets than mandatory edges leave are not to be had`(
        seed: Int
    ) throws {
        let world = try BucketWorld(seed: seed)
        let lengths = world.profile.workload.lengths
        let fewest = lengths.contains { $0 < 5 } && lengths.contains { $0 >= 5 } ? 2 : 1
        let found = try #require(
            world.problem().optimalBuckets(count: 1, counts: [1], mandatoryEdges: world.mandatoryEdges))
        #expect(found.choices.map(\.count) == [fewest] && found.choice(atMost: 1).buckets.lowerEdges == [1, 5])
    }

    @Test(arguments: Endpoint.allCases)
    func `too many lengths are joined to cells, and still lose no more than quantile buckets`(limited: Endpoint) throws
    {
        let lengths = (1...3_000).map { $0 * 2 }
        let profile = ServingProfile(
            workload: WorkloadProfile(promptTokens: lengths),
            server: ServerProfile(pooled: Empirical(samples: [0.5, 1, 2, 8, 20], horizon: 60)),
            device: try DeviceProfile(fit: DeviceFit(intercept: 0.1, perToken: 0.001), lengths: lengths), timeout: 60)
        let problem = DispatchProblem(profile: profile, buckets: Buckets(edges: []), limited: limited, budget: 0.3)
        let found = try #require(problem.optimalBuckets(count: 5, mandatoryEdges: [1_001]))
        let choice = found.choice(atMost: 5)
        #expect(found.cells.map { $0 > 1_000 && $0 <= LengthCells.coarseCells + 1 } == true && choice.bound == nil)
        #expect(choice.buckets.lowerEdges.contains(1_001) && choice.buckets.lowerEdges.count <= 5)
        func primal(_ buckets: Buckets) -> Double {
            DispatchProblem(profile: profile, buckets: buckets, limited: limited, budget: 0.3).solve().certificate
                .primal
        }
        let exact = primal(.exact(profile.workload))
        #expect(abs(primal(choice.buckets) - exact - choice.loss) < 1e-9)
        #expect(choice.loss <= primal(Buckets.quantile(count: 4, of: profile.workload).cut(at: [1_001])) - exact + 1e-9)
    }

    @Test func `cells cover all lengths, hold about equal tokens and begin at mandatory edges`() {
        let workload = WorkloadProfile(promptTokens: Array(1...5_000))
        let cells = LengthCells(workload, mandatoryEdges: [1, 777, 4_000, 9_999])
        #expect(!cells.isExact && cells.ranges.first?.lowerBound == 0 && cells.ranges.last?.upperBound == 5_000)
        #expect(zip(cells.ranges, cells.ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(cells.mandatoryCuts.map { cells.ranges[$0].lowerBound + 1 } == [777, 4_000])
        let even = 5_000.0 * 5_001 / 2 / Double(LengthCells.coarseCells)
        for range in cells.ranges where range.count > 1 {
            #expect(range.reduce(0.0) { $0 + Double($1 + 1) } < even + 5_000)
        }
        let few = LengthCells(WorkloadProfile(promptTokens: [4, 9, 9]), mandatoryEdges: [5, 6])
        #expect(few.isExact && few.ranges == [0..<1, 1..<2] && few.mandatoryCuts == [1])
    }
}

@Suite struct `Bucket search` {
    private let search = BucketSearch(workload: WorkloadProfile(promptTokens: [1, 2, 3, 4]))

    private func table(_ multiplier: Double) -> LagrangianTable {
        LagrangianTable(
            costs: CandidateCosts(count: 4, candidates: 2) { c, e in c == 0 ? Double(e) : 3 - Double(e) },
            reach: .unknown, offset: 0)
    }

    @Test func `limits that nothing keeps have no buckets`() {
        #expect(search.run(count: 2, solve: { _ in nil as BucketSolution<Double>? }, lagrangian: table) == nil)
    }

    @Test func `buckets that cannot keep the limits are passed over`() throws {
        let found = search.run(
            count: 4, counts: [1, 2, 3],
            solve: { buckets in
                buckets.lowerEdges.contains(2) && buckets.lowerEdges.count > 1
                    ? BucketSolution(primal: 10 - Double(buckets.lowerEdges.count), multipliers: 1.0, mixing: [1])
                    : nil
            }, lagrangian: table)
        // The program cuts at 3; the cut that leaves the mixing length 1 by itself is the one that keeps the limits.
        #expect(try #require(found).choices.map(\.buckets.lowerEdges) == [[1, 2], [1, 2, 3], [1, 2, 3, 4]])
        #expect(try #require(found).choices.map(\.loss) == [2, 1, 0])
        #expect(try #require(found).choices.allSatisfy { $0.bound == nil })
    }
}
