extension TraceQuery {
    /// The relation's rows as canonical values with a verdict: `line`, `code`, `state` (0 ok, 1 failed, 2 cancelled,
    /// 3 answered after the timeout), `ttft`, `prompt`, `outp`, `tpot`, `arrived`, `found`.
    func judged(_ relation: String, isFast: Bool) -> String {
        let mapping = plan.mapping
        func raw(_ column: CanonicalColumn) -> String { mapping[column] ?? "NULL" }
        let arrivalIsNumber =
            plan.format != .canonical && plan.format != .azure && plan.format != .llmperf
            && plan.source.columns["arrived_at"] == nil
        let arrived =
            arrivalIsNumber
            ? "TRY_CAST(arrived_raw AS DOUBLE)"
            : """
            coalesce(TRY_CAST(arrived_raw::VARCHAR AS DOUBLE), epoch(TRY_CAST(arrived_raw::VARCHAR AS TIMESTAMPTZ)))
            """
        let limit = SQL.number(timeout)
        let found = isFast ? "NULL" : foundText
        let extra = selection == nil ? ", ttft_v, endpoint_raw, class_raw, tbt_raw" : ""
        let extraRaw =
            selection == nil
            ? """
            , \(raw(.endpoint))::VARCHAR AS endpoint_raw, \(raw(.tenant))::VARCHAR AS class_raw, \(raw(.tbt)) AS tbt_raw
            """
            : ""
        let texts = isFast ? "" : plan.format == .vllmBench ? "" : plan.columns.indices.map { ", x\($0)" }.joined()
        return """
            SELECT __line AS line, code, prompt_v AS prompt, output_v AS outp, arrived_v AS arrived,
            CASE WHEN state <> 1 AND ttft_v > \(limit) THEN 3 ELSE state END AS state,
            CASE WHEN state = 1 OR ttft_v > \(limit) THEN 'inf'::DOUBLE ELSE ttft_v END AS ttft,
            CASE WHEN state = 0 AND tpot_v > 0 AND tpot_v < 'inf'::DOUBLE THEN tpot_v END AS tpot, \(found) AS found\(extra)
            FROM (SELECT *, \(verdict) AS code
            FROM (SELECT *, TRY_CAST(ttft_raw AS DOUBLE) AS ttft_v, TRY_CAST(prompt_raw AS DOUBLE) AS prompt_v,
            TRY_CAST(output_raw AS DOUBLE) AS output_v, TRY_CAST(tpot_raw AS DOUBLE) AS tpot_v,
            \(arrived) AS arrived_v, \(stateText) AS state
            FROM (SELECT __line, __bad, \(plan.filter ?? "true") AS keep, \(raw(.ttft)) AS ttft_raw,
            \(raw(.promptTokens)) AS prompt_raw, \(raw(.outputTokens)) AS output_raw, \(raw(.tpot)) AS tpot_raw,
            \(raw(.arrivedAt)) AS arrived_raw, \(raw(.outcome)) AS outcome_raw\(extraRaw)\(texts) FROM (\(relation)))))
            """
    }

    /// The state of a row by its `ttft_raw` and `outcome_raw`; -1 for an unknown outcome.
    private var stateText: String {
        let usual = plan.mapping[.ttft] == nil ? "0" : "CASE WHEN ttft_raw IS NULL THEN 1 ELSE 0 END"
        return plan.mapping[.outcome] == nil
            ? usual
            : """
            CASE lower(trim(outcome_raw::VARCHAR)) WHEN 'ok' THEN 0 WHEN 'failed' THEN 1 WHEN 'cancelled' THEN 2
            WHEN 'canceled' THEN 2 WHEN '' THEN \(usual)
            ELSE CASE WHEN outcome_raw IS NULL THEN \(usual) ELSE -1 END END
            """
    }

    /// The verdict on a row.
    ///
    /// What is looked at does not hang on the selection, but for what must not be missing.
    private var verdict: String {
        var cases = [
            "__bad IN (\(Verdict.notJSON), \(Verdict.doubledKey)) THEN __bad", "keep = false THEN \(Verdict.filtered)",
            "__bad > 0 THEN __bad", "keep IS NULL THEN \(Verdict.filtered)",
        ]
        if plan.mapping[.outcome] != nil { cases.append("state < 0 THEN \(Verdict.unknownOutcome)") }
        switch selection?.lengths {
        case .exact, .groups: cases.append("prompt_raw IS NULL THEN \(Verdict.promptMissing)")
        default: break
        }
        if plan.mapping[.promptTokens] != nil {
            cases += [
                "prompt_raw IS NOT NULL AND (prompt_v IS NULL OR isnan(prompt_v)) THEN \(Verdict.promptNotANumber)",
                "prompt_v > 2147483647 THEN \(Verdict.promptTooLarge)",
                "prompt_v <> floor(prompt_v) THEN \(Verdict.promptNotWhole)",
                "prompt_v < 1 THEN \(Verdict.promptTooSmall)",
            ]
        }
        cases += ttftCases
        if plan.mapping[.outputTokens] != nil {
            cases.append(
                """
                output_raw IS NOT NULL AND (output_v IS NULL OR isnan(output_v) OR output_v < 0 OR output_v > 2147483647
                OR output_v <> floor(output_v)) THEN \(Verdict.outputNotACount)
                """)
        }
        if plan.mapping[.arrivedAt] != nil {
            cases.append(
                """
                arrived_raw IS NOT NULL AND (arrived_v IS NULL OR isnan(arrived_v) OR isinf(arrived_v))
                THEN \(Verdict.arrivalNotATime)
                """)
        }
        return "CASE " + cases.map { "WHEN \($0)" }.joined(separator: " ") + " ELSE 0 END"
    }

    /// What can be wrong with `ttft_raw` and its number `ttft_v`.
    private var ttftCases: [String] {
        guard plan.mapping[.ttft] != nil else { return [] }
        var cases: [String] = []
        if selection?.needsTTFT ?? true {
            cases.append("state = 0 AND ttft_raw IS NULL THEN \(Verdict.ttftMissing)")
            cases.append("state = 2 AND ttft_raw IS NULL THEN \(Verdict.boundMissing)")
        }
        return cases + [
            """
            state <> 1 AND ttft_raw IS NOT NULL AND (ttft_v IS NULL OR isnan(ttft_v)) THEN \(Verdict.ttftNotANumber)
            """,
            "state <> 1 AND ttft_v <= 0 THEN \(Verdict.ttftNotPositive)",
            "state <> 1 AND isinf(ttft_v) THEN \(Verdict.ttftInfinite)",
        ]
    }

    /// The value at fault, as text: only of columns that were asked for.
    private var foundText: String {
        var cases = """
            WHEN code >= 20 AND code < 30 THEN prompt_raw::VARCHAR WHEN code >= 30 AND code < 40 THEN ttft_raw::VARCHAR
            WHEN code = \(Verdict.unknownOutcome) THEN outcome_raw::VARCHAR
            WHEN code = \(Verdict.outputNotACount) THEN output_raw::VARCHAR
            WHEN code = \(Verdict.arrivalNotATime) THEN arrived_raw::VARCHAR
            """
        if plan.format != .vllmBench {
            for index in plan.columns.indices {
                cases += " WHEN code = \(Verdict.wrongType + index) THEN x\(index)::VARCHAR"
            }
        }
        return "CASE \(cases) END"
    }

    // MARK: - What comes back

    /// Counts and spans over all rows.
    var summary: String {
        """
        SELECT 'S', count(*) FILTER (code = 0), count(*) FILTER (code = 1), count(arrived) FILTER (code = 0),
        min(arrived) FILTER (code = 0), max(arrived) FILTER (code = 0), median(tpot) FILTER (code = 0),
        count(*) FILTER (code = 0 AND state = 3), count(*) FILTER (code > 1), count(*) FROM t;
        """
    }

    /// Rejected rows by verdict, with the first line.
    var rejections: String {
        """
        SELECT 'R', code, count(*), min(line), hex(coalesce(arg_min(found, line)[1:60], '')) FROM t WHERE code > 1
        GROUP BY code ORDER BY code;
        """
    }

    /// The accepted rows, grouped by all that was selected and in that order.
    func groups(order: String) -> String {
        guard let selection else { preconditionFailure("ingestion has no groups") }
        var held = "0"
        var rows = "t"
        if let share = selection.tuningShare {
            // By arrival only if every accepted row has one.
            rows = """
                (SELECT *, CASE WHEN code = 0 AND rank > n THEN 1 ELSE 0 END AS held FROM (SELECT *,
                row_number() OVER (PARTITION BY code = 0 ORDER BY CASE WHEN timed THEN arrived END, \(order)) AS rank
                FROM (SELECT *, \(order == "rowid" ? "rowid, " : "")
                (SELECT count(arrived) = count(*) FROM t WHERE code = 0) AS timed FROM t)),
                (SELECT floor(\(SQL.number(share)) * count(*) + 1e-9) AS n FROM t WHERE code = 0))
                """
            held = "held"
        }
        let prompt = lengthGroup("prompt")
        let ttft = selection.needsTTFT ? "ttft" : "0"
        let output = selection.wantsOutputTokens ? "coalesce(outp, -1)::BIGINT" : "-1"
        let hour = keepsHours ? Self.hour("arrived") : "0"
        let keys = [held, prompt, ttft, output, hour, "state"].map { "CASE WHEN code = 0 THEN \($0) ELSE 0 END" }
        let list = keys.enumerated().map { "\($1) AS k\($0)" }.joined(separator: ", ")
        return "SELECT 'G', code, \(list), count(*) FROM \(rows) GROUP BY ALL ORDER BY code, k0, k1, k2, k3, k4, k5;"
    }

    /// What stands for an unknown hour in our statements, before any hour that there is.
    static let unknownHour = -1_000_000_000_000

    /// The whole hour of an arrival in seconds; unknown where nothing on earth arrived (beyond thirty million years).
    private static func hour(_ seconds: String) -> String {
        "coalesce(CASE WHEN abs(\(seconds)) < 1e15 THEN floor(\(seconds) / 3600)::BIGINT END, \(unknownHour))"
    }

    /// The selected length group of a valid `prompt`.
    private func lengthGroup(_ prompt: String) -> String {
        switch selection?.lengths {
        case .pooled, nil: "0"
        case .exact: "\(prompt)::BIGINT"
        case .groups(let edges): Self.group(prompt, edges[...])
        case .doublings: "coalesce(pow(2, floor(log2(\(prompt)))), 0)::BIGINT"
        case .groupsIfKnown(let edges):
            "CASE WHEN \(prompt) IS NULL THEN 0 ELSE \(Self.group(prompt, edges[...])) END"
        }
    }

    /// The accepted rows grouped as by `groups`, straight from the relation of the fast way.
    ///
    /// Groups by the raw values first and judges the groups: a verdict on every row costs as much as reading it. That
    /// lengths are right is an aggregate, which costs less than one more key. There are no arrivals on this way.
    func judgedGroups(_ relation: String) -> String {
        func raw(_ column: CanonicalColumn) -> String { plan.mapping[column] ?? "NULL" }
        func isCount(_ column: CanonicalColumn, from least: Int) -> String {
            let value = "TRY_CAST(\(raw(column)) AS DOUBLE)"
            return "coalesce(\(value) >= \(least) AND \(value) <= 2147483647 AND \(value) = floor(\(value)), false)"
        }
        var keys = ["\(raw(.ttft)) AS ttft_raw"]
        var valid = "true"
        if plan.mapping[.outcome] != nil { keys.append("\(raw(.outcome)) AS outcome_raw") }
        if let filter = plan.filter { keys.append("\(filter) AS keep") }
        if plan.mapping[.promptTokens] != nil {
            var isRight = isCount(.promptTokens, from: 1)
            let group = lengthGroup("TRY_CAST(\(raw(.promptTokens)) AS DOUBLE)")
            if group != "0" { keys.append("CASE WHEN \(isRight) THEN \(group) ELSE 0 END AS prompt") }
            switch selection?.lengths {
            case .exact, .groups: break
            default: isRight = "(\(raw(.promptTokens)) IS NULL OR \(isRight))"
            }
            valid += " AND \(isRight)"
        }
        if plan.mapping[.outputTokens] != nil {
            let isRight = isCount(.outputTokens, from: 0)
            if selection?.wantsOutputTokens == true {
                keys.append("CASE WHEN \(isRight) THEN \(raw(.outputTokens))::BIGINT ELSE -1 END AS outp")
            }
            valid += " AND (\(raw(.outputTokens)) IS NULL OR \(isRight))"
        }
        if plan.columns.contains(where: { $0.type == .time || $0.type == .boolean }) { valid += " AND __bad = 0" }
        let names = keys.compactMap { $0.split(separator: " ").last.map(String.init) }
        func key(_ name: String, else other: String) -> String { names.contains(name) ? name : other }
        let keep = names.contains("keep") ? "WHEN coalesce(NOT keep, true) THEN \(Verdict.filtered) " : ""
        let wrong = ["NOT valid THEN -1", "state < 0 THEN -1"] + ttftCases
        let limit = SQL.number(timeout)
        return """
            SELECT 'G', code, 0, CASE WHEN code = 0 THEN \(key("prompt", else: "0")) ELSE 0 END AS k1,
            CASE WHEN code <> 0 THEN 0 WHEN state = 1 OR ttft_v > \(limit) THEN 'inf'::DOUBLE ELSE ttft_v END AS k2,
            CASE WHEN code = 0 THEN \(key("outp", else: "-1")) ELSE 0 END AS k3, 0 AS k4,
            CASE WHEN code <> 0 THEN 0 WHEN state <> 1 AND ttft_v > \(limit) THEN 3 ELSE state END AS k5, sum(n)::BIGINT
            FROM (SELECT *, CASE \(keep)\(wrong.map { "WHEN \($0)" }.joined(separator: " ")) ELSE 0 END AS code
            FROM (SELECT *, TRY_CAST(ttft_raw AS DOUBLE) AS ttft_v, \(stateText) AS state
            FROM (SELECT \(keys.joined(separator: ", ")), count(*) AS n, bool_and(\(valid)) AS valid
            FROM (\(relation)) GROUP BY ALL)))
            GROUP BY ALL ORDER BY code, k1, k2, k3, k5;
            """
    }

    /// The largest of the ascending `edges` that is not above `value`, found by halving.
    private static func group(_ value: String, _ edges: ArraySlice<Int>) -> String {
        guard edges.count > 1 else { return "\(edges.first ?? 1)::BIGINT" }
        let middle = edges.startIndex + edges.count / 2
        return """
            CASE WHEN \(value) < \(edges[middle]) THEN \(group(value, edges[..<middle]))
            ELSE \(group(value, edges[middle...])) END
            """
    }
}
