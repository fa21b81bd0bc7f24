import Policies
import Serving
import Testing

/// `Metric` and `PolicyMetric`, which share no code, agree on what a metric is called.
@Suite struct MetricNameTests {
    @Test(arguments: Metric.reported)
    func `the policy table knows every metric of a problem`(metric: Metric) {
        #expect(PolicyMetric.isKnown(metric.rawValue))
        #expect(Metric(rawValue: metric.rawValue) == metric)
        #expect(PolicyMetric.quantileLevel(metric.rawValue) == metric.quantileLevel)
    }

    @Test func `the metrics reported come in the table's order, and in their own`() {
        #expect(Metric.reported.map(\.rawValue) == Array(PolicyMetric.names.prefix(Metric.reported.count)))
        #expect(Metric.reported == Metric.reported.reversed().sorted())
        #expect(Metric.reportedQuantiles.map(\.quantileLevel) == [0.5, 0.9, 0.95, 0.99, 0.999])
    }

    /// The decimal, its point moved by two places, as the standard library reads it.
    @Test(arguments: [
        ("ttft.p0.000001", 0.00000001), ("ttft.p0.1", 0.001), ("ttft.p1", 0.01), ("ttft.p7", 0.07), ("ttft.p29", 0.29),
        ("ttft.p57", 0.57), ("ttft.p97.5", 0.975), ("ttft.p99", 0.99), ("ttft.p99.9", 0.999), ("ttft.p99.95", 0.9995),
        ("ttft.p99.999999", 0.99999999),
    ]) func `a level is the double nearest to the decimal`(name: String, level: Double) {
        #expect(Metric(rawValue: name)?.quantileLevel == level)
        #expect(PolicyMetric.quantileLevel(name) == level)
    }

    @Test func `levels of every number of decimals are read alike, and spelled back`() throws {
        for step in stride(from: 1, to: 100_000_000, by: 99_991) {
            let digits = String(String(100_000_000 + step).dropFirst())
            var name = "ttft.p\(Int(digits.prefix(2)) ?? 0).\(digits.dropFirst(2))"
            while name.last == "0" { name.removeLast() }
            if name.last == "." { name.removeLast() }
            let metric = try #require(Metric(rawValue: name), "\(name)")
            #expect(metric.rawValue == name)
            #expect(metric.quantileLevel == Double("0." + digits) && metric.quantileLevel != nil)
            #expect(PolicyMetric.quantileLevel(name) == metric.quantileLevel)
        }
    }

    @Test(arguments: [
        "", "ttft", "ttft.p", "ttft.p0", "ttft.p00.1", "ttft.p01", "ttft.p100", "ttft.p99.", "ttft.p99.0", "ttft.p.5",
        "ttft.p9.9.9", "ttft.p99.9999999", "ttft.pp", "ttft.p-1", "ttft.p+1", "ttft.p1e1", "TTFT.mean", "ttft.mean ",
        "ttft.p५", "ttft.p 5",
    ]) func `what is no metric is none to either`(name: String) {
        #expect(Metric(rawValue: name) == nil)
        #expect(!PolicyMetric.isKnown(name))
    }

    @Test func `needless zeros are read only where a decimal is asked for`() {
        #expect(Percentile(decimal: "099.90")?.description == "99.9")
        #expect(Percentile(decimal: ".5")?.description == "0.5")
        #expect(["", ".", "0", "0.0", "100", "-1", "1.2345678", "9,5"].allSatisfy { Percentile(decimal: $0) == nil })
    }
}
