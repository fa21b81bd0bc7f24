internal import Optimization
public import Profiles

/// Searches the buckets that lose least against one bucket per length.
///
/// At the multipliers of the exact solution a dynamic program finds, for every number of buckets at once, the cuts whose
/// dual function loses least: a bound on what any cut loses. The problem is solved again with these cuts; its multipliers
/// differ, so the program runs again at some of those. Quantile buckets, and cuts that leave a mixing length by itself,
/// compete too, so no result is worse than quantile buckets of the same number.
/// Source: derived, docs/maths/buckets.md.
public struct BucketSearch: Sendable {
    /// Whose lengths are cut.
    public let workload: WorkloadProfile
    /// Lengths at which a bucket must begin, ascending.
    public let mandatoryEdges: [Int]
    /// Where else they may be cut.
    public let cells: LengthCells

    /// A gap between loss and bound of this share of the exact objective is none.
    static let tolerance = 1e-9

    /// A search over the lengths of a workload.
    public init(workload: WorkloadProfile, mandatoryEdges: [Int] = []) {
        self.workload = workload
        self.mandatoryEdges = Set(mandatoryEdges).sorted()
        cells = LengthCells(workload, mandatoryEdges: mandatoryEdges)
    }

    /// One bucket per length, cut at mandatory edges.
    public var exactBuckets: Buckets { Buckets.exact(workload).cut(at: mandatoryEdges) }

    /// The best buckets found for each of `counts`.
    /// - Parameters:
    ///   - count: The number of buckets that matters most: the search ends with its multipliers.
    ///   - counts: Other numbers to state losses for.
    ///   - rounds: How many times the dynamic program may run.
    ///   - solve: Solves the problem with given buckets; nil where no policy keeps the limits.
    ///   - lagrangian: The Lagrangian over `cells.ranges` at given multipliers.
    /// - Returns: Buckets and losses; nil where no policy keeps the limits with one bucket per length, or with any that
    ///   was tried.
    /// - Complexity: up to 2 + 2 · rounds solves a count, fewer where a loss is proved least.
    public func run<Multipliers: Sendable & Equatable>(
        count: Int, counts: [Int] = [], rounds: Int = 4,
        solve: @escaping (Buckets) -> BucketSolution<Multipliers>?, lagrangian: (Multipliers) -> LagrangianTable
    ) -> OptimalBuckets? {
        guard let exact = solve(exactBuckets) else { return nil }
        let fewest = cells.mandatoryCuts.count + 1
        let focus = max(count, fewest)
        let all = Set(counts + [focus]).filter { $0 >= fewest }.sorted()
        var board = Board(search: self, exact: exact, counts: all, solve: solve)
        var tried: [Multipliers] = []
        var multipliers: Multipliers? = exact.multipliers
        while let current = multipliers, tried.count < rounds {
            tried.append(current)
            board.play(lagrangian(current))
            let next = [focus, board.worst, board.fewestOpen].lazy.compactMap { $0 }
                .compactMap { k in board.multipliers(at: k) }.first { !tried.contains($0) }
            multipliers = board.isClosed ? nil : next
        }
        board.playQuantiles()
        let choices = board.choices
        return choices.isEmpty ? nil : OptimalBuckets(choices: choices, cells: cells.isExact ? nil : cells.ranges.count)
    }

    /// How many buckets have requests.
    func occupied(_ buckets: Buckets) -> Int { buckets.occupied(in: workload).lowerEdges.count }

    /// The buckets that begin at these cells, and at mandatory edges.
    func buckets(cuts: [Int]) -> Buckets {
        let mandatory = Set(cells.mandatoryCuts)
        let edges = cuts.filter { !mandatory.contains($0) }.map { workload.lengths[cells.ranges[$0].lowerBound] }
        return Buckets(edges: edges).cut(at: mandatoryEdges)
    }

    /// The edges that leave each bucket of exact lengths beginning at `mixing` by itself.
    func isolating(_ mixing: [Int]) -> [Int] {
        mixing.flatMap { edge -> [Int] in
            guard let i = workload.lengths.firstIndex(where: { $0 >= edge }), i + 1 < workload.lengths.count else {
                return [edge]
            }
            return [edge, workload.lengths[i + 1]]
        }
    }
}

/// The best buckets seen for each count, and the bounds.
private struct Board<Multipliers: Sendable & Equatable> {
    private struct Entry {
        var buckets: Buckets
        var solution: BucketSolution<Multipliers>
    }

    let search: BucketSearch
    let exact: BucketSolution<Multipliers>
    let counts: [Int]
    let solve: (Buckets) -> BucketSolution<Multipliers>?
    private var best: [Entry?]
    private var bounds: [Double?]
    private var solved: [[Int]: BucketSolution<Multipliers>?] = [:]
    private let isolated: [Int]

    init(
        search: BucketSearch, exact: BucketSolution<Multipliers>, counts: [Int],
        solve: @escaping (Buckets) -> BucketSolution<Multipliers>?
    ) {
        self.search = search
        self.exact = exact
        self.counts = counts
        self.solve = solve
        best = Array(repeating: nil, count: counts.count)
        bounds = Array(repeating: nil, count: counts.count)
        isolated = search.isolating(exact.mixing)
        let buckets = search.exactBuckets
        solved[buckets.lowerEdges] = exact
        let lengths = search.workload.lengths.count
        for i in counts.indices where counts[i] >= lengths { best[i] = Entry(buckets: buckets, solution: exact) }
    }

    private func loss(_ i: Int) -> Double { best[i].map { positive($0.solution.primal - exact.primal) } ?? .infinity }

    /// A difference of objectives, 0 where rounding alone could make it.
    private func positive(_ difference: Double) -> Double { difference > 1e-12 * abs(exact.primal) ? difference : 0 }

    /// Whether nothing is left to find for a count.
    private func isClosed(_ i: Int) -> Bool {
        loss(i) <= (bounds[i] ?? 0) + BucketSearch.tolerance * abs(exact.primal)
    }

    var isClosed: Bool { counts.indices.allSatisfy(isClosed) }

    /// The count whose loss is farthest above its bound.
    var worst: Int? {
        counts.indices.filter { !isClosed($0) && best[$0] != nil }
            .max { loss($0) - (bounds[$0] ?? 0) < loss($1) - (bounds[$1] ?? 0) }.map { counts[$0] }
    }

    /// The smallest count that is not proved best: there the multipliers are farthest from the exact ones.
    var fewestOpen: Int? { counts.indices.first { !isClosed($0) && best[$0] != nil }.map { counts[$0] } }

    func multipliers(at count: Int) -> Multipliers? {
        counts.firstIndex(of: count).flatMap { best[$0]?.solution.multipliers }
    }

    /// Cuts by the dynamic program at one Lagrangian, each solved again.
    mutating func play(_ table: LagrangianTable) {
        let search = search
        let most = counts[counts.count - 1]
        let cuts = search.cells.mandatoryCuts
        let partition = OptimalPartition(table.costs, maximalCount: most, mandatoryCuts: cuts)
        let below: (partition: OptimalPartition, least: Double)? =
            switch table.reach {
            case .complete: (partition, table.costs.least)
            case .atLeast(let costs):
                (OptimalPartition(costs, maximalCount: most, mandatoryCuts: cuts), costs.least)
            case .unknown: nil
            }
        for (i, count) in counts.enumerated() {
            // Where lengths were joined to cells, other cuts could lose less: no bound.
            if let below, search.cells.isExact {
                let bound = below.partition.costs[count - 1] + (below.least + table.offset - exact.primal)
                bounds[i] = max(bounds[i] ?? 0, positive(bound))
            }
            enter(i) { partition.cuts(atMost: $0).map(search.buckets(cuts:)) }
        }
    }

    /// Quantile buckets.
    mutating func playQuantiles() {
        let search = search
        for i in counts.indices {
            enter(i) { Buckets.quantile(count: $0, of: search.workload).cut(at: search.mandatoryEdges) }
        }
    }

    /// Lets a family of buckets compete for a count, as they are and with the mixing lengths by themselves.
    private mutating func enter(_ i: Int, _ family: (_ count: Int) -> Buckets?) {
        for further in [[], isolated] {
            guard !isClosed(i) else { return }
            for count in stride(from: counts[i], through: 1, by: -1) {
                guard let buckets = family(count)?.cut(at: further), search.occupied(buckets) <= counts[i] else {
                    continue
                }
                enter(i, buckets)
                break
            }
        }
    }

    private mutating func enter(_ i: Int, _ buckets: Buckets) {
        let solution: BucketSolution<Multipliers>?
        if let known = solved[buckets.lowerEdges] {
            solution = known
        } else {
            solution = solve(buckets)
            solved[buckets.lowerEdges] = .some(solution)
        }
        guard let solution else { return }
        // More buckets may stay as they are.
        for k in i..<counts.count where best[k].map({ solution.primal < $0.solution.primal }) ?? true {
            best[k] = Entry(buckets: buckets, solution: solution)
        }
    }

    var choices: [OptimalBuckets.Choice] {
        counts.indices.compactMap { i in
            best[i].map {
                OptimalBuckets.Choice(count: counts[i], buckets: $0.buckets, loss: loss(i), bound: bounds[i])
            }
        }
    }
}
