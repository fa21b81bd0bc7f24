/// A dense matrix of doubles, stored by columns, as LAPACK wants it.
public struct Matrix: Sendable, Equatable {
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    /// Element (i, j) is at `i + j * rows`.
    public var elements: [Double]

    /// A matrix of zeros.
    public init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "a matrix cannot be \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        elements = Array(repeating: 0, count: rows * columns)
    }

    /// A matrix with the given columns, all of one length.
    public init(columns data: [[Double]]) {
        rows = data.first?.count ?? 0
        columns = data.count
        precondition(data.allSatisfy { [rows] in $0.count == rows }, "columns differ in length")
        elements = data.flatMap { $0 }
    }

    /// The element in row `i` and column `j`, both from 0.
    public subscript(i: Int, j: Int) -> Double {
        get { elements[i + j * rows] }
        set { elements[i + j * rows] = newValue }
    }
}
