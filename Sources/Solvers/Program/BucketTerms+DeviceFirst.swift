internal import Distributions
internal import Profiles

extension BucketTerms {
    /// Adds the terms of actions that start the device at once and the server after `wait`.
    func deviceFirst(_ wait: Double, _ needs: Needs, _ sides: inout Sides) {
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
        sides.members.note(i, second: (wins, winsBefore, winsAfter), failed: (fails, failsBefore, failsAfter))
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
