import Policies

/// What must hold of any bytes that are offered as a policy table.
enum PolicyProperties {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let table: PolicyTable
        do throws(PolicyError) {
            table = try PolicyTable.decode(bytes)
        } catch {
            try hold(isFitToPrint(error.description), "an error that no terminal should be shown: \(error.rule)")
            return try checkRefused(bytes)
        }
        // What can be read can be shown, for whoever wants to see what is wrong with it. It takes long, so not every time.
        if bytes.count.isMultiple(of: 4) {
            try hold(!table.rendered().isEmpty && !table.summary().isEmpty, "a table without a text")
        }
        try checkRoundTrip(table)
        let violations = table.violations()
        guard violations.isEmpty else {
            try hold(isFitToPrint(PolicyError(path: "$", problem: .invalid(violations)).description), "such violations")
            return try checkRefused(bytes)
        }
        try checkValid(table, bytes)
    }

    /// What is read is written as bytes that are read as the same, and written as the same bytes again.
    private static func checkRoundTrip(_ table: PolicyTable) throws(BrokenProperty) {
        let written = table.encoded()
        do throws(PolicyError) {
            let again = try PolicyTable.decode(written)
            try requireSame(again, table, written)
        } catch {
            throw BrokenProperty(description: "a table that was read is written as no table: \(error)")
        }
    }

    private static func requireSame(_ again: PolicyTable, _ table: PolicyTable, _ written: [UInt8]) throws(PolicyError)
    {
        guard again == table, again.encoded() == written else {
            throw PolicyError(path: "$", problem: .missingMember("another table after writing and reading"))
        }
    }

    /// A refusal leaves a store as it was.
    private static func checkRefused(_ bytes: [UInt8]) throws(BrokenProperty) {
        var store = PolicyStore()
        do throws(PolicyRefusal) {
            _ = try store.offer(bytes)
        } catch {
            return try hold(
                store.newest == nil && store.lastRefusal == error && store.state(at: 0) == .error
                    && store.decision(promptTokens: 1, requestID: "") == nil, "a store that takes what it refuses")
        }
        throw BrokenProperty(description: "a loader that takes what breaks a rule")
    }

    /// A valid table gets its id, is loaded under it, and both ways to look it up agree.
    private static func checkValid(_ table: PolicyTable, _ bytes: [UInt8]) throws(BrokenProperty) {
        let (policy, file) = try loaded(table, bytes)
        try hold(policy.table.encoded() == file, "a table that changes when it is loaded")
        var store = PolicyStore()
        do throws(PolicyRefusal) {
            let (first, second) = (try store.offer(file), try store.offer(file))
            try requireAccepted(first == .loaded && second == .unchanged)
        } catch {
            throw BrokenProperty(description: "a store that refuses what the loader takes: \(error)")
        }
        try checkLookUps(policy, store)
        guard bytes.count.isMultiple(of: 4) else { return }
        for (length, hour) in [(Int.min, -1), (1, 0), (1_000, 23), (Int.max, 24)] {
            let text = table.explained(promptTokens: length, requestID: "\u{1B}", hour: hour)
            try hold(!text.isEmpty, "a decision without reason")
        }
        for format in PolicyTable.ExportFormat.allCases {
            for length in [nil, 0, Int.max] {
                _ = table.exported(to: format, promptTokens: length, hour: length.map { $0 % 24 })
            }
        }
        try hold(table.differences(to: table).utf8.count < 1 << 20, "pages of differences to itself")
    }

    private static func requireAccepted(_ condition: Bool) throws(PolicyRefusal) {
        guard condition else { throw .revisionTaken(-1) }
    }

    /// The table under the id of its content, which the document and the table must agree on.
    private static func loaded(
        _ table: PolicyTable, _ bytes: [UInt8]
    ) throws(BrokenProperty) -> (policy: LoadedPolicy, file: [UInt8]) {
        var file = bytes
        for _ in 0...1 {
            do throws(PolicyRefusal) {
                let policy = try LoadedPolicy(file)
                return (policy, policy.table.encoded())
            } catch {
                guard case .changedContent(_, let content) = error else {
                    throw BrokenProperty(description: "a valid table that the loader refuses: \(error)")
                }
                file = table.identified(bySHA256Hex: String(content.dropFirst("sha256:".count))).encoded()
            }
        }
        throw BrokenProperty(description: "a content whose hash depends on how it was written")
    }

    private static func checkLookUps(_ policy: LoadedPolicy, _ store: PolicyStore) throws(BrokenProperty) {
        let table = policy.table
        let edges = (table.buckets + table.periods.flatMap(\.buckets)).prefix(8).map(\.from)
        let lengths = [Int.min, 0, 1, Int.max] + edges + edges.map { $0 - 1 }
        let times: [Double?] = [nil, 0, 1.7e9, -1, .infinity, .nan, policy.validFrom, policy.validUntil]
        for (number, length) in lengths.enumerated() {
            let time = times[number % times.count]
            let hour = time.flatMap { $0.magnitude <= 1e15 ? PolicyTable.hourOfDay(secondsSince1970: $0) : nil }
            let id = number.isMultiple(of: 3) ? "" : "request \(number)"
            let decision = policy.decision(promptTokens: length, requestID: id, at: time)
            try hold(
                decision.action == table.decision(promptTokens: length, requestID: id, hour: hour),
                "another decision from the file than from the table, at \(length) tokens")
            let action = decision.action
            try hold(min(action.serverWait, action.deviceWait) == 0, "an action that starts nobody at once")
            for source in PolicyTable.Endpoint.allCases {
                let point = policy.handOver(from: source, promptTokens: length, requestID: id, at: time)
                try hold(
                    point == table.handOver(from: source, promptTokens: length, requestID: id, hour: hour),
                    "another hand-over from the file than from the table, at \(length) tokens")
                _ = policy.migration(
                    after: Int.max, secondsSinceFirst: 1e300, from: source, promptTokens: length, requestID: id,
                    at: time)
            }
            for health in [PolicyHealth(server: false), PolicyHealth(device: false)] {
                _ = store.decision(promptTokens: length, requestID: id, health: health, at: time)
            }
        }
    }
}
