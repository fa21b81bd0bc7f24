import Policies
import Scheduling
import Testing

@Suite struct `Rules from a policy table` {
    private static let evidence = PolicyTable.Evidence(requests: 1, serverRows: 1)

    private static let table = PolicyTable(
        provenance: .init(tool: "a test"), timeout: 30, objective: "ttft.mean", expected: ["ttft.mean": 1],
        buckets: [
            .init(from: 1, to: 9, actions: [.init(serverWait: 0, deviceWait: 0)], evidence: evidence),
            .init(
                from: 10, to: nil,
                actions: [
                    .init(probability: 0.5, serverWait: 0, deviceWait: 2),
                    .init(probability: 0.5, serverWait: 0, deviceWait: .infinity),
                ], evidence: evidence),
        ])

    @Test func `the action is that of the prompt's bucket and the request's draw`() {
        #expect(Rules(Self.table, promptTokens: 9, requestID: "x").action.deviceWait == 0)
        for number in 0..<50 {
            let id = "request-\(number)"
            let rules = Rules(Self.table, promptTokens: 10, requestID: id)
            #expect(rules.action.deviceWait == (PolicyTable.draw(requestID: id) < 0.5 ? 2 : .infinity))
            #expect(rules.timeout == 30)
        }
    }

    @Test func `a missing endpoint takes the table's fallback`() {
        let missing = Rules(Self.table, promptTokens: 9, requestID: "x", missing: .server)
        #expect(missing.action == .init(serverWait: .infinity, deviceWait: 0) && missing.missing == .server)
        var scheduler = Scheduler(rules: missing)
        #expect(scheduler(.submitted, 0) == [.start(device())])
    }

    @Test func `each direction has the hand-over of the prompt's bucket and the table's reader`() {
        var table = Self.table
        table.readerTokensPerSecond = 4.5
        table.buckets[1].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: 7, bufferTokens: 2.5, expectedSaving: 1)))
        let short = Rules(table, promptTokens: 9, requestID: "x")
        #expect(short.migration(from: .server) == nil && short.migration(from: .device) == nil)
        let long = Rules(table, promptTokens: 10, requestID: "x")
        #expect(long.migration(from: .server) == Migration(afterTokens: 7, bufferTokens: 2.5))
        #expect(long.migration(from: .device) == nil)
        #expect(long.reader == Reader(tokensPerSecond: 4.5))
    }

    @Test func `an action's own hand-overs go with its draw`() {
        var table = Self.table
        table.readerTokensPerSecond = 4.5
        table.buckets[1].actions[1].migration = .init(
            deviceToServer: .never(.dearer),
            serverToDevice: .handOver(.init(afterTokens: 7, bufferTokens: 2.5, expectedSaving: 1)))
        for number in 0..<50 {
            let rules = Rules(table, promptTokens: 10, requestID: "request-\(number)")
            #expect((rules.migration(from: .server) != nil) == (rules.action.deviceWait == .infinity))
        }
    }
}
