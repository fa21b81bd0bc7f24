import Distributions
import Profiles
import TestSupport
import Testing
import Traces

/// Rows of a trace some of which were cancelled, one request each.
func censoredRows(_ lengths: [Int], _ log: [(value: Double, isCensored: Bool)], heldOut: Int = 0) -> TraceRows {
    var rows = deviceRows(zip(lengths, log).map { ($0, $1.value) }, heldOut: heldOut)
    rows.isCensored = log.map(\.isCensored)
    return rows
}

/// The first length of the doubling that holds `length`, as a pooled server trace is read.
private func doubling(_ length: Int) -> Int { 1 << (Int.bitWidth - 1 - length.leadingZeroBitCount) }

private let grid = stride(from: 0.2, through: 3, by: 0.1)

/// The largest distance of two survival functions up to 3 s, where lengths up to 600 tokens let the server be seen.
private func distance(_ times: Empirical, slope: Double = 0) -> Double {
    grid.reduce(0) { max($0, abs(times.survival(at: $1) - Races.serverSurvival($1, slope: slope))) }
}

@Suite struct `Server times from a log of races` {
    @Test(arguments: 1...40)
    func `are those of the world, and both naive readings are far off`(seed: Int) throws {
        let races = Races(count: 4_000, seed: seed)
        let log = races.serverLog
        let rows = censoredRows(races.lengths.map(doubling), log)
        let profile = try #require(ServerProfile(rows: rows, part: .all, isConditioned: false, timeout: 60))
        // Cancelling goes with the length here, the server's time does not: all rows are right together.
        #expect(profile.strata?.cancellingGoesWithLength == true && profile.strata?.isNeeded == false)
        let estimate = KaplanMeier(values: log.map(\.value), isCensored: log.map(\.isCensored))
        for t in grid {
            let error = abs(profile.pooled.survival(at: t) - Races.serverSurvival(t))
            #expect(error < 4.5 * estimate.standardError(at: t) + 1e-3)
        }
        #expect(distance(profile.pooled) < 0.06)
        #expect(distance(Empirical(samples: log.filter { !$0.isCensored }.map(\.value))) > 0.10)
        #expect(distance(Empirical(samples: log.map(\.value))) > 0.15)
        #expect(profile.pooled.massAtInfinity == 0 && profile.pooled.unidentified < 0.12)
    }

    @Test func `have no bias over many logs`() throws {
        let survivals = try (1...60).map { seed in
            let races = Races(count: 1_000, seed: seed)
            let rows = censoredRows(races.lengths.map(doubling), races.serverLog)
            return try #require(ServerProfile(rows: rows, part: .all, isConditioned: false, timeout: 60)).pooled
        }
        for t in grid {
            let found = survivals.map { $0.survival(at: t) }
            let mean = found.reduce(0, +) / 60
            let spread = (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 59).squareRoot()
            #expect(abs(mean - Races.serverSurvival(t)) < 4 * spread / 60.0.squareRoot() + 1e-4, "at \(t) s")
        }
    }

    @Test(arguments: 1...20)
    func `are estimated by group where the server's time goes with the length too`(seed: Int) throws {
        let slope = 0.006
        let races = Races(count: 8_000, seed: seed, slope: slope)
        // Every other request was left to the server alone, as in a trial of hedging.
        let log = races.halfLog
        let rows = censoredRows(races.lengths.map(doubling), log)
        let profile = try #require(ServerProfile(rows: rows, part: .all, isConditioned: false, timeout: 60))
        #expect(profile.strata?.isNeeded == true && profile.pooled.unidentified < 0.01)
        let together = Empirical(
            KaplanMeier(values: log.map(\.value), isCensored: log.map(\.isCensored), horizon: 60), unidentifiedAt: 60)
        #expect(distance(profile.pooled, slope: slope) < 0.03)
        #expect(distance(together, slope: slope) > 0.036)
    }

    @Test func `beyond what the shortest group shows a mixture's survival is an upper bound`() throws {
        let races = Races(count: 8_000, seed: 5, slope: 0.004, deviceWait: 1.5)
        let rows = censoredRows(races.lengths.map(doubling), races.serverLog)
        let profile = try #require(ServerProfile(rows: rows, part: .all, isConditioned: false, timeout: 60))
        let limit = try #require(profile.pooled.censoring?.identifiedUpTo)
        #expect(profile.strata?.isNeeded == true && limit > 1.5 && limit < 3 && profile.pooled.unidentified > 0.1)
        for t in grid {
            let error = profile.pooled.survival(at: t) - Races.serverSurvival(t, slope: 0.004)
            #expect(error > -0.03 && (t > limit || error < 0.03))
        }
    }

    @Test func `groups asked for are estimated one by one`() throws {
        let races = Races(count: 20_000, seed: 3, slope: 0.004)
        let edges = [1, 200, 400]
        let rows = censoredRows(races.lengths.map { $0 < 200 ? 1 : $0 < 400 ? 200 : 400 }, races.serverLog)
        let profile = try #require(ServerProfile(rows: rows, part: .all, isConditioned: true, timeout: 60))
        #expect(profile.lowerEdges == edges)
        let own = zip(races.lengths, races.server).filter { $0.0 >= 400 }.map(\.1)
        let complete = Empirical(samples: own)
        for t in grid { #expect(abs(profile.groups[2].survival(at: t) - complete.survival(at: t)) < 0.04) }
    }

    @Test func `failures stay failures, and only what was seen to fail counts`() throws {
        let races = Races(count: 20_000, seed: 8, failing: 0.1)
        // The device is left alone until 4 s have passed, so most failures are cancelled; those seen keep their weight.
        let rows = censoredRows(races.lengths.map(doubling), races.serverLog)
        let raced = try #require(ServerProfile(rows: rows, part: .all, isConditioned: false, timeout: 60))
        #expect(raced.pooled.massAtInfinity == 0 && raced.pooled.unidentified > 0.1)
        let single = races.server.map { (value: $0, isCensored: false) }
        let mixed = try #require(
            ServerProfile(
                rows: censoredRows(races.lengths + races.lengths, races.serverLog + single), part: .all,
                isConditioned: false, timeout: 60))
        #expect(mixed.pooled.unidentified < 0.01 && abs(mixed.pooled.massAtInfinity - 0.1) < 0.02)
    }

    @Test func `a part without an answer is known to know nothing`() throws {
        let log = [(1.0, false), (2, false), (0.5, true), (0.7, true)].map { (value: $0.0, isCensored: $0.1) }
        let rows = censoredRows([1, 1, 1, 1], log, heldOut: 2)
        let heldOut = try #require(ServerProfile(rows: rows, part: .heldOut, isConditioned: false, timeout: 60))
        #expect(heldOut.pooled.unidentified == 1 && heldOut.pooled.support == [60])
        let tuning = try #require(ServerProfile(rows: rows, part: .tuning, isConditioned: false, timeout: 60))
        #expect(tuning.pooled == Empirical(values: [1, 2], counts: [1, 1], horizon: 60) && tuning.strata == nil)
    }

    @Test func `a row cancelled at the timeout or later has failed`() throws {
        let log = [(1.0, false), (60, true), (75, true)].map { (value: $0.0, isCensored: $0.1) }
        let profile = try #require(
            ServerProfile(rows: censoredRows([1, 1, 1], log), part: .all, isConditioned: false, timeout: 60))
        #expect(abs(profile.pooled.massAtInfinity - 2 / 3.0) < 1e-15 && profile.pooled.unidentified == 0)
    }

    @Test func `bounds that go with the length do not speak against pooling`() throws {
        let races = Races(count: 4_000, seed: 1)
        let evidence = try #require(PoolingEvidence(rows: censoredRows(races.lengths.map(doubling), races.serverLog)))
        #expect(!evidence.speaksAgainstPooling && evidence.groups.contains { $0.cancelled > 0 })
        let tied = Races(count: 4_000, seed: 1, slope: 0.004)
        #expect(
            try #require(PoolingEvidence(rows: censoredRows(tied.lengths.map(doubling), tied.halfLog)))
                .speaksAgainstPooling)
    }
}

@Suite struct `Device curve from a log of races` {
    @Test func `has the world's level and slope within its errors, and both naive fits have not`() throws {
        let level = 0.148 + 0.00668 * 400
        var slopes: [Double] = []
        var levels: [Double] = []
        var stated: [Double] = []
        var dropped: [Double] = []
        var taken: [Double] = []
        for seed in 1...24 {
            let races = Races(count: 800, seed: seed, noise: 0.3, shortest: 150)
            let log = races.deviceLog
            func fit(_ rows: TraceRows) throws -> DeviceFit {
                try DeviceProfile(rows: rows, part: .all, usesResiduals: true, timeout: 60).fit
            }
            let ours = try fit(censoredRows(races.lengths, log))
            #expect(ours.perTokenSquared == 0 && abs((ours.rSquared ?? 0) - 0.89) < 0.05)
            slopes.append(ours.perToken - 0.00668)
            stated.append(ours.standardErrors[1])
            levels.append(ours.seconds(promptTokens: 400) - level)
            let answered = zip(races.lengths, log).filter { !$0.1.isCensored }
            dropped.append(
                try fit(censoredRows(answered.map(\.0), answered.map(\.1))).seconds(promptTokens: 400) - level)
            taken.append(
                try fit(censoredRows(races.lengths, log.map { ($0.value, false) })).seconds(promptTokens: 400) - level)
        }
        func summary(_ values: [Double]) -> (mean: Double, spread: Double) {
            let mean = values.reduce(0, +) / 24
            return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 23).squareRoot())
        }
        for (mean, spread) in [summary(slopes), summary(levels)] { #expect(abs(mean) < 4 * spread / 24.0.squareRoot()) }
        let ratio = summary(stated).mean / summary(slopes).spread
        #expect(ratio > 0.6 && ratio < 1.8)
        #expect(summary(dropped).mean < -0.04 && summary(taken).mean < -0.8)
    }

    @Test(arguments: 1...10)
    func `has the world's times, as far as they are seen`(seed: Int) throws {
        let races = Races(count: 4_000, seed: seed, noise: 0.1)
        let profile = try DeviceProfile(
            rows: censoredRows(races.lengths, races.deviceLog), part: .all, usesResiduals: true, timeout: 60)
        #expect(abs(profile.masses.reduce(0, +) + profile.failedShare - 1) < 1e-12)
        for length in [100, 300, 500] {
            let line = 0.148 + 0.00668 * Double(length)
            for (deviation, share) in [(-0.1, 0.8413), (0, 0.5), (0.1, 0.1587)] {
                let found = profile.survival(promptTokens: length, at: line + deviation)
                #expect(abs(found - share) < 0.06, "\(length) tokens, \(deviation) s")
            }
        }
    }

    @Test func `mass that is not identified answers at the timeout and is no failure`() throws {
        // On a line but for one row that was cancelled late.
        let log =
            (1...50).map { (value: 0.1 + 0.01 * Double($0), isCensored: false) } + [(value: 5.0, isCensored: true)]
        let rows = censoredRows(Array(1...50) + [20], log)
        for usesResiduals in [true, false] {
            let profile = try DeviceProfile(rows: rows, part: .all, usesResiduals: usesResiduals, timeout: 60)
            #expect(abs(profile.fit.perToken - 0.01) < 1e-9 && profile.failedShare == 0)
            #expect(profile.residuals.last == .infinity && abs((profile.masses.last ?? 0) - 1 / 51.0) < 1e-12)
            #expect(profile.seconds(promptTokens: 7, residual: .infinity) == 60)
            #expect(abs(profile.survival(promptTokens: 7, at: 59) - 1 / 51.0) < 1e-12)
            #expect(profile.residualQuantile(1) < 1e-9 && profile.censoring?.rows == 1)
        }
    }

    @Test func `a held-out part keeps its curve, cancelled or failed as it may be`() throws {
        let log = [(0.1, false), (0.2, false), (0.3, true), (Double.infinity, false)]
            .map { (value: $0.0, isCensored: $0.1) }
        let rows = censoredRows([1, 2, 3, 4], log, heldOut: 2)
        let tuned = try DeviceProfile(rows: rows, part: .tuning, usesResiduals: true, timeout: 60)
        let judged = try DeviceProfile(rows: rows, part: .heldOut, usesResiduals: true, curve: tuned.fit, timeout: 60)
        #expect(judged.fit == tuned.fit && judged.failedShare == 0.5 && judged.residuals == [.infinity])
    }

    @Test func `cancelled rows alone, or one length alone, make no curve`() {
        #expect(throws: ProfileError.censored(rows: 2)) {
            try DeviceProfile(
                rows: censoredRows([1, 2], [(1, true), (2, true)]), part: .all, usesResiduals: true, timeout: 60)
        }
        #expect(throws: ProfileError.tooFewLengths(found: [2])) {
            try DeviceProfile(
                rows: censoredRows([1, 2], [(1, true), (2, false)]), part: .all, usesResiduals: true, timeout: 60)
        }
    }
}
