internal import Foundation
public import Serving
internal import Traces

/// What a scenario does to the traces before they are profiled: outages, and another traffic.
public struct WorldChange: Sendable, Hashable {
    /// Requests that find an endpoint down, besides those that failed in the trace.
    public struct Outage: Sendable, Hashable {
        /// Who is down.
        public var endpoint: Endpoint
        /// Share of all requests that find it so, 0...1.
        public var share: Double
    }

    /// Requests that arrive more or less often.
    public struct Mix: Sendable, Hashable {
        /// Prompt lengths in tokens, both ends included.
        public var lengths: ClosedRange<Int>
        /// How many times as often they arrive, ≥ 0.
        public var times: Double
    }

    /// Outages.
    public var outages: [Outage] = []
    /// What prompts are multiplied by, > 0.
    public var promptTimes = 1.0
    /// What answers are multiplied by, > 0.
    public var outputTimes = 1.0
    /// Lengths, the trace's own, that arrive more or less often.
    ///
    /// Where several hold a length their factors multiply.
    public var mixes: [Mix] = []

    /// Nothing changes.
    public init() {}

    /// What a request counts where requests are cut into parts: a million, fewer where so many would be too many to count.
    private static func parts(_ rows: TraceRows) -> Int {
        max(1, min(1_000_000, 1_000_000_000_000 / max(1, rows.requests)))
    }

    /// The workload's rows after the change.
    func workload(_ rows: TraceRows) -> TraceRows {
        guard promptTimes != 1 || outputTimes != 1 || !mixes.isEmpty else { return rows }
        let parts = Self.parts(rows)
        return rows.mapRows { row in
            var row = row
            if !mixes.isEmpty {
                let times = mixes.filter { $0.lengths.contains(row.promptTokens) }.reduce(1) { $0 * $1.times }
                row.count = Int((Double(row.count) * Double(parts) * times).rounded())
            }
            row.promptTokens = max(1, Int((Double(row.promptTokens) * promptTimes).rounded()))
            if row.outputTokens > 0 { row.outputTokens = Int((Double(row.outputTokens) * outputTimes).rounded()) }
            return row.count > 0 ? [row] : []
        }
    }
}

/// One row of a trace.
private struct Row: Comparable {
    var promptTokens: Int
    var ttft: Double
    var outputTokens: Int
    var hour: Int
    var isCensored: Bool
    var isHeldOut: Bool
    var count: Int

    private var order: (Int, Int, Double, Int, Int, Int) {
        (isHeldOut ? 1 : 0, promptTokens, ttft, outputTokens, hour, isCensored ? 1 : 0)
    }

    static func < (left: Row, right: Row) -> Bool { left.order < right.order }
    func isAlike(_ other: Row) -> Bool { order == other.order }
}

extension TraceRows {
    /// What becomes of each row, in the order that rows have, those that are then alike joined.
    fileprivate func mapRows(_ change: (Row) -> [Row]) -> TraceRows {
        var rows: [Row] = []
        for i in counts.indices {
            rows += change(
                Row(
                    promptTokens: promptTokens[i], ttft: ttft[i], outputTokens: outputTokens[i], hour: hours[i],
                    isCensored: isCensored[i], isHeldOut: isHeldOut[i], count: counts[i]))
        }
        rows.sort()
        var result = TraceRows()
        var last: Row?
        for row in rows {
            if let last, last.isAlike(row) {
                result.counts[result.counts.count - 1] += row.count
                continue
            }
            last = row
            result.promptTokens.append(row.promptTokens)
            result.ttft.append(row.ttft)
            result.outputTokens.append(row.outputTokens)
            result.hours.append(row.hour)
            result.isCensored.append(row.isCensored)
            result.isHeldOut.append(row.isHeldOut)
            result.counts.append(row.count)
        }
        return result
    }
}
