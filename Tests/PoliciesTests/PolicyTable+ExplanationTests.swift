import Policies
import Testing

@Suite struct `Explaining, comparing and exporting a policy table` {
    private typealias Choice = PolicyTable.Choice

    private func table(_ name: String) throws -> PolicyTable { try PolicyTable.decode(try Fixture.valid(name).bytes) }

    @Test func `a mixture is explained by its price`() throws {
        #expect(
            try table("migration").explained(promptTokens: 212, requestID: "foobar") == """
                212 prompt tokens: bucket 3 of 4, 41-299 tokens
                  37.5 %: race
                  62.5 %: server at 0, device after 1.25 s

                Evidence: 20 requests of these lengths, server times from 2100 rows.
                Why: these waits minimize ttft.mean under a price on device.prefill_share.
                Price: one point (0.01) more of device.prefill_share would buy 0.031 s of
                  ttft.mean.
                It mixes actions that are equally good at these prices; their shares keep the
                  limits exactly.

                Hand-over, server to device: from token 40 on, with 8 tokens ahead of the
                  reader; saves 0.00002 USD a response.
                Hand-over, device to server: never (dearer).

                Request "foobar" draws 0.296: race.

                """)
    }

    @Test func `borrowed actions and rollouts are told`() throws {
        let text = try table("migration").explained(promptTokens: 13)
        #expect(text.contains("too few rows (4 requests of these lengths"))
        #expect(text.contains("begins at 1 tokens"))
        let rollout = try table("rollout").explained(promptTokens: 1, requestID: "a")
        #expect(rollout.contains("table, which is for 12.5 % of the requests"))
        let quantile = try table("quantile").explained(promptTokens: 1)
        #expect(quantile.contains("P(TTFT > 1.7 s)"))
        let plain = PolicyTable.sample().explained(promptTokens: 1)
        #expect(plain.contains("nobody says"))
    }

    @Test func `by period the hour counts, and without one the busiest is told`() throws {
        let periods = try table("periods")
        #expect(periods.explained(promptTokens: 5).contains("the busiest period"))
        for hour in 0..<24 {
            let index = try #require(periods.periodIndex(hour: hour))
            #expect(periods.explained(promptTokens: 5, hour: hour).contains(periods.periods[index].words))
        }
    }

    @Test func `hand-overs that differ by action are told by action`() throws {
        let older = try table("migration")
        let newer = try table("migration-by-action")
        let index = try #require(newer.buckets.firstIndex { $0.actions.contains { $0.migration != nil } })
        let text = newer.explained(promptTokens: newer.buckets[index].from)
        #expect(
            text.split(separator: "\n").count { $0.hasPrefix("Hand-over, server to device of the ") } == 2, "\(text)")
        #expect(older.differences(to: newer).contains("leaves the server after"))
        #expect(newer.exported(to: .csv).text != older.exported(to: .csv).text)
    }

    @Test(arguments: Fixture.valid)
    func `no line is too wide, and a table does not differ from itself`(fixture: Fixture) throws {
        let table = try PolicyTable.decode(fixture.bytes)
        for length in [1, 41, 300, .max] {
            let text = table.explained(promptTokens: length, requestID: String(repeating: "x", count: 300))
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        }
        #expect(table.differences(to: table) == "the same table\n")
        for other in Fixture.valid {
            let text = table.differences(to: try PolicyTable.decode(other.bytes))
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 } && text.hasSuffix("\n"))
        }
    }

    @Test func `differences join lengths that change alike, between the edges of both`() {
        func buckets(_ starts: [Int], _ waits: [Double]) -> [PolicyTable.Bucket] {
            starts.indices.map { place in
                .sample(
                    from: starts[place], to: place + 1 < starts.count ? starts[place + 1] - 1 : nil,
                    actions: [Choice(serverWait: 0, deviceWait: waits[place])])
            }
        }
        let older = PolicyTable.sample(buckets: buckets([1, 10, 20], [1, 2, 2]), expected: ["ttft.mean": 0.5])
        var newer = PolicyTable.sample(buckets: buckets([1, 5, 30], [1, 3, 2]), expected: ["ttft.mean": 0.75])
        newer.revision = 2
        newer.limits = ["device.prefill_share": PolicyTable.Limit(atMost: 0.5)]
        #expect(
            older.differences(to: newer) == """
                revision: 1 -> 2
                limits.device.prefill_share: none -> at most 0.5

                expected outcome    old     new   change
                ttft.mean         0.5 s  0.75 s  +0.25 s

                prompt tokens
                5-9
                  old: server at 0, device after 1 s
                  new: server at 0, device after 3 s
                10-29
                  old: server at 0, device after 2 s
                  new: server at 0, device after 3 s

                """)
    }

    @Test func `a CSV row holds all digits`() throws {
        let export = try table("migration").exported(to: .csv)
        let rows = export.text.split(separator: "\n")
        #expect(rows.count == 6)
        #expect(rows[2] == ",13,40,1,0,0.53,4,2100,1,24,6.5,,")
        #expect(rows[5] == ",300,,1,0,never,6,2100,,,,,")
        #expect(!export.losses.isEmpty)
        #expect(try table("periods").exported(to: .csv).text.contains("\n0 1 2 "))
    }

    @Test(
        arguments: [
            (0.0, "0s"), (1.25, "1.25s"), (0.1, "0.1s"), (1.0000000001, "1.000000001s"),
            (.leastNonzeroMagnitude, "0.000000001s"), (59.9999999999, "60s"),
            (3.0, "3s"),
        ] as [(Double, String)])
    func `a delay is a protobuf duration, never shorter than the wait`(wait: Double, wanted: String) {
        let table = PolicyTable.sample(
            buckets: [.sample(from: 1, to: nil, actions: [Choice(serverWait: 0, deviceWait: wait)])])
        #expect(table.exported(to: .grpcServiceConfig).text.contains("\"hedgingDelay\": \"\(wanted)\""))
    }

    @Test func `never has no hedging policy, and that is said`() {
        let export = PolicyTable.sample().exported(to: .grpcServiceConfig)
        #expect(!export.text.contains("hedgingPolicy") && export.text.contains("\"timeout\": \"60s\""))
        #expect(export.losses.contains { $0.hasPrefix("never:") })
    }
}
