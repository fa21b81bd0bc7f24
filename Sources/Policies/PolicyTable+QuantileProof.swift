extension PolicyTable.Certificate {
    /// Why no policy has a smaller quantile: at `time`, every policy's tail is too heavy.
    ///
    /// For the quantile of level q, P(TTFT > `time`) ≥ `bound` > 1 - q for every policy that keeps the limits, so no
    /// policy's quantile is at or before `time`; the next larger double is the least that is not excluded.
    public struct Tail: Sendable, Hashable {
        /// The time that every policy's quantile is beyond, in seconds, 0...`primal`.
        public var time: Double
        /// No policy that keeps the limits has P(TTFT > `time`) below this; in (1 - q, 1].
        public var bound: Double
        /// How much that probability would fall by one unit more of a limit, by name of ``PolicyMetric``.
        public var multipliers: [String: Double]

        /// A bound on the tail at `time` seconds.
        public init(time: Double, bound: Double, multipliers: [String: Double] = [:]) {
            self.time = time
            self.bound = bound
            self.multipliers = multipliers
        }
    }

    /// The proof that, among all policies of the best quantile, this one has the least mean TTFT.
    public struct TieBreak: Sendable, Hashable {
        /// What the tie is broken by.
        public static let metric = "ttft.mean"

        /// What the solver can claim.
        public var status: Status
        /// The policy's mean TTFT, in seconds.
        public var primal: Double
        /// No policy that keeps the limits and has the best quantile has a smaller mean than this, in seconds.
        public var bound: Double
        /// max(0, primal - bound) / scale, 0 if the scale is 0.
        public var gap: Double
        /// How much the choice is about, in seconds, as the certificate's ``PolicyTable/Certificate/scale``.
        public var scale: Double
        /// How many seconds the mean would fall by one unit more of a limit, by name of ``PolicyMetric``.
        ///
        /// The objective may be among them: the price of holding it, in seconds per unit of P(TTFT > quantile) ≤ 1 - q.
        public var multipliers: [String: Double]

        /// A proof; the gap is computed where nil.
        public init(
            status: Status, primal: Double, bound: Double, gap: Double? = nil, scale: Double = 1,
            multipliers: [String: Double] = [:]
        ) {
            self.status = status
            self.primal = primal
            self.bound = bound
            self.gap = gap ?? PolicyTable.Certificate.gap(primal: primal, bound: bound, scale: scale)
            self.scale = scale
            self.multipliers = multipliers
        }
    }
}

extension PolicyTable.Certificate.Tail {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["time", "bound", "multipliers"])
        self.init(
            time: try members["time"].number(), bound: try members["bound"].number(),
            multipliers: try members["multipliers"].numbersByName())
    }

    var json: JSONValue {
        .members([("time", .number(time)), ("bound", .number(bound)), ("multipliers", .numbers(multipliers))])
    }
}

extension PolicyTable.Certificate.TieBreak {
    init(node: JSONNode) throws(PolicyError) {
        let members = try node.members(["metric", "status", "primal", "bound", "gap", "scale", "multipliers"])
        try members["metric"].expect(Self.metric)
        self.init(
            status: try members["status"].word(PolicyTable.Certificate.Status.self),
            primal: try members["primal"].number(), bound: try members["bound"].number(),
            gap: try members["gap"].number(), scale: try members["scale"].number(),
            multipliers: try members["multipliers"].numbersByName())
    }

    var json: JSONValue {
        .members([
            ("metric", .string(Self.metric)), ("status", .string(status.rawValue)), ("primal", .number(primal)),
            ("bound", .number(bound)), ("gap", .number(gap)), ("scale", .number(scale)),
            ("multipliers", .numbers(multipliers)),
        ])
    }
}
