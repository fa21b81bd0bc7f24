import Policies
import Testing

@Suite struct `Hand-overs in the policy table` {
    private func table() throws -> PolicyTable { try PolicyTable.load(try Fixture.valid("migration").bytes) }

    @Test(arguments: [(-3, 24), (0, 24), (1, 24), (12, 24), (40, 24), (41, 40), (299, 40), (300, nil), (.max, nil)])
    func `the look-up takes the bucket of the prompt and the direction of the stream`(length: Int, wanted: Int?) throws
    {
        let table = try table()
        #expect(table.handOver(from: .server, promptTokens: length)?.afterTokens == wanted)
        #expect(table.handOver(from: .server, promptTokens: length, hour: 5)?.afterTokens == wanted)
        #expect(table.handOver(from: .device, promptTokens: length) == nil)
        #expect(table.readerTokensPerSecond == 4.8)
    }

    @Test func `a table that says nothing of hand-overs has none`() throws {
        for name in ["full", "periods", "smallest"] {
            let table = try PolicyTable.load(try Fixture.valid(name).bytes)
            for source in PolicyTable.Endpoint.allCases {
                #expect(table.handOver(from: source, promptTokens: 20, hour: 3) == nil)
            }
            #expect(!text(table.canonicalContent()).contains("migration"))
            #expect(!text(table.canonicalContent()).contains("reader"))
        }
    }

    @Test func `in a table by periods the hour counts`() throws {
        var table = try PolicyTable.load(try Fixture.valid("periods").bytes)
        table.readerTokensPerSecond = 5
        for (period, tokens) in zip(table.periods.indices, 1...) {
            let handOver = PolicyTable.HandOver(afterTokens: tokens, bufferTokens: 0, expectedSaving: 0, stall: 0.5)
            for bucket in table.periods[period].buckets.indices {
                table.periods[period].buckets[bucket].migration = .init(
                    deviceToServer: .handOver(handOver), serverToDevice: .never(.targetFails))
            }
        }
        #expect(table.violations().isEmpty)
        #expect(try PolicyTable.decode(table.encoded()) == table)
        for (period, tokens) in zip(table.periods, 1...) {
            for hour in period.hours {
                #expect(table.handOver(from: .device, promptTokens: 9, hour: hour)?.afterTokens == tokens)
            }
        }
        let words = table.rendered()
        #expect(words.contains("stall s"))
        #expect(words.contains("server to device never: the other endpoint fails too often"))
    }

    @Test func `what a hand-over saves and from where is told, and why others stay`() throws {
        let lines = try table().rendered(width: 80).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.drop { !$0.hasPrefix("prompt tokens") }.joined(separator: "\n") == """
                prompt tokens  requests  action
                1-40                74*  server at 0, device after 0.53 s
                41-299               20  37.5 %: race
                                         62.5 %: server at 0, device after 1.25 s
                300+                  6  server only

                hand over  from    after  buffer  saves USD
                1-40       server     24     6.5  0.0000125
                41-299     server     40       8    0.00002

                device to server never: it costs more

                * too few rows for some of these lengths: they take a neighbour's action

                """)
    }

    @Test func `hand-overs change the id`() throws {
        var table = try table()
        let before = table.canonicalContent()
        table.buckets[0].migration = nil
        #expect(table.canonicalContent() != before)
    }

    @Test(arguments: [Double.nan, .infinity])
    func `numbers that are none are named`(value: Double) throws {
        var table = try table()
        table.readerTokensPerSecond = value
        table.buckets[0].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: 1, bufferTokens: value, expectedSaving: value, stall: value)))
        let violations = table.violations()
        #expect(violations.map(\.rule) == Array(repeating: .numberFinite, count: 4), "\(violations)")
    }

    @Test(arguments: [0, -1, .max])
    func `the first token is the earliest to hand over at`(tokens: Int) throws {
        var table = try table()
        table.buckets[0].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: tokens, bufferTokens: 0, expectedSaving: 0)))
        let violation = try #require(table.violations().first)
        #expect(violation.rule == (tokens == 0 ? .migrationRange : .countRange))
        #expect(violation.path == "$.buckets[0].migration.server_to_device.after_tokens")
    }

    @Test func `an action may have hand-overs of its own, and a request takes those of the action it draws`() throws {
        var table = try table()
        let own = PolicyTable.Migrations(
            deviceToServer: .handOver(.init(afterTokens: 3, bufferTokens: 1, expectedSaving: -1e-7)),
            serverToDevice: .never(.tooSlow))
        table.buckets[2].actions[1].migration = own
        #expect(table.violations().isEmpty, "\(table.violations())")
        #expect(try PolicyTable.decode(table.encoded()) == table)
        var seen: Set<Int?> = []
        for number in 0..<200 {
            let id = "r\(number)"
            let action = table.decision(promptTokens: 100, requestID: id)
            let isOwn = action == table.buckets[2].actions[1].action
            let fromServer = table.handOver(from: .server, promptTokens: 100, requestID: id)?.afterTokens
            let fromDevice = table.handOver(from: .device, promptTokens: 100, requestID: id)?.afterTokens
            #expect(fromServer == (isOwn ? nil : 40) && fromDevice == (isOwn ? 3 : nil))
            seen.insert(fromDevice)
        }
        #expect(seen == [nil, 3])
        #expect(table.handOver(from: .server, promptTokens: 100)?.afterTokens == 40)
        let words = table.rendered(width: 80)
        #expect(words.contains("device, 62.5 %") && words.contains("server, 37.5 %"), "\(words)")
    }

    @Test func `an action's hand-overs keep the rules of the bucket's`() throws {
        var table = try table()
        table.buckets[0].actions[0].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: 0, bufferTokens: -1, expectedSaving: 0)))
        #expect(
            table.violations().map(\.path) == [
                "$.buckets[0].actions[0].migration.server_to_device.after_tokens",
                "$.buckets[0].actions[0].migration.server_to_device.buffer_tokens",
            ])
    }
}
