internal import Foundation
public import Serving
internal import Solvers

/// Where two policies change places as one number of the problem moves.
public struct BreakEven: Sendable {
    /// Who is compared.
    public enum Contender: Sendable {
        /// The optimum, solved anew at every value.
        case optimum
        /// A policy that is held fixed.
        case held(WhatIf.Candidate)

        /// Its name.
        public var name: String {
            switch self {
            case .optimum: "optimum"
            case .held(let candidate): candidate.name
            }
        }
    }

    /// Who is ahead.
    public enum Lead: String, Sendable {
        /// The first contender.
        case first
        /// The second one.
        case second
        /// Neither: the values differ by less than rounding.
        case tie
        /// Neither keeps the limits.
        case none
    }

    /// How a contender does at one value.
    public struct Standing: Sendable {
        /// Its objective; nil where it has none.
        public let value: Double?
        /// Whether it keeps the limits.
        public let keepsLimits: Bool

        /// The value of who may lead: who breaks a limit does not.
        var inTheRunning: Double? { keepsLimits ? value : nil }
    }

    /// A value at which the lead changes.
    public struct Change: Sendable {
        /// The value.
        public let value: Double
        /// Who is ahead below it.
        public let below: Lead
        /// Who is ahead above it.
        public let above: Lead
    }

    /// The field.
    public let path: String
    /// The values looked at.
    public let range: ClosedRange<Double>
    /// The contenders' names.
    public let names: (String, String)
    /// What they are compared by.
    public let objective: Metric
    /// The changes, ascending; a pair of changes within one of the steps can be missed.
    public let changes: [Change]
    /// The leads at both ends.
    public let ends: (Lead, Lead)
    /// How the contenders do at both ends.
    public let endValues: [(Standing, Standing)]

    /// Steps into which the range is cut before changes are looked for between neighbours.
    public static let steps = 32

    /// Looks for the values at which the contenders tie.
    /// - Parameters:
    ///   - whatIf: The problem.
    ///   - path: The field.
    ///   - range: The values to look at, not a single one.
    ///   - first: A contender.
    ///   - second: The other one.
    /// - Throws: As `WhatIf.points`.
    /// - Complexity: 33 values, and about 40 for each change, found to a relative 10⁻⁹ of the range.
    public init(
        _ whatIf: WhatIf, path: String, range: ClosedRange<Double>, between first: Contender, and second: Contender
    ) async throws {
        self.path = path
        self.range = range
        names = (first.name, second.name)
        objective = whatIf.base.objective
        var held: [WhatIf.Candidate] = []
        for case .held(let candidate) in [first, second] { held.append(candidate) }
        let resolves = held.count < 2
        func judge(_ values: [Double]) async throws -> [(first: Standing, second: Standing, lead: Lead)] {
            let scenarios = values.map {
                Scenario(name: "\(path)=\($0)", settings: [.init(path: path, value: Self.exact($0))])
            }
            return try await whatIf.points(scenarios, holding: held, resolves: resolves).map { point in
                var rest = point.held[...]
                func standing(_ contender: Contender) -> Standing {
                    switch contender {
                    case .optimum:
                        return Standing(value: point.optimum?.outcomes[point.objective], keepsLimits: true)
                    case .held:
                        let judged = rest.removeFirst()
                        return Standing(
                            value: judged.outcomes[point.objective], keepsLimits: judged.brokenLimits.isEmpty)
                    }
                }
                let (one, other) = (standing(first), standing(second))
                return (one, other, Self.lead(one, other, point.objective))
            }
        }
        let width = range.upperBound - range.lowerBound
        let values = (0...Self.steps).map { k in
            k == Self.steps ? range.upperBound : range.lowerBound + width * Double(k) / Double(Self.steps)
        }
        let found = try await judge(values)
        var changes: [Change] = []
        for k in 0..<Self.steps where found[k].lead != found[k + 1].lead {
            var (low, high) = (values[k], values[k + 1])
            var above = found[k + 1].lead
            while high - low > 1e-9 * width {
                let middle = low + (high - low) / 2
                guard middle > low, middle < high else { break }
                let lead = try await judge([middle])[0].lead
                if lead == found[k].lead { low = middle } else { (high, above) = (middle, lead) }
            }
            changes.append(Change(value: high, below: found[k].lead, above: above == .tie ? found[k + 1].lead : above))
        }
        self.changes = changes
        ends = (found[0].lead, found[Self.steps].lead)
        endValues = [found[0], found[Self.steps]].map { ($0.first, $0.second) }
    }

    /// The field and the range in `path=first..last`; factors multiply the problem file's value.
    /// - Throws: `QuestionError` that says how it is written.
    public static func range(
        _ text: String, stated: [ProblemFile.StatedNumber]
    ) throws(QuestionError) -> (path: String, range: ClosedRange<Double>) {
        let variation = try Variation(text + ":2", stated: stated)
        guard variation.values.count == 2, let first = Double(variation.values[0]),
            let last = Double(variation.values[1]), first < last
        else {
            throw .usage("--break-even \(text): wanted path=first..last with first below last, or factors (x0.1..x10)")
        }
        return (variation.path, first...last)
    }

    private static func lead(_ first: Standing, _ second: Standing, _ objective: Metric) -> Lead {
        guard let one = first.inTheRunning else { return second.inTheRunning == nil ? .none : .second }
        guard let other = second.inTheRunning else { return .first }
        if abs(one - other) <= 1e-9 * max(abs(one), abs(other)) { return .tie }
        return (one < other) != objective.isMaximized ? .first : .second
    }

    /// A number in full, as a problem file writes it.
    private static func exact(_ value: Double) -> String {
        "\(value)".replacingOccurrences(of: "e+", with: "e")
    }
}

extension BreakEven.Contender {
    /// The names of contenders that need no file.
    public static let names = ["optimum", WhatIfStudy.today] + Baseline.allCases.map(\.rawValue)

    /// The contender of one of `names`; nil for any other.
    /// - Throws: As `WhatIf.points`.
    public init?(named name: String, of whatIf: WhatIf) async throws {
        if name == "optimum" {
            self = .optimum
        } else if name == WhatIfStudy.today {
            self = .held(try await whatIf.today())
        } else if let baseline = Baseline(rawValue: name) {
            self = .held(try await whatIf.candidate(baseline))
        } else {
            return nil
        }
    }
}
