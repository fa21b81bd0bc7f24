import LinearAlgebra
import TestSupport
import Testing

@Suite struct Products {
    @Test(arguments: [1, 2, 3]) func `weighted sums equal the sums they stand for, with the same bits every time`(
        seed: Int
    ) {
        var generator = SeededGenerator(seed: seed)
        let (rows, columns) = (400, 64)
        let values = (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &generator) }
        let weights = (0..<rows).map { _ in Double.random(in: 0...1, using: &generator) }
        var first = [Double](repeating: 0, count: columns)
        var second = first
        weightedSums(of: values, rows: rows, columns: columns, weights: weights, into: &first)
        weightedSums(of: values, rows: rows, columns: columns, weights: weights, into: &second)
        #expect(first == second)
        for j in 0..<columns {
            let sum = (0..<rows).reduce(0) { $0 + values[j * rows + $1] * weights[$1] }
            #expect(abs(first[j] - sum) < 1e-12)
        }
    }

    @Test func `weighted sums go down the columns`() {
        var result = [0.0, 0]
        weightedSums(of: [1, 2, 3, 4, 5, 6], rows: 3, columns: 2, weights: [1, 10, 100], into: &result)
        #expect(result == [321, 654])
    }

    @Test func `the engine names its kernels, and they are not those for a CPU it does not know`() {
        #expect(Engine.name.hasPrefix("OpenBLAS "))
        #expect(!Engine.name.hasSuffix(" Prescott"))
    }

    @Test(arguments: [(3, 4, 5), (1, 1, 1), (1, 7, 200), (129, 70, 33), (2, 0, 3), (0, 3, 2)])
    func `a product equals the loops it stands for, with the same bits every time`(_ m: Int, _ k: Int, _ n: Int) {
        var generator = SeededGenerator(seed: 100 * m + 10 * k + n)
        func random(_ rows: Int, _ columns: Int) -> Matrix {
            var matrix = Matrix(rows: rows, columns: columns)
            for i in matrix.elements.indices { matrix.elements[i] = Double.random(in: -1...1, using: &generator) }
            return matrix
        }
        let (a, b) = (random(m, k), random(k, n))
        let c = product(a, b)
        #expect(c.rows == m && c.columns == n)
        #expect(product(a, b) == c)
        for i in 0..<m {
            for j in 0..<n {
                let sum = (0..<k).reduce(0) { $0 + a[i, $1] * b[$1, j] }
                #expect(abs(c[i, j] - sum) < 1e-12)
            }
        }
    }
}
