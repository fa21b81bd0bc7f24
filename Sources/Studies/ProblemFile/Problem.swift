public import Costs
public import Policies
public import Serving
public import Traces

/// A problem file, read and checked: whose prompts, which endpoints, what to minimize, under which limits.
///
/// Field names follow the YAML of docs/problem-file.md. All times in seconds, lengths in tokens, energy in joules.
public struct Problem: Sendable, Equatable {
    /// Whose prompts we optimize for.
    public struct Workload: Sendable, Equatable {
        /// The trace that prompt (and output) lengths come from.
        public var trace: TraceSource
        /// How prompt lengths are cut into buckets.
        public var buckets: BucketChoice
        /// A workload.
        public init(trace: TraceSource, buckets: BucketChoice) {
            self.trace = trace
            self.buckets = buckets
        }
    }

    /// How prompt lengths are cut into buckets.
    public enum BucketChoice: Sendable, Equatable {
        /// So many buckets of about equal request mass.
        case quantile(count: Int)
        /// Buckets that begin at these ascending lengths; the first bucket always begins at 1.
        case edges([Int])
        /// Each distinct length by itself.
        case exact
        /// At most so many buckets, cut where that loses least against `exact`.
        case optimal(count: Int)
    }

    /// What one endpoint costs per token.
    public struct Price: Sendable, Equatable {
        /// Money per prefilled token.
        public var prefill: Double
        /// Money per decoded token.
        public var decode: Double
        /// ISO 4217 code.
        public var currency: String
        /// Where the price is from.
        public var source: String?
        /// The day it held, as written (`YYYY-MM-DD`).
        public var date: String?
        /// A price per token (`per_tokens` is already divided out).
        public init(prefill: Double, decode: Double, currency: String, source: String? = nil, date: String? = nil) {
            self.prefill = prefill
            self.decode = decode
            self.currency = currency
            self.source = source
            self.date = date
        }
    }

    /// What the device draws per token, in joules.
    public typealias Energy = PerToken

    /// Where an endpoint's TTFT comes from.
    public enum TTFTSource: Sendable, Equatable {
        /// A recorded trace.
        case trace(TraceSource)
        /// A line over the prompt length l: intercept + perToken · l + perTokenSquared · l².
        case formula(intercept: Double, perToken: Double, perTokenSquared: Double)
    }

    /// One endpoint.
    public struct EndpointSpec: Sendable, Equatable {
        /// Where its TTFT comes from.
        public var ttft: TTFTSource
        /// Condition the TTFT on length groups that begin at these lengths; see `Conditioning`.
        public var conditioning: Conditioning
        /// Periods of the day that have a TTFT, and a bucket set, of their own (server only); nil for all day.
        public var periods: PeriodChoice?
        /// Keep the residuals of the device's fit (`residuals: empirical`), or only its line (`none`).
        public var usesResiduals: Bool
        /// Mean time between tokens, in seconds; nil where unknown.
        public var tpot: Double?
        /// Money per token; nil where not given.
        public var price: Price?
        /// Joules per token (device only); nil where not given.
        public var energy: Energy?
        /// An endpoint.
        public init(
            ttft: TTFTSource, conditioning: Conditioning = .pooled, periods: PeriodChoice? = nil,
            usesResiduals: Bool = true, tpot: Double? = nil, price: Price? = nil, energy: Energy? = nil
        ) {
            self.ttft = ttft
            self.conditioning = conditioning
            self.periods = periods
            self.usesResiduals = usesResiduals
            self.tpot = tpot
            self.price = price
            self.energy = energy
        }
    }

    /// Whether a TTFT distribution depends on the prompt length.
    public enum Conditioning: Sendable, Equatable {
        /// One distribution for all lengths (`condition_on: none`, the default).
        case pooled
        /// One per length group; the groups begin at these lengths, the first at 1. Empty: doublings chosen by us.
        case promptTokens(lowerEdges: [Int])
    }

    /// How the day is cut into periods (`condition_on: hour_of_day`).
    public enum PeriodChoice: Sendable, Equatable {
        /// As the trace bears them out, chosen by us.
        case chosen
        /// Periods that begin at these ascending hours of the day (UTC), two or more; the last goes round to the first.
        case starting([Int])
    }

    /// One limit on a metric.
    public typealias Limit = Serving.Limit

    /// Whose prompts we optimize for.
    public var workload: Workload
    /// The hosted model.
    public var server: EndpointSpec
    /// The model on the user's machine.
    public var device: EndpointSpec
    /// Money per joule of device energy (lambda); nil where not given.
    public var moneyPerJoule: Double?
    /// How fast people read; nil where not given, which leaves hand-overs out.
    public var readers: Readers?
    /// What a hand-over of a running response costs and may risk; nil for none (`migration: none`).
    public var migration: MigrationRules?
    /// What the quality of streams is measured against.
    public var metrics: MetricSettings
    /// What is minimized, or maximized.
    public var objective: Metric
    /// Limits, in the order of `Metric`.
    public var limits: [Limit]
    /// Whether each bucket takes one action for certain (`deterministic: true`), instead of a mixture.
    public var isDeterministic: Bool
    /// How sure the limits on prefill shares are to hold in a future window, 0.5 ..< 1; nil asks for no such margin.
    public var confidence: Double?
    /// That window, in hours.
    public var budgetWindowHours: Int
    /// No first token by then, from the request's arrival, is a failure; in seconds.
    public var timeout: Double
    /// Share of each trace, first by arrival, that the held-out judgement tunes on; nil for no split.
    public var tuningShare: Double?
    /// Alpha of the paper's policies: the share of requests whose tail DiSCo-D protects first.
    public var discoAlpha: Double
    /// `as_of` of the table, ISO 8601 in UTC; nil takes the newest timestamp of the traces.
    public var asOf: String?
    /// Days after `as_of` that the table is valid; nil for no end.
    public var validityDays: Double?
    /// Revision number of the table, ≥ 1.
    public var revision: Int
    /// Which requests take the table while it is new; nil for all.
    public var rollout: PolicyTable.Rollout?
    /// Largest share of requests for which a second endpoint may be started; nil for no bound.
    public var maxExtraLoad: Double?
    /// SHA-256, in hexadecimal, of the problem as read, `--set` applied (not of its file's spelling).
    public var sha256: String
    /// The problem file's path as given.
    public var path: String

    /// A problem with the defaults of docs/problem-file.md.
    public init(
        workload: Workload, server: EndpointSpec, device: EndpointSpec, objective: Metric = .ttftMean, limits: [Limit]
    ) {
        self.workload = workload
        self.server = server
        self.device = device
        self.moneyPerJoule = nil
        self.readers = nil
        self.migration = MigrationRules()
        self.metrics = MetricSettings()
        self.objective = objective
        self.limits = limits
        self.isDeterministic = false
        self.confidence = nil
        self.budgetWindowHours = 24
        self.timeout = 60
        self.tuningShare = 0.7
        self.discoAlpha = 0.05
        self.asOf = nil
        self.validityDays = nil
        self.revision = 1
        self.rollout = nil
        self.maxExtraLoad = nil
        self.sha256 = ""
        self.path = ""
    }
}

extension Problem {
    /// The TTFT quantiles to report: the usual ones, and those that the objective or a limit names; ascending.
    public var reportedQuantiles: [Metric] {
        let named = ([objective] + limits.map(\.metric)).filter { $0.quantileLevel != nil }
        return Set(Metric.reportedQuantiles + named).sorted()
    }

    /// Paths of all its traces.
    public var tracePaths: [String] {
        [workload.trace.path]
            + [server.ttft, device.ttft].compactMap { source in
                if case .trace(let trace) = source { trace.path } else { nil }
            }
    }
}
