internal import Distributions
internal import Profiles
internal import Serving

extension WaitSearch {
    /// The longest wait near `target` after which the second endpoint still answers by `t` at some of its times.
    func tailStep(_ t: Double, between from: Double, _ to: Double, near target: Double) -> Double? {
        func step(_ time: Double) -> Double {
            var wait = t - time
            while wait + time > t { wait = wait.nextDown }
            return wait
        }
        func near(count: Int, _ time: (Int) -> Double) -> Double? {
            // Times ascend, their steps descend: the first step that is neither after target nor the end itself.
            let last = min(target, to.nextDown)
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if step(time(middle)) <= last { high = middle } else { low = middle + 1 }
            }
            for k in [low, low - 1] where k >= 0 && k < count {
                let wait = step(time(k))
                if wait > from && wait < to { return wait }
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
}
