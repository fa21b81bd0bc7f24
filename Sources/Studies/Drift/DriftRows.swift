public import Policies
public import Traces

/// The rows that a check compares: those that a problem names, and the new ones, of each trace that has new ones.
public struct DriftRows: Sendable {
    /// Rows of then; nil where the problem has a formula instead.
    let then: [NewTrace.Role: TraceRows]
    /// Rows of now.
    let now: [NewTrace.Role: TraceRows]

    /// Reads both.
    /// - Parameters:
    ///   - problem: The problem as it stands.
    ///   - new: The same with the new files.
    ///   - roles: What there are new files of.
    ///   - table: The table, whose buckets the server's rows are grouped by.
    ///   - duckdb: The program that reads tables.
    ///   - cache: Traces that were read already.
    /// - Returns: The rows.
    /// - Throws: `StudyError.trace` where a file cannot be read.
    public static func read(
        _ problem: Problem, _ new: Problem, roles: Set<NewTrace.Role>, for table: PolicyTable, duckdb: DuckDBProgram,
        cache: TraceCache
    ) async throws(StudyError) -> DriftRows {
        let reader = TraceReader(duckdb: duckdb, timeout: problem.timeout)
        func rows(_ role: NewTrace.Role, of problem: Problem) async throws(StudyError) -> TraceRows? {
            guard let source = problem.source(of: role) else { return nil }
            let selection: TraceSelection
            switch role {
            case .workload:
                selection = TraceSelection(
                    lengths: .exact, needsTTFT: false, wantsOutputTokens: true, wantsHours: !table.periods.isEmpty)
            case .server:
                selection = TraceSelection(
                    lengths: .groupsIfKnown(lowerEdges: edges(table, problem)), needsTTFT: true,
                    wantsHours: !table.periods.isEmpty)
            case .device: selection = TraceSelection(lengths: .exact, needsTTFT: true)
            }
            if let known = await cache.rows(source, selection, timeout: problem.timeout) { return known.rows }
            do { return try await reader.read(source, selection).rows } catch { throw .trace(error) }
        }
        var (then, now): ([NewTrace.Role: TraceRows], [NewTrace.Role: TraceRows]) = ([:], [:])
        for role in NewTrace.Role.allCases {
            // A table by periods weighs them by the server's arrivals where the workload has none.
            let isNeeded = roles.contains(role) || role == .server && !table.periods.isEmpty
            guard isNeeded else { continue }
            if roles.contains(role) { then[role] = try await rows(role, of: problem) }
            now[role] = try await rows(role, of: new)
        }
        return DriftRows(then: then, now: now)
    }

    /// Lengths at which a bucket of the table, or a group that the server is conditioned on, begins.
    private static func edges(_ table: PolicyTable, _ problem: Problem) -> [Int] {
        var edges = Set(table.bucketSets.joined().map(\.from)).union([1])
        if case .promptTokens(let groups) = problem.server.conditioning {
            edges.formUnion(groups.isEmpty ? StudyProfiles.defaultGroups : groups)
        }
        return edges.sorted()
    }
}

extension PolicyTable {
    /// Its bucket sets: one, or one a period.
    var bucketSets: [[Bucket]] { periods.isEmpty ? [buckets] : periods.map(\.buckets) }
}

extension TraceRows {
    /// Adds a row of others, for `count` requests or as many as it stood for.
    mutating func append(row i: Int, of rows: TraceRows, count: Int? = nil) {
        promptTokens.append(rows.promptTokens[i])
        ttft.append(rows.ttft[i])
        outputTokens.append(rows.outputTokens[i])
        hours.append(rows.hours[i])
        isCensored.append(rows.isCensored[i])
        isHeldOut.append(rows.isHeldOut[i])
        counts.append(count ?? rows.counts[i])
    }
}
