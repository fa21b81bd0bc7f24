internal import Profiles
internal import Serving

/// What an action comes to, in expectation, from the second endpoint's side.
///
/// *Second* is the endpoint that waits. The first is always started, and answers whenever neither the second does nor
/// the request fails.
struct Moments: Sendable, Equatable {
    /// E[min(T, timeout)], in seconds.
    var mean = 0.0
    /// P(the second endpoint is started).
    var secondStarted = 0.0
    /// P(the second endpoint answers, by the timeout).
    var secondAnswers = 0.0
    /// P(nobody answers by the timeout).
    var failed = 0.0
}

/// The first-token times of both endpoints for requests of one length, and how many those requests are.
///
/// A first token arrives at wait + time as doubles add; all comparisons are between such sums, as an observer of the
/// clock would make them. `stretch` multiplies the sums (never a time without a wait): values at 1 ± 1e-12 enclose those of
/// any other order of rounding.
struct LengthTimes: Sendable {
    /// These requests' share of all requests, in all worlds.
    let share: Double
    /// Prompt tokens of each.
    let promptTokens: Double
    /// Mean output tokens; 0 where unknown.
    let outputTokens: Double
    /// Answer lengths and the share of each; none where unknown.
    let answers: [(tokens: Int, share: Double)]
    /// The server's times.
    let server: TimeLaw
    /// The device's times up to the timeout, ascending, in seconds; what is not identified is not among them.
    let device: [Double]
    /// Mass of the device that is not identified: it answers at the timeout, whenever the device was started.
    let deviceOpen: Double
    /// The mass of each device time; more may follow.
    let masses: [Double]
    /// `remaining[j]` is the mass from the j-th device time on, failures included.
    let remaining: [Double]
    /// When a request without a first token has failed, in seconds.
    let timeout: Double
    /// What late first tokens lose of QoE and of smooth goodput; nil where that is not known.
    var qoe: LossLaw?
    var goodput: LossLaw?

    /// Places where look-ups ended last; the next are near.
    struct Hints {
        var start = 0
        var answer = 0
    }

    /// What comes of starting `first` at once and the other endpoint after `wait`.
    func moments(_ first: Endpoint, otherAfter wait: Double, stretch: Double = 1, _ hints: inout Hints) -> Moments {
        if first == .server { return serverFirst(wait, stretch, &hints) }
        if wait > 0 { return deviceFirst(wait, stretch, &hints) }
        // Both at 0 is the same race whoever is called first.
        var race = serverFirst(0, stretch, &hints)
        race.secondAnswers = 1 - race.failed - race.secondAnswers
        return race
    }

    private func serverFirst(_ wait: Double, _ stretch: Double, _ hints: inout Hints) -> Moments {
        let alone = server.meanOfMinimum(timeout, server.times.count)
        guard wait < timeout else {
            return Moments(mean: alone, secondStarted: 0, secondAnswers: 0, failed: server.never)
        }
        var sums = Moments()
        hints.start = server.times.countOfLeading(near: hints.start) { $0 <= wait }
        sums.secondStarted = wait == 0 ? 1 : server.above[hints.start]
        let stretch = wait == 0 ? 1 : stretch
        var k = hints.answer
        var j = 0
        while j < device.count {
            let answer = wait + device[j]
            let judged = answer * stretch
            if judged > timeout { break }
            k = server.times.countOfLeading(near: k) { $0 <= judged }  // a tie goes to the server
            if j == 0 { hints.answer = k }
            sums.mean += masses[j] * server.meanOfMinimum(answer, k)
            sums.secondAnswers += masses[j] * server.above[k]
            j += 1
        }
        sums.mean += remaining[j] * alone
        sums.secondAnswers += deviceOpen * server.never
        sums.failed = (remaining[j] - deviceOpen) * server.never
        return sums
    }

    private func deviceFirst(_ wait: Double, _ stretch: Double, _ hints: inout Hints) -> Moments {
        var sums = Moments()
        var j = 0
        while j < device.count && device[j] <= wait {
            sums.mean += masses[j] * device[j]
            j += 1
        }
        guard wait < timeout else {
            sums.mean += remaining[j] * timeout
            sums.failed = remaining[j] - deviceOpen
            return sums
        }
        sums.secondStarted = remaining[j]
        var k = hints.answer
        while j < device.count {
            let answer = device[j]
            k = server.times.countOfLeading(near: k) { (wait + $0) * stretch < answer }  // a tie goes to the device
            hints.answer = k
            sums.mean += masses[j] * (wait + server.meanOfMinimum(answer - wait, k))
            sums.secondAnswers += masses[j] * (1 - server.above[k])
            j += 1
        }
        if deviceOpen > 0 {
            k = server.times.countOfLeading(near: k) { (wait + $0) * stretch < timeout }
            sums.mean += deviceOpen * (wait + server.meanOfMinimum(timeout - wait, k))
            sums.secondAnswers += deviceOpen * (1 - server.above[k])
        }
        let lost = remaining[j] - deviceOpen
        k = server.times.countOfLeading(near: k) { (wait + $0) * stretch <= timeout }
        let isOpen = k < server.times.count && timeout - wait >= server.identifiedUpTo
        let late = server.above[k] - (isOpen ? server.open : 0)
        sums.mean += lost * (wait + server.meanOfMinimum(timeout - wait, k))
        sums.secondAnswers += lost * (1 - late)
        sums.failed = lost * late
        return sums
    }

    /// P(min(T, timeout) > t) of starting `first` at once and the other endpoint after `wait`.
    func late(after t: Double, _ first: Endpoint, otherAfter wait: Double, stretch: Double = 1) -> Double {
        guard t < timeout else { return 0 }
        let wait = wait < timeout ? wait : .infinity
        let stretch = wait == 0 ? 1 : stretch
        let serverWait = first == .server ? 0 : wait
        let deviceWait = first == .server ? wait : 0
        let serverLate =
            serverWait > t
            ? 1
            : server.above[
                server.times.countOfLeading(near: server.times.count / 2) {
                    (serverWait == 0 ? $0 : (serverWait + $0) * stretch) <= t
                }]
        guard serverLate > 0, deviceWait <= t else { return serverLate }
        let deviceLate = remaining[
            device.countOfLeading(near: device.count / 2) {
                (deviceWait == 0 ? $0 : (deviceWait + $0) * stretch) <= t
            }]
        return serverLate * deviceLate
    }
}
