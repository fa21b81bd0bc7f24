internal import Policies
public import Serving
internal import Solvers

/// Which number of the problem matters most: each one moved down and up by the same share, the others left as they are.
public struct Tornado: Sendable {
    /// One number of the problem.
    public struct Bar: Sendable {
        /// Its field.
        public let number: ProblemFile.StatedNumber
        /// The optimum with the number moved down and moved up; nil where that is no problem, with the reason.
        public let low: End
        /// See `low`.
        public let high: End

        /// How far the objective moves in all: the spread of its values, the unchanged problem's included; 0 where both ends are missing.
        public func swing(around base: Double) -> Double {
            let values = [low.value, high.value, base].compactMap(\.self)
            return (values.max() ?? 0) - (values.min() ?? 0)
        }
    }

    /// One end of a bar.
    public struct End: Sendable {
        /// The number there.
        public let number: Double
        /// The least objective; nil where there is none.
        public let value: Double?
        /// Why there is none.
        public let reason: String?
    }

    /// The share by which numbers are moved.
    public let share: Double
    /// What is minimized.
    public let objective: Metric
    /// Its value in the problem as it is.
    public let base: Double
    /// The bars, longest first.
    public let bars: [Bar]
    /// Numbers that change nothing, or that cannot be moved.
    public let unmoved: [String]

    /// Fields whose numbers say how to work rather than what the world is like.
    private static let passedOver = [
        "version", "workload.buckets", "table", "split", "disco", "budget_window", "confidence",
    ]

    /// Moves every number that the problem states.
    /// - Parameters:
    ///   - whatIf: The problem.
    ///   - share: The share by which each is moved, above 0 and below 1.
    /// - Throws: As `WhatIf.points`.
    public init(_ whatIf: WhatIf, by share: Double) async throws {
        self.share = share
        objective = whatIf.base.objective
        let start = try await whatIf.points([Scenario(name: "base")])
        guard let base = start[0].optimum?.outcomes[objective] else {
            throw StudyError.infeasible(start[0].infeasible ?? "\(whatIf.base.path): no optimum")
        }
        self.base = base
        let numbers = whatIf.stated.filter { number in
            number.value != 0
                && !Self.passedOver.contains { number.path == $0 || number.path.hasPrefix($0 + ".") }
                && !number.path.hasSuffix(".per_tokens") && !number.path.hasSuffix(".max_rejected")
        }
        var bars: [Bar] = []
        var unmoved: [String] = []
        for number in numbers {
            let low = try await Self.end(whatIf, number, 1 - share)
            let high = try await Self.end(whatIf, number, 1 + share)
            let bar = Bar(number: number, low: low, high: high)
            let isFlat = bar.swing(around: base) <= 1e-9 * abs(base) && low.value != nil && high.value != nil
            if isFlat { unmoved.append(number.path) } else { bars.append(bar) }
        }
        self.bars = bars.enumerated().sorted {
            let (left, right) = ($0.element.swing(around: base), $1.element.swing(around: base))
            return left != right ? left > right : $0.offset < $1.offset
        }.map(\.element)
        self.unmoved = unmoved
    }

    private static func end(
        _ whatIf: WhatIf, _ number: ProblemFile.StatedNumber, _ factor: Double
    ) async throws -> End {
        // A share cannot exceed 1.
        let isShare = number.path.contains("share") && number.value <= 1
        let moved = isShare ? min(1, number.value * factor) : number.value * factor
        let scenario = Scenario(
            name: number.path, settings: [.init(path: number.path, value: Variation.written(moved))])
        do {
            let point = try await whatIf.points([scenario])[0]
            return End(number: moved, value: point.optimum?.outcomes[point.objective], reason: point.infeasible)
        } catch let error as ProblemError {
            return End(number: moved, value: nil, reason: error.findings.first.map { "\($0.wanted)" })
        } catch StudyError.profile(let error, _) {
            return End(number: moved, value: nil, reason: "\(error)")
        }
    }
}
