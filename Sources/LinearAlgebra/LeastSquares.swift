private import CLinearAlgebra

/// Why a least squares fit could not be made.
public enum LeastSquaresError: Error, Equatable, Sendable {
    /// The columns are linearly dependent: only `rank` of them carry information.
    case rankDeficient(rank: Int, columns: Int)
    /// An input is NaN or infinite.
    case notFinite
    /// Fewer rows than columns.
    case tooFewRows(rows: Int, columns: Int)
}

/// A linear model fitted by least squares.
public struct LeastSquaresFit: Sendable, Equatable {
    /// One coefficient a column, in the units of b over the units of the column.
    public let coefficients: [Double]
    /// Standard error of each coefficient; `.infinity` where there are no degrees of freedom left.
    public let standardErrors: [Double]
    /// b − a·x, one a row.
    public let residuals: [Double]
    /// Coefficient of determination, 1 − SS_res / SS_tot; 1 where b is constant and fitted exactly.
    public let rSquared: Double
    /// Residual variance SS_res / (rows − columns); infinite where rows = columns.
    public let variance: Double
}

/// The `x` that minimizes ‖a·x − b‖₂, with residuals and standard errors.
///
/// Columns are scaled to norm 1 and factored by rank-revealing QR (LAPACK dgelsy), so badly scaled columns do no harm and
/// dependent ones are noticed. Standard errors are √(σ² [(aᵀa)⁻¹]_jj) with σ² = SS_res / (rows − columns).
/// Source: textbook; derivation in docs/maths/fit.md.
/// - Parameters:
///   - a: Design matrix, one row an observation.
///   - b: Observations, one a row.
/// - Returns: Coefficients with their standard errors, residuals and R².
/// - Throws: `LeastSquaresError` if an input is not finite, rows are too few or columns are dependent (rcond 1e-10).
/// - Complexity: O(rows · columns²).
public func leastSquares(_ a: Matrix, _ b: [Double]) throws(LeastSquaresError) -> LeastSquaresFit {
    precondition(b.count == a.rows, "b has \(b.count) elements, a has \(a.rows) rows")
    guard a.rows >= a.columns, a.columns > 0 else { throw .tooFewRows(rows: a.rows, columns: a.columns) }
    // LAPACKE reports a NaN as a bad argument, which would read as our own mistake.
    guard a.elements.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { throw .notFinite }
    Engine.prepare()

    let norms = (0..<a.columns).map { j in norm(a.elements[j * a.rows..<(j + 1) * a.rows]) }
    guard norms.allSatisfy({ $0 > 0 }) else {
        throw .rankDeficient(rank: norms.count { $0 > 0 }, columns: a.columns)
    }
    var scaled = a
    for j in 0..<a.columns { for i in 0..<a.rows { scaled[i, j] /= norms[j] } }

    var factors = scaled.elements
    var solution = b
    var pivots = [Int32](repeating: 0, count: a.columns)
    var rank: Int32 = 0
    let info = unsafe LAPACKE_dgelsy(
        LAPACK_COL_MAJOR, Int32(a.rows), Int32(a.columns), 1, &factors, Int32(a.rows), &solution, Int32(a.rows),
        &pivots, 1e-10, &rank)
    precondition(info == 0, "dgelsy rejects its argument \(-info)")
    guard Int(rank) == a.columns else { throw .rankDeficient(rank: Int(rank), columns: a.columns) }

    let x = (0..<a.columns).map { solution[$0] / norms[$0] }
    var residuals = b
    for j in 0..<a.columns { for i in 0..<a.rows { residuals[i] -= a[i, j] * x[j] } }
    let mean = b.reduce(0, +) / Double(b.count)
    let total = b.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let left = residuals.reduce(0) { $0 + $1 * $1 }
    let freedom = a.rows - a.columns
    let variance = freedom > 0 ? left / Double(freedom) : .infinity
    let inverse = try inverseDiagonal(ofGramOf: scaled)
    let errors = (0..<a.columns).map { j in
        freedom > 0 ? (variance * inverse[j]).squareRoot() / norms[j] : Double.infinity
    }
    return LeastSquaresFit(
        coefficients: x, standardErrors: errors, residuals: residuals,
        rSquared: total > 0 ? 1 - left / total : 1, variance: variance)
}

/// The Euclidean norm, without overflow for the values a trace can hold.
private func norm(_ values: ArraySlice<Double>) -> Double {
    let largest = values.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return 0 }
    return largest * values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
}

/// The diagonal of (aᵀa)⁻¹ by Cholesky.
private func inverseDiagonal(ofGramOf a: Matrix) throws(LeastSquaresError) -> [Double] {
    let n = Int32(a.columns)
    var gram = [Double](repeating: 0, count: a.columns * a.columns)
    unsafe cblas_dsyrk(
        CblasColMajor, CblasLower, CblasTrans, n, Int32(a.rows), 1, a.elements, Int32(a.rows), 0, &gram, n)
    var info = unsafe LAPACKE_dpotrf(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), n, &gram, n)
    guard info == 0 else { throw .rankDeficient(rank: Int(info) - 1, columns: a.columns) }
    info = unsafe LAPACKE_dpotri(LAPACK_COL_MAJOR, CChar(UInt8(ascii: "L")), n, &gram, n)
    precondition(info == 0, "dpotri rejects its argument \(-info)")
    return (0..<a.columns).map { gram[$0 * a.columns + $0] }
}
