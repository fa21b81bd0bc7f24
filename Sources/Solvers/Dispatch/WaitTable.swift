internal import Distributions
internal import Optimization
internal import Profiles
internal import Serving

/// Mean TTFT and start share of every candidate wait, for every cell of lengths: what buckets are chosen by.
///
/// Where the first endpoint's times are the same for all lengths between two mandatory edges, the vertices of its curve are
/// all the waits that any bucket can need, and the table solves the problem by itself. Elsewhere each bucket has a curve
/// of its own; a grid of waits stands for them, with bounds on what lies between.
/// Source: derived, docs/maths/buckets.md.
struct WaitTable {
    /// Waits of a grid, at most.
    static let gridWaits = 160

    private let workload: WorkloadProfile
    private let budget: Double
    private let isExact: Bool
    private let cells: Int
    private let candidates: Int
    /// `values[c * cells + i]`: the cell's part of the mean, in seconds.
    private var values: [Double] = []
    /// The cell's part of the start share; and a bound on it for all waits from this candidate's to the next.
    private var usage: [Double] = []
    private var usageBelow: [Double] = []
    /// Curves of the segments between mandatory edges, where lengths of a segment share one.
    private var curves: [UsageCurve]?
    private var segmentOfCell: [Int] = []

    /// The table of a problem.
    /// - Parameters:
    ///   - problem: World and limit; its own buckets do not count.
    ///   - cells: Where lengths may be cut.
    ///   - waits: Waits that a grid must have, as far as there is room.
    init(_ problem: DispatchProblem, cells: LengthCells, waits: () -> [Double]) {
        let profile = problem.profile
        workload = profile.workload
        budget = problem.budget
        isExact = cells.isExact
        self.cells = cells.ranges.count
        let starts = [0] + cells.mandatoryCuts
        let segments = zip(starts, starts.dropFirst() + [cells.ranges.count]).map { $0..<$1 }
        let lengths = cells.ranges.map { profile.workload.medianLength(in: $0) }
        if problem.limited == .device && isExact {
            let groups = segments.map { segment in
                Set(segment.map { profile.server.group(of: lengths[$0]) }).sorted()
            }
            if groups.allSatisfy({ $0.count == 1 }) {
                curves = groups.map {
                    WaitCurve.curve(of: profile.server.groups[$0[0]], timeout: profile.timeout)
                }
            }
        }
        segmentOfCell = segments.enumerated().flatMap { index, segment in segment.map { _ in index } }
        let grid = curves == nil ? Self.grid(problem, waits) : []
        candidates = curves?.map(\.positions.count).max() ?? grid.count

        let model = FirstTokenModel(profile)
        let first = problem.limited.other
        let total = Double(profile.workload.requests)
        let requests = cells.ranges.map { range in
            range.reduce(0.0) { $0 + Double(profile.workload.counts[$1]) } / total
        }
        let tokens = cells.ranges.map { range in
            range.reduce(0.0) { $0 + profile.workload.tokens(at: $1) } / (total * profile.workload.meanPromptTokens)
        }
        func started(_ cell: Int, after wait: Double) -> Double {
            guard wait < profile.timeout else { return 0 }
            return first == .device
                ? profile.device.survival(promptTokens: lengths[cell], at: wait)
                : profile.server.groups[profile.server.group(of: lengths[cell])].survival(at: wait)
        }
        for c in 0..<candidates {
            for (index, segment) in segments.enumerated() {
                if let curve = curves?[index] {
                    let vertex = min(c, curve.positions.count - 1)  // a shorter curve repeats its last vertex
                    add(segment, model, lengths, requests, first, WaitCurve.wait(curve, vertex))
                    for cell in segment { usage.append(tokens[cell] * curve.usage[vertex]) }
                } else {
                    add(segment, model, lengths, requests, first, grid[c])
                    let next = min(c + 1 < grid.count ? grid[c + 1] : .infinity, profile.timeout).nextDown
                    for cell in segment {
                        usage.append(tokens[cell] * started(cell, after: grid[c]))
                        usageBelow.append(grid[c] < .infinity ? tokens[cell] * started(cell, after: next) : 0)
                    }
                }
            }
        }
    }

    private mutating func add(
        _ segment: Range<Int>, _ model: FirstTokenModel, _ lengths: [Int], _ requests: [Double], _ first: Endpoint,
        _ wait: Double
    ) {
        let means = model.meanTTFT(promptTokens: lengths[segment], under: Action(first: first, otherAfter: wait))
        for (cell, mean) in zip(segment, means) { values.append(requests[cell] * mean) }
    }

    /// At once, never, the given waits and the vertices of the curve over all lengths, thinned evenly; ascending.
    private static func grid(_ problem: DispatchProblem, _ waits: () -> [Double]) -> [Double] {
        let profile = problem.profile
        let all = WaitCurve.curve(
            of: problem.limited.other, in: profile, range: profile.workload.lengths.indices)
        func thinned(_ values: [Double], to most: Int) -> [Double] {
            guard values.count > most else { return values }
            return (0..<most).map { values[$0 * (values.count - 1) / (most - 1)] }
        }
        let inner = { (waits: [Double]) in Set(waits).filter { $0 > 0 && $0 < profile.timeout }.sorted() }
        let half = gridWaits / 2 - 1
        let asked = thinned(inner(waits()), to: half)
        let vertices = thinned(inner(all.positions), to: half)
        return [0] + inner(asked + vertices) + [.infinity]
    }

    /// The Lagrangian where one more unit of share is worth `multiplier` seconds.
    func lagrangian(_ multiplier: Double) -> LagrangianTable {
        func costs(_ usage: [Double]) -> CandidateCosts {
            CandidateCosts(count: cells, candidates: candidates) { c, cell in
                values[c * cells + cell] + multiplier * usage[c * cells + cell]
            }
        }
        let reach: LagrangianTable.Reach =
            curves != nil ? .complete : isExact ? .atLeast(costs(usageBelow)) : .unknown
        return LagrangianTable(costs: costs(usage), reach: reach, offset: -multiplier * budget)
    }

    /// Solves the problem with other buckets, none across a mandatory edge, by sums over the table; nil where it cannot.
    func solver() -> ((Buckets) -> BucketSolution<Double>?)? {
        guard let curves else { return nil }
        var sums: [Double] = []
        sums.reserveCapacity(candidates * (cells + 1))
        for c in 0..<candidates {
            var sum = 0.0
            sums.append(0)
            for cell in 0..<cells {
                sum += values[c * cells + cell]
                sums.append(sum)
            }
        }
        return { [sums] buckets in
            let occupied = buckets.occupied(in: workload)
            let ranges = occupied.ranges(in: workload)
            let weights = ranges.map { range in
                range.reduce(0.0) { $0 + workload.tokens(at: $1) }
                    / (Double(workload.requests) * workload.meanPromptTokens)
            }
            let program = SingleLimitProblem(
                curves: curves, curveOfGroup: ranges.map { segmentOfCell[$0.lowerBound] }, weights: weights,
                limit: budget)
            let solution = program.solve { bucket, vertex in
                let row = vertex * (cells + 1)
                return sums[row + ranges[bucket].upperBound] - sums[row + ranges[bucket].lowerBound]
            }
            return BucketSolution(solution, edges: occupied.lowerEdges)
        }
    }
}

extension BucketSolution<Double> {
    /// What the choice of buckets needs of a solution; nil where it is infeasible.
    init?(_ solution: SingleLimitSolution, edges: [Int]) {
        guard solution.status != .infeasible else { return nil }
        self.init(
            primal: solution.primal, multipliers: solution.multiplier,
            mixing: zip(edges, solution.choices).filter { $0.1.count > 1 }.map(\.0))
    }
}

extension WorkloadProfile {
    /// Prompt tokens of all requests of the length with this index.
    fileprivate func tokens(at index: Int) -> Double { Double(lengths[index]) * Double(counts[index]) }

    /// The median prompt length of the requests whose lengths have these indices.
    fileprivate func medianLength(in range: Range<Int>) -> Int {
        let requests = counts[range].reduce(0, +)
        var seen = 0
        for i in range {
            seen += counts[i]
            if 2 * seen >= requests { return lengths[i] }
        }
        return lengths[range.upperBound - 1]
    }
}
