extension PolicyTable {
    func checkBuckets(_ findings: inout Findings) {
        guard let first = buckets.first else {
            findings.require(false, .bucketsEmpty, "$.buckets", "wanted at least one bucket")
            return
        }
        findings.require(
            buckets.count <= SizeLimits.buckets, .tooManyBuckets, "$.buckets",
            "found \(buckets.count) buckets, wanted at most \(SizeLimits.buckets)")
        findings.require(
            first.from == 1, .bucketsStart, "$.buckets[0].from", "the first bucket begins at \(first.from), wanted 1")
        let starts = Set(buckets.map(\.from))
        for (index, bucket) in buckets.enumerated() {
            checkRange(of: bucket, index, &findings)
            checkMixture(of: bucket, index, &findings)
            let evidence = bucket.evidence
            checkCount(evidence.requests, "$.buckets[\(index)].evidence.requests", &findings)
            checkCount(evidence.serverRows, "$.buckets[\(index)].evidence.server_rows", &findings)
            if let source = evidence.borrowedFrom {
                findings.require(
                    source != bucket.from && starts.contains(source), .borrowedFrom,
                    "$.buckets[\(index)].evidence.borrowed_from",
                    "found \(source), wanted the first length of another bucket")
            }
        }
    }

    private func checkRange(of bucket: Bucket, _ index: Int, _ findings: inout Findings) {
        let isLast = index == buckets.count - 1
        checkCount(bucket.from, "$.buckets[\(index)].from", &findings)
        guard let end = bucket.to else {
            findings.require(
                isLast, .bucketsEnd, "$.buckets[\(index)].to", "found null before the last bucket, wanted a length")
            return
        }
        checkCount(end, "$.buckets[\(index)].to", &findings)
        findings.require(
            !isLast, .bucketsEnd, "$.buckets[\(index)].to",
            "the last bucket ends at \(end), wanted null: it also covers all longer prompts")
        findings.require(
            bucket.from <= end, .bucketOrder, "$.buckets[\(index)].to",
            "the bucket begins at \(bucket.from) and ends at \(end)")
        guard !isLast else { return }
        let next = buckets[index + 1].from
        let path = "$.buckets[\(index + 1)].from"
        // Written without end + 1, which overflows for the largest end.
        findings.require(
            next <= end || next - 1 == end, .bucketGap, path,
            "prompts between \(end) and \(next) tokens belong to no bucket: found \(next), wanted the length after \(end)"
        )
        findings.require(
            next > end, .bucketOverlap, path,
            "the bucket before ends at \(end): found \(next), wanted the length after \(end)")
    }

    private func checkMixture(of bucket: Bucket, _ index: Int, _ findings: inout Findings) {
        findings.require(
            !bucket.actions.isEmpty, .mixtureEmpty, "$.buckets[\(index)].actions", "wanted at least one action")
        var sum = 0.0
        for (place, choice) in bucket.actions.enumerated() {
            let path = { "$.buckets[\(index)].actions[\(place)]" }
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
            "$.buckets[\(index)].actions", "the probabilities sum to \(sum), wanted 1")
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
