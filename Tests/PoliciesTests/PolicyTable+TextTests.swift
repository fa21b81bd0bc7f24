import Policies
import Testing

@Suite struct `A policy table as text` {
    @Test func `the table reads as a person would say it`() throws {
        let table = try PolicyTable.decode(try Fixture.valid("full").bytes)
        #expect(
            table.rendered(width: 80) == """
                minimize ttft.mean, device.prefill_share at most 0.2
                optimal: primal 0.9, bound 0.9, gap 0

                id sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
                revision 1, as of 2026-11-21T04:00:00Z, valid from 2026-11-21T04:00:00Z, valid
                  until 2026-12-21T04:00:00Z

                outcome                  expected     held out
                ttft.mean                   0.9 s       0.95 s
                ttft.p99                    2.5 s       2.75 s
                device.prefill_share          0.2         0.21
                server.prefill_share            1            1
                device.answer_share          0.35         0.33
                failed_share                    0            0
                cost.mean             0.00012 USD  0.00012 USD
                energy.mean                4.25 J        4.5 J

                prompt tokens  requests  action
                1-40                74*  server at 0, device after 0.53 s
                41-299               20  37.5 %: race
                                         62.5 %: server at 0, device after 1.25 s
                300+                  6  server only

                * too few rows for some of these lengths: they take a neighbour's action

                """)
    }

    @Test func `a quantile's proof, its ties and what it was solved under are told`() throws {
        let lines = try PolicyTable.decode(try Fixture.valid("quantile").bytes).rendered(width: 80)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.prefix(10).joined(separator: "\n") == """
                minimize ttft.p97.5, ttft.p50 at most 1 s, device.prefill_share at most 0.2,
                  server.prefill_share at most 1, server.prefill_share at least 0.5,
                  device.answer_share at least 0.3
                optimal: primal 1.7, bound 1.7, gap 0
                P(TTFT > 1.7 s) is at least 0.0251 in every policy that keeps the limits
                ttft.mean among the best: feasible: primal 0.9, bound 0.875, gap 0.02
                solved under ttft.p50 at most 1 s, device.prefill_share at most 0.15,
                  server.prefill_share at most 1, server.prefill_share at least 0.5,
                  device.answer_share at least 0.3, failed_share at most 0.01

                """)
        let names = lines.drop { !$0.hasPrefix("outcome") }.dropFirst().prefix(4).map { $0.prefix { $0 != " " } }
        #expect(names == ["ttft.mean", "ttft.p50", "ttft.p97.5", "ttft.p99"])
    }

    @Test func `buckets that do the same are one line`() throws {
        let actions = [PolicyTable.Choice(serverWait: 0, deviceWait: 0)]
        let table = PolicyTable.sample(buckets: [
            .sample(from: 1, to: 1, actions: actions), .sample(from: 2, to: 9, actions: actions),
            .sample(from: 10, to: 10), .sample(from: 11, to: nil, actions: actions),
        ])
        let lines = table.rendered().split(separator: "\n").suffix(4)
        #expect(
            Array(lines) == [
                "prompt tokens  requests  action", "1-9                  20  race",
                "10                   10  server only",
                "11+                  10  race",
            ])
    }

    @Test(
        arguments: [
            (0, 0, "race"), (0, .infinity, "server only"), (.infinity, 0, "device only"),
            (0, 0.53, "server at 0, device after 0.53 s"), (1.25, 0, "device at 0, server after 1.25 s"),
            (0, 0.0012345, "server at 0, device after 0.00123 s"), (0, 59.96, "server at 0, device after 60 s"),
            (0, 1234.5, "server at 0, device after 1230 s"), (0, 9.995, "server at 0, device after 10 s"),
        ] as [(Double, Double, String)])
    func `an action in words`(server: Double, device: Double, wanted: String) {
        #expect(PolicyTable.Action(serverWait: server, deviceWait: device).text == wanted)
    }

    @Test(arguments: [60, 80, 120], 0..<10 as Range<UInt64>)
    func `no line is wider than asked for`(width: Int, seed: UInt64) {
        var table = PolicyTable.random(seed: seed)
        for metric in PolicyMetric.names { table.limits[metric] = .init(atMost: 1 / 3.0, atLeast: -1 / 3.0) }
        table.asOf = String(repeating: "x", count: 200)
        let lines = table.rendered(width: width).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= width })
        #expect(lines.allSatisfy { $0.last != " " })
    }

    @Test func `a table that is not valid can be shown`() {
        var table = PolicyTable.sample(buckets: [])
        table.timeout = .nan
        table.expected = ["ttft.mean": .nan, "\u{1b}[31m": -.infinity]
        table.buckets = [
            .sample(from: .max, to: .min, actions: []),
            .sample(from: 3, to: nil, actions: [.init(probability: .nan, serverWait: .nan, deviceWait: 1)]),
        ]
        #expect(!table.rendered(width: 1).contains("\u{1b}"))
    }
}
