import Distributions
import TestSupport
import Testing

@Suite struct `Counter-based random numbers` {
    @Test func `a number depends on seed, stream and draw, and on nothing else`() {
        let one = CounterRandom(seed: 7, stream: 3)
        #expect(one.bits(5) == CounterRandom(seed: 7, stream: 3).bits(5))
        let others = [
            one.bits(6), CounterRandom(seed: 8, stream: 3).bits(5), CounterRandom(seed: 7, stream: 4).bits(5),
        ]
        #expect(!others.contains(one.bits(5)))
    }

    @Test(arguments: [1, 2, 3, 10, 61]) func `draws below a bound are all equally likely`(bound: Int) {
        var times = [Int](repeating: 0, count: bound)
        let draws = 20_000
        for stream in 0..<20 {
            let random = CounterRandom(seed: 1, stream: stream)
            for draw in 0..<draws / 20 { times[random.below(bound, draw)] += 1 }
        }
        let mean = Double(draws) / Double(bound)
        let chi = times.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
        #expect(chi <= Double(bound - 1) + 5 * (2 * Double(bound)).squareRoot())
    }
}

/// Every resample that can be drawn, each as likely as the others: the units in it.
private func allResamples(units: Int, block: Int, window: Int) -> [[Int]] {
    var resamples: [[Int]] = [[]]
    while resamples[0].count < window {
        resamples = resamples.flatMap { drawn in
            (0...units - block).map { start in drawn + Array(start..<start + min(block, window - drawn.count)) }
        }
    }
    return resamples
}

@Suite struct `Block bootstrap` {
    @Test(arguments: [(5, 2, 5), (4, 1, 3), (3, 3, 7), (6, 4, 2), (1, 1, 4), (7, 3, 3)])
    func `means and variances of resampled sums are those of all possible resamples`(
        _ units: Int, _ block: Int, _ window: Int
    ) {
        let values = (0..<units).map { Double(($0 * $0 * 7) % 11) + 1 }
        let bootstrap = BlockBootstrap(units: units, blockLength: block, windowLength: window, seed: 3)
        let draws = 20_000
        let counts = bootstrap.counts(resamples: 0..<draws)
        let sums = (0..<draws).map { r in values.indices.reduce(0) { $0 + values[$1] * counts[r + $1 * draws] } }
        let exact = allResamples(units: units, block: bootstrap.blockLength, window: window).map { drawn in
            drawn.reduce(0) { $0 + values[$1] }
        }
        func moments(_ sums: [Double]) -> (mean: Double, variance: Double) {
            let mean = sums.reduce(0, +) / Double(sums.count)
            return (mean, sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sums.count))
        }
        let (found, wanted) = (moments(sums), moments(exact))
        #expect(abs(found.mean - wanted.mean) <= 5 * (wanted.variance / Double(draws)).squareRoot() + 1e-9)
        #expect(abs(found.variance - wanted.variance) <= 0.06 * wanted.variance + 1e-9)
    }

    @Test func `single units are drawn like balls from an urn: variance n p (1 - p)`() {
        let bootstrap = BlockBootstrap(units: 4, blockLength: 1, windowLength: 8, seed: 1)
        let draws = 20_000
        let counts = bootstrap.counts(resamples: 0..<draws)
        for unit in 0..<4 {
            let own = (0..<draws).map { counts[$0 + unit * draws] }
            let mean = own.reduce(0, +) / Double(draws)
            let variance = own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws)
            #expect(abs(mean - 2) < 0.05 && abs(variance - 1.5) < 0.08)
        }
    }

    @Test func `each resample fills its window, whatever the block`() {
        for block in 1...9 {
            let bootstrap = BlockBootstrap(units: 9, blockLength: block, windowLength: 7, seed: 5)
            let counts = bootstrap.counts(resamples: 10..<30)
            for k in 0..<20 { #expect((0..<9).reduce(0) { $0 + counts[k + $1 * 20] } == 7) }
        }
    }

    @Test func `any split of the resamples gives the same counts`() {
        let bootstrap = BlockBootstrap(units: 50, windowLength: 24, seed: 9)
        let whole = bootstrap.counts(resamples: 0..<40)
        let (first, rest) = (bootstrap.counts(resamples: 0..<13), bootstrap.counts(resamples: 13..<40))
        for unit in 0..<50 {
            #expect(Array(whole[unit * 40..<unit * 40 + 13]) == Array(first[unit * 13..<(unit + 1) * 13]))
            #expect(Array(whole[unit * 40 + 13..<(unit + 1) * 40]) == Array(rest[unit * 27..<(unit + 1) * 27]))
        }
        #expect(BlockBootstrap(units: 50, windowLength: 24, seed: 10).counts(resamples: 0..<40) != whole)
    }

    @Test func `the standard block is the cube root, and never longer than series or window`() {
        #expect([1, 8, 9, 27, 69, 720].map(BlockBootstrap.standardBlockLength) == [1, 2, 3, 3, 5, 9])
        #expect(BlockBootstrap(units: 720, windowLength: 4, seed: 0).blockLength == 4)
        #expect(BlockBootstrap(units: 3, blockLength: 10, seed: 0).blockLength == 3)
    }

    @Test func `the predictive quantile is a value of the sample, one rank further than a plain one`() {
        let values = (1...19).map(Double.init)
        #expect(values.predictiveQuantile(0.95) == 19)
        #expect(values.predictiveQuantile(0.5) == 10)
        #expect(values.predictiveQuantile(0.9) == 18)
        #expect(values.predictiveQuantile(0) == 1 && values.predictiveQuantile(1) == 19)
        #expect([3.0].predictiveQuantile(0.95) == 3)
        #expect([2.0, 2, 2].predictiveQuantile(0.7) == 2)
    }

    @Test(arguments: 1...40) func `selecting from an unordered sample is sorting it first`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let values = (0..<Int.random(in: 1...200, using: &generator)).map { _ in
            seed.isMultiple(of: 2)
                ? Double(Int.random(in: 0...5, using: &generator)) : .random(in: 0...1, using: &generator)
        }
        for level in [0, 0.05, 0.5, 0.9, 0.95, 1] {
            for sample in [values, values.sorted(), values.sorted(by: >)] {
                #expect(sample.predictiveSelection(level) == values.sorted().predictiveQuantile(level))
            }
        }
    }

    /// Loads z(t) = 0.6 z(t − 1) + noise: an hour is like the one before it, and a day's mean varies four times as much
    /// (in variance) as that of unrelated hours would.
    @Test func `the next window of a load with memory stays below the predicted level about as often as promised`() {
        var generator = SeededGenerator(seed: 11)
        func normal() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
        }
        let (units, window, resamples, trials) = (240, 24, 199, 300)
        var kept = [0, 0]
        for trial in 0..<trials {
            var z = normal() * 1.25
            let load = (0..<units + window).map { _ in
                z = 0.6 * z + normal()
                return 10 + z
            }
            let future = load[units...].reduce(0, +)
            for (k, block) in [nil, 1].enumerated() {
                let bootstrap = BlockBootstrap(
                    units: units, blockLength: block, windowLength: window, seed: UInt64(trial))
                let counts = bootstrap.counts(resamples: 0..<resamples)
                let sums = (0..<resamples).map { r in
                    (0..<units).reduce(0) { $0 + load[$1] * counts[r + $1 * resamples] }
                }
                if future <= sums.sorted().predictiveQuantile(0.95) { kept[k] += 1 }
            }
        }
        let (blocks, singles) = (Double(kept[0]) / Double(trials), Double(kept[1]) / Double(trials))
        #expect(blocks > 0.88 && blocks < 0.99, "\(blocks)")
        #expect(singles < blocks - 0.05, "hours torn from their neighbours promise too much: \(singles)")
    }
}

@Suite struct `Rolling windows` {
    @Test(arguments: 1...30) func `sums and the largest ratio are those of brute force`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...40, using: &generator)
        // Small whole numbers: ties, empty hours, exact sums.
        let weights = (0..<count).map { _ in Double(Int.random(in: 0...3, using: &generator)) }
        let values = weights.map { $0 == 0 ? 0 : Double(Int.random(in: 0...Int($0), using: &generator)) }
        for length in 1...count {
            let starts = 0...(count - length)
            let sums = starts.map { values[$0..<$0 + length].reduce(0, +) }
            #expect(RollingWindow.sums(of: values, length: length) == sums)
            var best = (value: 0.0, start: 0)
            for start in starts {
                let weight = weights[start..<start + length].reduce(0, +)
                if weight > 0, sums[start] / weight > best.value { best = (sums[start] / weight, start) }
            }
            let found = RollingWindow.largestRatio(of: values, to: weights, length: length)
            #expect(found == best)
        }
    }

    @Test func `a huge element leaves nothing behind in the windows after it`() {
        let sums = RollingWindow.sums(of: [1e300, 1, 0.1, 0.2, 0, 0, 0], length: 2)
        #expect(sums == [1e300, 1.1, 0.1 + 0.2, 0.2, 0, 0])
    }

    @Test func `windows without weight have no ratio`() {
        #expect(RollingWindow.largestRatio(of: [0, 0, 0], to: [0, 0, 0], length: 2) == (0, 0))
        #expect(RollingWindow.largestRatio(of: [0, 1, 0], to: [0, 1, 0], length: 1) == (1, 1))
    }
}
