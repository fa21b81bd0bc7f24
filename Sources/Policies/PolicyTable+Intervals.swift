extension PolicyTable {
    /// Where expected outcomes may lie in a future window of traffic, by resampling the traces' hours.
    public struct Intervals: Sendable, Hashable {
        /// A range of one outcome, in its own unit.
        public struct Range: Sendable, Hashable {
            /// Lower end.
            public var low: Double
            /// Upper end, ≥ `low`.
            public var high: Double

            /// A range.
            public init(low: Double, high: Double) {
                self.low = low
                self.high = high
            }
        }

        /// The middle share of resampled windows that each range holds, in (0, 1).
        public var confidence: Double
        /// Whether the traces are long enough to claim that level for windows to come.
        public var isClaimed: Bool
        /// Length of a window in hours, ≥ 1.
        public var windowHours: Int
        /// Ranges by name of ``PolicyMetric``.
        public var outcomes: [String: Range]

        /// Ranges at a level.
        public init(confidence: Double, isClaimed: Bool, windowHours: Int, outcomes: [String: Range]) {
            self.confidence = confidence
            self.isClaimed = isClaimed
            self.windowHours = windowHours
            self.outcomes = outcomes
        }
    }

    func checkIntervals(_ intervals: Intervals, _ findings: inout Findings) {
        let path = "$.expected_intervals"
        if findings.requireFinite(intervals.confidence, path + ".confidence") {
            findings.require(
                intervals.confidence > 0 && intervals.confidence < 1, .intervalLevel, path + ".confidence",
                "found \(intervals.confidence), wanted more than 0 and less than 1")
        }
        findings.require(
            intervals.windowHours >= 1, .intervalWindow, path + ".window_hours",
            "found \(intervals.windowHours), wanted at least 1")
        for (metric, range) in intervals.outcomes.sorted(by: { $0.key < $1.key }) {
            let entry = Findings.entry(path + ".outcomes", metric)
            checkMetric(metric, entry, &findings)
            guard findings.requireFinite(range.low, entry + ".low"), findings.requireFinite(range.high, entry + ".high")
            else { continue }
            findings.require(
                range.low <= range.high, .intervalOrder, entry,
                "found \(range.low) ... \(range.high), wanted low <= high")
        }
    }
}

extension PolicyTable.Intervals {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["confidence", "claimed", "window_hours", "outcomes"])
        var outcomes: [String: Range] = [:]
        for (name, entry) in try members["outcomes"].entries() {
            let ends = try entry.members(["low", "high"])
            outcomes[name] = Range(low: try ends["low"].number(), high: try ends["high"].number())
        }
        self.init(
            confidence: try members["confidence"].number(), isClaimed: try members["claimed"].boolean(),
            windowHours: try members["window_hours"].integer(), outcomes: outcomes)
    }

    var json: JSONValue {
        .members([
            ("confidence", .number(confidence)), ("claimed", .bool(isClaimed)), ("window_hours", .integer(windowHours)),
            (
                "outcomes",
                .members(
                    outcomes.map {
                        ($0.key, .members([("low", .number($0.value.low)), ("high", .number($0.value.high))]))
                    })
            ),
        ])
    }
}
