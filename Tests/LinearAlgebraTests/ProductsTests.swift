import LinearAlgebra
import TestSupport
import Testing

@Suite struct Products {
    @Test(arguments: [1, 2, 3]) func `a product equals the sums it stands for`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let (m, n, k) = (7, 5, 9)
        var a = Matrix(rows: m, columns: k)
        var b = Matrix(rows: k, columns: n)
        for i in a.elements.indices { a.elements[i] = .random(in: -1...1, using: &generator) }
        for i in b.elements.indices { b.elements[i] = .random(in: -1...1, using: &generator) }
        let c = product(a, b)
        for i in 0..<m {
            for j in 0..<n {
                let sum = (0..<k).reduce(0) { $0 + a[i, $1] * b[$1, j] }
                #expect(abs(c[i, j] - sum) < 1e-13)
            }
        }
    }

    @Test func `weighted sums go down the columns`() {
        var result = [0.0, 0]
        weightedSums(of: [1, 2, 3, 4, 5, 6], rows: 3, columns: 2, weights: [1, 10, 100], into: &result)
        #expect(result == [321, 654])
    }

    @Test func `the same product gives the same bits every time`() {
        var a = Matrix(rows: 200, columns: 200)
        for i in a.elements.indices { a.elements[i] = 1 / Double(i + 1) }
        #expect(product(a, a) == product(a, a))
    }

    @Test func `the engine names its kernels, and they are not those for a CPU it does not know`() {
        #expect(Engine.name.hasPrefix("OpenBLAS "))
        #expect(!Engine.name.hasSuffix(" Prescott"))
    }
}
