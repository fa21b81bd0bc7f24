internal import Distributions
internal import LinearAlgebra
internal import Profiles
internal import Serving

extension HourlyModel {
    /// The sum of min(TTFT, timeout) under each plan, against the number of requests.
    func waited(under plans: [DispatchPlan], in series: HourlyProfile.Series) -> HourlySums {
        switch series.role {
        case .server: waitedByServerTimes(plans, series.requests)
        case .device: waitedByDeviceTimes(plans, series.requests)
        case .workload: waitedByLengths(plans, series.requests)
        }
    }

    private func waitedByLengths(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let lengths = profile.workload.lengths
        var table = Matrix(rows: plans.count + 1, columns: lengths.count)
        for (p, plan) in plans.enumerated() {
            for (range, mixture) in plan.runs(over: lengths) {
                for part in mixture.parts {
                    let means = model.meanTTFT(promptTokens: lengths[range], under: part.action)
                    for (i, mean) in zip(range, means) { table[p, i] += part.probability * mean }
                }
            }
        }
        for i in lengths.indices { table[plans.count, i] = 1 }
        return HourlySums(of: requests, table: table) { (place(requests.promptTokens[$0]), 1) }
    }

    /// Given the server's time s, the mean over lengths and device times is c + E[min(Y, s)]: server first Y = w + D and
    /// c = 0; device first Y = max(D − w, 0) and c = E[min(D, w)]; all cut at the timeout.
    private func waitedByServerTimes(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let server = profile.server
        let (_, shares, seen) = groups(requests)
        let noise = thinnedNoise
        let timeout = profile.timeout
        let workload = profile.workload
        let curves = plans.map { plan in
            var constants = [Double](repeating: 0, count: server.groups.count)
            var values = [[Double]](repeating: [], count: server.groups.count)
            var masses = values
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for part in mixture.parts {
                    let (first, second) = (
                        min(part.action.serverWait, timeout), min(part.action.deviceWait, timeout)
                    )
                    for i in range {
                        let group = server.group(of: workload.lengths[i])
                        let mass = part.probability * Double(workload.counts[i]) / shares[group]
                        for (residual, share) in noise {
                            let device = residual.map {
                                min(profile.device.seconds(promptTokens: workload.lengths[i], residual: $0), timeout)
                            }
                            let late = min(second + (device ?? timeout), timeout)
                            constants[group] += mass * share * min(late, first)
                            values[group].append(max(late - first, 0))
                            masses[group].append(mass * share)
                        }
                    }
                }
            }
            return server.groups.indices.map { k in
                (
                    constants[k],
                    values[k].isEmpty ? nil : Empirical(values: values[k], masses: masses[k], observations: 0)
                )
            }
        }
        let groupOf = requests.promptTokens.map { server.group(of: $0) }
        return HourlySums(of: requests, plans: plans.count, weight: { shares[groupOf[$0]] / seen[groupOf[$0]] }) {
            i, p in
            let (constant, curve) = curves[p][groupOf[i]]
            return constant + (curve?.meanOfMinimum(min(requests.seconds[i], timeout)) ?? 0)
        }
    }

    private func waitedByDeviceTimes(_ plans: [DispatchPlan], _ requests: HourlyRequests) -> HourlySums {
        let device = profile.device
        let failure = device.residuals.count
        let timeout = profile.timeout
        let workload = profile.workload
        var table = Matrix(rows: plans.count + 1, columns: failure + 1)
        for (p, plan) in plans.enumerated() {
            for (range, mixture) in plan.runs(over: workload.lengths) {
                for part in mixture.parts {
                    let (first, second) = (
                        min(part.action.serverWait, timeout), min(part.action.deviceWait, timeout)
                    )
                    for i in range {
                        let server = profile.server.groups[profile.server.group(of: workload.lengths[i])]
                        let mass = part.probability * Double(workload.counts[i])
                        for key in 0...failure {
                            let time =
                                key == failure
                                ? timeout
                                : device.seconds(promptTokens: workload.lengths[i], residual: device.residuals[key])
                            let late = min(second + time, timeout)
                            table[p, key] +=
                                mass * (late <= first ? late : first + server.meanOfMinimum(late - first))
                        }
                    }
                }
            }
        }
        for key in 0...failure { table[plans.count, key] = Double(workload.requests) }
        return HourlySums(of: requests, table: table) { (residualPlace(requests, $0), 1) }
    }

    /// Residuals with their shares, at most 32 of them (means of neighbours), and the failures (nil).
    ///
    /// Only relative changes from hour to hour are taken from what follows, which finer noise hardly moves.
    private var thinnedNoise: [(residual: Double?, share: Double)] {
        let device = profile.device
        // Mass that is not identified (a residual of infinity) is none of the neighbours.
        let finite = device.residuals.last == .infinity ? device.residuals.count - 1 : device.residuals.count
        let step = max(1, (finite + 31) / 32)
        var noise: [(residual: Double?, share: Double)] = stride(from: 0, to: finite, by: step).map {
            let range = $0..<min($0 + step, finite)
            let share = range.reduce(0.0) { $0 + device.masses[$1] }
            let sum = range.reduce(0.0) { $0 + device.masses[$1] * device.residuals[$1] }
            return (share > 0 ? sum / share : device.residuals[range.lowerBound], share)
        }
        if finite < device.residuals.count { noise.append((.infinity, device.masses[finite])) }
        if device.failedShare > 0 { noise.append((nil, device.failedShare)) }
        return noise
    }
}
