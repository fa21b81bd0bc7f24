public import Distributions
internal import Policies
internal import Profiles
internal import Serving
internal import Traces

/// One distribution then and now.
public struct DriftComparison: Sendable {
    /// What is compared.
    public enum Subject: Sendable, Hashable {
        /// The server's TTFT, all rows, in seconds.
        case server
        /// The server's TTFT for the prompts of one bucket, in seconds; hours of the day for a table by periods.
        case serverBucket(from: Int, to: Int?, period: String?)
        /// The device's TTFT less the curve that was fitted then, in seconds.
        case device
        /// Prompt lengths, in tokens.
        case workload
    }

    /// The rows of one time.
    public struct Side: Sendable, Equatable {
        /// How many.
        public let rows: Int
        /// Their median; infinite where it never came or was not seen, nil without rows.
        public let median: Double?

        init(_ sample: CensoredSample) {
            rows = sample.count
            median = sample.quantile(0.5)
        }
    }

    /// What is compared.
    public let subject: Subject
    /// The rows that the problem names.
    public let then: Side
    /// The new rows.
    public let now: Side
    /// The test; nil where either side has no rows.
    public let test: KolmogorovSmirnov?
    /// The test's level, given that all comparisons of a check are made together (Holm); nil without a test.
    public internal(set) var level: Double?

    init(_ subject: Subject, _ then: CensoredSample, _ now: CensoredSample) {
        self.subject = subject
        self.then = Side(then)
        self.now = Side(now)
        test = then.count > 0 && now.count > 0 ? KolmogorovSmirnov(then, now) : nil
        level = test?.level
    }

    /// Whether the two differ by more than `limits` allow, and chance does not explain it.
    public func isDrifted(_ limits: DriftLimits) -> Bool {
        guard let test, let level else { return false }
        return test.distance > limits.distance && level <= limits.level
    }

    /// What is compared, in a few words.
    public var name: String {
        switch subject {
        case .server: return "server TTFT"
        case .serverBucket(let from, let to, let period):
            let lengths = to.map { $0 == from ? "\(from)" : "\(from)-\($0)" } ?? "\(from)+"
            return "server TTFT, \(period.map { "\($0), " } ?? "")\(lengths) tokens"
        case .device: return "device TTFT"
        case .workload: return "prompt tokens"
        }
    }

    // MARK: - Which comparisons are made

    /// All comparisons that the rows allow, their levels adjusted together.
    static func all(_ rows: DriftRows, _ table: PolicyTable, _ device: DeviceFit, timeout: Double) -> [DriftComparison]
    {
        var all: [DriftComparison] = []
        if let then = rows.then[.server], let now = rows.now[.server] {
            func times(_ rows: TraceRows) -> CensoredSample {
                CensoredSample(rows.ttft, isCensored: rows.isCensored, counts: rows.counts, horizon: timeout)
            }
            let cells = Cells(table)
            all.append(DriftComparison(.server, times(then), times(now)))
            all += zip(cells.subjects, zip(cells.split(then), cells.split(now))).map { subject, rows in
                DriftComparison(subject, times(rows.0), times(rows.1))
            }
        }
        if let then = rows.then[.device], let now = rows.now[.device] {
            func residuals(_ rows: TraceRows) -> CensoredSample {
                rows.residuals(around: device, timeout: timeout)
            }
            all.append(DriftComparison(.device, residuals(then), residuals(now)))
        }
        if let then = rows.then[.workload], let now = rows.now[.workload] {
            func lengths(_ rows: TraceRows) -> CensoredSample {
                CensoredSample(rows.promptTokens.map(Double.init), counts: rows.counts)
            }
            all.append(DriftComparison(.workload, lengths(then), lengths(now)))
        }
        let tested = all.indices.filter { all[$0].test != nil }
        for (index, level) in zip(tested, holmAdjusted(tested.compactMap { all[$0].level })) {
            all[index].level = level
        }
        return all
    }
}

/// The buckets of a table, by period where it has any; none where there is only one.
private struct Cells {
    let subjects: [DriftComparison.Subject]
    private let sets: [(first: Int, lowerEdges: [Int])]
    private let setOfHour: [Int]

    init(_ table: PolicyTable) {
        let all = table.bucketSets
        var subjects: [DriftComparison.Subject] = []
        var sets: [(Int, [Int])] = []
        for (index, buckets) in all.enumerated() {
            sets.append((subjects.count, buckets.map(\.from)))
            let period = table.periods.isEmpty ? nil : table.periods[index].words
            subjects += buckets.map { .serverBucket(from: $0.from, to: $0.to, period: period) }
        }
        self.subjects = subjects.count > 1 ? subjects : []
        self.sets = sets
        setOfHour = (0..<24).map { hour in table.periods.firstIndex { $0.hours.contains(hour) } ?? 0 }
    }

    /// The rows of each cell; those without a length, or without an hour where there are periods, are in none.
    func split(_ rows: TraceRows) -> [TraceRows] {
        var cells = [TraceRows](repeating: TraceRows(), count: subjects.count)
        guard !subjects.isEmpty else { return [] }
        for i in rows.counts.indices where rows.promptTokens[i] >= 1 {
            var set = sets[0]
            if sets.count > 1 {
                guard rows.hours[i] != TraceRows.noHour else { continue }
                set = sets[setOfHour[((rows.hours[i] % 24) + 24) % 24]]
            }
            cells[set.first + set.lowerEdges.interval(holding: rows.promptTokens[i])].append(row: i, of: rows)
        }
        return cells
    }
}

extension TraceRows {
    /// Times less those of a curve; what came after the timeout never came.
    fileprivate func residuals(around curve: DeviceFit, timeout: Double) -> CensoredSample {
        CensoredSample(
            counts.indices.map { i in
                let isLate = isCensored[i] ? ttft[i] >= timeout : ttft[i] > timeout
                return isLate ? .infinity : ttft[i] - curve.seconds(promptTokens: promptTokens[i])
            }, isCensored: isCensored, counts: counts)
    }
}
