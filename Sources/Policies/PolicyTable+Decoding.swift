extension PolicyTable {
    /// How large a file may be before it is refused unread.
    public enum SizeLimits {
        /// Bytes of a file: 16 MiB, which ``PolicyTable/encoded()`` reaches at about 80,000 buckets.
        public static let bytes = 16 << 20
        /// Levels of nesting; a table needs 7.
        public static let depth = 16
        /// Buckets of a table.
        public static let buckets = 1_000_000
        /// Values in a file; a table of 16 MiB has about 1.3 million.
        public static let values = 2_000_000
        /// Members of one object.
        public static let members = 64
    }

    /// The table in a JSON document, of whatever version we know; see ``validate()`` for whether it makes sense.
    ///
    /// The schema version is read first: a later version gets an error that names the known ones, not one about its
    /// members. Members that the schema does not name, or that are given twice, are errors.
    /// - Parameter bytes: A whole file.
    /// - Returns: The table.
    /// - Throws: A ``PolicyError`` that says where, what was found and what was wanted.
    /// - Complexity: O(*n*) in the number of bytes.
    public static func decode(_ bytes: [UInt8]) throws(PolicyError) -> PolicyTable {
        try PolicyTable(node: JSONNode(root: try JSONReader.read(bytes).value))
    }

    /// The table in a JSON document, read and validated: what an online loader calls.
    ///
    /// Whether the id belongs to the content is left to who has SHA-256: ``idMatches(sha256Hex:)``.
    /// - Parameter bytes: A whole file.
    /// - Returns: The table.
    /// - Throws: A ``PolicyError`` if the bytes cannot be read or the table breaks a rule.
    public static func load(_ bytes: [UInt8]) throws(PolicyError) -> PolicyTable {
        let table = try decode(bytes)
        try table.validate()
        return table
    }

    init(node: JSONNode) throws(PolicyError) {
        guard let versionNode = node.member("schema_version") else {
            _ = try node.entries()
            throw PolicyError(path: node.path, problem: .missingMember("schema_version"))
        }
        guard case .number(let version) = versionNode.value else {
            throw PolicyError(
                path: versionNode.path, problem: .wrongType(found: versionNode.value.kind, wanted: "a whole number"))
        }
        guard Self.knownSchemaVersions.contains(where: { Double($0) == version }) else {
            throw PolicyError(
                path: versionNode.path,
                problem: .unknownVersion(found: DecimalDigits(version).jsonText, known: Self.knownSchemaVersions))
        }
        // One of `buckets` and `periods` is left out.
        let isByPeriod = node.member("periods") != nil
        if isByPeriod, node.member("buckets") != nil {
            throw PolicyError(path: node.path, problem: .excludedMember("periods", beside: "buckets"))
        }
        let members = try node.members(
            [
                "schema_version", "id", "revision", "as_of", "valid_from", "valid_until", "provenance", "units",
                "endpoints", "timeout", "objective", "limits", "certificate", "expected", "held_out",
                isByPeriod ? "periods" : "buckets", "guard", "fallback",
            ], optional: ["solved_under", "expected_intervals", "reader", "rollout", "max_extra_load"])
        self.init(
            id: try members["id"].string(), revision: try members["revision"].integer(),
            asOf: try members["as_of"].ifPresent?.string(), validFrom: try members["valid_from"].ifPresent?.string(),
            validUntil: try members["valid_until"].ifPresent?.string(),
            provenance: try Provenance(node: members["provenance"]), units: try Units(node: members["units"]),
            endpoints: try Endpoints(node: members["endpoints"]), timeout: try members["timeout"].number(),
            objective: try members["objective"].string(), limits: try Self.limits(node: members["limits"]),
            solvedUnder: try node.member("solved_under").map { (node) throws(PolicyError) in try Self.limits(node: node)
            },
            certificate: try Certificate(nullable: members["certificate"]),
            expected: try members["expected"].numbersByName(),
            heldOut: try members["held_out"].ifPresent?.numbersByName(),
            expectedIntervals: try node.member("expected_intervals").map { (node) throws(PolicyError) in
                try Intervals(node: node)
            },
            buckets: isByPeriod ? [] : try Self.buckets(node: members["buckets"]),
            periods: isByPeriod ? try Self.periods(node: members["periods"]) : [],
            budgetGuard: try BudgetGuard(nullable: members["guard"]),
            readerTokensPerSecond: try node.member("reader").map { (node) throws(PolicyError) in
                try node.members(["tokens_per_second"])["tokens_per_second"].number()
            }, fallback: try Fallback(node: members["fallback"]),
            rollout: try node.member("rollout").map { (node) throws(PolicyError) in try Rollout(node: node) },
            maxExtraLoad: try node.member("max_extra_load").map { (node) throws(PolicyError) in try node.number() })
    }

    private static func limits(node: JSONNode) throws(PolicyError) -> [String: Limit] {
        var limits: [String: Limit] = [:]
        for (name, entry) in try node.entries() {
            let members = try entry.members([], optional: ["at_most", "at_least"])
            // A side that is absent is no bound; one that is there is a number.
            limits[name] = Limit(
                atMost: try entry.member("at_most") == nil ? nil : members["at_most"].number(),
                atLeast: try entry.member("at_least") == nil ? nil : members["at_least"].number())
        }
        return limits
    }

    private static func buckets(node: JSONNode) throws(PolicyError) -> [Bucket] {
        let elements = try node.elements()
        guard elements.count <= SizeLimits.buckets else {
            throw PolicyError(
                path: node.path,
                problem: .overLimit(.tooManyBuckets, found: elements.count, limit: SizeLimits.buckets))
        }
        var buckets: [Bucket] = []
        buckets.reserveCapacity(elements.count)
        for element in elements { buckets.append(try Bucket(node: element)) }
        return buckets
    }
}

// MARK: - Buckets

extension PolicyTable {
    private static func periods(node: JSONNode) throws(PolicyError) -> [Period] {
        var periods: [Period] = []
        for element in try node.elements() {
            let members = try element.members(["hours", "share", "buckets"])
            var hours: [Int] = []
            for hour in try members["hours"].elements() { hours.append(try hour.integer()) }
            periods.append(
                Period(
                    hours: hours, share: try members["share"].number(),
                    buckets: try Self.buckets(node: members["buckets"])))
        }
        return periods
    }
}

extension PolicyTable.Bucket {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["from", "to", "actions", "evidence"], optional: ["migration"])
        var actions: [PolicyTable.Choice] = []
        for element in try members["actions"].elements() {
            let choice = try element.members(["probability", "server_wait", "device_wait"], optional: ["migration"])
            actions.append(
                PolicyTable.Choice(
                    probability: try choice["probability"].number(),
                    serverWait: try choice["server_wait"].wait(), deviceWait: try choice["device_wait"].wait(),
                    migration: try element.member("migration").map { (node) throws(PolicyError) in
                        try PolicyTable.Migrations(node: node)
                    }))
        }
        let evidence = try members["evidence"].members(["requests", "server_rows", "borrowed_from"])
        self.init(
            from: try members["from"].integer(), to: try members["to"].ifPresent?.integer(), actions: actions,
            evidence: PolicyTable.Evidence(
                requests: try evidence["requests"].integer(), serverRows: try evidence["server_rows"].integer(),
                borrowedFrom: try evidence["borrowed_from"].ifPresent?.integer()),
            migration: try node.member("migration").map { (node) throws(PolicyError) in
                try PolicyTable.Migrations(node: node)
            })
    }
}

extension JSONNode {
    /// Seconds, or `null` for never.
    func wait() throws(PolicyError) -> Double { try ifPresent?.number() ?? .infinity }
}

extension PolicyTable.Action {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["server_wait", "device_wait"])
        self.init(serverWait: try members["server_wait"].wait(), deviceWait: try members["device_wait"].wait())
    }
}

extension PolicyTable.Fallback {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["server_missing", "device_missing"])
        self.init(
            serverMissing: try PolicyTable.Action(node: members["server_missing"]),
            deviceMissing: try PolicyTable.Action(node: members["device_missing"]))
    }
}

extension PolicyTable.BudgetGuard {
    init?(nullable node: JSONNode) throws(PolicyError) {
        guard let node = node.ifPresent else { return nil }
        let members = try node.members(["endpoint", "budget"])
        self.init(
            endpoint: try members["endpoint"].word(PolicyTable.Endpoint.self), budget: try members["budget"].number())
    }
}
