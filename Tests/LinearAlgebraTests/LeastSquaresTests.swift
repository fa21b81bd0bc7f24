import LinearAlgebra
import Testing

@Suite struct `Least squares` {
    @Test func `a line through exact points is found, with no error`() throws {
        let x = [1.0, 2, 3, 4]
        let fit = try leastSquares(Matrix(columns: [[1, 1, 1, 1], x]), x.map { 2 + 3 * $0 })
        #expect(abs(fit.coefficients[0] - 2) < 1e-12 && abs(fit.coefficients[1] - 3) < 1e-12)
        #expect(fit.rSquared > 1 - 1e-12)
        #expect(fit.standardErrors.allSatisfy { $0 < 1e-10 })
    }

    @Test func `standard errors agree with the textbook example worked by hand`() throws {
        // y = 1, 3, 2 at x = 0, 1, 2: slope 0.5, intercept 1.5, SS_res = 1.5, s² = 1.5, S_xx = 2.
        let fit = try leastSquares(Matrix(columns: [[1, 1, 1], [0, 1, 2]]), [1, 3, 2])
        #expect(abs(fit.coefficients[0] - 1.5) < 1e-12 && abs(fit.coefficients[1] - 0.5) < 1e-12)
        #expect(abs(fit.standardErrors[1] - (1.5 / 2).squareRoot()) < 1e-12)
        #expect(abs(fit.standardErrors[0] - (1.5 * (1 / 3.0 + 1 / 2.0)).squareRoot()) < 1e-12)
        #expect(abs(fit.rSquared - 0.25) < 1e-12)
    }

    @Test func `columns of very different size are told apart`() throws {
        let small = (0..<20).map { 1e-9 * Double($0) }
        let large = (0..<20).map { 1e9 * Double($0 * $0) }
        let b = zip(small, large).map { 5e9 * $0 + 2e-9 * $1 }
        let fit = try leastSquares(Matrix(columns: [small, large]), b)
        #expect(abs(fit.coefficients[0] / 5e9 - 1) < 1e-9 && abs(fit.coefficients[1] / 2e-9 - 1) < 1e-9)
    }

    @Test func `dependent columns are refused with their rank`() {
        #expect(throws: LeastSquaresError.rankDeficient(rank: 1, columns: 2)) {
            try leastSquares(Matrix(columns: [[1, 1, 1], [2, 2, 2]]), [1, 2, 3])
        }
    }

    @Test func `a NaN is an error, not a crash`() {
        #expect(throws: LeastSquaresError.notFinite) {
            try leastSquares(Matrix(columns: [[1, .nan]]), [1, 2])
        }
    }

    @Test func `fewer rows than columns are refused`() {
        #expect(throws: LeastSquaresError.tooFewRows(rows: 1, columns: 2)) {
            try leastSquares(Matrix(columns: [[1], [2]]), [1])
        }
    }
}
