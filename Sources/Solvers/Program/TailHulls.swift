internal import Distributions
internal import Profiles
internal import Serving

/// The least P(T > t) under a limit on the device's prefill alone, exactly and at once.
///
/// The server starts first. After a wait w the device answers by t in those of its times d with w + d ≤ t, so only the waits
/// t − d and never can be best, and the share of later requests is P(S > t) · P(d > t − w). A lower hull a bucket and a
/// greedy walk along all hulls' edges spend the budget. Source: derived, docs/maths/limits.md.
struct TailHulls {
    /// One bucket: the device's distinct times, ascending, and the share of all requests that take longer than each.
    private struct Bucket {
        let world: Int
        let group: Int
        let tokens: Double
        let requests: Double
        let times: [Double]
        let slower: [Double]
    }

    private struct Edge {
        let bucket: Int
        /// What walking along it costs and saves; `time` is the device time behind the wait at its end.
        let usage: Double
        let gain: Double
        let time: Int
        var rate: Double { usage > 0 ? gain / usage : .infinity }
    }

    private let buckets: [Bucket]
    private let program: DispatchProgram
    private let budget: Double
    private let metric: Metric

    /// The hulls of a program whose only limit is one from above on the device's prefill; nil for any other.
    init?(_ program: DispatchProgram, _ rows: LimitRows) {
        guard rows.rows.count == 1, rows.rows[0].metric == .devicePrefillShare, !rows.rows[0].isAtLeast else {
            return nil
        }
        let terms = program.bucketTerms
        // The hulls' waits may lie anywhere; where the server's times are not identified they may not.
        guard terms.allSatisfy({ $0.runs.count == 1 && $0.lastSeen(.server) == .infinity }) else { return nil }
        self.program = program
        metric = rows.rows[0].metric
        budget = rows.rows[0].bound
        let meanTokens = program.meanPromptTokens
        buckets = terms.map { bucket in
            let device = bucket.profile.device
            var values: [Double] = []
            var masses: [Double] = []
            for (line, requests) in zip(bucket.lines, bucket.requests) {
                for (r, mass) in zip(device.residuals, device.masses) {
                    values.append(max(line + r, device.floor))
                    masses.append(requests * mass)
                }
            }
            values.append(.infinity)
            masses.append(bucket.requestSum * device.failedShare)
            let times = Empirical(values: values, masses: masses, observations: 0, horizon: program.timeout)
            return Bucket(
                world: bucket.world, group: bucket.runs[0].group, tokens: bucket.tokenSum / meanTokens,
                requests: bucket.requestSum, times: times.support,
                slower: times.survival.dropFirst().map { $0 * bucket.requestSum })
        }
    }

    /// A wait after which an answer in `time` comes by `t` and that starts the device as rarely as any.
    private func wait(_ t: Double, _ time: Double, _ server: borrowing Empirical) -> (wait: Double, starts: Double) {
        let longest = longestWait(for: time, by: t)
        let k = server.rank(longest)
        // The plain difference where it will do, and where it rounds short of a server time that time itself.
        let wait = k > 0 && server.support[k - 1] > t - time ? server.support[k - 1] : min(longest, max(0, t - time))
        return (wait, wait == 0 ? 1 : server.survival[k])
    }

    /// The hulls' edges at `t`, the steepest first, and the share of late requests without any device.
    private func edges(at t: Double) -> (edges: [Edge], share: Double) {
        var edges: [Edge] = []
        var share = 0.0
        // Points of one bucket's hull: usage, share of late requests, device time behind.
        var hull: [(x: Double, y: Double, time: Int)] = []
        for (number, bucket) in buckets.enumerated() {
            let server = program.worlds[bucket.world].profile.server.groups[bucket.group]
            let late = server.survival(at: t)
            share += late * bucket.requests
            guard late > 0 else { continue }
            hull.removeAll(keepingCapacity: true)
            hull.append((0, late * bucket.requests, -1))
            for (k, time) in bucket.times.enumerated() {
                guard time <= t else { break }
                let point = (
                    x: bucket.tokens * wait(t, time, server).starts, y: late * bucket.slower[k], time: k
                )
                while hull.count > 1 {
                    let b = hull[hull.count - 1]
                    if b.x < point.x {
                        let a = hull[hull.count - 2]
                        if (b.y - a.y) * (point.x - a.x) < (point.y - a.y) * (b.x - a.x) { break }
                    }
                    hull.removeLast()
                }
                hull.append(point)
            }
            for (a, b) in zip(hull, hull.dropFirst()) {
                edges.append(Edge(bucket: number, usage: b.x - a.x, gain: a.y - b.y, time: b.time))
            }
        }
        edges.sort { $0.rate > $1.rate || $0.rate == $1.rate && ($0.bucket, $0.time) < ($1.bucket, $1.time) }
        return (edges, share)
    }

    /// The least share of requests later than `t`, and what one more unit of budget would take off it.
    private func least(at t: Double) -> (share: Double, multiplier: Double) {
        var (edges, share) = edges(at: t)
        var left = budget
        for edge in edges {
            if edge.usage > left { return (share - edge.rate * left, edge.rate) }
            left -= edge.usage
            share -= edge.gain
        }
        edges = []
        return (max(0, share), 0)
    }

    /// Mixtures, one a bucket, of the least share at `t`.
    private func mixtures(at t: Double) -> [Mixture] {
        let edges = edges(at: t).edges
        var reached = buckets.indices.map { _ in Action.only(.server) }
        var mixtures: [Int: Mixture] = [:]
        var left = budget
        for edge in edges where mixtures[edge.bucket] == nil {
            let bucket = buckets[edge.bucket]
            let server = program.worlds[bucket.world].profile.server.groups[bucket.group]
            let next = Action(first: .server, otherAfter: wait(t, bucket.times[edge.time], server).wait)
            if edge.usage <= left {
                left -= edge.usage
                reached[edge.bucket] = next
            } else {
                if left > 0 {
                    mixtures[edge.bucket] = Mixture(next, share: left / edge.usage, else: reached[edge.bucket])
                }
                break
            }
        }
        return reached.enumerated().map { mixtures[$0] ?? Mixture($1) }
    }

    /// The least time by which all but a share `enough` of the requests can be answered.
    /// - Complexity: Some sixty walks over the device's times.
    func leastTime(enough: Double, timeout: Double) -> QuantileSearch {
        var low = 0.0.bitPattern
        var high = timeout.bitPattern
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if least(at: Double(bitPattern: middle)).share <= enough { high = middle } else { low = middle }
        }
        let (impossible, best) = (Double(bitPattern: low), Double(bitPattern: high))
        let proof = least(at: impossible)
        return QuantileSearch(
            low: impossible, high: best, mixtures: mixtures(at: min(best, timeout.nextDown)),
            proof: .init(time: impossible, bound: proof.share, multipliers: [metric: proof.multiplier]))
    }
}
