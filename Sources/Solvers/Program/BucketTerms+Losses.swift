internal import Distributions
internal import Profiles
internal import Serving

extension BucketTerms {
    /// A number at a wait, just before it and just after it.
    struct Side3 {
        var at = 0.0
        var before = 0.0
        var after = 0.0

        @inline(__always) mutating func add(_ value: Double, _ at: Double, _ before: Double, _ after: Double) {
            self.at += value * at
            self.before += value * before
            self.after += value * after
        }
    }

    /// Adds the terms of the losses that are looked at.
    ///
    /// With f the endpoint that starts at once and g the other, the loss is G_g(T) where nothing tells who answered, plus what
    /// G_f is above G_g where f does, less what it is below: three terms that grow with the wait. Source: docs/maths/quality.md.
    /// - Complexity: O(lengths · residuals) look-ups, and O(lengths · knots) more where the device starts first.
    func losses(startingWith first: Endpoint, _ wait: Double, _ needs: Needs, _ sides: inout Sides) {
        guard let losses else { return }
        let start = Term.firstTail + needs.tails.count
        if needs.qoe, let curves = losses.qoe { add(curves, startingWith: first, wait, from: start, &sides) }
        if needs.goodput { add(losses.goodput, startingWith: first, wait, from: start + Term.partsOfLoss, &sides) }
    }

    /// The terms of losses alone; the others stay 0.
    func lossSides(startingWith first: Endpoint, wait: Double, _ needs: Needs) -> Sides {
        var sides = Sides(count: needs.terms)
        losses(startingWith: first, wait, needs, &sides)
        return sides
    }

    private func add(
        _ curves: LossCurves, startingWith first: Endpoint, _ wait: Double, from term: Int, _ sides: inout Sides
    ) {
        for run in runs {
            let server = profile.server.groups[run.group]
            var shifted = ShiftedLosses(curves, server, wait: first == .device ? wait : profile.timeout)
            for i in run.members {
                let length = range.lowerBound + i
                var parts: LossParts
                if first == .server {
                    parts = serverFirst(i, curves, server, wait)
                } else {
                    shifted.turn(to: length)
                    parts = deviceFirst(i, curves, server, wait, shifted)
                }
                let second: LossCurves.Part = first == .server ? .device : .server
                let atEnd = curves.value(second, length, knot: curves.knots.count - 1)
                let step = curves.stepTime < profile.timeout ? curves.steps[length] : 0
                if step > 0 {
                    let late = late(i, startingWith: first, server, wait, at: curves.stepTime)
                    parts.loss.add(step, late.at, late.before, late.after)
                }
                let more = curves.failed[length] - atEnd - step
                parts.loss.add(more, parts.failed.at, parts.failed.before, parts.failed.after)
                let share = requests[i]
                for (k, part) in [parts.loss, parts.above, parts.below].enumerated() {
                    sides.add(term + k, share * part.at, before: share * part.before, after: share * part.after)
                }
            }
        }
    }

    /// What one length adds: G_g at min(T, timeout), what G_f is above and below it where f answers, and P(nobody answers).
    private struct LossParts {
        var loss = Side3()
        var above = Side3()
        var below = Side3()
        var failed = Side3()
    }

    /// P(T > t) of one length.
    private func late(
        _ i: Int, startingWith first: Endpoint, _ server: borrowing Empirical, _ wait: Double, at t: Double
    ) -> Side3 {
        let device = profile.device
        let isNever = wait >= profile.timeout
        if first == .server {
            let slow = server.survival(at: t)
            guard wait.nextDown <= t else { return Side3(at: slow, before: slow, after: slow) }
            let shares = device.survivals(line: lines[i], around: wait, at: t)
            return Side3(
                at: slow * (isNever || wait > t ? 1 : shares.at), before: slow * shares.before,
                after: slow * (isNever || wait.nextUp > t ? 1 : shares.after))
        }
        let slow = device.survival(line: lines[i], after: 0, at: t)
        func late(_ wait: Double) -> Double { wait > t ? 1 : server.survival(after: wait, at: t) }
        return Side3(
            at: slow * (isNever ? 1 : late(wait)), before: slow * late(wait.nextDown),
            after: slow * (isNever ? 1 : late(wait.nextUp)))
    }

    private func serverFirst(
        _ i: Int, _ curves: LossCurves, _ server: borrowing Empirical, _ wait: Double
    ) -> LossParts {
        let timeout = profile.timeout
        let device = profile.device
        let length = range.lowerBound + i
        let end = server.rank(timeout)
        let whole = curves.mean(.device, length, server, at: timeout, rank: end)
        let lost = server.massAtInfinity
        let open = device.residuals.last == .infinity ? device.masses[device.masses.count - 1] : 0
        let (down, up) = (wait.nextDown, wait.nextUp)
        var parts = LossParts()
        var mean = (device.failedShare + open) * whole
        var late = Side3(at: device.failedShare, before: device.failedShare, after: device.failedShare)
        // The server answers up to here, in number of its times.
        func answered(_ part: LossCurves.Part, upTo time: Double, _ k: Int) -> Double {
            let loss = time < timeout ? curves.value(part, length, at: time) : curves.value(part, length, at: timeout)
            return max(
                0, curves.mean(part, length, server, at: min(time, timeout), rank: k) - server.survival[k] * loss)
        }
        func between(_ part: LossCurves.Part, _ from: Int, _ to: Int) -> Double {
            (from..<max(from, to)).reduce(0) {
                $0 + server.mass(at: $1) * curves.value(part, length, at: server.support[$1])
            }
        }
        let matters = curves.winnerMatters
        let (allAbove, allBelow) =
            matters ? (answered(.above, upTo: timeout, end), answered(.below, upTo: timeout, end)) : (0, 0)
        parts.above.add(device.failedShare + open, allAbove, allAbove, allAbove)
        parts.below.add(device.failedShare + open, allBelow, allBelow, allBelow)
        for r in device.residuals.indices where device.residuals[r] < .infinity {
            let mass = device.masses[r]
            let time = max(lines[i] + device.residuals[r], device.floor)
            let (sooner, answer, later) = (down + time, wait + time, up + time)
            guard sooner <= timeout else {
                mean += mass * whole
                late.add(mass, 1, 1, 1)
                parts.above.add(mass, allAbove, allAbove, allAbove)
                parts.below.add(mass, allBelow, allBelow, allBelow)
                continue
            }
            let k = server.rank(min(answer, timeout))
            mean += mass * (answer <= timeout ? curves.mean(.device, length, server, at: answer, rank: k) : whole)
            late.add(mass, answer <= timeout ? 0 : 1, 0, later <= timeout ? 0 : 1)
            guard matters else { continue }
            let (first, last) = (server.rank(sooner, near: k), later <= timeout ? server.rank(later, near: k) : end)
            for part in [LossCurves.Part.above, .below] {
                let own = answered(part, upTo: answer, k)
                let before = max(0, own - between(part, first, k))
                let after = own + between(part, k, last)
                if part == .above {
                    parts.above.add(mass, own, before, after)
                } else {
                    parts.below.add(mass, own, before, after)
                }
            }
        }
        if wait >= timeout { (late.at, late.after) = (1, 1) }
        parts.loss.add(mean, 1, 1, 1)
        parts.failed.add(lost, late.at, late.before, late.after)
        return parts
    }

    private func deviceFirst(
        _ i: Int, _ curves: LossCurves, _ server: borrowing Empirical, _ wait: Double, _ shifted: ShiftedLosses
    ) -> LossParts {
        let timeout = profile.timeout
        let device = profile.device
        let length = range.lowerBound + i
        let (down, up) = (wait.nextDown, wait.nextUp)
        var parts = LossParts()
        var mean = 0.0
        var lost = device.failedShare
        for r in device.residuals.indices {
            let mass = device.masses[r]
            let residual = device.residuals[r]
            let answer = residual < .infinity ? max(lines[i] + residual, device.floor) : timeout
            guard answer <= timeout else {
                lost += mass
                continue
            }
            mean += mass * shifted.mean(at: answer, server)
            guard curves.winnerMatters else { continue }
            // The device answers unless the server has: what its loss is above the server's, and below.
            var wins = Side3(at: 1, before: 1, after: 1)
            if answer > down {
                let near = server.rank(answer - wait)
                wins.before = server.survival[server.rank(after: down, below: answer, near: near)]
                if answer > wait, wait < timeout {
                    let k = wait == 0 ? near : server.rank(after: wait, below: answer, near: near)
                    wins.at = server.survival[k]
                }
                if answer > up, wait < timeout {
                    wins.after = server.survival[server.rank(after: up, below: answer, near: near)]
                }
            }
            parts.above.add(mass * curves.value(.below, length, at: answer), wins.at, wins.before, wins.after)
            parts.below.add(mass * curves.value(.above, length, at: answer), wins.at, wins.before, wins.after)
        }
        mean += lost * shifted.mean(at: timeout, server)
        parts.loss.add(mean, 1, 1, 1)
        func slow(_ wait: Double) -> Double { wait < timeout ? server.knownSurvival(after: wait, at: timeout) : 1 }
        parts.failed.add(lost, slow(wait), slow(down), slow(up))
        return parts
    }
}

/// One length's loss at the server's pace by the time of its first token, where the server starts after a wait.
///
/// E[G(min(w + S, x))] = G(w) + Σ over knots of slope · difference of E[min(S, knot − w)].
private struct ShiftedLosses {
    private let curves: LossCurves
    private let wait: Double
    private let timeout: Double
    /// The interval that holds the wait, and E[min(S, knot − w)] of the knots after it.
    private let begin: Int
    private let minima: [Double]
    /// The mean at each of these knots.
    private var means: [Double]
    private var length = 0
    private var atWait = 0.0

    init(_ curves: LossCurves, _ server: borrowing Empirical, wait: Double) {
        self.curves = curves
        self.wait = wait
        timeout = curves.knots[curves.knots.count - 1]
        guard wait < timeout else {
            (begin, minima, means) = (0, [], [])
            return
        }
        begin = curves.cell(wait)
        var minima: [Double] = []
        minima.reserveCapacity(curves.knots.count - begin)
        for k in begin + 1..<curves.knots.count { minima.append(server.meanOfMinimum(curves.knots[k] - wait)) }
        self.minima = minima
        means = minima
    }

    mutating func turn(to length: Int) {
        self.length = length
        guard wait < timeout else { return }
        atWait = curves.value(.server, length, at: wait)
        var mean = atWait
        var before = 0.0
        for (k, minimum) in minima.enumerated() {
            mean += curves.slope(.server, length, cell: begin + k) * (minimum - before)
            before = minimum
            means[k] = mean
        }
    }

    func mean(at time: Double, _ server: borrowing Empirical) -> Double {
        guard wait < timeout, time > wait else { return curves.value(.server, length, at: time) }
        let k = curves.cell(time)
        let slope = curves.slope(.server, length, cell: k)
        let minimum = server.meanOfMinimum(time - wait)
        if k == begin { return atWait + slope * minimum }
        return means[k - begin - 1] + slope * (minimum - minima[k - begin - 1])
    }
}
