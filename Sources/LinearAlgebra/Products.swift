private import CLinearAlgebra

/// The product of the transpose of the first `columns` columns of `a` (each `rows` long, one after the other) with `x`.
///
/// Writes Σ_i a[i, j] x[i] to `result[j]`: many weighted sums over the same weights in one call.
/// - Precondition: `a` has at least `rows · columns` elements, `x` has `rows`, `result` at least `columns`.
public func weightedSums(of a: [Double], rows: Int, columns: Int, weights x: [Double], into result: inout [Double]) {
    precondition(a.count >= rows * columns && x.count == rows && result.count >= columns, "shapes do not fit")
    guard rows > 0, columns > 0 else { return }
    Engine.prepare()
    unsafe cblas_dgemv(
        CblasColMajor, CblasTrans, Int32(rows), Int32(columns), 1, a, Int32(rows), x, 1, 0, &result, 1)
}

/// The matrix product a · b (dgemm, one thread: the same bytes every time).
/// - Precondition: as many columns in `a` as rows in `b`.
/// - Complexity: O(a.rows · a.columns · b.columns).
public func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "\(a.rows) x \(a.columns) times \(b.rows) x \(b.columns)")
    var result = Matrix(rows: a.rows, columns: b.columns)
    guard a.rows > 0, a.columns > 0, b.columns > 0 else { return result }
    Engine.prepare()
    let (m, n, k) = (Int32(a.rows), Int32(b.columns), Int32(a.columns))
    unsafe cblas_dgemm(
        CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a.elements, m, b.elements, k, 0, &result.elements, m)
    return result
}
