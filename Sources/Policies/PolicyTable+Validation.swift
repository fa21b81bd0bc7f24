extension PolicyTable {
    /// Throws unless the table keeps every rule of ``PolicyRule``.
    /// - Throws: A ``PolicyError`` with all ``violations()``.
    public func validate() throws(PolicyError) {
        let violations = violations()
        guard violations.isEmpty else { throw PolicyError(path: "$", problem: .invalid(violations)) }
    }

    /// Every place where the table breaks a rule: head, claims, buckets, in this order; empty for a valid table.
    ///
    /// Sums and limits are checked to 1e-9, relative to the limit, timeout or scale where that is above 1.
    /// - Complexity: O(*n*) in the size of the table.
    public func violations() -> [PolicyViolation] {
        var findings = Findings()
        checkHead(&findings)
        checkClaims(&findings)
        checkBuckets(&findings)
        return findings.violations
    }
}

/// What has been found so far.
struct Findings {
    private(set) var violations: [PolicyViolation] = []

    /// Records a violation of `rule` at `path` unless `holds`.
    mutating func require(
        _ holds: Bool, _ rule: PolicyRule, _ path: @autoclosure () -> String, _ sentence: @autoclosure () -> String
    ) {
        guard !holds else { return }
        violations.append(PolicyViolation(rule: rule, path: path(), sentence: sentence()))
    }

    /// Whether `value` is finite; records it if not, so that a caller can stop there.
    mutating func requireFinite(_ value: Double, _ path: @autoclosure () -> String) -> Bool {
        require(value.isFinite, .numberFinite, path(), "found \(value), wanted a finite number")
        return value.isFinite
    }

    /// The path of a member whose name may have dots.
    static func entry(_ parent: String, _ name: String) -> String { parent + JSONStep.member(name).text }
}

// MARK: - Head

extension PolicyTable {
    private func checkHead(_ findings: inout Findings) {
        let hash = id.hasPrefix(Self.idPrefix) ? String(id.dropFirst(Self.idPrefix.count)) : ""
        findings.require(
            Self.isSHA256(hash), .idShape, "$.id",
            "found \(quoted(id)), wanted sha256: and 64 lowercase hexadecimal digits")
        findings.require(
            revision >= 1 && Self.counts.contains(revision), .revisionRange, "$.revision",
            "found \(revision), wanted 1 ... \(Self.counts.upperBound)")
        checkTimestamp(asOf, "$.as_of", &findings)
        checkSpan(validFrom, validUntil, "$", from: "valid_from", to: "valid_until", &findings)
        if let hash = provenance.problemSHA256 { checkHash(hash, "$.provenance.problem_sha256", &findings) }
        for (index, trace) in provenance.traces.enumerated() {
            checkTrace(trace, "$.provenance.traces[\(index)]", &findings)
        }
        if findings.requireFinite(timeout, "$.timeout") {
            findings.require(timeout > 0, .timeoutRange, "$.timeout", "found \(timeout) s, wanted more than 0 s")
        }
        if let money = units.money {
            findings.require(
                money.utf8.count == 3 && money.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) },
                .currencyShape, "$.units.money", "found \(quoted(money)), wanted an ISO 4217 code such as USD")
        }
        checkReader(&findings)
        checkRollout(&findings)
        checkEndpoint(endpoints.server, "$.endpoints.server", &findings)
        checkEndpoint(endpoints.device, "$.endpoints.device", &findings)
    }

    private func checkTrace(_ trace: Trace, _ path: String, _ findings: inout Findings) {
        checkHash(trace.sha256, path + ".sha256", &findings)
        let counts = [
            ("rows_in", trace.rowsIn), ("accepted", trace.accepted), ("filtered", trace.filtered),
            ("rejected", trace.rejected),
        ]
        for (name, count) in counts { checkCount(count, "\(path).\(name)", &findings) }
        if counts.allSatisfy({ Self.counts.contains($0.1) }) {
            let sum = trace.accepted + trace.filtered + trace.rejected
            findings.require(
                trace.rowsIn == sum, .rowsConserved, path,
                "\(trace.rowsIn) rows in, but \(trace.accepted) accepted + \(trace.filtered) filtered"
                    + " + \(trace.rejected) rejected = \(sum)")
        }
        checkSpan(trace.first, trace.last, path, from: "first", to: "last", &findings, mayBeEmpty: true)
    }

    private func checkEndpoint(_ facts: EndpointFacts, _ path: String, _ findings: inout Findings) {
        if let tpot = facts.tpot, findings.requireFinite(tpot, path + ".tpot") {
            findings.require(tpot > 0, .rateRange, path + ".tpot", "found \(tpot) s, wanted more than 0 s")
        }
        for (name, rate) in [("price", facts.price), ("energy", facts.energy)] {
            guard let rate else { continue }
            for (side, value) in [("prefill", rate.prefill), ("decode", rate.decode)] {
                let place = "\(path).\(name).\(side)"
                guard findings.requireFinite(value, place) else { continue }
                findings.require(value >= 0, .rateRange, place, "found \(value), wanted at least 0 per token")
            }
        }
        findings.require(
            facts.price == nil || units.money != nil, .priceWithoutCurrency, path + ".price",
            "a price is given, but $.units.money names no currency")
    }

    /// Counts that every reader of JSON gets right.
    private static let counts = 0...JSONNode.largestInteger

    func checkCount(_ count: Int, _ path: @autoclosure () -> String, _ findings: inout Findings) {
        findings.require(
            Self.counts.contains(count), .countRange, path(), "found \(count), wanted 0 ... \(Self.counts.upperBound)")
    }

    private func checkHash(_ hash: String, _ path: String, _ findings: inout Findings) {
        findings.require(
            Self.isSHA256(hash), .hashShape, path, "found \(quoted(hash)), wanted 64 lowercase hexadecimal digits")
    }

    private static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }
}

// MARK: - Time

extension PolicyTable {
    private func checkTimestamp(_ text: String?, _ path: String, _ findings: inout Findings) {
        guard let text else { return }
        findings.require(
            Timestamp(text) != nil, .timestampShape, path,
            "found \(quoted(text)), wanted UTC as in \"2026-11-21T04:00:00Z\"")
    }

    private func checkSpan(
        _ first: String?, _ last: String?, _ path: String, from: String, to: String, _ findings: inout Findings,
        mayBeEmpty: Bool = false
    ) {
        checkTimestamp(first, "\(path).\(from)", &findings)
        checkTimestamp(last, "\(path).\(to)", &findings)
        guard let first, let last, let begin = Timestamp(first), let end = Timestamp(last) else { return }
        findings.require(
            begin < end || (mayBeEmpty && begin == end), .spanOrder, "\(path).\(to)",
            "\(to) \(last) is not after \(from) \(first)")
    }
}
