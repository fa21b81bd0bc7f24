import Policies
import Testing

@Suite struct `Rules of the policy table` {
    private typealias Bucket = PolicyTable.Bucket
    private typealias Choice = PolicyTable.Choice

    private func onlyViolation(of table: PolicyTable) throws -> PolicyViolation {
        let violations = table.violations()
        #expect(violations.count == 1, "\(violations)")
        return try #require(violations.first)
    }

    @Test func `a gap between buckets is named by its place`() throws {
        let violation = try onlyViolation(
            of: .sample(buckets: [.sample(from: 1, to: 12), .sample(from: 14, to: nil)]))
        #expect(violation.rule == .bucketGap)
        #expect(
            violation.description == """
                $.buckets[1].from: prompts between 12 and 14 tokens belong to no bucket: found 14, \
                wanted the length after 12 [bucket-gap]
                """)
    }

    @Test func `an overlap between buckets is named by its place`() throws {
        let violation = try onlyViolation(
            of: .sample(buckets: [.sample(from: 1, to: 12), .sample(from: 12, to: nil)]))
        #expect(violation.rule == .bucketOverlap && violation.path == "$.buckets[1].from")
    }

    @Test func `buckets at the largest lengths do not overflow`() {
        let buckets: [Bucket] = [
            .sample(from: 1, to: .max), .sample(from: .min, to: .min), .sample(from: .max, to: nil),
        ]
        let rules = Set(PolicyTable.sample(buckets: buckets).violations().map(\.rule))
        #expect(rules == [.bucketOverlap, .bucketGap, .countRange])
    }

    @Test(arguments: [Double.nan, -.infinity, .infinity])
    func `a number that is none is named, wherever it is`(value: Double) {
        var table = PolicyTable.sample(
            limits: ["ttft.mean": .init(atMost: value)],
            certificate: .init(
                status: .feasible, primal: value, bound: value, gap: value, scale: value,
                multipliers: ["ttft.mean": value]),
            expected: ["ttft.mean": value])
        table.timeout = value
        table.units.money = "USD"
        table.endpoints.server = .init(
            tpot: value, price: .init(prefill: value, decode: value), energy: .init(prefill: value, decode: value))
        table.budgetGuard = .init(endpoint: .server, budget: value)
        table.buckets = [.sample(from: 1, to: nil, actions: [Choice(probability: value, serverWait: 0, deviceWait: 0)])]
        let violations = table.violations()
        #expect(violations.allSatisfy { $0.rule == .numberFinite }, "\(violations)")
        #expect(violations.count == 15)
        #expect(Set(violations.map(\.path)).count == violations.count)
    }

    @Test(arguments: [(Double.nan, 0), (0, -.infinity), (-1e-300, 0), (-.infinity, .infinity)] as [(Double, Double)])
    func `a wait is at least 0 and a number`(server: Double, device: Double) throws {
        let actions = [Choice(serverWait: server, deviceWait: device)]
        let violations = PolicyTable.sample(buckets: [.sample(from: 1, to: nil, actions: actions)]).violations()
        #expect(violations.map(\.rule) == [.waitRange])
    }

    @Test func `a wait may come close to the timeout, not reach it`() throws {
        func table(_ wait: Double) -> PolicyTable {
            .sample(buckets: [.sample(from: 1, to: nil, actions: [Choice(serverWait: 0, deviceWait: wait)])])
        }
        #expect(table(60.0.nextDown).violations().isEmpty)
        #expect(table(.infinity).violations().isEmpty)
        #expect(table(-0.0).violations().isEmpty)
        #expect(try onlyViolation(of: table(60)).rule == .waitTimeout)
    }

    /// 1e-9 is the tolerance of the format; 0.5e-9 is inside, 2e-9 outside.
    @Test func `sums and limits are kept to 1e-9`() throws {
        func mixture(_ excess: Double) -> PolicyTable {
            let actions = [0.25, 0.75 + excess].map { Choice(probability: $0, serverWait: 0, deviceWait: 0) }
            return .sample(buckets: [.sample(from: 1, to: nil, actions: actions)])
        }
        #expect(mixture(0.5e-9).violations().isEmpty)
        #expect(try onlyViolation(of: mixture(2e-9)).rule == .mixtureSum)
        func limited(_ value: Double) -> PolicyTable {
            .sample(
                limits: ["failed_share": .init(atMost: 0.5, atLeast: 0.5)],
                expected: ["ttft.mean": 1, "failed_share": value])
        }
        for excess in [0.5e-9, -0.5e-9] { #expect(limited(0.5 + excess).violations().isEmpty) }
        for excess in [2e-9, -2e-9] { #expect(try onlyViolation(of: limited(0.5 + excess)).rule == .limitKept) }
    }

    @Test func `the certificate's tolerance goes with its scale`() throws {
        func table(scale: Double) -> PolicyTable {
            .sample(certificate: .init(status: .optimal, primal: 1e6, bound: 1e6 + 5e-4, scale: scale))
        }
        #expect(table(scale: 1e6).violations().isEmpty)
        #expect(try onlyViolation(of: table(scale: 1)).rule == .boundBelowPrimal)
    }

    /// A table whose quantile `objective` has a bound that a tail proves, both exact.
    private func quantileTable(
        _ objective: String = "ttft.p99", tail: PolicyTable.Certificate.Tail, primal: Double, bound: Double,
        status: PolicyTable.Certificate.Status = .optimal
    ) -> PolicyTable {
        var table = PolicyTable.sample(
            certificate: .init(status: status, primal: primal, bound: bound, scale: 1, tail: tail),
            expected: [objective: primal])
        table.objective = objective
        return table
    }

    /// 0.01 as the program has it, 1 - 0.99, is the double above 0.01's; the bound must be beyond that.
    @Test func `a tail is heavier than its quantile leaves, to the last bit`() throws {
        func table(_ bound: Double, _ objective: String = "ttft.p99") -> PolicyTable {
            quantileTable(objective, tail: .init(time: 2, bound: bound), primal: 2.0.nextUp, bound: 2.0.nextUp)
        }
        #expect(table((1 - 0.99).nextUp).violations().isEmpty)
        #expect(table(1).violations().isEmpty)
        #expect(try onlyViolation(of: table(1 - 0.99)).rule == .tailBound)
        #expect(try onlyViolation(of: table(1.0.nextUp)).rule == .tailBound)
        #expect(table((1 - 0.975).nextUp, "ttft.p97.5").violations().isEmpty)
        #expect(try onlyViolation(of: table(1 - 0.975, "ttft.p97.5")).rule == .tailBound)
    }

    @Test func `a quantile's bound is the tail's time or the double after it`() throws {
        func table(_ bound: Double, time: Double, primal: Double = 2) -> PolicyTable {
            quantileTable(tail: .init(time: time, bound: 0.5), primal: primal, bound: bound, status: .feasible)
        }
        for time in [0, 1.5, 2.0.nextDown, 2] { #expect(table(time, time: time).violations().isEmpty) }
        #expect(table(1.5.nextUp, time: 1.5).violations().isEmpty)
        #expect(try onlyViolation(of: table(1.5.nextUp.nextUp, time: 1.5)).rule == .tailProof)
        #expect(try onlyViolation(of: table(1.5.nextDown, time: 1.5)).rule == .tailProof)
        #expect(try onlyViolation(of: table(2.0.nextUp, time: 2.0.nextUp)).rule == .tailTime)
    }

    @Test func `an unproved quantile may be feasible, not optimal`() throws {
        var table = quantileTable(tail: .init(time: 2, bound: 1), primal: 2, bound: 2)
        table.certificate?.tail = nil
        #expect(try onlyViolation(of: table).rule == .tailMissing)
        table.certificate?.status = .feasible
        #expect(table.violations().isEmpty)
        table.certificate = nil
        #expect(table.violations().isEmpty)
    }

    @Test func `a multiplier's sign is that of its limit's side`() throws {
        func table(_ multiplier: Double, atMost: Double? = nil, atLeast: Double? = nil) -> PolicyTable {
            .sample(
                limits: ["failed_share": .init(atMost: atMost, atLeast: atLeast)],
                certificate: .init(
                    status: .optimal, primal: 1, bound: 1, multipliers: ["failed_share": multiplier]),
                expected: ["ttft.mean": 1, "failed_share": 0.5])
        }
        for zero in [0, -0.0] {
            #expect(table(zero, atMost: 0.5).violations().isEmpty && table(zero, atLeast: 0.5).violations().isEmpty)
        }
        #expect(table(1, atMost: 0.5).violations().isEmpty && table(-1, atLeast: 0.5).violations().isEmpty)
        for either in [-1.0, 1] { #expect(table(either, atMost: 0.5, atLeast: 0.5).violations().isEmpty) }
        #expect(try onlyViolation(of: table(-1e-300, atMost: 0.5)).rule == .multiplierSign)
        #expect(try onlyViolation(of: table(1e-300, atLeast: 0.5)).rule == .multiplierSign)
    }

    @Test func `multipliers belong to the limits that were solved under`() throws {
        var table = PolicyTable.sample(
            certificate: .init(status: .optimal, primal: 1, bound: 1, multipliers: ["failed_share": 1]),
            expected: ["ttft.mean": 1, "failed_share": 0.5])
        #expect(try onlyViolation(of: table).rule == .multiplierLimit)
        table.solvedUnder = ["failed_share": .init(atMost: 0.5)]
        #expect(table.violations().isEmpty)
        table.limits = ["failed_share": .init(atMost: 0.5.nextDown)]
        #expect(try onlyViolation(of: table).rule == .solvedUnderStrict)
    }

    @Test(arguments: [Double.nan, -.infinity, .infinity])
    func `a number that is none is named in a proof too`(value: Double) {
        let tail = PolicyTable.Certificate.Tail(time: value, bound: value, multipliers: ["ttft.mean": value])
        var table = quantileTable(tail: tail, primal: value, bound: value)
        table.certificate?.gap = value
        table.certificate?.scale = value
        table.certificate?.tieBreak = .init(
            status: .feasible, primal: value, bound: value, gap: value, scale: value,
            multipliers: ["ttft.p99": value])
        table.limits = ["ttft.mean": .init(atMost: value)]
        table.solvedUnder = ["ttft.mean": .init(atMost: value)]
        table.expected = ["ttft.p99": value]
        let violations = table.violations()
        #expect(violations.allSatisfy { $0.rule == .numberFinite }, "\(violations)")
        #expect(violations.count == 15)
        #expect(Set(violations.map(\.path)).count == violations.count)
    }

    @Test func `validate throws all violations at once`() throws {
        let table = PolicyTable.sample(buckets: (0..<20).map { .sample(from: 2 * $0 + 2, to: 2 * $0 + 2) })
        let error = #expect(throws: PolicyError.self) { try table.validate() }
        let violations = table.violations()
        #expect(error?.problem == .invalid(violations))
        #expect(violations.count == 21)
        #expect(error?.description.hasSuffix("\nand 11 more") == true)
    }

    @Test(arguments: [
        "ttft.mean", "ttft.p1", "ttft.p50", "ttft.p99", "ttft.p99.9", "ttft.p97.5", "ttft.p99.999999", "ttft.p0.1",
        "qoe.mean",
        "goodput.smooth",
    ])
    func `a metric is known`(name: String) { #expect(PolicyMetric.isKnown(name)) }

    @Test(arguments: [
        "", "ttft", "ttft.", "ttft.p", "ttft.p0", "ttft.p01", "ttft.p0.10", "ttft.p00.1", "ttft.p.5", "ttft.p0.0",
        "ttft.p100", "ttft.p99.", "ttft.p99.0", "ttft.p9.9.9",
        "ttft.p99.9999999", "ttft.pp", "ttft.p-1", "TTFT.mean", "ttft.mean ", "ttft.p५",
    ])
    func `a metric is not known`(name: String) { #expect(!PolicyMetric.isKnown(name)) }
}
