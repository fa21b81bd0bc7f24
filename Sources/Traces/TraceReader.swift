/// Reads traces with DuckDB: foreign formats become canonical rows, grouped, with a report of what became of each row.
public struct TraceReader: Sendable {
    let duckdb: DuckDBProgram
    let timeout: Double

    /// A reader.
    /// - Parameters:
    ///   - duckdb: The program that reads the files.
    ///   - timeout: Seconds after which a request without a first token counts as failed.
    /// - Precondition: `timeout > 0`.
    public init(duckdb: DuckDBProgram, timeout: Double) {
        precondition(timeout > 0, "a timeout of \(timeout) s lets no request succeed")
        self.duckdb = duckdb
        self.timeout = timeout
    }

    /// Reads the selected columns of a trace.
    ///
    /// Failed rows have a TTFT of +infinity, and so have rows that were answered after the timeout. Rows that cannot be
    /// right are rejected, counted and reported with the line of the first; `where:` counts as `filtered`.
    /// - Returns: The accepted rows, grouped, and the conservation report.
    /// - Throws: `noSuchInput` for a file that is not there; `badData` for one that is not such a trace, that lacks a
    ///   column, or whose share of rejected rows is above `maxRejected`; `missingProgram` without DuckDB.
    /// - Complexity: O(n log n) for n rows, in DuckDB; only distinct rows cross into this process.
    public func read(
        _ source: TraceSource, _ selection: TraceSelection
    ) async throws(TraceError) -> (rows: TraceRows, report: TraceReport) {
        let workspace = try Workspace()
        defer { workspace.remove() }
        let file = try TraceFile(source.path, workspace: workspace)
        async let digest = file.sha256()
        async let integrity = Integrity.check(file)
        let found: Result<Reading, TraceError>
        do {
            let layout = try await file.layout(duckdb, workspace: workspace)
            let plan = try await typed(TracePlan(source, layout, selection), file)
            found = .success(try await rows(plan, file, selection))
        } catch {
            found = .failure(error)
        }
        let note = try Self.verify(await integrity, file)
        var reading = try found.get()
        reading.report.sha256 = await digest ?? ""
        reading.report.notes += note
        try reading.check(source)
        return (reading.rows, reading.report)
    }

    /// Tries the fast way where there is one, then the careful one.
    private func rows(
        _ plan: TracePlan, _ file: TraceFile, _ selection: TraceSelection
    ) async throws(TraceError) -> Reading {
        let query = TraceQuery(plan: plan, file: file, selection: selection, timeout: timeout)
        let session = DuckDBSession(program: duckdb, files: [file.path])
        if query.hasFastWay {
            let answer = try await session.run(query.fast)
            if answer.trouble.isEmpty, let clean = Reading(fast: answer.output, query) { return clean }
        }
        let notes = plan.format == .vllmBench ? try await VLLMBench.check(file, plan, duckdb) : []
        let answer = try await session.run(query.careful + [query.groups(order: "line")])
        try refuse(answer, plan, file)
        var reading = try Reading(careful: answer.output, query)
        reading.report.notes += notes
        if plan.format == .llamaBench { reading.report.medianTPOT = try await bench(plan, file).medianTPOT }
        return reading
    }

    /// Finds out what the text columns of user expressions hold.
    func typed(_ plan: TracePlan, _ file: TraceFile) async throws(TraceError) -> TracePlan {
        guard plan.needsProfile else { return plan }
        let query = TraceQuery(plan: plan, file: file, selection: nil, timeout: timeout)
        let answer = try await DuckDBSession(program: duckdb, files: [file.path]).run([query.profile])
        try file.reject(answer)
        return plan.typed(by: answer.output)
    }

    /// Throws what DuckDB said of a statement: of the file, or of the user's expressions in it.
    func refuse(_ answer: DuckDBSession.Answer, _ plan: TracePlan, _ file: TraceFile) throws(TraceError) {
        guard !answer.trouble.isEmpty else { return }
        let trouble = Trouble(answer.trouble)
        let isAboutText = [
            "Binder", "Parser", "Conversion", "Catalog", "Out of Range", "Permission", "Not implemented",
        ]
        .contains { trouble.sentence.hasPrefix($0) }
        let expressions = plan.source.columns.sorted { $0.key < $1.key }.map { "\($0): \($1)" }
        guard isAboutText, !expressions.isEmpty || plan.source.filter != nil else {
            throw trouble.error(file: file.name)
        }
        let all = expressions + (plan.source.filter.map { ["where: \($0)"] } ?? [])
        throw TraceError(
            .badData, file: file.name,
            found: "an expression that DuckDB refuses (\(trouble.useful)) among \(TraceFormat.list(all))",
            wanted: "SQL expressions over \(TraceFormat.list(plan.layout.columns))")
    }

    /// Throws for a damaged file; otherwise the note that goes into the report.
    static func verify(_ finding: Integrity.Finding, _ file: TraceFile) throws(TraceError) -> [String] {
        switch finding {
        case .whole: return []
        case .unchecked(let note): return [note]
        case .damaged(let what):
            throw TraceError(.badData, file: file.name, found: what, advice: "Copy or compress the file again")
        }
    }
}
