internal import Optimization
internal import Profiles
internal import Serving

/// Usage curves of buckets, made once for all buckets that share the first endpoint's times.
final class Curves {
    private let buckets: [BucketTerms]
    private var pooled: [[Int]: UsageCurve] = [:]

    init(_ buckets: [BucketTerms]) { self.buckets = buckets }

    /// P(S > w) of a bucket, by tokens.
    func server(_ g: Int) -> UsageCurve {
        let bucket = buckets[g]
        guard bucket.runs.count == 1 else {
            return WaitCurve.curve(of: .server, in: bucket.profile, range: bucket.range)
        }
        let group = bucket.runs[0].group
        if let curve = pooled[[bucket.world, group]] { return curve }
        let curve = WaitCurve.curve(of: bucket.profile.server.groups[group], timeout: bucket.profile.timeout)
        pooled[[bucket.world, group]] = curve
        return curve
    }

    /// P(D > w) of a bucket, by tokens.
    func device(_ g: Int) -> UsageCurve {
        WaitCurve.curve(of: .device, in: buckets[g].profile, range: buckets[g].range)
    }
}
