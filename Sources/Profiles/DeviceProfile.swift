internal import Distributions
public import Traces

/// The device's TTFT: D(l) = max(fit(l) + R, floor), R the residuals of the fit, and a share that fails.
public struct DeviceProfile: Sendable, Equatable {
    /// The curve.
    public let fit: DeviceFit
    /// Residuals in seconds, ascending; a single 0 without noise.
    public let residuals: [Double]
    /// Probability of each residual among all requests; they sum to 1 − `failedShare`.
    public let masses: [Double]
    /// `survival[k]` is P(R > residuals[k − 1]) among all requests, failures included; `survival[0]` = 1.
    @usableFromInline let survival: [Double]
    /// No time is below this: the smallest observed TTFT, in seconds; 0 for a given formula.
    public let floor: Double
    /// Share of requests that fail, 0...1.
    public let failedShare: Double
    /// Rows that the profile was made from, failures included; 0 for a given formula.
    public let observations: Int
    /// How many distinct residuals there were before they were summarized (equal to `residuals.count` where they were not).
    public let residualsSeen: Int

    /// More residuals than this are summarized by as many equal-mass bin means: the noise of a line needs no more.
    public static let maximalResiduals = 2_000

    /// A device with a given curve, without noise or failures.
    /// - Throws: `ProfileError.notPositive` where the curve is not positive at one of `lengths`.
    public init(fit: DeviceFit, lengths: [Int]) throws(ProfileError) {
        for length in lengths where !(fit.seconds(promptTokens: length) > 0) {
            throw .notPositive(promptTokens: length, seconds: fit.seconds(promptTokens: length))
        }
        self.init(fit: fit, residuals: [0], masses: [1], floor: 0, failedShare: 0, observations: 0, seen: 1)
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
        var lengths: [Int] = []
        var seconds: [Double] = []
        var failed = 0
        for i in rows.counts.indices where part.contains(isHeldOut: rows.isHeldOut[i]) {
            if rows.ttft[i] <= timeout {
                for _ in 0..<rows.counts[i] {
                    lengths.append(rows.promptTokens[i])
                    seconds.append(rows.ttft[i])
                }
            } else {
                failed += rows.counts[i]
            }
        }
        let total = seconds.count + failed
        guard total > 0 else { throw .empty("the device trace has no rows in its \(part) part") }
        // A part that has its curve needs no answers: an outage is what it then judges by.
        guard curve != nil || !seconds.isEmpty else { throw .nothingAnswered(rows: total) }
        let fit: DeviceFit
        if let curve { fit = curve } else { fit = try DeviceFit.through(lengths: lengths, seconds: seconds) }
        var residuals = [0.0]
        var counts = [Double(seconds.count)]
        var distinct = 1
        if usesResiduals, !seconds.isEmpty {
            residuals = zip(lengths, seconds).map { $1 - fit.seconds(promptTokens: $0) }
            residuals.radixSort()
            distinct = 1 + zip(residuals, residuals.dropFirst()).count(where: !=)
            (residuals, counts) = Self.summarized(residuals)
        }
        self.init(
            fit: fit, residuals: residuals, masses: counts.map { $0 / Double(total) }, floor: seconds.min() ?? 0,
            failedShare: Double(failed) / Double(total), observations: total,
            seen: distinct)
    }

    private init(
        fit: DeviceFit, residuals: [Double], masses: [Double], floor: Double, failedShare: Double, observations: Int,
        seen: Int
    ) {
        self.fit = fit
        self.residuals = residuals
        self.masses = masses
        self.floor = floor
        self.failedShare = failedShare
        self.observations = observations
        residualsSeen = seen
        var survival = [Double](repeating: failedShare, count: residuals.count + 1)
        for k in stride(from: residuals.count - 1, through: 0, by: -1) { survival[k] = survival[k + 1] + masses[k] }
        survival[0] = 1
        self.survival = survival
    }

    /// Equal values joined; where too many are left, means of bins of equal mass, a value that lies across an edge being
    /// shared by both bins.
    private static func summarized(_ ascending: [Double]) -> (values: [Double], counts: [Double]) {
        var values: [Double] = []
        var counts: [Double] = []
        for value in ascending {
            if value == values.last {
                counts[counts.count - 1] += 1
            } else {
                values.append(value)
                counts.append(1)
            }
        }
        guard values.count > maximalResiduals else { return (values, counts) }
        let mass = Double(ascending.count) / Double(maximalResiduals)
        var means: [Double] = []
        var k = 0
        var left = counts[0]
        for _ in 0..<maximalResiduals {
            var sum = 0.0
            var open = mass
            while open > 1e-9 * mass, k < values.count {
                let taken = min(open, left)
                sum += taken * values[k]
                open -= taken
                left -= taken
                if left <= 1e-9 {
                    k += 1
                    left = k < values.count ? counts[k] : 0
                }
            }
            means.append(sum / (mass - open))
        }
        return (means, Array(repeating: mass, count: maximalResiduals))
    }

    /// The time of residual `r` for a prompt of `length` tokens, in seconds.
    @inlinable public func seconds(promptTokens length: Int, residual r: Double) -> Double {
        max(fit.seconds(promptTokens: length) + r, floor)
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

    /// P(wait + D ≥ t) where the fitted curve is at `line`, failures included; the sum is rounded as a double.
    ///
    /// All times in seconds.
    /// - Complexity: O(log *residuals*).
    @inlinable public func survival(line: Double, after wait: Double, from t: Double) -> Double {
        survival[firstResidual { wait + max(line + $0, floor) >= t }]
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

    /// The residual at level `q`, 0...1, of answered requests, in seconds.
    public func residualQuantile(_ q: Double) -> Double {
        let answered = 1 - failedShare
        var sum = 0.0
        for (value, mass) in zip(residuals, masses) {
            sum += mass
            if sum >= q * answered - 1e-12 { return value }
        }
        return residuals[residuals.count - 1]
    }
}
