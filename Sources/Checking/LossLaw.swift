internal import Profiles
internal import Serving

/// What answers to one prompt length lose, by who answers and when: 1 − QoE, or tokens of smooth goodput.
struct LossLaw: Sendable {
    /// At the server's pace and at the device's.
    let server: any LossTable
    let device: any LossTable
    /// Where no first token comes.
    let failed: Double

    /// What comes of an action.
    ///
    /// Of the loss: at the second endpoint's pace whoever answers, and what the first one's pace adds and takes off where it
    /// answers. All three do not fall as the second endpoint waits longer.
    struct Moments: Sendable {
        var second = 0.0
        var above = 0.0
        var below = 0.0

        /// The expected loss.
        var loss: Double { second + above - below }
    }

    /// Sums over the server's times, for actions that start it at once.
    struct Sums: Sendable {
        /// Over the first k times: mass times the loss at the device's pace, and what the server's is above and below.
        fileprivate var device = [0.0]
        fileprivate var above = [0.0]
        fileprivate var below = [0.0]
    }

    /// The sums of a law of times.
    func sums(_ times: TimeLaw) -> Sums {
        var sums = Sums()
        var (s, d) = (0, 0)
        for k in times.times.indices {
            let mass = times.above[k] - times.above[k + 1]
            let (own, other) = (server.loss(at: times.times[k], &s), device.loss(at: times.times[k], &d))
            sums.device.append(sums.device[k] + mass * other)
            sums.above.append(sums.above[k] + mass * max(0, own - other))
            sums.below.append(sums.below[k] + mass * max(0, other - own))
        }
        return sums
    }
}

extension LengthTimes {
    /// What starting `first` at once and the other endpoint after `wait` loses.
    func losses(
        _ law: LossLaw, _ sums: LossLaw.Sums?, _ first: Endpoint, otherAfter wait: Double, stretch: Double = 1
    ) -> LossLaw.Moments {
        // Both at 0 is the same race whoever is called first, but its parts are the device's.
        if first == .device { return wait > 0 ? deviceFirst(law, wait, stretch) : deviceFirstRace(law) }
        return serverFirst(law, sums ?? law.sums(server), wait, stretch)
    }

    private func serverFirst(
        _ law: LossLaw, _ sums: LossLaw.Sums, _ wait: Double, _ stretch: Double
    ) -> LossLaw.Moments {
        let n = server.times.count
        var moments = LossLaw.Moments()
        guard wait < timeout else {
            return LossLaw.Moments(
                second: sums.device[n] + server.never * law.failed, above: sums.above[n], below: sums.below[n])
        }
        let stretch = wait == 0 ? 1 : stretch
        var (k, hint, j) = (0, 0, 0)
        while j < device.count {
            let answer = wait + device[j]
            if answer * stretch > timeout { break }
            k = server.times.countOfLeading(near: k) { $0 <= answer * stretch }  // a tie goes to the server
            moments.second += masses[j] * (sums.device[k] + server.above[k] * law.device.loss(at: answer, &hint))
            moments.above += masses[j] * sums.above[k]
            moments.below += masses[j] * sums.below[k]
            j += 1
        }
        moments.second += remaining[j] * sums.device[n]
        moments.above += remaining[j] * sums.above[n]
        moments.below += remaining[j] * sums.below[n]
        moments.second += deviceOpen * server.never * law.device.loss(at: timeout, &hint)
        moments.second += (remaining[j] - deviceOpen) * server.never * law.failed
        return moments
    }

    private func deviceFirst(_ law: LossLaw, _ wait: Double, _ stretch: Double) -> LossLaw.Moments {
        var walk = DeviceFirstLosses(law: law, server: server, wait: wait, stretch: stretch)
        var j = 0
        while j < device.count && device[j] <= wait {
            walk.answer(masses[j], at: device[j], isAlone: true) { _ in true }
            j += 1
        }
        guard wait < timeout else {
            walk.answer(deviceOpen, at: timeout, isAlone: true) { _ in true }
            walk.moments.second += (remaining[j] - deviceOpen) * law.failed
            return walk.moments
        }
        while j < device.count {
            let answer = device[j]
            walk.answer(masses[j], at: answer, isAlone: false) { $0 < answer }  // a tie goes to the device
            j += 1
        }
        if deviceOpen > 0 { walk.answer(deviceOpen, at: timeout, isAlone: false) { $0 < timeout } }
        walk.fail(remaining[j] - deviceOpen, timeout: timeout)
        return walk.moments
    }

    /// The race, with the device as the first: a tie goes to the server.
    private func deviceFirstRace(_ law: LossLaw) -> LossLaw.Moments {
        var walk = DeviceFirstLosses(law: law, server: server, wait: 0, stretch: 1)
        for j in device.indices {
            let answer = device[j]
            walk.answer(masses[j], at: answer, isAlone: false) { $0 <= answer }
        }
        if deviceOpen > 0 { walk.answer(deviceOpen, at: timeout, isAlone: false) { $0 <= timeout } }
        walk.fail(remaining[device.count] - deviceOpen, timeout: timeout)
        return walk.moments
    }
}

/// A walk along ascending times of the device, which starts at once, with the server's beside it.
private struct DeviceFirstLosses {
    let law: LossLaw
    let server: TimeLaw
    let wait: Double
    let stretch: Double
    var moments = LossLaw.Moments()
    /// How many of the server's times are before, and mass times their loss.
    private var k = 0
    private var sum = 0.0
    private var hint = 0
    private var ownHint = 0
    private var otherHint = 0

    init(law: LossLaw, server: TimeLaw, wait: Double, stretch: Double) {
        (self.law, self.server, self.wait, self.stretch) = (law, server, wait, stretch)
    }

    private mutating func advance(_ isBefore: (Double) -> Bool) {
        while k < server.times.count, isBefore(wait == 0 ? server.times[k] : (wait + server.times[k]) * stretch) {
            sum += (server.above[k] - server.above[k + 1]) * law.server.loss(at: wait + server.times[k], &hint)
            k += 1
        }
    }

    /// The device's first token would come at `time`; the server may be before it.
    mutating func answer(_ mass: Double, at time: Double, isAlone: Bool, _ isBefore: (Double) -> Bool) {
        guard mass > 0 else { return }
        if !isAlone { advance(isBefore) }
        let wins = isAlone ? 1 : server.above[k]
        let other = law.server.loss(at: time, &otherHint)
        let own = law.device.loss(at: time, &ownHint)
        moments.second += mass * ((isAlone ? 0 : sum) + wins * other)
        moments.above += mass * wins * max(0, own - other)
        moments.below += mass * wins * max(0, other - own)
    }

    /// The device never answers.
    mutating func fail(_ mass: Double, timeout: Double) {
        advance { $0 <= timeout }
        let isOpen = k < server.times.count && timeout - wait >= server.identifiedUpTo
        let late = server.above[k] - (isOpen ? server.open : 0)
        let atEnd = law.server.loss(at: timeout, &otherHint)
        moments.second += mass * (sum + (server.above[k] - late) * atEnd + late * law.failed)
    }
}
