internal import Costs
internal import Policies
internal import Profiles
internal import Replay
internal import Serving

extension ReplayStudy {
    /// What a user should know of how the table and the problem go together.
    static func remarks(
        _ table: PolicyTable, _ problem: Problem, _ profiles: StudyProfiles, _ worlds: [StudyWorld],
        _ options: Options, hasOutputs: Bool
    ) -> [String] {
        var notes: [String] = []
        let tpot = profiles.tpots(problem)
        let sets = table.periods.isEmpty ? [table.buckets] : table.periods.map(\.buckets)
        let handsOver = sets.joined().contains {
            $0.migration?.serverToDevice.handOver != nil || $0.migration?.deviceToServer.handOver != nil
        }
        let missingTPOT = [Endpoint.server, .device].filter { profiles.tpot(of: $0, problem) == nil }
            .map { "endpoints.\($0.rawValue).tpot, which no trace tells" }
        if !hasOutputs {
            notes.append(
                """
                the workload has no output_tokens (map a column with columns: {output_tokens: ...}): tokens, cost, energy, TBT, \
                QoE and goodput are left out\(handsOver ? ", and nothing is handed over (migration is off)" : "")
                """)
        } else if !missingTPOT.isEmpty {
            notes.append(
                """
                TBT, stalls, QoE and goodput are left out\
                \(handsOver ? ", and nothing is handed over (migration is off)" : ""): they need \
                \(missingTPOT.joined(separator: " and "))
                """)
        }
        if let readers = problem.readers, let tpot, hasOutputs {
            let pace = readers.paces.map(\.tokensPerSecond).max() ?? 0
            if pace > 1 / tpot.server && pace > 1 / tpot.device {
                notes.append(
                    """
                    the reader (\(text(pace)) tokens/s) is faster than both endpoints (server \(text(1 / tpot.server)), device \
                    \(text(1 / tpot.device)) tokens/s): every longer response makes them wait
                    """)
            }
        } else if problem.readers == nil {
            notes.append("the problem has no reader: stalls, delay_num and QoE are left out")
        }
        if hasOutputs, problem.costs.regime == nil {
            notes.append("cost.mean needs endpoints.server.price, and a device price or energy with exchange.per_joule")
        }
        if table.timeout != problem.timeout {
            notes.append(
                """
                the table's timeout is \(text(table.timeout)) s, the problem's \(text(problem.timeout)) s: replayed with the \
                problem's
                """)
        }
        if !table.idMatches(sha256Hex: sha256Hex(table.canonicalContent())) {
            notes.append("the table was changed after it was made: its id is not that of its content")
        }
        notes += otherTraces(table, profiles) + differences(table, problem)
        notes += emptyBuckets(sets, worlds)
        let first = options.metrics.deadlineOffset + 1 / options.metrics.deadlineTokensPerSecond
        if hasOutputs, tpot != nil, first <= 0.2 + 1e-9 {
            notes.append(
                "the first token is due \(text(first)) s after submission, which real services hardly ever meet: see --deadline-offset"
            )
        }
        return notes
    }

    /// Where the table was made for endpoints that the problem has other figures for, or none.
    private static func differences(_ table: PolicyTable, _ problem: Problem) -> [String] {
        var notes: [String] = []
        for (name, facts, spec) in [
            ("server", table.endpoints.server, problem.server), ("device", table.endpoints.device, problem.device),
        ] {
            var missing: [String] = []
            if facts.price != nil && spec.price == nil { missing.append("price") }
            if facts.energy != nil && spec.energy == nil { missing.append("energy") }
            if !missing.isEmpty {
                notes.append(
                    "the table was made for a \(name) with \(missing.joined(separator: " and ")), which endpoints.\(name) lacks"
                )
            }
        }
        let currency = (problem.server.price ?? problem.device.price)?.currency
        if let own = table.units.money, let currency, own != currency {
            notes.append("the table counts in \(own), the problem in \(currency)")
        }
        return notes
    }

    /// Buckets that no request of the problem falls in: nothing is known of them here.
    private static func emptyBuckets(_ sets: [[PolicyTable.Bucket]], _ worlds: [StudyWorld]) -> [String] {
        let lengths = Set(worlds.flatMap(\.profile.workload.lengths)).sorted()
        var empty: Set<Int> = []
        for bucket in sets.joined() {
            let first = lengths.first { $0 >= bucket.from }
            if first.map({ $0 > bucket.to ?? .max }) ?? true { empty.insert(bucket.from) }
        }
        guard let least = empty.min() else { return [] }
        let which =
            empty.count == 1
            ? "the bucket from \(least) tokens" : "\(empty.count) buckets, the first from \(least) tokens,"
        return ["the problem has no requests in \(which) of the table: not judged"]
    }
}
