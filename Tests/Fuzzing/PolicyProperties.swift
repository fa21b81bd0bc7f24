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

    /// A refusal leaves a store as it was, with a table or without.
    private static func checkRefused(_ bytes: [UInt8]) throws(BrokenProperty) {
        var (empty, store) = (PolicyStore(), try held())
        let before = store.newest?.table
        do throws(PolicyRefusal) {
            _ = try empty.offer(bytes)
        } catch {
            try hold(
                empty.newest == nil && empty.lastRefusal == error && empty.state(at: 0) == .error
                    && empty.decision(promptTokens: 1, requestID: "") == nil, "a store that takes what it refuses")
            _ = try? store.offer(bytes, isRollback: true)
            return try hold(
                store.newest?.table == before && store.lastRefusal != nil, "a table that is lost by a refusal")
        }
        throw BrokenProperty(description: "a loader that takes what breaks a rule")
    }

    /// A store that holds a small table of revision 1,000.
    private static func held() throws(BrokenProperty) -> PolicyStore { try heldOnce.get() }

    private static let heldOnce = Result { () throws(BrokenProperty) -> PolicyStore in
        let bucket = PolicyTable.Bucket(
            from: 1, to: nil, actions: [.init(serverWait: 0, deviceWait: 0.5)],
            evidence: .init(requests: 1, serverRows: 1))
        let table = PolicyTable(
            revision: 1_000, provenance: .init(tool: "held"), timeout: 60, objective: "ttft.mean",
            expected: ["ttft.mean": 0.9], buckets: [bucket])
        var store = PolicyStore()
        let file = try loaded(table, table.identified(bySHA256Hex: String(repeating: "0", count: 64)).encoded()).file
        guard (try? store.offer(file)) == .loaded else { throw BrokenProperty(description: "a good table is refused") }
        return store
    }

    /// A good table takes the place of one of a lower revision, and of another only when rolled back to.
    private static func checkSuccession(_ file: [UInt8], revision: Int) throws(BrokenProperty) {
        var store = try held()
        do throws(PolicyRefusal) {
            _ = try store.offer(file)
        } catch {
            let reason: PolicyRefusal =
                revision == 1_000 ? .revisionTaken(1_000) : .olderRevision(found: revision, held: 1_000)
            try hold(error == reason && store.newest?.table.revision == 1_000, "refused for another reason: \(error)")
            return try hold(
                (try? store.offer(file, isRollback: true)) == .loaded, "no way back to revision \(revision)")
        }
        try hold(revision > 1_000, "revision \(revision) in the place of 1,000")
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
        try checkSuccession(file, revision: table.revision)
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
