extension PolicyTable {
    func checkBuckets(_ findings: inout Findings) {
        findings.require(
            buckets.isEmpty || periods.isEmpty, .bucketsOrPeriods, "$",
            "found \(buckets.count) buckets beside \(periods.count) periods, wanted one of the two")
        if periods.isEmpty || !buckets.isEmpty { check(buckets, "$.buckets", &findings) }
        guard !periods.isEmpty else { return }
        checkHours(&findings)
        for (index, period) in periods.enumerated() { check(period.buckets, "$.periods[\(index)].buckets", &findings) }
        let count = periods.reduce(0) { $0 + $1.buckets.count }
        findings.require(
            periods.contains { $0.buckets.count > SizeLimits.buckets } || count <= SizeLimits.buckets, .tooManyBuckets,
            "$.periods", "found \(count) buckets, wanted at most \(SizeLimits.buckets)")
    }

    private func checkHours(_ findings: inout Findings) {
        var periodOfHour = [Int?](repeating: nil, count: 24)
        var sum = 0.0
        for (index, period) in periods.enumerated() {
            let path = "$.periods[\(index)]"
            let isAscending = zip(period.hours, period.hours.dropFirst()).allSatisfy(<)
            findings.require(
                !period.hours.isEmpty && isAscending, .periodHours, path + ".hours",
                period.hours.isEmpty ? "wanted at least one hour" : "the hours do not ascend")
            for (place, hour) in period.hours.enumerated() {
                let isHour = (0...23).contains(hour)
                findings.require(
                    isHour, .periodHourRange, "\(path).hours[\(place)]",
                    "found \(hour), wanted an hour of the day, 0 ... 23")
                guard isHour else { continue }
                if let other = periodOfHour[hour], other != index {
                    findings.require(
                        false, .periodOverlap, "\(path).hours[\(place)]",
                        "hour \(hour) is in periods \(other) and \(index), wanted in one")
                }
                periodOfHour[hour] = index
            }
            sum += period.share
            if findings.requireFinite(period.share, path + ".share") {
                findings.require(
                    (0...1).contains(period.share), .periodShareRange, path + ".share",
                    "found \(period.share), wanted a share of 0 ... 1")
            }
        }
        let missing = (0..<24).filter { periodOfHour[$0] == nil }
        findings.require(
            missing.isEmpty, .periodGap, "$.periods",
            "no period holds hour \(missing.map(String.init).joined(separator: ", "))")
        findings.require(
            !sum.isFinite || (sum - 1).magnitude <= 1e-9, .periodShareSum, "$.periods",
            "the shares sum to \(sum), wanted 1")
    }

    private func check(_ buckets: [Bucket], _ base: String, _ findings: inout Findings) {
        guard let first = buckets.first else {
            findings.require(false, .bucketsEmpty, base, "wanted at least one bucket")
            return
        }
        findings.require(
            buckets.count <= SizeLimits.buckets, .tooManyBuckets, base,
            "found \(buckets.count) buckets, wanted at most \(SizeLimits.buckets)")
        findings.require(
            first.from == 1, .bucketsStart, "\(base)[0].from", "the first bucket begins at \(first.from), wanted 1")
        let starts = Set(buckets.map(\.from))
        for (index, bucket) in buckets.enumerated() {
            let next = index + 1 < buckets.count ? buckets[index + 1].from : nil
            checkRange(of: bucket, next: next, base, index, &findings)
            checkMixture(of: bucket, base, index, &findings)
            checkMigration(of: bucket, "\(base)[\(index)]", &findings)
            let evidence = bucket.evidence
            checkCount(evidence.requests, "\(base)[\(index)].evidence.requests", &findings)
            checkCount(evidence.serverRows, "\(base)[\(index)].evidence.server_rows", &findings)
            if let source = evidence.borrowedFrom {
                findings.require(
                    source != bucket.from && starts.contains(source), .borrowedFrom,
                    "\(base)[\(index)].evidence.borrowed_from",
                    "found \(source), wanted the first length of another bucket")
            }
        }
    }

    private func checkRange(
        of bucket: Bucket, next: Int?, _ base: String, _ index: Int, _ findings: inout Findings
    ) {
        let isLast = next == nil
        checkCount(bucket.from, "\(base)[\(index)].from", &findings)
        guard let end = bucket.to else {
            findings.require(
                isLast, .bucketsEnd, "\(base)[\(index)].to", "found null before the last bucket, wanted a length")
            return
        }
        checkCount(end, "\(base)[\(index)].to", &findings)
        findings.require(
            !isLast, .bucketsEnd, "\(base)[\(index)].to",
            "the last bucket ends at \(end), wanted null: it also covers all longer prompts")
        findings.require(
            bucket.from <= end, .bucketOrder, "\(base)[\(index)].to",
            "the bucket begins at \(bucket.from) and ends at \(end)")
        guard let next else { return }
        let path = "\(base)[\(index + 1)].from"
        // Written without end + 1, which overflows for the largest end.
        findings.require(
            next <= end || next - 1 == end, .bucketGap, path,
            "prompts between \(end) and \(next) tokens belong to no bucket: found \(next), wanted the length after \(end)"
        )
        findings.require(
            next > end, .bucketOverlap, path,
            "the bucket before ends at \(end): found \(next), wanted the length after \(end)")
    }

    private func checkMixture(of bucket: Bucket, _ base: String, _ index: Int, _ findings: inout Findings) {
        findings.require(
            !bucket.actions.isEmpty, .mixtureEmpty, "\(base)[\(index)].actions", "wanted at least one action")
        var sum = 0.0
        for (place, choice) in bucket.actions.enumerated() {
            let path = { "\(base)[\(index)].actions[\(place)]" }
            sum += choice.probability
            if findings.requireFinite(choice.probability, path() + ".probability") {
                findings.require(
                    choice.probability > 0 && choice.probability <= 1, .probabilityRange, path() + ".probability",
                    "found \(choice.probability), wanted more than 0 and at most 1")
            }
            checkAction(choice.action, path, &findings)
        }
        findings.require(
            bucket.actions.isEmpty || !sum.isFinite || (sum - 1).magnitude <= 1e-9, .mixtureSum,
            "\(base)[\(index)].actions", "the probabilities sum to \(sum), wanted 1")
    }

    private func checkAction(_ action: Action, _ path: () -> String, _ findings: inout Findings) {
        var areWaits = true
        for (name, wait) in [("server_wait", action.serverWait), ("device_wait", action.deviceWait)] {
            // False for NaN as well.
            let isWait = wait >= 0
            areWaits = areWaits && isWait
            findings.require(
                isWait, .waitRange, "\(path()).\(name)", "found \(wait) s, wanted at least 0 s, or null for never")
            findings.require(
                !(wait >= timeout) || wait == .infinity || !timeout.isFinite, .waitTimeout, "\(path()).\(name)",
                "found \(wait) s, wanted less than the timeout of \(timeout) s, or null for never")
        }
        findings.require(
            !areWaits || min(action.serverWait, action.deviceWait) == 0, .waitStart, path(),
            "waits of \(action.serverWait) s and \(action.deviceWait) s: wanted one endpoint at 0")
    }
}
