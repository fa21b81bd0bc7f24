import LinearAlgebra

extension SolverBenchmarks {
    /// The product of two square matrices of `--order`: what the processor can multiply at best.
    static func multiplying(_ options: Options) -> Report {
        let order = options.number("order", else: 1_024)
        let (a, b) = (matrix(order, order), matrix(order, order))
        return Report(seconds: measure(options, ready: {}) { product(a, b) }, rows: order)
    }

    /// The two products behind forecasts of `--plans` plans from `--resamples` resamples of `--hours` hours: counts of
    /// each hour's times between `--keys` waits into hourly sums, and these into resamples.
    static func products(_ options: Options) -> Report {
        let (plans, keys) = (options.number("plans", else: 128), options.number("keys", else: 100))
        let (hours, resamples) = (options.number("hours", else: 168), options.number("resamples", else: 1_000))
        let (table, counts, draws) = (matrix(plans + 1, keys), matrix(keys, hours), matrix(hours, resamples))
        return Report(seconds: measure(options, ready: {}) { product(product(table, counts), draws) }, rows: hours)
    }

    /// A matrix of numbers between 0 and 1.
    private static func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        var result = Matrix(rows: rows, columns: columns)
        for i in result.elements.indices { result.elements[i] = Double(i &* 7_919 % 1_009) / 1_009 }
        return result
    }
}
