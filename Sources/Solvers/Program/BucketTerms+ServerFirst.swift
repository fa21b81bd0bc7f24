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
            sides.members.note(i, second: (0, lost * open, 0), failed: (lost, lostBefore, lost))
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
        sides.members.note(i, second: (wins, winsBefore, winsAfter), failed: (fails, fails, failsAfter))
        sides.add(Term.failed, share * fails, before: share * fails, after: share * failsAfter)
        sides.add(Term.failedDecode, outputs[i] * fails, before: outputs[i] * fails, after: outputs[i] * failsAfter)
    }
}
