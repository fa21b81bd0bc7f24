internal import LinearAlgebra

/// Why a profile could not be made from a trace.
public enum ProfileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The device's TTFT needs two prompt lengths to draw a line through.
    case tooFewLengths(found: [Int])
    /// The prompt lengths are too close together, for their size, to draw a line through.
    case indistinctLengths(shortest: Int, longest: Int)
    /// No row of the trace has a finite TTFT.
    case nothingAnswered(rows: Int)
    /// A formula gives a time of 0 or less for a length that occurs.
    case notPositive(promptTokens: Int, seconds: Double)
    /// Nothing is left to profile in this part of a trace.
    case empty(String)
    /// The trace has no arrivals of the calendar, so that its requests have no hour of the day.
    case noHourOfDay
    /// All rows of a part are of cancelled requests: nothing is known but lower bounds.
    case censored(rows: Int)

    /// The error as a sentence: what was found, what was wanted, what to do.
    public var description: String {
        switch self {
        case .tooFewLengths(let found):
            """
            the device trace has \(found.isEmpty ? "no answered request" : "one prompt length (\(found.map(String.init).joined(separator: ", ")) tokens)"); \
            a fit needs two or more. Record more lengths, or give the line itself: ttft: {intercept: ..., per_token: ...}
            """
        case .indistinctLengths(let shortest, let longest):
            """
            the device trace has prompts of \(shortest) to \(longest) tokens, too much alike for a line. Record more lengths, \
            or give the line itself: ttft: {intercept: ..., per_token: ...}
            """
        case .nothingAnswered(let rows):
            "all \(rows) device requests failed or came after the timeout; a fit needs answered ones"
        case .notPositive(let length, let seconds):
            "the TTFT formula gives \(seconds) s for a prompt of \(length) tokens; a TTFT is greater than 0 s"
        case .empty(let what): what
        case .noHourOfDay:
            """
            endpoints.server.condition_on: hour_of_day needs arrived_at as times of the calendar (2025-01-31 12:00:00, or \
            seconds since 1970), and this trace has none. Map a column with columns: {arrived_at: ...}, or leave \
            hour_of_day out
            """
        case .censored(let rows):
            """
            all \(rows) requests were cancelled before their first token, so nothing is known of it but that it came later. \
            Add rows of requests that were left to answer
            """
        }
    }
}

/// A device's TTFT as a curve over the prompt length, fitted by least squares.
public struct DeviceFit: Sendable, Equatable {
    /// Seconds at a length of 0.
    public let intercept: Double
    /// Seconds per prompt token.
    public let perToken: Double
    /// Seconds per squared prompt token; 0 for a line.
    public let perTokenSquared: Double
    /// Standard errors of the coefficients above, in their order (two for a line); empty for a given formula.
    public let standardErrors: [Double]
    /// Coefficient of determination; nil for a given formula.
    public let rSquared: Double?
    /// The quadratic term over its standard error, when one was tried; |t| > 3.29 (p < 0.001) keeps it.
    public let curvatureT: Double?
    /// Shortest and longest prompt that the fit saw; nil for a given formula.
    public let lengthRange: ClosedRange<Int>?

    /// A given curve.
    public init(intercept: Double, perToken: Double, perTokenSquared: Double = 0) {
        self.init(intercept, perToken, perTokenSquared, errors: [], rSquared: nil, t: nil, range: nil)
    }

    init(
        _ intercept: Double, _ perToken: Double, _ perTokenSquared: Double, errors: [Double],
        rSquared: Double?, t: Double?, range: ClosedRange<Int>?
    ) {
        self.intercept = intercept
        self.perToken = perToken
        self.perTokenSquared = perTokenSquared
        standardErrors = errors
        self.rSquared = rSquared
        curvatureT = t
        lengthRange = range
    }

    /// Seconds for a prompt of `length` tokens, before noise.
    ///
    /// Beyond the longest prompt seen a fitted concave curve goes on along its tangent: the parabola would fall.
    public func seconds(promptTokens length: Int) -> Double {
        let l = Double(length)
        if perTokenSquared < 0, let longest = lengthRange?.upperBound, length > longest {
            let end = Double(longest)
            return intercept + (perToken + perTokenSquared * end) * end
                + (perToken + 2 * perTokenSquared * end) * (l - end)
        }
        return intercept + (perToken + perTokenSquared * l) * l
    }

    /// |t| beyond which a quadratic term is kept (two-sided p < 0.001).
    public static let curvatureThreshold = 3.29

    /// The line through (length, seconds), or the parabola where its quadratic term is significant and it does not
    /// fall within the lengths seen.
    ///
    /// Source: docs/maths/fit.md.
    /// - Throws: `ProfileError.tooFewLengths` where no line can be drawn.
    static func through(lengths: [Int], seconds: [Double]) throws(ProfileError) -> DeviceFit {
        let distinct = Set(lengths)
        guard let shortest = distinct.min(), let longest = distinct.max(), distinct.count >= 2 else {
            throw .tooFewLengths(found: distinct.sorted())
        }
        let l = lengths.map(Double.init)
        let ones = [Double](repeating: 1, count: l.count)
        guard let line = try? leastSquares(Matrix(columns: [ones, l]), seconds) else {
            throw .indistinctLengths(shortest: shortest, longest: longest)
        }
        var t: Double?
        if distinct.count >= 3, l.count > 3,
            let curve = try? leastSquares(Matrix(columns: [ones, l, l.map { $0 * $0 }]), seconds)
        {
            let ratio = curve.coefficients[2] / curve.standardErrors[2]
            // An exact parabola has no error at all; 0 / 0 (an exact line) is not curved.
            t = ratio.isNaN ? 0 : ratio
            if isKept(curve.coefficients, t: t ?? 0, besideSlope: line.coefficients[1], over: shortest...longest) {
                return DeviceFit(
                    curve.coefficients[0], curve.coefficients[1], curve.coefficients[2], errors: curve.standardErrors,
                    rSquared: curve.rSquared, t: t, range: shortest...longest)
            }
        }
        return DeviceFit(
            line.coefficients[0], line.coefficients[1], 0, errors: line.standardErrors, rSquared: line.rSquared, t: t,
            range: shortest...longest)
    }

    /// Whether a quadratic term is significant, more than rounding, and makes no curve that falls within the lengths seen.
    static func isKept(
        _ curve: [Double], t: Double, besideSlope slope: Double, over range: ClosedRange<Int>
    ) -> Bool {
        let slopes = [range.lowerBound, range.upperBound].map { curve[1] + 2 * curve[2] * Double($0) }
        let isMaterial = abs(curve[2]) * Double(range.upperBound) > 1e-9 * abs(slope)
        return abs(t) > curvatureThreshold && isMaterial && slopes.allSatisfy { $0 >= 0 }
    }
}
