public import Optimization
public import Profiles

/// Which buckets lose least against one bucket per length, for several numbers of buckets.
public struct OptimalBuckets: Sendable, Equatable {
    /// The buckets for one number of them.
    public struct Choice: Sendable, Equatable {
        /// At most so many buckets that have requests.
        public let count: Int
        /// The buckets, mandatory edges included.
        public let buckets: Buckets
        /// Objective of the problem solved with these buckets less that with one bucket per length, ≥ 0.
        public let loss: Double
        /// No cut into so many buckets loses less; nil where that is not known.
        public let bound: Double?
    }

    /// Choices by ascending count, those left out that mandatory edges rule out.
    ///
    /// Losses do not grow.
    public let choices: [Choice]
    /// The lengths were joined to so many cells first, as there are too many to cut anywhere; nil where they were not.
    public let cells: Int?

    /// The choice of at most `count` buckets; the smallest there is where mandatory edges leave none.
    public func choice(atMost count: Int) -> Choice { choices.last { $0.count <= count } ?? choices[0] }
}

/// A problem solved with given buckets, as far as the choice of buckets looks at it.
public struct BucketSolution<Multipliers: Sendable & Equatable>: Sendable {
    /// Objective of the optimal policy.
    public let primal: Double
    /// Multipliers of the limits at which the Lagrangian dual is largest.
    public let multipliers: Multipliers
    /// First lengths of the buckets that mix actions.
    public let mixing: [Int]

    /// A solution.
    public init(primal: Double, multipliers: Multipliers, mixing: [Int]) {
        self.primal = primal
        self.multipliers = multipliers
        self.mixing = mixing
    }
}

/// The Lagrangian at fixed multipliers, by candidate action and cell of prompt lengths.
///
/// With φ the dual function of a partition, φ = offset + Σ_buckets min_actions Σ_cells of the bucket cost(action, cell).
public struct LagrangianTable: Sendable {
    /// What `costs` tells of all actions, candidates or not.
    public enum Reach: Sendable {
        /// Candidates hold a minimizer for every bucket: costs give the dual function itself.
        case complete
        /// No action, at no cell, costs less than the least of these: they give a bound on the dual function.
        case atLeast(CandidateCosts)
        /// Nothing: no bound is stated.
        case unknown
    }

    /// Costs of candidate actions, by cell.
    public let costs: CandidateCosts
    /// What they tell of other actions.
    public let reach: Reach
    /// The part that does not depend on the actions: minus multipliers times limits.
    public let offset: Double

    /// A table.
    public init(costs: CandidateCosts, reach: Reach, offset: Double) {
        self.costs = costs
        self.reach = reach
        self.offset = offset
    }
}

/// The places where lengths may be cut: each length, or cells of lengths with about equal numbers of tokens.
public struct LengthCells: Sendable, Equatable {
    /// Most lengths that are all told apart.
    public static let maximalLengths = 2_000
    /// So many cells replace them where there are more; mandatory edges cut these further.
    public static let coarseCells = 1_024

    /// Ranges of indices into the workload's lengths, ascending, none empty.
    public let ranges: [Range<Int>]
    /// Indices of cells that begin at a mandatory edge, ascending, 0 left out.
    public let mandatoryCuts: [Int]
    /// Whether each length is a cell.
    public let isExact: Bool

    /// The cells of a workload.
    /// - Parameters:
    ///   - workload: Whose lengths.
    ///   - mandatoryEdges: Lengths at which a bucket must begin.
    public init(_ workload: WorkloadProfile, mandatoryEdges: [Int] = []) {
        let lengths = workload.lengths
        let mandatory = Set(
            Buckets(edges: mandatoryEdges).ranges(in: workload).map(\.lowerBound).filter {
                $0 > 0 && $0 < lengths.count
            })
        isExact = lengths.count <= Self.maximalLengths
        var starts = Array(lengths.indices)
        if !isExact {
            let tokens = zip(lengths, workload.counts).map { Double($0) * Double($1) }
            let mass = tokens.reduce(0, +) / Double(Self.coarseCells)
            var before = 0.0
            var next = 0.0
            starts = []
            for i in lengths.indices {
                if before >= next || mandatory.contains(i) { starts.append(i) }
                while next <= before { next += mass }
                before += tokens[i]
            }
        }
        ranges = zip(starts, starts.dropFirst() + [lengths.count]).map { $0..<$1 }
        mandatoryCuts = starts.indices.filter { mandatory.contains(starts[$0]) }
    }
}
