internal import Distributions
internal import LinearAlgebra

/// Answered and cancelled requests of one endpoint, to draw a curve through.
struct CensoredTimes {
    /// Prompt lengths in tokens.
    var lengths: [Int] = []
    /// TTFT in seconds, or a lower bound of it; finite.
    var seconds: [Double] = []
    /// True where `seconds` is a lower bound.
    var isCensored: [Bool] = []

    /// The rows that answered.
    var answered: [Int] { isCensored.indices.filter { !isCensored[$0] } }
}

extension DeviceFit {
    /// The line or parabola through times some of which are lower bounds: `through(lengths:seconds:)` made of censored data.
    ///
    /// Buckley and James's iteration: a lower bound is replaced by its expectation under the product-limit distribution of the
    /// residuals, and the curve is fitted again, until it stays. What lies beyond the last residual seen is not identified and
    /// takes no part: a lower bound counts with its probability of lying before that.
    /// Source: Buckley and James (1979); the treatment of the tail and the standard errors are derived, docs/maths/censoring.md.
    /// - Throws: `ProfileError.tooFewLengths` where the answered rows allow no line.
    static func through(_ times: CensoredTimes) throws(ProfileError) -> DeviceFit {
        let answered = times.answered
        let lengths = answered.map { times.lengths[$0] }
        // The answered rows alone decide what can be told apart, and are where the iteration begins.
        let start = try through(lengths: lengths, seconds: answered.map { times.seconds[$0] })
        guard answered.count < times.lengths.count, let range = start.lengthRange else { return start }
        guard let line = CensoredCurve(times, degree: 1) else { return start }
        var t: Double?
        if Set(lengths).count >= 3, answered.count > 3, let curve = CensoredCurve(times, degree: 2) {
            let ratio = curve.coefficients[2] / curve.standardErrors[2]
            t = ratio.isNaN ? 0 : ratio
            if isKept(curve.coefficients, t: t ?? 0, besideSlope: line.coefficients[1], over: range) {
                return DeviceFit(
                    curve.coefficients[0], curve.coefficients[1], curve.coefficients[2], errors: curve.standardErrors,
                    rSquared: curve.rSquared, t: t, range: range)
            }
        }
        return DeviceFit(
            line.coefficients[0], line.coefficients[1], 0, errors: line.standardErrors, rSquared: line.rSquared, t: t,
            range: range)
    }
}

/// A polynomial fitted to times some of which are lower bounds.
private struct CensoredCurve {
    /// Constant first, seconds per power of a token.
    let coefficients: [Double]
    /// One a coefficient; approximate.
    let standardErrors: [Double]
    /// Share of the variance that the curve explains, the rest being that of the residuals' product-limit distribution.
    let rSquared: Double

    /// More iterations than this do not settle any more: the solutions of the last half are averaged.
    static let maximalIterations = 100

    /// The curve; nil where columns are dependent.
    init?(_ times: CensoredTimes, degree: Int) {
        let l = times.lengths.map(Double.init)
        let n = l.count
        let answered = times.answered
        // Rows of powers of the length, each times the root of its weight.
        func columns(_ rows: [Int], _ roots: [Double]) -> Matrix {
            Matrix(
                columns: (0...degree).map { power in
                    zip(rows, roots).map { i, root in (0..<power).reduce(root) { value, _ in value * l[i] } }
                })
        }
        func value(_ x: [Double], _ i: Int) -> Double { x.reversed().reduce(0) { $0 * l[i] + $1 } }
        let all = Array(0..<n)
        let ones = [Double](repeating: 1, count: answered.count)
        let design = columns(answered, ones)
        guard let first = try? leastSquares(design, answered.map { times.seconds[$0] }) else { return nil }
        let scale = times.seconds.reduce(0) { max($0, abs($1)) }

        var x = first.coefficients
        var path: [[Double]] = []
        var isSettled = false
        for _ in 0..<Self.maximalIterations where !isSettled {
            let residuals = all.map { times.seconds[$0] - value(x, $0) }
            let tail = ResidualTail(residuals, times.isCensored)
            var roots = [Double](repeating: 1, count: n)
            var targets = times.seconds
            for i in all where times.isCensored[i] {
                let (mean, share) = tail.beyond(residuals[i])
                roots[i] = share.squareRoot()
                targets[i] = value(x, i) + mean
            }
            let weighted = zip(targets, roots).map { $0 * $1 }
            guard let next = try? leastSquares(columns(all, roots), weighted) else { return nil }
            let step = all.reduce(0) { max($0, abs(value(next.coefficients, $1) - value(x, $1))) }
            isSettled = step <= 1e-6 * scale
            x = next.coefficients
            path.append(x)
        }
        if !isSettled {
            let last = path.suffix(Self.maximalIterations / 2)
            x = (0...degree).map { j in last.reduce(0) { $0 + $1[j] } / Double(last.count) }
        }
        coefficients = x

        let tail = ResidualTail(all.map { times.seconds[$0] - value(x, $0) }, times.isCensored)
        let variance = tail.variance * Double(answered.count) / Double(max(1, answered.count - degree - 1))
        // First's errors are √(its variance · (XᵀX)⁻¹): the answered rows' design with the variance replaced.
        standardErrors =
            answered.count > degree + 1 && first.variance > 0
            ? first.standardErrors.map { $0 * (variance / first.variance).squareRoot() } : first.standardErrors
        let fitted = all.map { value(x, $0) }
        let mean = fitted.reduce(0, +) / Double(n)
        let explained = fitted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        rSquared = explained + tail.variance > 0 ? explained / (explained + tail.variance) : 1
    }
}

/// The product-limit distribution of residuals, as far as it is identified.
private struct ResidualTail {
    private let estimate: KaplanMeier
    /// `sums[k]` is the sum of mass times value over residuals from the k-th on.
    private let sums: [Double]
    /// Variance of the identified part.
    let variance: Double

    init(_ residuals: [Double], _ isCensored: [Bool]) {
        let estimate = KaplanMeier(values: residuals, isCensored: isCensored)
        let times = estimate.times
        var sums = [Double](repeating: 0, count: times.count + 1)
        for k in times.indices.reversed() { sums[k] = sums[k + 1] + times[k] * estimate.mass(at: k) }
        let identified = 1 - estimate.unidentified
        let mean = sums[0] / identified
        let squares = times.indices.map { (times[$0] - mean) * (times[$0] - mean) * estimate.mass(at: $0) }
        variance = squares.reduce(0, +) / identified
        self.estimate = estimate
        self.sums = sums
    }

    /// Of a residual known to exceed `bound`: its mean if it is identified, and the probability that it is.
    func beyond(_ bound: Double) -> (mean: Double, share: Double) {
        let all = estimate.survival(at: bound)
        let share = all - estimate.unidentified
        guard share > 1e-12 else { return (0, 0) }
        return (sums[estimate.rank(bound)] / share, share / all)
    }
}
