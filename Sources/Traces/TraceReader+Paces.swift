/// How fast an endpoint's tokens followed each other in a trace.
public struct TracePaces: Sendable, Equatable {
    /// Times per output token of responses, in seconds, > 0, ascending: as many quantiles of equal mass as there are; empty
    /// where the trace has none.
    public var tpot: [Double] = []
    /// Gaps between tokens, in seconds, ≥ 0, in the order in which they were recorded, response after response; empty where
    /// the trace has no `tbt`.
    ///
    /// A response of more tokens than deliveries has its tokens spread evenly over them: a gap, then zeros.
    public var gaps: [Double] = []

    /// No paces.
    public init() {}
}

extension TraceReader {
    /// Quantiles that stand for all times per output token.
    private static let quantiles = 1000
    /// About so many gaps are kept, of responses spread evenly over the trace.
    static let mostGaps = 1 << 16

    /// Reads the paces of the accepted rows of a trace.
    /// - Returns: What the trace has of them.
    /// - Throws: As `read`, which is expected to have been asked first: nothing is counted here.
    /// - Complexity: O(n log n) for n rows, in DuckDB.
    public func paces(_ source: TraceSource) async throws(TraceError) -> TracePaces {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let file = try TraceFile(source.path, workspace: workspace)
        let layout = try await file.layout(duckdb, workspace: workspace)
        let plan = try await typed(TracePlan(source, layout, nil), file)
        guard plan.format != .llamaBench, plan.mapping[.tbt] != nil || plan.mapping[.tpot] != nil else {
            return TracePaces()
        }
        let query = TraceQuery(plan: plan, file: file, selection: nil, timeout: timeout)
        let session = DuckDBSession(program: duckdb, files: [file.path])
        if query.hasFastWay {
            let answer = try await session.run(query.fastTable + Self.statements(order: "rowid"))
            if answer.trouble.isEmpty, Reading(fast: answer.output, query) != nil { return TracePaces(answer.output) }
        }
        let answer = try await session.run(query.careful + Self.statements(order: "line"))
        try refuse(answer, plan, file)
        return TracePaces(answer.output)
    }

    /// Selects times per output token, then gaps with the number and the tokens of their response.
    private static func statements(order: String) -> [String] {
        let levels = (0..<quantiles).map { SQL.number((Double($0) + 0.5) / Double(quantiles)) }
        return [
            """
            SELECT 'P', unnest(q) FROM (SELECT quantile_disc(tpot, [\(levels.joined(separator: ", "))]) AS q
            FROM t WHERE code = 0);
            """,
            """
            WITH runs AS (SELECT row_number() OVER (ORDER BY place) AS r, outp, g FROM (SELECT \(order) AS place, outp,
            list_filter(TRY_CAST(tbt_raw AS DOUBLE[]), lambda x: x >= 0 AND x < 'inf'::DOUBLE) AS g
            FROM t WHERE code = 0 AND state IN (0, 3)) WHERE len(g) > 0)
            SELECT 'B', r, coalesce(outp, 0)::BIGINT, x FROM (SELECT r, outp, unnest(g) AS x, generate_subscripts(g, 1) AS k
            FROM runs, (SELECT ceil(sum(len(g)) / \(mostGaps))::BIGINT AS step FROM runs) WHERE r % step = 0) ORDER BY r, k;
            """,
        ]
    }
}

extension TracePaces {
    /// What our statements printed.
    fileprivate init(_ output: [UInt8]) {
        var scanner = NumberScanner(output)
        var (response, tokens) = (0, 0)
        var deliveries: [Double] = []
        while !scanner.isAtEnd {
            switch scanner.next {
            case UInt8(ascii: "P"):
                scanner.skipTag()
                tpot.append(scanner.double())
            case UInt8(ascii: "B"):
                scanner.skipTag()
                let (next, count, gap) = (scanner.integer(), scanner.integer(), scanner.double())
                if next != response {
                    add(deliveries, tokens: tokens)
                    (response, tokens, deliveries) = (next, count, [])
                }
                deliveries.append(gap)
            default: scanner.skipLine()
            }
        }
        add(deliveries, tokens: tokens)
    }

    /// Adds a response that came in so many deliveries after its first token.
    private mutating func add(_ deliveries: [Double], tokens: Int) {
        let count = max(deliveries.count, tokens - 1)
        var done = 0
        for token in 0..<count {
            // Token k belongs to delivery ⌊k · deliveries / count⌋.
            if token * deliveries.count / count == done {
                gaps.append(deliveries[done])
                done += 1
            } else {
                gaps.append(0)
            }
        }
    }
}
