/// What one way of reading a trace brought: the rows, the report, and what each rejection wanted instead.
struct Reading: Sendable {
    var rows = TraceRows()
    var report = TraceReport()
    /// By reason of rejection.
    private var wanted: [String: String] = [:]
    private var late = 0

    /// The outcome of the fast way; nil if it found anything at all wrong, so that the careful way must be gone.
    init?(fast output: [UInt8], _ query: TraceQuery) {
        begin(query.plan)
        guard take(output, query, isFast: true) else { return nil }
        if report.rowsIn == 0 { report.rowsIn = report.accepted + report.filtered }
        finish(query)
    }

    /// The outcome of the careful way.
    /// - Throws: `badData` where a quote is never closed, since then nobody knows what rows there were.
    init(careful output: [UInt8], _ query: TraceQuery) throws(TraceError) {
        begin(query.plan)
        for line in Fields.lines(output) where line.first == UInt8(ascii: "R") || line.first == UInt8(ascii: "E") {
            let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard fields.count >= 5 else { continue }
            if line.first == UInt8(ascii: "R") {
                let text = Fields.unhexText(fields[4])
                reject(
                    Verdict.words(Fields.integer(fields[1]), query.plan), count: Fields.integer(fields[2]),
                    line: Fields.integer(fields[3]), found: text.isEmpty ? nil : text)
            } else {
                try ragged(
                    Fields.unhexText(fields[1]), count: Fields.integer(fields[2]), line: Fields.integer(fields[3]),
                    fields: Fields.integer(fields[4]), swallowed: fields.count > 5 ? Fields.integer(fields[5]) : 0,
                    query.plan)
            }
        }
        _ = take(output, query, isFast: false)
        finish(query)
    }

    private mutating func begin(_ plan: TracePlan) {
        report.path = plan.source.path
        report.format = plan.format
        report.isDetected = plan.isDetected
        report.ignoredColumns = plan.ignored
        report.notes = plan.notes
    }

    private mutating func reject(
        _ words: (reason: String, wanted: String), count: Int, line: Int, found: String?
    ) {
        report.rejections.append(.init(reason: words.reason, count: count, firstLine: line, found: found))
        wanted[words.reason] = words.wanted
    }

    /// Throws if the report shows a file without rows or with too many rejected ones.
    func check(_ source: TraceSource) throws(TraceError) {
        guard report.rowsIn == report.accepted + report.filtered + report.rejected else {
            throw TraceError(
                .badData, file: source.path,
                found: "\(report.rowsIn) rows in, but \(report.accepted) accepted, \(report.filtered) filtered and "
                    + "\(report.rejected) rejected", wanted: "a file whose rows can be told apart")
        }
        if report.rowsIn == 0 {
            throw TraceError(
                .badData, file: source.path, found: "no rows", wanted: "at least one request",
                advice: "Check that the log was written")
        }
        let reasons = report.rejections.map { "\($0.reason): \($0.count)" }.joined(separator: ", ")
        let first = report.rejections.min { $0.firstLine < $1.firstLine }
        if Double(report.rejected) > source.maxRejected * Double(report.rowsIn), let first {
            let value = first.found.map { " (found \($0))" } ?? ""
            let counts = "\(report.rejected) of \(report.rowsIn) rows rejected (\(reasons))"
            throw TraceError(
                .badData, file: source.path, line: first.firstLine, found: "\(first.reason)\(value); \(counts)",
                wanted: wanted[first.reason].map { "\($0), and at most \(source.maxRejected * 100) % rejected" },
                advice: "Mend the rows, leave them out with `where`, or raise `max_rejected`")
        }
        if report.accepted == 0 {
            throw TraceError(
                .badData, file: source.path, line: first?.firstLine,
                found:
                    "none of \(report.rowsIn) rows is left (\(report.filtered) filtered, \(report.rejected) rejected)",
                wanted: "at least one request", advice: "Check `where`")
        }
    }

    /// Rows that the CSV reader could not split.
    private mutating func ragged(
        _ kind: String, count: Int, line: Int, fields: Int, swallowed: Int, _ plan: TracePlan
    ) throws(TraceError) {
        let columns = plan.layout.columns.count
        report.rowsIn += count
        switch kind {
        case "TOO MANY COLUMNS":
            reject(
                ("too many fields", "\(columns) fields, as in the header"), count: count, line: line,
                found: "\(fields) fields")
        case "MISSING COLUMNS":
            reject(
                ("too few fields", "\(columns) fields, as in the header"), count: count, line: line,
                found: "\(fields) fields")
        case "INVALID ENCODING", "INVALID UNICODE":
            reject(("text that is not UTF-8", "UTF-8"), count: count, line: line, found: nil)
        case "UNQUOTED VALUE" where swallowed == 0:
            reject(("a wrong quote", "quotes in pairs around a value"), count: count, line: line, found: nil)
        case "UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM":
            throw TraceError(
                .badData, file: plan.source.path, line: line, found: "a quote that is wrong or never closed",
                wanted: "quotes in pairs", advice: "Mend this line: the rows after it cannot be told apart")
        default:
            reject(
                ("a malformed row", "\(columns) fields, as in the header"), count: count, line: line,
                found: kind.lowercased())
        }
    }

    /// Takes summary and groups; false if a group is not one of accepted or filtered rows.
    private mutating func take(_ output: [UInt8], _ query: TraceQuery, isFast: Bool) -> Bool {
        var scanner = NumberScanner(output)
        var isClean = !isFast
        let keepsHours = query.keepsHours
        while !scanner.isAtEnd {
            switch scanner.next {
            case UInt8(ascii: "G"):
                scanner.skipTag()
                let code = scanner.integer()
                let isHeldOut = scanner.integer() == 1
                let prompt = scanner.integer()
                let ttft = scanner.double()
                let output = scanner.integer()
                let hour = scanner.integer()
                let state = scanner.integer()
                let count = scanner.integer()
                if code == Verdict.filtered {
                    if isFast, !query.needsTable { report.filtered += count }
                } else if code == Verdict.accepted {
                    let isKnown = keepsHours && hour != TraceQuery.unknownHour
                    append(isHeldOut, prompt, ttft, output, isKnown ? hour : TraceRows.noHour, state, count)
                } else {
                    return false
                }
            case UInt8(ascii: "S"): span(scanner.line())
            case UInt8(ascii: "E") where isFast:
                scanner.skipTag()
                isClean = scanner.integer() == 0
            default: scanner.skipLine()
            }
        }
        return isClean
    }

    private mutating func append(
        _ isHeldOut: Bool, _ prompt: Int, _ ttft: Double, _ output: Int, _ hour: Int, _ state: Int, _ count: Int
    ) {
        report.accepted += count
        if !isHeldOut { report.tuningRows += count }
        switch state {
        case 0: report.ok += count
        case 2: report.cancelled += count
        default: report.failed += count
        }
        if state == 3 { late += count }
        let last = rows.counts.count - 1
        if last >= 0, rows.ttft[last] == ttft, rows.promptTokens[last] == prompt, rows.outputTokens[last] == output,
            rows.hours[last] == hour, rows.isHeldOut[last] == isHeldOut, rows.isCensored[last] == (state == 2)
        {
            rows.counts[last] += count
            return
        }
        rows.promptTokens.append(prompt)
        rows.ttft.append(ttft)
        rows.outputTokens.append(output)
        rows.hours.append(hour)
        rows.isCensored.append(state == 2)
        rows.isHeldOut.append(isHeldOut)
        rows.counts.append(count)
    }

    private mutating func span(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count == 10 else { return }
        report.filtered = Fields.integer(fields[2])
        report.rowsIn += Fields.integer(fields[9])
        let arrivals = Fields.integer(fields[3])
        report.isOrderedByArrival = arrivals > 0 && arrivals == Fields.integer(fields[1])
        if let first = Fields.double(fields[4]), let last = Fields.double(fields[5]) {
            report.arrivalSpan = last - first
            report.firstArrival = CalendarTime.text(first)
            report.lastArrival = CalendarTime.text(last)
            if first > 1e11 { report.notes.append("arrived_at looks like milliseconds; seconds are wanted") }
        }
        if arrivals > 0, !report.isOrderedByArrival {
            report.notes.append(
                "\(Fields.integer(fields[1]) - arrivals) rows have no arrived_at: the file's order counts")
        }
        report.medianTPOT = Fields.double(fields[6])
    }

    private mutating func finish(_ query: TraceQuery) {
        report.rejections.sort { ($1.count, $0.firstLine, $0.reason) < ($0.count, $1.firstLine, $1.reason) }
        if late > 0 {
            report.notes.append("\(late) first tokens came after \(query.timeout) s and count as failed")
        }
        if !report.ignoredColumns.isEmpty {
            report.notes.append("columns not read: \(TraceFormat.list(report.ignoredColumns))")
        }
    }
}
