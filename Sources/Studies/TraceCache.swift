internal import Traces

/// Traces that were read already, for runs that profile the same ones again and again.
public actor TraceCache {
    private struct Key: Hashable {
        let source: TraceSource
        let selection: TraceSelection
        let timeout: Double
    }

    private var kept: [Key: (rows: TraceRows, report: TraceReport)] = [:]

    /// An empty cache.
    public init() {}

    func rows(
        _ source: TraceSource, _ selection: TraceSelection, timeout: Double
    ) -> (rows: TraceRows, report: TraceReport)? {
        kept[Key(source: source, selection: selection, timeout: timeout)]
    }

    func keep(
        _ rows: TraceRows, _ report: TraceReport, of source: TraceSource, _ selection: TraceSelection, timeout: Double
    ) {
        kept[Key(source: source, selection: selection, timeout: timeout)] = (rows, report)
    }
}
