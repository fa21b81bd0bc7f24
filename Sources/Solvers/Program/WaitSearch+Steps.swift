internal import Distributions
internal import Profiles
internal import Serving

extension WaitSearch {
    /// The longest wait near `target` after which the second endpoint still answers by `t` at some of its times.
    func tailStep(_ t: Double, between from: Double, _ to: Double, near target: Double) -> Double? {
        func near(count: Int, _ time: (Int) -> Double) -> Double? {
            // Times ascend, their steps descend: the first step that is neither after target nor the end itself.
            let last = min(target, to.nextDown)
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if time(middle) > t || longestWait(for: time(middle), by: t) <= last {
                    high = middle
                } else {
                    low = middle + 1
                }
            }
            for k in [low, low - 1] where k >= 0 && k < count && time(k) <= t {
                // The plain difference where it will do.
                for wait in [t - time(k), longestWait(for: time(k), by: t)] where wait > from && wait < to {
                    return wait
                }
            }
            return nil
        }
        if first == .server { return near(count: deviceTimes.count) { deviceTimes[$0] } }
        for run in bucket.runs {
            let support = bucket.profile.server.groups[run.group].support
            if let wait = near(count: support.count, { support[$0] }) { return wait }
        }
        return nil
    }

    /// The middle one of the first endpoint's times within an interval.
    func startStep(between from: Double, _ to: Double) -> Double? {
        steps(between: from, to, count: 1).first
    }

    /// At most `count` of the first endpoint's times strictly between two waits, evenly by rank.
    func steps(between from: Double, _ to: Double, count: Int) -> [Double] {
        let supports =
            first == .device ? [deviceTimes] : bucket.runs.map { bucket.profile.server.groups[$0.group].support }
        for support in supports {
            let low = support.partitioningIndex { $0 > from }
            let high = support.partitioningIndex { $0 >= to }
            guard low < high else { continue }
            let taken = min(count, high - low)
            return (0..<taken).map { support[low + (2 * $0 + 1) * (high - low) / (2 * taken)] }
        }
        return []
    }

    /// Waits at which some outcome steps, at most about `count` of each kind, evenly by rank, ascending.
    ///
    /// The first endpoint's times, where starts step; what is left of a tail's time, or of the timeout, after one of the
    /// second's; and differences between a time of the first and one of the second, where it changes who answers. The
    /// last two on both sides of the step.
    func stepWaits(count: Int) -> [Double] {
        let servers = bucket.runs.flatMap { bucket.profile.server.groups[$0.group].support }.sorted()
        let (own, other) = first == .server ? (servers, deviceTimes) : (deviceTimes, servers)
        func evenly(_ times: [Double], _ count: Int) -> [Double] {
            let taken = min(count, times.count)
            return (0..<taken).map { times[(2 * $0 + 1) * times.count / (2 * taken)] }
        }
        var waits = Set(evenly(own, count) + needs.tails)
        for time in evenly(other, count) {
            for mark in needs.tails + [timeout] where time <= mark {
                waits.formUnion([mark - time, longestWait(for: time, by: mark).nextUp])
            }
        }
        if needs.answers || needs.qoe || needs.goodput {
            let few = max(2, Int(Double(count).squareRoot()))
            for a in evenly(own, few) {
                for b in evenly(other, few) { waits.formUnion([a - b, (a - b).nextDown]) }
            }
        }
        return waits.filter { $0 > 0 && $0 < timeout }.sorted()
    }
}
