import Profiles
import TestSupport
import Testing
import Traces

/// Rows of a device trace, one request each.
func deviceRows(_ pairs: [(length: Int, ttft: Double)], heldOut: Int = 0) -> TraceRows {
    var rows = TraceRows()
    rows.promptTokens = pairs.map(\.length)
    rows.ttft = pairs.map(\.ttft)
    rows.outputTokens = pairs.map { _ in -1 }
    rows.hours = pairs.map { _ in TraceRows.noHour }
    rows.isCensored = pairs.map { _ in false }
    rows.isHeldOut = pairs.indices.map { $0 >= pairs.count - heldOut }
    rows.counts = pairs.map { _ in 1 }
    return rows
}

@Suite struct `Device profile` {
    @Test(arguments: 1...5)
    func `a straight noisy trace gives back its line within its standard errors`(seed: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let pairs = (0..<400).map { i in
            let length = 1 + (i * 37) % 600
            return (length, 0.15 + 0.0067 * Double(length) + Double.random(in: -0.05...0.05, using: &generator))
        }
        let profile = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60)
        #expect(profile.fit.perTokenSquared == 0)
        #expect(abs(profile.fit.perToken - 0.0067) < 5 * profile.fit.standardErrors[1])
        #expect(abs(profile.fit.intercept - 0.15) < 5 * profile.fit.standardErrors[0])
        #expect(abs(zip(profile.residuals, profile.masses).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-12)
        #expect(profile.fit.lengthRange == 1...600)
    }

    @Test func `a curved trace is fitted with its curve`() throws {
        let pairs = (1...60).map { i in
            let l = Double(10 * i)
            let noise = i.isMultiple(of: 2) ? 0.01 : -0.01
            return (10 * i, 0.2 + 0.003 * l + 2e-5 * l * l + noise)
        }
        let profile = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60)
        #expect(abs(profile.fit.perTokenSquared - 2e-5) < 1e-6)
        #expect((profile.fit.curvatureT ?? 0) > 3.29)
    }

    @Test func `failures are a share, not a time, and the fit leaves them out`() throws {
        let pairs = [(1, 0.1), (2, 0.2), (3, 0.3), (4, Double.infinity), (5, 100)]
        let profile = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60)
        #expect(profile.failedShare == 0.4 && profile.observations == 5)
        #expect(abs(profile.fit.perToken - 0.1) < 1e-12)
        #expect(abs(profile.survival(promptTokens: 3, at: 1_000) - 0.4) < 1e-12)
        #expect(profile.survival(promptTokens: 3, at: 0.05) == 1)
    }

    @Test func `no time falls below the smallest observed one`() throws {
        let pairs = [(1, 0.5), (1, 0.1), (100, 1.0), (100, 1.4)]
        let profile = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60)
        #expect(profile.floor == 0.1)
        for r in profile.residuals { #expect(profile.seconds(promptTokens: 1, residual: r) >= 0.1) }
    }

    @Test func `one length is too few for a line, and the error says what to do`() {
        let error = #expect(throws: ProfileError.self) {
            try DeviceProfile(rows: deviceRows([(5, 1), (5, 2)]), part: .all, usesResiduals: true, timeout: 60)
        }
        #expect(error == .tooFewLengths(found: [5]))
        #expect(error?.description.contains("intercept") == true)
    }

    @Test func `a trace in which everything failed cannot be fitted`() {
        #expect(throws: ProfileError.nothingAnswered(rows: 2)) {
            try DeviceProfile(
                rows: deviceRows([(5, .infinity), (6, .infinity)]), part: .all, usesResiduals: true, timeout: 60)
        }
    }

    @Test func `a formula that is not positive somewhere is refused`() {
        #expect(throws: ProfileError.notPositive(promptTokens: 1, seconds: -0.5)) {
            try DeviceProfile(fit: DeviceFit(intercept: -1, perToken: 0.5), lengths: [1, 9])
        }
    }

    @Test func `very many residuals are summarized by equal masses with the same mean`() throws {
        var generator = SeededGenerator(seed: 9)
        let pairs = (0..<10_000).map { ($0 % 50 + 1, 1 + Double.random(in: 0...1, using: &generator)) }
        let profile = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60)
        #expect(profile.residuals.count == DeviceProfile.maximalResiduals && profile.residualsSeen == 10_000)
        #expect(abs(profile.masses.reduce(0, +) - 1) < 1e-12)
        #expect(abs(zip(profile.residuals, profile.masses).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-12)
    }

    @Test(arguments: [1_500, 5_000])
    func `invariant 4: every row twice leaves the residuals as they are`(rows: Int) throws {
        var generator = SeededGenerator(seed: rows)
        let pairs = (0..<rows).map { ($0 % 50 + 1, 1 + Double.random(in: 0...1, using: &generator)) }
        let curve = DeviceFit(intercept: 1, perToken: 0.01)
        let profiles = try [pairs, pairs + pairs].map {
            try DeviceProfile(rows: deviceRows($0), part: .all, usesResiduals: true, curve: curve, timeout: 60)
        }
        #expect(profiles[0].residuals.count == profiles[1].residuals.count)
        for (one, two) in zip(profiles[0].residuals, profiles[1].residuals) { #expect(abs(one - two) < 1e-12) }
    }

    @Test func `beyond the prompts seen a concave curve goes on along its tangent`() throws {
        let pairs = (1...60).map { i in
            let l = Double(10 * i)
            return (10 * i, 0.1 + 0.01 * l - 8e-6 * l * l + (i.isMultiple(of: 2) ? 0.001 : -0.001))
        }
        let fit = try DeviceProfile(rows: deviceRows(pairs), part: .all, usesResiduals: true, timeout: 60).fit
        #expect(fit.perTokenSquared < 0)
        let seconds = [600, 601, 9_000].map(fit.seconds(promptTokens:))
        #expect(seconds[0] < seconds[1] && seconds[2] > 5)
        #expect(abs(seconds[1] - seconds[0] - (0.01 - 2 * 8e-6 * 600)) < 1e-4)
    }

    @Test func `an outage in the held-out part is judged, not refused`() throws {
        let rows = deviceRows([(1, 0.1), (2, 0.2), (3, .infinity)], heldOut: 1)
        let tuned = try DeviceProfile(rows: rows, part: .tuning, usesResiduals: true, timeout: 60)
        let judged = try DeviceProfile(rows: rows, part: .heldOut, usesResiduals: true, curve: tuned.fit, timeout: 60)
        #expect(judged.failedShare == 1 && judged.survival(promptTokens: 3, at: 59) == 1)
    }

    @Test func `the held-out part keeps the curve it is judged by`() throws {
        let rows = deviceRows([(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.9)], heldOut: 1)
        let tuned = try DeviceProfile(rows: rows, part: .tuning, usesResiduals: true, timeout: 60)
        let judged = try DeviceProfile(rows: rows, part: .heldOut, usesResiduals: true, curve: tuned.fit, timeout: 60)
        #expect(judged.fit == tuned.fit && abs(judged.residuals[0] - 0.5) < 1e-12)
    }
}
