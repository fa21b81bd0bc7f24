import Policies
import Serving
import Testing

@Suite struct MetricNameTests {
    @Test(arguments: Metric.allCases)
    func `the policy table knows every metric of a problem`(metric: Metric) {
        #expect(PolicyMetric.isKnown(metric.rawValue))
    }
}
