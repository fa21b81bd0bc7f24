internal import Serving

extension ProblemReader {
    /// What the quality of streams is measured against; what is left out is as usual.
    func metrics(_ section: Section, otherwise standard: MetricSettings) -> MetricSettings {
        var metrics = standard
        metrics.ttftTarget = section.number("ttft_target", .nonNegative("seconds")) ?? metrics.ttftTarget
        metrics.alpha = section.number("alpha", .nonNegative("tokens per token not read")) ?? metrics.alpha
        if let deadline = section.section("deadline") {
            metrics.deadlineTokensPerSecond =
                deadline.number("tokens_per_second", .positive("tokens per second"))
                ?? metrics.deadlineTokensPerSecond
            metrics.deadlineOffset = deadline.number("offset", .nonNegative("seconds")) ?? metrics.deadlineOffset
        }
        return metrics
    }

    /// Notes quality of experience asked for without a reader who has any.
    func checkQuality(of problem: Problem, in root: Section) {
        guard problem.readers == nil else { return }
        func refuse(_ place: TextPlace, _ field: String) {
            root.findings.add(
                place, field: field, found: "`qoe.mean` without `reader`", wanted: "the reader's pace beside it",
                advice: "Add `reader: {tokens_per_second: 4.8}`.")
        }
        if problem.objective == .qoeMean, let field = root["objective"] { refuse(field.value.place, "objective") }
        if problem.limits.contains(where: { $0.metric == .qoeMean }),
            let field = root.section("limits")?[Metric.qoeMean.rawValue]
        {
            refuse(field.place, "limits.qoe.mean")
        }
    }
}
