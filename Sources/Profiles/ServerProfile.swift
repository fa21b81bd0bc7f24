public import Distributions
private import Serving
public import Traces

/// The server's TTFT: one empirical distribution, or one per group of prompt lengths.
public struct ServerProfile: Sendable, Equatable {
    /// The first length of each group, ascending; the first is 1.
    ///
    /// One group when pooled.
    public let lowerEdges: [Int]
    /// The distribution of each group, in seconds; times after the timeout are infinite.
    public let groups: [Empirical]
    /// All groups together, as seen in the trace.
    public let pooled: Empirical
    /// Why `pooled` is or is not made group by group; nil where no row was cancelled.
    public let strata: CensoringStrata?
    /// The curve that the problem gives in place of a trace; nil where times were recorded.
    ///
    /// Groups hold it at the workload's lengths only.
    public let formula: DeviceFit?

    /// The distribution for prompts of `length` tokens is `groups[group(of: length)]`.
    public func group(of length: Int) -> Int { lowerEdges.interval(holding: length) }

    /// A pooled profile.
    public init(pooled: Empirical) {
        lowerEdges = [1]
        groups = [pooled]
        self.pooled = pooled
        strata = nil
        formula = nil
    }

    /// A profile by groups.
    public init(lowerEdges: [Int], groups: [Empirical], pooled: Empirical, strata: CensoringStrata? = nil) {
        precondition(lowerEdges.first == 1 && lowerEdges.count == groups.count, "groups cover 1 ... ∞")
        self.lowerEdges = lowerEdges
        self.groups = groups
        self.pooled = pooled
        self.strata = strata
        formula = nil
    }

    /// Fewest rows for a group to stand by itself; a smaller one joins its shorter neighbour.
    public static let minimalGroupRows = 50

    /// The profile of the given part of a trace's rows; nil where it has none.
    /// - Parameters:
    ///   - rows: Rows with TTFT, and with their groups' lower edges as prompt lengths where `isConditioned`.
    ///   - part: Which rows count.
    ///   - isConditioned: One distribution per group of lengths instead of one for all.
    ///   - edges: The groups to make (those of the tuning part, when profiling the held-out part); nil makes them from
    ///     the rows, joining groups of fewer than `minimalGroupRows`.
    ///   - timeout: Times above it are failures, in seconds.
    public init?(rows: TraceRows, part: TracePart, isConditioned: Bool, edges: [Int]? = nil, timeout: Double) {
        let indices = rows.counts.indices.filter { part.contains(isHeldOut: rows.isHeldOut[$0]) }
        guard !indices.isEmpty else { return nil }
        func distribution(_ chosen: [Int]) -> Empirical { Empirical(rows, chosen, timeout: timeout) }
        let censoring = CensoringStrata.compare(rows, indices, timeout: timeout)
        let pooled = censoring?.pooled ?? distribution(indices)
        guard isConditioned else {
            self.init(lowerEdges: [1], groups: [pooled], pooled: pooled, strata: censoring?.strata)
            return
        }
        let lower = edges ?? Self.groupEdges(rows, indices)
        let members = Dictionary(grouping: indices) { lower.interval(holding: rows.promptTokens[$0]) }
        // A group unseen in this part is judged by all rows of the part: nothing better is known.
        self.init(
            lowerEdges: lower, groups: lower.indices.map { members[$0].map(distribution) ?? pooled }, pooled: pooled,
            strata: censoring?.strata)
    }

    /// Lower edges of groups with enough rows each.
    static func groupEdges(_ rows: TraceRows, _ indices: [Int]) -> [Int] {
        var sizes: [Int: Int] = [:]
        for i in indices { sizes[rows.promptTokens[i], default: 0] += rows.counts[i] }
        var edges: [Int] = []
        var open = 0
        for (edge, size) in sizes.sorted(by: { $0.key < $1.key }) {
            if edges.isEmpty {
                edges.append(1)
            } else if open >= minimalGroupRows && size >= minimalGroupRows {
                edges.append(edge)
                open = 0
            }
            open += size
        }
        return edges
    }

    /// A server whose TTFT is exactly that of `formula`, for each of `lengths`.
    public init(lengths: [Int], counts: [Int], timeout: Double, formula: DeviceFit) {
        let times = lengths.map(formula.seconds(promptTokens:))
        lowerEdges = [1] + lengths.dropFirst()
        groups = times.map { Empirical(samples: [$0], horizon: timeout) }
        pooled = Empirical(values: times, counts: counts, horizon: timeout)
        strata = nil
        self.formula = formula
    }
}
