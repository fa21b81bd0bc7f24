internal import Distributions

/// The residuals around a device's curve with their probabilities, and what answers late or never.
struct DeviceNoise {
    /// Residuals in seconds, ascending; infinite for mass that is not identified.
    private(set) var residuals: [Double] = []
    /// Probability of each among all requests; with `failedShare` they sum to 1.
    private(set) var masses: [Double] = []
    /// Share of requests that fail.
    let failedShare: Double
    /// Distinct residuals before they were summarized.
    private(set) var seen = 1
    /// What cancelled rows leave open; nil where none was cancelled.
    let censoring: DeviceProfile.Censoring?
    /// Share of requests known to answer.
    private let knownShare: Double

    /// The residuals of `times` around `fit`, beside `failed` requests without an answer.
    init(_ times: CensoredTimes, around fit: DeviceFit, failed: Int) {
        var values = zip(times.lengths, times.seconds).map { $1 - fit.seconds(promptTokens: $0) }
        let total = Double(values.count + failed)
        guard times.isCensored.contains(true) else {
            failedShare = Double(failed) / total
            knownShare = Double(values.count) / total
            censoring = nil
            guard !values.isEmpty else {
                (residuals, masses) = ([0], [0])
                return
            }
            values.radixSort()
            let (distinct, counts) = Self.joined(values)
            seen = distinct.count
            (residuals, masses) = Self.summarized(distinct, counts)
            masses = masses.map { $0 / total }
            return
        }
        let never = [Double](repeating: .infinity, count: failed)
        let estimate = KaplanMeier(
            values: values + never, isCensored: times.isCensored + never.map { _ in false })
        failedShare = estimate.massAtInfinity
        knownShare = 1 - estimate.massAtInfinity - estimate.unidentified
        censoring = DeviceProfile.Censoring(
            rows: estimate.censored, unidentified: estimate.unidentified, identifiedUpTo: estimate.identifiedUpTo)
        seen = max(1, estimate.times.count)
        (residuals, masses) = Self.summarized(estimate.times, estimate.times.indices.map(estimate.mass(at:)))
        if estimate.unidentified > 0 {
            residuals.append(.infinity)
            masses.append(estimate.unidentified)
        }
    }

    /// Takes the noise away: what is known to answer does so on the curve.
    mutating func silence() {
        let isOpen = residuals.last == .infinity
        residuals = [0] + (isOpen ? residuals.suffix(1) : [])
        masses = [knownShare] + (isOpen ? masses.suffix(1) : [])
        seen = 1
    }

    /// Equal values joined.
    private static func joined(_ ascending: [Double]) -> (values: [Double], counts: [Double]) {
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
        return (values, counts)
    }

    /// Where too many values are there, means of bins of equal mass, a value that lies across an edge being shared by both
    /// bins.
    private static func summarized(_ values: [Double], _ counts: [Double]) -> (values: [Double], counts: [Double]) {
        let maximum = DeviceProfile.maximalResiduals
        guard values.count > maximum else { return (values, counts) }
        let total = counts.reduce(0, +)
        let mass = total / Double(maximum)
        var means: [Double] = []
        var k = 0
        var left = counts[0]
        for _ in 0..<maximum {
            var sum = 0.0
            var open = mass
            while open > 1e-9 * mass, k < values.count {
                let taken = min(open, left)
                sum += taken * values[k]
                open -= taken
                left -= taken
                if left <= 1e-9 * mass {
                    k += 1
                    left = k < values.count ? counts[k] : 0
                }
            }
            means.append(sum / (mass - open))
        }
        return (means, Array(repeating: mass, count: maximum))
    }
}
