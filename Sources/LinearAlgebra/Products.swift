private import CLinearAlgebra

/// The product `a · b`.
/// - Precondition: `a` has as many columns as `b` has rows.
/// - Complexity: O(rows · columns · inner), at the library's speed.
public func product(_ a: Matrix, _ b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "\(a.rows) x \(a.columns) times \(b.rows) x \(b.columns)")
    var c = Matrix(rows: a.rows, columns: b.columns)
    guard a.rows > 0, b.columns > 0, a.columns > 0 else { return c }
    Engine.prepare()
    unsafe cblas_dgemm(
        CblasColMajor, CblasNoTrans, CblasNoTrans, Int32(a.rows), Int32(b.columns), Int32(a.columns), 1,
        a.elements, Int32(a.rows), b.elements, Int32(b.rows), 0, &c.elements, Int32(a.rows))
    return c
}

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
