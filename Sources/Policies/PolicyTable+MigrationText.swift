extension PolicyTable {
    /// From which token on running responses of which length are handed over, and why others are not; nothing where no bucket
    /// says.
    func handOverLines(width: Int) -> [String] {
        let sets = periods.isEmpty ? [(title: String?.none, buckets: buckets)] : periods.map { ($0.words, $0.buckets) }
        guard sets.contains(where: { $0.buckets.contains { $0.saysMigration } }) else { return [] }
        var lines: [String] = []
        for (title, buckets) in sets {
            let rows = Endpoint.allCases.flatMap { source in handOverRows(from: source, buckets) }
            if !rows.isEmpty {
                let hasStall = rows.contains { !$0[5].isEmpty }
                let money = units.money.map { " \(printable($0))" } ?? ""
                let head = ["hand over", "from", "after", "buffer", "saves\(money)", "stall s"]
                lines += [""] + (title.map { [clipped("\($0):", to: width)] } ?? [])
                lines += aligned(([head] + rows).map { hasStall ? $0 : Array($0.prefix(5)) }, width: width)
            }
            let stays = Endpoint.allCases.flatMap { source -> [String] in
                let words = reasons(from: source, buckets)
                guard !words.isEmpty else { return [] }
                let place = title.map { "\($0): " } ?? ""
                let text = "\(place)\(source.rawValue) to \(source == .server ? "device" : "server") never: \(words)"
                return wrapped(text.split(separator: " ").map(String.init), width: width, indent: 2)
            }
            if !stays.isEmpty { lines += [""] + stays }
        }
        return lines
    }

    /// A row for each run of buckets that hand over alike, and one more for each action that has its own.
    private func handOverRows(from source: Endpoint, _ buckets: [Bucket]) -> [[String]] {
        var rows: [(from: Int, to: Int?, cells: [[String]])] = []
        for bucket in buckets {
            let cells = cells(from: source, bucket)
            if let last = rows.last, last.cells == cells {
                rows[rows.count - 1].to = bucket.to
            } else {
                rows.append((bucket.from, bucket.to, cells))
            }
        }
        return rows.flatMap { row in
            let lengths = row.to.map { row.from == $0 ? "\(row.from)" : "\(row.from)-\($0)" } ?? "\(row.from)+"
            return row.cells.map { [lengths] + $0 }
        }
    }

    /// What a bucket's responses of `source` do; where actions differ, with the share of each.
    private func cells(from source: Endpoint, _ bucket: Bucket) -> [[String]] {
        let alike = bucket.actions.allSatisfy { $0.migration == nil }
        let parts: [(share: Double, migration: Migrations?)] =
            alike
            ? [(1, bucket.migration)] : bucket.actions.map { ($0.probability, $0.migration ?? bucket.migration) }
        return parts.compactMap { share, migration in
            guard let handOver = migration?[from: source].handOver else { return nil }
            return [
                alike ? source.rawValue : "\(source.rawValue), \(short(100 * share)) %", "\(handOver.afterTokens)",
                short(handOver.bufferTokens), short(handOver.expectedSaving), handOver.stall.map(short) ?? "",
            ]
        }
    }

    /// Why responses of `source` stay, where they do in every bucket: `it costs more in 3 buckets, ...`.
    private func reasons(from source: Endpoint, _ buckets: [Bucket]) -> String {
        var counts: [NoHandOver: Int] = [:]
        for bucket in buckets {
            if bucket.actions.contains(where: { $0.migration?[from: source].handOver != nil }) { return "" }
            switch bucket.migration?[from: source] {
            case .never(let reason): counts[reason, default: 0] += 1
            case .handOver: return ""
            case nil: break
            }
        }
        let named = NoHandOver.allCases.compactMap { reason in counts[reason].map { (reason.words, $0) } }
        if named.count == 1 { return named[0].0 }
        return named.map { "\($0.0) in \($0.1) bucket\($0.1 == 1 ? "" : "s")" }.joined(separator: ", ")
    }
}

extension PolicyTable.Bucket {
    /// Whether it says when responses are handed over, or why not.
    fileprivate var saysMigration: Bool { migration != nil || actions.contains { $0.migration != nil } }
}

extension PolicyTable.NoHandOver {
    /// The reason in words.
    fileprivate var words: String {
        switch self {
        case .dearer: "it costs more"
        case .tooSlow: "the reader would wait"
        case .readerTooFast: "readers outpace the other endpoint"
        case .targetFails: "the other endpoint fails too often"
        case .noOutputLengths: "answer lengths are unknown"
        case .tpotUnknown: "a time per output token is unknown"
        case .priceUnknown: "a price is unknown"
        }
    }
}
