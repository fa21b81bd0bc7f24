import Distributions
import TestSupport
import Testing

@Suite struct `Kaplan-Meier estimate` {
    @Test func `is worked by hand, with its standard errors`() {
        // 6 at risk at 1; 4 at 3, of which 2 come; 1 at 5.
        let estimate = KaplanMeier(
            values: [3, 1, 2, 5, 3, 4], isCensored: [false, false, true, false, false, true])
        #expect(estimate.times == [1, 3, 5])
        #expect(abs(estimate.survival[0] - 5 / 6.0) < 1e-15 && abs(estimate.survival[1] - 5 / 12.0) < 1e-15)
        #expect(estimate.survival[2] == 0 && estimate.unidentified == 0 && estimate.massAtInfinity == 0)
        #expect(abs(estimate.standardErrors[1] - 5 / 12.0 * (1 / 30.0 + 2 / 8.0).squareRoot()) < 1e-15)
        #expect(estimate.observations == 6 && estimate.censored == 2 && estimate.identifiedUpTo == .infinity)
        #expect(estimate.survival(at: 0.5) == 1 && estimate.survival(at: 3) == estimate.survival(at: 4.9))
    }

    @Test func `of equal values the event comes before the bound`() {
        let estimate = KaplanMeier(values: [2, 2, 7], isCensored: [true, false, false])
        #expect(abs(estimate.survival[0] - 2 / 3.0) < 1e-15 && estimate.survival[1] == 0)
    }

    @Test func `bounds beyond the last event are not identified, and no failures`() {
        // 1 comes of 4, then of the three left one is known never to come, two are only known to be later.
        let estimate = KaplanMeier(
            values: [1, .infinity, 3, 1], isCensored: [false, false, true, true])
        #expect(estimate.times == [1] && estimate.identifiedUpTo == 1)
        #expect(abs(estimate.massAtInfinity - 0.25) < 1e-15 && abs(estimate.unidentified - 0.5) < 1e-15)
    }

    @Test func `a bound that reaches the horizon is a failure`() {
        let estimate = KaplanMeier(
            values: [1, 60, 70, 60], isCensored: [false, true, true, false], horizon: 60)
        #expect(estimate.times == [1, 60] && estimate.massAtInfinity == 0.5 && estimate.unidentified == 0)
    }

    @Test func `takes bounds alone, one event alone and failures alone`() {
        let bounds = KaplanMeier(values: [1, 2], isCensored: [true, true])
        #expect(bounds.times.isEmpty && bounds.unidentified == 1 && bounds.survival(at: 9) == 1)
        let one = KaplanMeier(values: [4], isCensored: [false])
        #expect(one.survival == [0] && one.standardErrors == [0] && one.unidentified == 0)
        let failures = KaplanMeier(values: [.infinity], isCensored: [false], counts: [3])
        #expect(failures.massAtInfinity == 1 && failures.unidentified == 0)
    }

    @Test(arguments: 1...60)
    func `moves mass to the right as Efron's redistribution does`(seed: Int) {
        var generator = SeededGenerator(seed: seed)
        let n = Int.random(in: 1...40, using: &generator)
        let values = (0..<n).map { _ in
            Int.random(in: 0..<7, using: &generator) == 0
                ? .infinity : Double(Int.random(in: 1...12, using: &generator))
        }
        let isCensored = values.map { $0 < .infinity && Bool.random(using: &generator) }
        let estimate = KaplanMeier(values: values, isCensored: isCensored)
        // Each observation carries 1 / n; a bound gives what it carries to all that lie later, in equal parts, as long as an
        // event is still to come.
        let order = values.indices.sorted {
            (values[$0], isCensored[$0] ? 1 : 0) < (values[$1], isCensored[$1] ? 1 : 0)
        }
        let last = values.indices.filter { !isCensored[$0] && values[$0] < .infinity }.map { values[$0] }.max() ?? 0
        var mass = [Double](repeating: 1 / Double(n), count: n)
        for (place, i) in order.enumerated() where isCensored[i] && values[i] < last {
            let later = order[(place + 1)...].filter { values[$0] > values[i] }
            for j in later { mass[j] += mass[i] / Double(later.count) }
            mass[i] = 0
        }
        func sum(_ isMeant: (Int) -> Bool) -> Double { values.indices.filter(isMeant).reduce(0) { $0 + mass[$1] } }
        for (k, time) in estimate.times.enumerated() {
            #expect(abs(estimate.mass(at: k) - sum { values[$0] == time && !isCensored[$0] }) < 1e-12)
        }
        #expect(abs(estimate.massAtInfinity - sum { values[$0] == .infinity }) < 1e-12)
        #expect(abs(estimate.unidentified - sum { isCensored[$0] }) < 1e-12)
        // Counts are repeated rows.
        let twice = KaplanMeier(values: values, isCensored: isCensored, counts: values.map { _ in 2 })
        #expect(twice.times == estimate.times && abs(twice.unidentified - estimate.unidentified) < 1e-12)
    }

    @Test func `is the plain empirical distribution, to the bit, where nothing is a bound`() {
        var generator = SeededGenerator(seed: 5)
        let values = (0..<500).map { _ in Double(Int.random(in: 1...80, using: &generator)) / 7 }
        let plain = Empirical(samples: values)
        let estimate = KaplanMeier(values: values, isCensored: values.map { _ in false })
        #expect(estimate.times == plain.support && estimate.survival == Array(plain.survival.dropFirst()))
    }

    @Test func `Greenwood's errors are the spread of the estimate over many samples`() {
        let at = [0.3, 0.7, 1.2]
        let estimates = (1...400).map { seed in
            // Neighbouring seeds give one sequence, shifted by a number; these begin far apart.
            var generator = SeededGenerator(seed: seed << 32)
            let pairs = (0..<150).map { _ in
                (Double.random(in: 0..<2, using: &generator), Double.random(in: 0..<2, using: &generator))
            }
            return KaplanMeier(values: pairs.map { min($0.0, $0.1) }, isCensored: pairs.map { $0.1 < $0.0 })
        }
        for t in at {
            let found = estimates.map { $0.survival(at: t) }
            let mean = found.reduce(0, +) / 400
            let spread = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399).squareRoot()
            let stated = estimates.reduce(0) { $0 + $1.standardError(at: t) } / 400
            #expect(abs(mean - (1 - t / 2)) < 4 * spread / 20)
            #expect(abs(stated / spread - 1) < 0.15)
        }
    }
}

@Suite struct `A distribution with lower bounds` {
    // Half of the mass comes by 2 s, a quarter never comes, of a quarter it is known that it lies beyond 2 s.
    let estimate = KaplanMeier(
        values: [1, 2, 3, .infinity], isCensored: [false, false, true, false], horizon: 60)
    var times: Empirical { Empirical(estimate, unidentifiedAt: 60) }

    @Test func `has what is not identified at the end, and not among the failures`() {
        #expect(times.support == [1, 2, 60] && times.massAtInfinity == 0.25 && times.unidentified == 0.25)
        #expect(times.censoring?.identifiedUpTo == 2 && times.censoring?.observations == 1)
        #expect(abs(times.mean(cappedAt: 60) - (1 + 2 + 60 + 60) / 4) < 1e-12)
        #expect(abs(times.leastMean(cappedAt: 60) - (1 + 2 + 2 + 60) / 4) < 1e-12)
    }

    @Test func `its quantiles end where observation does`() {
        #expect(times.seenQuantile(0.5) == 2 && times.seenQuantile(0.6) == .infinity)
        #expect(times.quantile(0.6) == 60 && times.quantile(0.8) == .infinity)
    }

    @Test func `mass that is not identified is known to be late only before the last event`() {
        #expect(times.knownSurvival(at: 1.5) == 0.75 && times.survival(at: 2) == 0.5)
        #expect(times.knownSurvival(at: 2) == 0.25 && times.knownSurvival(at: 59) == 0.25)
        #expect(times.knownSurvival(at: 60) == 0.25)
    }

    @Test func `a mixture is known as far as the first of its parts`() {
        let whole = KaplanMeier(values: [1, 30], isCensored: [false, false])
        let mixed = Empirical([estimate, whole], weights: [3, 1], unidentifiedAt: 60)
        #expect(mixed.support == [1, 2, 30, 60] && mixed.censoring?.identifiedUpTo == 2)
        #expect(abs(mixed.survival(at: 1) - (0.75 * 0.75 + 0.25 * 0.5)) < 1e-12)
        #expect(abs(mixed.unidentified - 0.1875) < 1e-12 && abs(mixed.massAtInfinity - 0.1875) < 1e-12)
    }

    @Test func `bounds alone leave everything open`() {
        let open = Empirical(KaplanMeier(values: [1, 2], isCensored: [true, true]), unidentifiedAt: 60)
        #expect(open.support == [60] && open.massAtInfinity == 0 && open.seenQuantile(0.01) == .infinity)
        #expect(open.censoring?.identifiedUpTo == 0 && open.leastMean(cappedAt: 60) == 0)
    }
}
