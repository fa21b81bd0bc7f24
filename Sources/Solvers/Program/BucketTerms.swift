internal import Distributions
internal import Profiles
internal import Serving

/// The requests of one bucket, weighted by their share of all requests, and what waits do to them.
///
/// Never changes; a class so that the many searches that look at it share it at no cost.
final class BucketTerms: Sendable {
    let profile: ServingProfile
    /// Number of the world that the profile is of.
    let world: Int
    /// Indices into the workload's lengths.
    let range: Range<Int>
    /// Share of all requests, prompt tokens and output tokens a request of each length of `range`.
    let requests: [Double]
    let tokens: [Double]
    let outputs: [Double]
    /// The device's fitted time for each length, in seconds.
    let lines: [Double]
    /// Neighbouring lengths that share a server distribution.
    let runs: [Run]
    /// Sums of the three.
    let requestSum: Double
    let tokenSum: Double
    let outputSum: Double

    /// The bucket of lengths `range` in a world that has `share` of all requests.
    init(_ profile: ServingProfile, world: Int = 0, range: Range<Int>, share: Double) {
        self.profile = profile
        self.world = world
        self.range = range
        let workload = profile.workload
        let total = Double(workload.requests)
        requests = range.map { share * Double(workload.counts[$0]) / total }
        tokens = range.map { share * Double(workload.counts[$0] * workload.lengths[$0]) / total }
        outputs = range.map { i in share * Double(workload.counts[i]) * (workload.meanOutputTokens?[i] ?? 0) / total }
        lines = range.map { profile.device.fit.seconds(promptTokens: workload.lengths[$0]) }
        requestSum = requests.reduce(0, +)
        tokenSum = tokens.reduce(0, +)
        outputSum = outputs.reduce(0, +)
        var runs: [Run] = []
        for (i, index) in range.enumerated() {
            let group = profile.server.groups.count == 1 ? 0 : profile.server.group(of: workload.lengths[index])
            if let last = runs.indices.last, runs[last].group == group {
                runs[last].members = runs[last].members.lowerBound..<i + 1
                runs[last].requests += requests[i]
                runs[last].tokens += tokens[i]
            } else {
                runs.append(Run(group: group, members: i..<i + 1, requests: requests[i], tokens: tokens[i]))
            }
        }
        self.runs = runs
    }

    /// Neighbouring lengths of the bucket that share a server distribution.
    struct Run: Sendable {
        /// Number of the server's group.
        let group: Int
        /// Positions within the bucket.
        var members: Range<Int>
        /// Their shares of requests and of prompt tokens a request.
        var requests: Double
        var tokens: Double
    }

    /// Values of all terms at one wait, and what they tend to from its left and from its right.
    ///
    /// All terms are monotone in the wait, and step at waits where first tokens fall together.
    struct Sides {
        var at: [Double]
        var before: [Double]
        var after: [Double]

        init(count: Int) {
            at = Array(repeating: 0, count: count)
            before = at
            after = at
        }

        mutating func add(_ term: Int, _ at: Double, before: Double, after: Double) {
            self.at[term] += at
            self.before[term] += before
            self.after[term] += after
        }
    }

    /// Which terms a program looks at; the others stay 0.
    struct Needs: Sendable {
        var mean = false
        var answers = false
        var failed = false
        var tails: [Double] = []
    }

    /// The terms where `first` starts at once and the other endpoint after `wait`; from the timeout on it never starts.
    /// - Complexity: O(lengths · residuals) look-ups of O(1).
    func sides(startingWith first: Endpoint, wait: Double, needs: Needs) -> Sides {
        var sides = Sides(count: Term.firstTail + needs.tails.count)
        if first == .server {
            serverFirst(wait, needs, &sides)
        } else {
            deviceFirst(wait, needs, &sides)
        }
        return sides
    }

    /// The last time at which `first` was seen to answer, where mass beyond it is not identified; infinite where all is.
    ///
    /// No wait between it and never is a candidate: nothing is known of what it would do.
    func lastSeen(_ first: Endpoint) -> Double {
        let timeout = profile.timeout
        switch first {
        case .server:
            let groups = runs.map { profile.server.groups[$0.group] }
            guard groups.contains(where: { $0.unidentified > 0 }) else { return .infinity }
            return groups.reduce(0) { last, times in
                let inner = times.rank(timeout.nextDown)
                return inner > 0 ? max(last, times.support[inner - 1]) : last
            }
        case .device:
            let device = profile.device
            guard device.residuals.last == .infinity else { return .infinity }
            guard let largest = device.residuals.last(where: \.isFinite) else { return 0 }
            return lines.reduce(0) { max($0, min(max($1 + largest, device.floor), timeout.nextDown)) }
        }
    }

    private func serverFirst(_ wait: Double, _ needs: Needs, _ sides: inout Sides) {
        let timeout = profile.timeout
        let isNever = wait >= timeout
        for run in runs {
            let server = profile.server.groups[run.group]
            let started = isNever ? 0 : wait == 0 ? 1 : server.survival(at: wait)
            let startedBefore = wait == 0 ? 1 : server.survival(from: min(wait, timeout))
            let startedAfter = isNever ? 0 : server.survival(at: wait)
            sides.add(
                Term.start, run.tokens * started, before: run.tokens * startedBefore, after: run.tokens * startedAfter)
            if needs.answers || needs.failed {
                for i in run.members { answersServerFirst(i, server, wait, &sides) }
            } else if needs.mean {
                meanServerFirst(run, server, wait, &sides)
            }
            for (k, t) in needs.tails.enumerated() {
                let slow = server.survival(at: t)
                guard slow > 0 else { continue }
                var late = 0.0
                var lateAfter = 0.0
                for i in run.members {
                    if isNever || wait > t {
                        late += requests[i]
                        lateAfter += requests[i]
                    } else {
                        late += requests[i] * profile.device.survival(line: lines[i], after: wait, at: t)
                        lateAfter += requests[i] * profile.device.survival(line: lines[i], after: wait, from: t)
                    }
                }
                sides.add(Term.firstTail + k, slow * late, before: slow * late, after: slow * lateAfter)
            }
        }
    }

    /// The mean alone, where nothing else is looked at.
    private func meanServerFirst(_ run: Run, _ server: borrowing Empirical, _ wait: Double, _ sides: inout Sides) {
        let timeout = profile.timeout
        let device = profile.device
        var sum = 0.0
        if wait < timeout {
            let floor = device.floor
            if device.residuals.count == 1 {
                let noise = device.residuals[0]
                for i in run.members {
                    sum += requests[i] * server.meanOfMinimum(min(wait + max(lines[i] + noise, floor), timeout))
                }
                sum *= device.masses[0]
            } else {
                for i in run.members {
                    var mean = 0.0
                    for r in device.residuals.indices {
                        let answer = wait + max(lines[i] + device.residuals[r], floor)
                        mean += device.masses[r] * server.meanOfMinimum(min(answer, timeout))
                    }
                    sum += requests[i] * mean
                }
            }
            sum += device.failedShare * run.requests * server.meanOfMinimum(timeout)
        } else {
            sum = run.requests * server.meanOfMinimum(timeout)
        }
        sides.add(Term.mean, sum, before: sum, after: sum)
    }

    /// The mean, who answers and what fails, for the length at position `i`.
    private func answersServerFirst(_ i: Int, _ server: borrowing Empirical, _ wait: Double, _ sides: inout Sides) {
        let timeout = profile.timeout
        let device = profile.device
        let share = requests[i]
        let whole = server.meanOfMinimum(timeout)
        let lost = server.massAtInfinity
        // Mass of the device's that is not identified answers at the timeout, whenever the device was started.
        let open = device.residuals.last == .infinity ? device.masses[device.masses.count - 1] : 0
        guard wait < timeout else {
            let lostBefore = lost * (1 - open)
            sides.add(Term.mean, share * whole, before: share * whole, after: share * whole)
            sides.add(Term.failed, share * lost, before: share * lostBefore, after: share * lost)
            sides.add(Term.failedDecode, outputs[i] * lost, before: outputs[i] * lostBefore, after: outputs[i] * lost)
            sides.add(Term.answers, 0, before: share * lost * open, after: 0)
            sides.add(Term.decode, 0, before: outputs[i] * lost * open, after: 0)
            return
        }
        var mean = device.failedShare * whole
        var wins = open * lost
        var winsBefore = wins
        var winsAfter = wins
        var late = device.failedShare
        var lateAfter = device.failedShare
        for r in device.residuals.indices {
            let mass = device.masses[r]
            let answer = wait + max(lines[i] + device.residuals[r], device.floor)
            guard answer <= timeout else {
                mean += mass * whole
                if answer < .infinity {
                    late += mass
                    lateAfter += mass
                }
                continue
            }
            let k = server.rank(answer)
            let slower = mass * server.survival[k]
            mean += mass * server.meanOfMinimum(answer, rank: k)
            wins += slower
            winsBefore += mass * server.survival(from: answer, rank: k)
            if answer < timeout { winsAfter += slower } else { lateAfter += mass }
        }
        sides.add(Term.mean, share * mean, before: share * mean, after: share * mean)
        sides.add(Term.answers, share * wins, before: share * winsBefore, after: share * winsAfter)
        sides.add(Term.decode, outputs[i] * wins, before: outputs[i] * winsBefore, after: outputs[i] * winsAfter)
        let (fails, failsAfter) = (lost * late, lost * lateAfter)
        sides.add(Term.failed, share * fails, before: share * fails, after: share * failsAfter)
        sides.add(Term.failedDecode, outputs[i] * fails, before: outputs[i] * fails, after: outputs[i] * failsAfter)
    }

    private func deviceFirst(_ wait: Double, _ needs: Needs, _ sides: inout Sides) {
        for run in runs {
            let server = profile.server.groups[run.group]
            for i in run.members { deviceFirst(i, server, wait, &sides) }
            for (k, t) in needs.tails.enumerated() {
                let isAlone = wait >= profile.timeout || wait > t
                let late = isAlone ? 1 : server.survival(after: wait, at: t)
                let lateAfter = isAlone ? 1 : server.survival(after: wait, from: t)
                var slow = 0.0
                for i in run.members { slow += requests[i] * profile.device.survival(line: lines[i], after: 0, at: t) }
                sides.add(Term.firstTail + k, slow * late, before: slow * late, after: slow * lateAfter)
            }
        }
    }

    private func deviceFirst(_ i: Int, _ server: borrowing Empirical, _ wait: Double, _ sides: inout Sides) {
        let timeout = profile.timeout
        let isNever = wait >= timeout
        let device = profile.device
        // Requests that the device answers by the wait never start the server.
        var mean = 0.0
        var started = 0.0
        var startedBefore = 0.0
        var startedAfter = 0.0
        var wins = 0.0
        var winsBefore = 0.0
        var winsAfter = 0.0
        // The device fails, or answers too late: everything is left to the server.
        var lost = device.failedShare
        for r in device.residuals.indices {
            let mass = device.masses[r]
            let residual = device.residuals[r]
            let answer = residual < .infinity ? max(lines[i] + residual, device.floor) : timeout
            guard answer <= timeout else {
                lost += mass
                continue
            }
            guard answer >= wait else {
                mean += mass * answer
                continue
            }
            startedBefore += mass
            if answer > wait { startedAfter += mass }
            let x = answer - wait
            let k = server.rank(x)
            mean += mass * (wait + server.meanOfMinimum(x, rank: k))
            // Both at once: the server wins a tie; else the device, which began.
            let slower = server.survival[k]
            let notFaster = server.survival(from: x, rank: k)
            wins += mass * (1 - (wait == 0 ? slower : notFaster))
            winsBefore += mass * (1 - slower)
            winsAfter += mass * (1 - notFaster)
        }
        let left = max(0, timeout - wait)
        let slow = server.knownSurvival(at: left)
        let slowAfter = server.knownSurvival(from: left)
        mean += lost * (min(wait, timeout) + server.meanOfMinimum(left))
        var fails = lost * slow
        var failsAfter = lost * slowAfter
        let failsBefore = fails
        winsBefore += lost * (1 - slow)
        if isNever {
            (started, startedAfter, wins, winsAfter) = (0, 0, 0, 0)
            (fails, failsAfter) = (lost, lost)
        } else {
            startedAfter += lost
            started = wait == 0 ? 1 : startedAfter
            wins += lost * (1 - slow)
            winsAfter += lost * (1 - slowAfter)
        }
        startedBefore += lost
        sides.add(Term.mean, requests[i] * mean, before: requests[i] * mean, after: requests[i] * mean)
        sides.add(Term.start, tokens[i] * started, before: tokens[i] * startedBefore, after: tokens[i] * startedAfter)
        for (answers, failures, weight) in [
            (Term.answers, Term.failed, requests[i]), (Term.decode, Term.failedDecode, outputs[i]),
        ] {
            sides.add(answers, weight * wins, before: weight * winsBefore, after: weight * winsAfter)
            sides.add(failures, weight * fails, before: weight * failsBefore, after: weight * failsAfter)
        }
    }
}
