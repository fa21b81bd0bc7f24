internal import Distributions
internal import Profiles

extension BucketTerms {
    /// Adds the terms of actions that start the server at once and the device after `wait`.
    func serverFirst(_ wait: Double, _ needs: Needs, _ sides: inout Sides) {
        let timeout = profile.timeout
        let isNever = wait >= timeout
        for run in runs {
            let server = profile.server.groups[run.group]
            let started = isNever ? 0 : wait == 0 ? 1 : server.survival(at: wait)
            let startedBefore = wait == 0 ? 1 : server.survival(from: min(wait, timeout))
            let startedAfter = isNever ? 0 : server.survival(at: wait.nextUp)
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
                // The device is late with w too short for its wait; else as its times say.
                var late = (at: run.requests, before: run.requests, after: run.requests)
                if wait.nextDown <= t {
                    late = (0, 0, 0)
                    for i in run.members {
                        let shares = profile.device.survivals(line: lines[i], around: wait, at: t)
                        late.before += requests[i] * shares.before
                        late.at += requests[i] * (isNever || wait > t ? 1 : shares.at)
                        late.after += requests[i] * (isNever || wait.nextUp > t ? 1 : shares.after)
                    }
                }
                sides.add(Term.firstTail + k, slow * late.at, before: slow * late.before, after: slow * late.after)
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
        let (down, up) = (wait.nextDown, wait.nextUp)
        var mean = device.failedShare * whole
        var (wins, winsBefore, winsAfter) = (open * lost, open * lost, open * lost)
        var (late, lateBefore, lateAfter) = (device.failedShare, device.failedShare, device.failedShare)
        for r in device.residuals.indices where device.residuals[r] < .infinity {
            let mass = device.masses[r]
            let time = max(lines[i] + device.residuals[r], device.floor)
            let (sooner, answer, later) = (down + time, wait + time, up + time)
            guard sooner <= timeout else {
                mean += mass * whole
                late += mass
                lateBefore += mass
                lateAfter += mass
                continue
            }
            let k = server.rank(answer)
            winsBefore += mass * server.survival[server.rank(sooner, near: k)]
            if answer <= timeout {
                mean += mass * server.meanOfMinimum(answer, rank: k)
                wins += mass * server.survival[k]
            } else {
                mean += mass * whole
                late += mass
            }
            if later <= timeout {
                winsAfter += mass * server.survival[server.rank(later, near: k)]
            } else {
                lateAfter += mass
            }
        }
        mean += open * whole
        if wait >= timeout { (wins, winsAfter, late, lateAfter) = (0, 0, 1, 1) }
        sides.add(Term.mean, share * mean, before: share * mean, after: share * mean)
        sides.add(Term.answers, share * wins, before: share * winsBefore, after: share * winsAfter)
        sides.add(Term.decode, outputs[i] * wins, before: outputs[i] * winsBefore, after: outputs[i] * winsAfter)
        let (fails, failsBefore, failsAfter) = (lost * late, lost * lateBefore, lost * lateAfter)
        sides.members.note(i, second: (wins, winsBefore, winsAfter), failed: (fails, failsBefore, failsAfter))
        sides.add(Term.failed, share * fails, before: share * failsBefore, after: share * failsAfter)
        sides.add(
            Term.failedDecode, outputs[i] * fails, before: outputs[i] * failsBefore, after: outputs[i] * failsAfter)
    }
}
