private import Serving

/// A cut of all prompt lengths 1...∞ into intervals that share an action.
public struct Buckets: Sendable, Equatable {
    /// The first length of each bucket, ascending; the first is 1.
    public let lowerEdges: [Int]

    /// Buckets that begin at `edges`; 1 is added, doubles are dropped.
    /// - Precondition: edges ≥ 1.
    public init(edges: [Int]) {
        precondition(edges.allSatisfy { $0 >= 1 }, "a bucket cannot begin below 1 token")
        lowerEdges = Set(edges).union([1]).sorted()
    }

    /// At most `count` buckets of about equal request mass: cut where the cumulative share passes k / count.
    ///
    /// A length is never split, so a very common one may leave fewer buckets.
    public static func quantile(count: Int, of workload: WorkloadProfile) -> Buckets {
        precondition(count >= 1, "\(count) buckets")
        let total = workload.requests
        var edges: [Int] = []
        var before = 0
        var next = 1
        for (length, requests) in zip(workload.lengths, workload.counts) {
            // This length opens a bucket if everything before it has filled the ones so far.
            if before * count >= next * total {
                edges.append(length)
                while next * total <= before * count { next += 1 }
            }
            before += requests
        }
        return Buckets(edges: edges)
    }

    /// Each distinct length by itself; lengths between two go with the shorter.
    public static func exact(_ workload: WorkloadProfile) -> Buckets {
        Buckets(edges: Array(workload.lengths.dropFirst()))
    }

    /// The same buckets, cut further at `edges`.
    public func cut(at edges: [Int]) -> Buckets { Buckets(edges: lowerEdges + edges) }

    /// For each bucket, the range of indices into `workload.lengths` that fall in it (may be empty).
    public func ranges(in workload: WorkloadProfile) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        for bucket in lowerEdges.indices {
            var end = start
            let next = bucket + 1 < lowerEdges.count ? lowerEdges[bucket + 1] : Int.max
            while end < workload.lengths.count && workload.lengths[end] < next { end += 1 }
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }

    /// The buckets that have requests, those without joined to the bucket before them (the first to the one after).
    public func occupied(in workload: WorkloadProfile) -> Buckets {
        let full = zip(lowerEdges, ranges(in: workload)).filter { !$0.1.isEmpty }.map(\.0)
        return Buckets(edges: Array(full.dropFirst()))
    }
}
