internal import Distributions
internal import LinearAlgebra
public import Profiles
public import Serving

/// What an action does to requests of one prompt length, in expectation.
///
/// S and D are independent given the length. T = min(w_s + S, w_d + D), an endpoint with wait w > 0 being started only if
/// the other has not answered by w. Both actions of a mixture and all baselines go through these formulas.
/// Source: derived, docs/maths/dispatch.md.
public struct FirstTokenModel: Sendable {
    /// The world.
    public let profile: ServingProfile
    private let noise: [Double]
    private let masses: [Double]

    /// A model of `profile`.
    public init(_ profile: ServingProfile) {
        self.profile = profile
        noise = profile.device.residuals
        masses = profile.device.masses
    }

    private var timeout: Double { profile.timeout }

    /// E[min(T, timeout)] in seconds for each of the `lengths`, all under `action`.
    ///
    /// With residuals this is a matrix of E[min(S, w + D)], residual by length, times the residuals' masses: one gemv
    /// for up to 64 lengths. Without, look-ups alone.
    /// - Complexity: O(lengths · residuals) look-ups of O(1).
    public func meanTTFT(promptTokens lengths: ArraySlice<Int>, under action: Action) -> [Double] {
        if action.deviceWait >= timeout { return lengths.map { server(for: $0).meanOfMinimum(timeout) } }
        let rows = noise.count
        if rows == 1 { return meansWithoutNoise(lengths, action) }
        var means: [Double] = []
        means.reserveCapacity(lengths.count)
        var tile = [Double](repeating: 0, count: rows * min(64, lengths.count))
        var sums = [Double](repeating: 0, count: min(64, lengths.count))
        var group = -1
        var times = profile.server.pooled
        var start = lengths.startIndex
        while start < lengths.endIndex {
            let end = min(start + 64, lengths.endIndex)
            for (column, length) in lengths[start..<end].enumerated() {
                let own = profile.server.group(of: length)
                if own != group { (group, times) = (own, profile.server.groups[own]) }
                fill(&tile, from: column * rows, length: length, action: action, server: times)
            }
            weightedSums(of: tile, rows: rows, columns: end - start, weights: masses, into: &sums)
            for (column, length) in lengths[start..<end].enumerated() {
                means.append(sums[column] + failedDeviceMean(length: length, action: action))
            }
            start = end
        }
        return means
    }

    /// The means where the device takes the same time for every prompt of one length.
    private func meansWithoutNoise(_ lengths: ArraySlice<Int>, _ action: Action) -> [Double] {
        let server = profile.server
        var means: [Double] = []
        means.reserveCapacity(lengths.count)
        var start = lengths.startIndex
        while start < lengths.endIndex {
            let group = server.groups.count == 1 ? 0 : server.group(of: lengths[start])
            var end = server.groups.count == 1 ? lengths.endIndex : start + 1
            while end < lengths.endIndex, server.group(of: lengths[end]) == group { end += 1 }
            appendMeans(lengths[start..<end], action, server: server.groups[group], to: &means)
            start = end
        }
        return means
    }

    /// The means of lengths that share a server distribution.
    private func appendMeans(
        _ lengths: ArraySlice<Int>, _ action: Action, server: borrowing Empirical, to means: inout [Double]
    ) {
        let (fit, floor, timeout) = (profile.device.fit, profile.device.floor, profile.timeout)
        let (noise, mass, failedShare) = (noise[0], masses[0], profile.device.failedShare)
        let wait = min(action.serverWait, timeout)
        let failed = failedShare > 0 ? failedShare * (wait + server.meanOfMinimum(timeout - wait)) : 0
        if action.serverWait == 0 {
            for length in lengths {
                let device = max(fit.seconds(promptTokens: length) + noise, floor)
                means.append(server.meanOfMinimum(min(action.deviceWait + device, timeout)) * mass + failed)
            }
        } else {
            for length in lengths {
                let device = min(max(fit.seconds(promptTokens: length) + noise, floor), timeout)
                means.append((device <= wait ? device : wait + server.meanOfMinimum(device - wait)) * mass + failed)
            }
        }
    }

    /// Writes E[min(T, timeout)] given each device time of one length.
    private func fill(
        _ tile: inout [Double], from offset: Int, length: Int, action: Action, server: borrowing Empirical
    ) {
        let line = profile.device.fit.seconds(promptTokens: length)
        let floor = profile.device.floor
        if action.serverWait == 0 {
            for r in noise.indices {
                let device = max(line + noise[r], floor)
                tile[offset + r] = server.meanOfMinimum(min(action.deviceWait + device, timeout))
            }
        } else {
            let wait = min(action.serverWait, timeout)
            for r in noise.indices {
                let device = min(max(line + noise[r], floor), timeout)
                tile[offset + r] = device <= wait ? device : wait + server.meanOfMinimum(device - wait)
            }
        }
    }

    /// The part of the mean in which the device fails.
    private func failedDeviceMean(length: Int, action: Action) -> Double {
        let share = profile.device.failedShare
        guard share > 0 else { return 0 }
        let wait = min(action.serverWait, timeout)
        return share * (wait + server(for: length).meanOfMinimum(timeout - wait))
    }

    /// P(T > t) for a prompt of `length` tokens; `t` < timeout.
    public func survival(promptTokens length: Int, under action: Action, at t: Double) -> Double {
        let group = profile.server.groups.count == 1 ? 0 : profile.server.group(of: length)
        return survival(length, action, t, server: profile.server.groups[group])
    }

    private func survival(_ length: Int, _ action: Action, _ t: Double, server: borrowing Empirical) -> Double {
        let line = profile.device.fit.seconds(promptTokens: length)
        if action.serverWait == 0 {
            let late = server.survival(at: t)
            let wait = action.deviceWait
            return t < wait || late == 0 ? late : late * profile.device.survival(line: line, after: wait, at: t)
        }
        let late = profile.device.survival(line: line, after: 0, at: t)
        let wait = action.serverWait
        return t < wait || late == 0 ? late : late * server.survival(after: wait, at: t)
    }

    /// Which endpoints an action starts, which one answers, and how often neither does.
    public struct Shares: Sendable, Equatable {
        /// P(the server is started).
        public var serverStarted = 0.0
        /// P(the device is started).
        public var deviceStarted = 0.0
        /// P(the server answers first, by the timeout).
        public var serverAnswers = 0.0
        /// P(the device answers first, by the timeout).
        public var deviceAnswers = 0.0
        /// P(nobody answers by the timeout).
        public var failed = 0.0
    }

    /// The shares for a prompt of `length` tokens under `action`.
    /// - Complexity: O(residuals).
    public func shares(promptTokens length: Int, under action: Action) -> Shares {
        let server = server(for: length)
        let device = profile.device
        var shares = Shares()
        if action.serverWait == 0 {
            let wait = action.deviceWait
            shares.serverStarted = 1
            guard wait < timeout else {
                shares.failed = server.massAtInfinity
                shares.serverAnswers = 1 - shares.failed
                return shares
            }
            shares.deviceStarted = wait == 0 ? 1 : server.survival(at: wait)
            var lost = device.failedShare
            for (r, mass) in zip(noise, masses) {
                // Mass that is not identified answers at the timeout, whenever the device was started.
                let answer = min(
                    wait + device.seconds(promptTokens: length, residual: r), r < .infinity ? .infinity : timeout)
                if answer <= timeout {
                    shares.deviceAnswers += mass * server.survival(at: answer)  // a tie goes to the server
                } else {
                    lost += mass
                }
            }
            shares.failed = server.massAtInfinity * lost
            shares.serverAnswers = max(0, 1 - shares.failed - shares.deviceAnswers)
            return shares
        }
        let wait = action.serverWait
        shares.deviceStarted = 1
        let serverLost = wait < timeout ? server.knownSurvival(after: wait, at: timeout) : 1
        var deviceLost = device.failedShare
        for (r, mass) in zip(noise, masses) {
            let answer = device.seconds(promptTokens: length, residual: r)
            if answer > wait { shares.serverStarted += mass }
            if answer <= min(wait, timeout) {
                shares.deviceAnswers += mass
            } else if answer <= timeout {
                let later = server.survival(after: wait, from: answer)  // a tie goes to the device, which began
                shares.deviceAnswers += mass * later
                shares.serverAnswers += mass * (1 - later)
            } else {
                deviceLost += mass
            }
        }
        shares.serverStarted = wait >= timeout ? 0 : shares.serverStarted + device.failedShare
        shares.serverAnswers += deviceLost * (1 - serverLost)
        shares.failed = deviceLost * serverLost
        return shares
    }

    private func server(for length: Int) -> Empirical {
        let server = profile.server
        return server.groups.count == 1 ? server.groups[0] : server.groups[server.group(of: length)]
    }
}
