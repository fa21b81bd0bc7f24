internal import Distributions
internal import Profiles

extension BucketTerms {
    /// Adds the terms of actions that start the device at once and the server after `wait`.
    func deviceFirst(_ wait: Double, _ needs: Needs, _ sides: inout Sides) {
        for run in runs {
            let server = profile.server.groups[run.group]
            for i in run.members { deviceFirst(i, server, wait, &sides) }
            for (k, t) in needs.tails.enumerated() {
                func late(_ wait: Double) -> Double { wait > t ? 1 : server.survival(after: wait, at: t) }
                let before = late(wait.nextDown)
                let (at, after) = wait >= profile.timeout ? (1, 1) : (late(wait), late(wait.nextUp))
                var slow = 0.0
                for i in run.members { slow += requests[i] * profile.device.survival(line: lines[i], after: 0, at: t) }
                sides.add(Term.firstTail + k, slow * at, before: slow * before, after: slow * after)
            }
        }
    }

    private func deviceFirst(_ i: Int, _ server: borrowing Empirical, _ wait: Double, _ sides: inout Sides) {
        let timeout = profile.timeout
        let device = profile.device
        let (down, up) = (wait.nextDown, wait.nextUp)
        // Requests that the device answers by the wait never start the server.
        var mean = 0.0
        var (started, startedBefore, startedAfter) = (0.0, 0.0, 0.0)
        var (wins, winsBefore, winsAfter) = (0.0, 0.0, 0.0)
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
            guard answer > down else {
                mean += mass * answer
                continue
            }
            let x = answer - wait
            let near = server.rank(x)
            mean += mass * (wait + server.meanOfMinimum(x, rank: near))
            // Both at once: the server wins a tie; else the device, which began.
            startedBefore += mass
            winsBefore += mass * (1 - server.survival[server.rank(after: down, below: answer, near: near)])
            if answer > wait {
                started += mass
                let k = wait == 0 ? near : server.rank(after: wait, below: answer, near: near)
                wins += mass * (1 - server.survival[k])
            }
            if answer > up {
                startedAfter += mass
                winsAfter += mass * (1 - server.survival[server.rank(after: up, below: answer, near: near)])
            }
        }
        mean += lost * (min(wait, timeout) + server.meanOfMinimum(max(0, timeout - wait)))
        func slow(_ wait: Double) -> Double { wait < timeout ? server.knownSurvival(after: wait, at: timeout) : 1 }
        var (fails, failsBefore, failsAfter) = (lost * slow(wait), lost * slow(down), lost * slow(up))
        startedBefore += lost
        winsBefore += lost - failsBefore
        if wait >= timeout {
            (started, startedAfter, wins, winsAfter, fails, failsAfter) = (0, 0, 0, 0, lost, lost)
        } else {
            started = wait == 0 ? 1 : started + lost
            startedAfter += lost
            wins += lost - fails
            winsAfter += lost - failsAfter
        }
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
