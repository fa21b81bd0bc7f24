internal import Distributions
public import Traces

/// The device's TTFT: D(l) = max(fit(l) + R, floor), R the residuals of the fit, and a share that fails.
public struct DeviceProfile: Sendable, Equatable {
    /// The curve.
    public let fit: DeviceFit
    /// Residuals in seconds, ascending; a single 0 without noise.
    ///
    /// The last is infinite where the trace has cancelled rows that leave mass unidentified: that mass answers at the timeout.
    public let residuals: [Double]
    /// Probability of each residual among all requests; they sum to 1 − `failedShare`.
    public let masses: [Double]
    /// `survival[k]` is P(R > residuals[k − 1]) among all requests, failures included; `survival[0]` = 1.
    @usableFromInline let survival: [Double]
    /// No time is below this: the smallest observed TTFT, in seconds; 0 for a given formula.
    public let floor: Double
    /// Share of requests that fail, 0...1.
    public let failedShare: Double
    /// How many rows were cancelled, and what that leaves open; nil where none was.
    public let censoring: Censoring?
    /// When the unidentified mass answers, in seconds.
    @usableFromInline let timeout: Double
    /// Rows that the profile was made from, failures included; 0 for a given formula.
    public let observations: Int
    /// How many distinct residuals there were before they were summarized (equal to `residuals.count` where they were not).
    public let residualsSeen: Int

    /// More finite residuals than this are summarized by as many equal-mass bin means: the noise of a line needs no more.
    public static let maximalResiduals = 2_000

    /// A device with a given curve, without noise or failures.
    /// - Throws: `ProfileError.notPositive` where the curve is not positive at one of `lengths`.
    public init(fit: DeviceFit, lengths: [Int]) throws(ProfileError) {
        for length in lengths where !(fit.seconds(promptTokens: length) > 0) {
            throw .notPositive(promptTokens: length, seconds: fit.seconds(promptTokens: length))
        }
        self.init(
            fit: fit, residuals: [0], masses: [1], floor: 0, failedShare: 0, observations: 0, seen: 1, censoring: nil,
            timeout: .infinity)
    }

    /// The profile of the given part of a trace's rows.
    /// - Parameters:
    ///   - rows: Rows with prompt lengths and TTFT.
    ///   - part: Which rows count.
    ///   - usesResiduals: Keep the noise around the curve, or not.
    ///   - curve: The curve to take residuals from (the tuning part's, when profiling the held-out part); nil fits one.
    ///   - timeout: Times above it are failures, in seconds.
    /// - Throws: `ProfileError` where no curve can be fitted.
    public init(
        rows: TraceRows, part: TracePart, usesResiduals: Bool, curve: DeviceFit? = nil, timeout: Double
    ) throws(ProfileError) {
        var times = CensoredTimes()
        var failed = 0
        for i in rows.counts.indices where part.contains(isHeldOut: rows.isHeldOut[i]) {
            // A request cancelled at the timeout had not answered by then: it failed.
            if rows.isCensored[i] ? rows.ttft[i] < timeout : rows.ttft[i] <= timeout {
                for _ in 0..<rows.counts[i] {
                    times.lengths.append(rows.promptTokens[i])
                    times.seconds.append(rows.ttft[i])
                    times.isCensored.append(rows.isCensored[i])
                }
            } else {
                failed += rows.counts[i]
            }
        }
        let total = times.seconds.count + failed
        guard total > 0 else { throw .empty("the device trace has no rows in its \(part) part") }
        let answered = times.answered
        guard !answered.isEmpty || failed > 0 else { throw .censored(rows: total) }
        // A part that has its curve needs no answers: an outage is what it then judges by.
        guard curve != nil || !answered.isEmpty else { throw .nothingAnswered(rows: total) }
        let fit: DeviceFit
        if let curve { fit = curve } else { fit = try DeviceFit.through(times) }
        let floor = answered.reduce(Double.infinity) { min($0, times.seconds[$1]) }
        var noise = DeviceNoise(times, around: fit, failed: failed)
        if !usesResiduals { noise.silence() }
        self.init(
            fit: fit, residuals: noise.residuals, masses: noise.masses, floor: floor.isFinite ? floor : 0,
            failedShare: noise.failedShare, observations: total, seen: noise.seen, censoring: noise.censoring,
            timeout: timeout)
    }

    private init(
        fit: DeviceFit, residuals: [Double], masses: [Double], floor: Double, failedShare: Double, observations: Int,
        seen: Int, censoring: Censoring?, timeout: Double
    ) {
        self.fit = fit
        self.residuals = residuals
        self.masses = masses
        self.floor = floor
        self.failedShare = failedShare
        self.observations = observations
        self.censoring = censoring
        self.timeout = timeout
        residualsSeen = seen
        var survival = [Double](repeating: failedShare, count: residuals.count + 1)
        for k in stride(from: residuals.count - 1, through: 0, by: -1) { survival[k] = survival[k + 1] + masses[k] }
        survival[0] = 1
        self.survival = survival
    }

    /// The time of residual `r` for a prompt of `length` tokens, in seconds.
    @inlinable public func seconds(promptTokens length: Int, residual r: Double) -> Double {
        r < .infinity ? max(fit.seconds(promptTokens: length) + r, floor) : timeout
    }

    /// The device where a share of all requests, whatever it would have answered, finds it down.
    /// - Parameter share: 0...1.
    /// - Returns: Masses times 1 − share, and the share among the failures.
    public func failing(_ share: Double) -> DeviceProfile {
        let up = 1 - share
        return DeviceProfile(
            fit: fit, residuals: up > 0 ? residuals : [], masses: up > 0 ? masses.map { $0 * up } : [], floor: floor,
            failedShare: failedShare * up + share, observations: observations, seen: residualsSeen,
            censoring: censoring.map {
                Censoring(rows: $0.rows, unidentified: $0.unidentified * up, identifiedUpTo: $0.identifiedUpTo)
            }, timeout: timeout)
    }

    /// What cancelled rows leave open.
    public struct Censoring: Sendable, Equatable {
        /// How many rows were cancelled.
        public let rows: Int
        /// Share of requests of which only a lower bound is known; they answer at the timeout.
        public let unidentified: Double
        /// Residuals are known up to here, in seconds; infinite where nothing is left open.
        public let identifiedUpTo: Double
    }

    /// P(D(length) > x), failures included.
    /// - Complexity: O(log *residuals*).
    public func survival(promptTokens length: Int, at x: Double) -> Double {
        survival(line: fit.seconds(promptTokens: length), after: 0, at: x)
    }

    /// P(wait + D > t) where the fitted curve is at `line`, failures included; the sum is rounded as a double.
    ///
    /// All times in seconds.
    /// - Complexity: O(log *residuals*).
    @inlinable public func survival(line: Double, after wait: Double, at t: Double) -> Double {
        survival[firstResidual { wait + max(line + $0, floor) > t }]
    }

    /// P(w + D > t) for the double before, at and after `wait` where the fitted curve is at `line`; sums rounded as doubles.
    ///
    /// All times in seconds.
    /// - Complexity: O(log *residuals*).
    @inlinable public func survivals(
        line: Double, around wait: Double, at t: Double
    ) -> (before: Double, at: Double, after: Double) {
        func isLate(_ r: Int, _ wait: Double) -> Bool { wait + max(line + residuals[r], floor) > t }
        let k = firstResidual { wait + max(line + $0, floor) > t }
        var sooner = k
        while sooner < residuals.count, !isLate(sooner, wait.nextDown) { sooner += 1 }
        var later = k
        while later > 0, isLate(later - 1, wait.nextUp) { later -= 1 }
        return (survival[sooner], survival[k], survival[later])
    }

    /// Index of the first residual with a property that, once true, stays true.
    @inlinable func firstResidual(_ isLate: (Double) -> Bool) -> Int {
        var low = 0
        var high = residuals.count
        while low < high {
            let middle = (low + high) / 2
            if isLate(residuals[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The quantile at level `q` of D(length) beyond `bound`, in seconds; infinite for failures, `bound` where nothing is beyond.
    /// - Complexity: O(*residuals*).
    public func quantile(_ q: Double, promptTokens length: Int, beyond bound: Double) -> Double {
        let left = survival(promptTokens: length, at: bound)
        guard left > 0 else { return bound }
        let k = survival.dropFirst().firstIndex { $0 <= (1 - q) * left + 1e-12 }.map { $0 - 1 } ?? residuals.count
        return k < residuals.count ? max(bound, seconds(promptTokens: length, residual: residuals[k])) : .infinity
    }

    /// The residual at level `q`, 0...1, of requests known to answer, in seconds.
    public func residualQuantile(_ q: Double) -> Double {
        let known = 1 - failedShare - (censoring?.unidentified ?? 0)
        var sum = 0.0
        for (value, mass) in zip(residuals, masses) where value < .infinity {
            sum += mass
            if sum >= q * known - 1e-12 { return value }
        }
        return residuals.last { $0 < .infinity } ?? 0
    }
}
