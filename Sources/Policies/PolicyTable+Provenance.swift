extension PolicyTable {
    /// What made the table, from what.
    public struct Provenance: Sendable, Hashable {
        /// Name and version of the program that wrote the table.
        public var tool: String
        /// SHA-256 of the problem as read, 64 lowercase hexadecimal digits; nil for a table written by hand.
        public var problemSHA256: String?
        /// Library and kernel behind the numbers (`OpenBLAS 0.3.21 Haswell`); nil where none was used.
        public var linearAlgebra: String?
        /// The traces, in the order workload, server, device.
        public var traces: [Trace]

        /// A provenance.
        public init(tool: String, problemSHA256: String? = nil, linearAlgebra: String? = nil, traces: [Trace] = []) {
            self.tool = tool
            self.problemSHA256 = problemSHA256
            self.linearAlgebra = linearAlgebra
            self.traces = traces
        }
    }

    /// What a trace was read for.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// Prompt and output lengths.
        case workload
        /// The server's times.
        case server
        /// The device's times.
        case device
    }

    /// One trace as it was read; rows in = accepted + filtered + rejected.
    public struct Trace: Sendable, Hashable {
        /// What it was read for.
        public var role: Role
        /// The file's name, without its folder.
        public var name: String
        /// The format it was read as.
        public var format: String
        /// SHA-256 of the file, 64 lowercase hexadecimal digits.
        public var sha256: String
        /// Rows in the file, ≥ 0.
        public var rowsIn: Int
        /// Rows used, ≥ 0.
        public var accepted: Int
        /// Rows that the problem's filter excluded, ≥ 0.
        public var filtered: Int
        /// Rows that could not be used, ≥ 0.
        public var rejected: Int
        /// Oldest arrival among the accepted rows, UTC; nil where the trace has no timestamps.
        public var first: String?
        /// Newest arrival among the accepted rows, UTC; nil where the trace has no timestamps.
        public var last: String?

        /// A trace with its conservation report.
        public init(
            role: Role, name: String, format: String, sha256: String, rowsIn: Int, accepted: Int, filtered: Int = 0,
            rejected: Int = 0, first: String? = nil, last: String? = nil
        ) {
            self.role = role
            self.name = name
            self.format = format
            self.sha256 = sha256
            self.rowsIn = rowsIn
            self.accepted = accepted
            self.filtered = filtered
            self.rejected = rejected
            self.first = first
            self.last = last
        }
    }

    /// The units of all numbers in the table, of which only money can differ between tables.
    public struct Units: Sendable, Hashable {
        /// Unit of every time: seconds.
        public static let time = "s"
        /// Unit of every length.
        public static let length = "tokens"
        /// Unit of every energy: joules.
        public static let energy = "J"
        /// Unit of every price and cost, an ISO 4217 code; nil where nothing is priced.
        public var money: String?

        /// The units, with the currency if there is one.
        public init(money: String? = nil) {
            self.money = money
        }
    }

    /// An amount per prefilled and per decoded token.
    public struct PerToken: Sendable, Hashable {
        /// Money or joules per prefilled token, ≥ 0.
        public var prefill: Double
        /// Money or joules per decoded token, ≥ 0.
        public var decode: Double

        /// Amounts per token.
        public init(prefill: Double, decode: Double) {
            self.prefill = prefill
            self.decode = decode
        }
    }

    /// One endpoint as the optimizer saw it.
    public struct EndpointFacts: Sendable, Hashable {
        /// Which model runs there, for people; nil where not said.
        public var model: String?
        /// Mean time between output tokens, in seconds, > 0; nil where unknown.
        public var tpot: Double?
        /// Money per token; nil where not given.
        public var price: PerToken?
        /// Joules per token; nil where not given.
        public var energy: PerToken?

        /// An endpoint; whatever is left out is unknown.
        public init(model: String? = nil, tpot: Double? = nil, price: PerToken? = nil, energy: PerToken? = nil) {
            self.model = model
            self.tpot = tpot
            self.price = price
            self.energy = energy
        }
    }

    /// Both endpoints.
    public struct Endpoints: Sendable, Hashable {
        /// The hosted model.
        public var server: EndpointFacts
        /// The model on the user's own machine.
        public var device: EndpointFacts

        /// Both endpoints.
        public init(server: EndpointFacts = EndpointFacts(), device: EndpointFacts = EndpointFacts()) {
            self.server = server
            self.device = device
        }
    }
}
