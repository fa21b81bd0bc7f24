import Checking
import Optimization
import Profiles
import Serving
import Solvers
import TestSupport
import Testing

/// `qoe.mean` and `goodput.smooth` as objectives and limits, against every action and by weak duality from the definition.
@Suite struct QualityProgramTests {
    private static let qualities = [Metric.qoeMean, .goodputSmooth]

    /// What a policy comes to, request by request and token by token.
    private func values(_ world: QualityWorld, _ plan: DispatchPlan) -> [Metric: Double] {
        var sums: [Metric: Double] = [:]
        for (k, mixture) in plan.mixtures.enumerated() {
            let from = plan.lowerEdges[k]
            let to = k + 1 < plan.lowerEdges.count ? plan.lowerEdges[k + 1] - 1 : .max
            for part in mixture.parts {
                for (metric, value) in world.values(part.action, from: from, to: to) {
                    sums[metric, default: 0] += part.probability * value
                }
            }
        }
        return sums
    }

    /// What every action that matters comes to in a range of prompts, told once.
    private final class ActionTable {
        private let world: QualityWorld
        private var known: [ClosedRange<Int>: [[Metric: Double]]] = [:]

        init(_ world: QualityWorld) { self.world = world }

        func values(from: Int = 1, to: Int = .max) -> [[Metric: Double]] {
            if let values = known[from...to] { return values }
            let values = world.actions(from: from, to: to).map { world.values($0, from: from, to: to) }
            known[from...to] = values
            return values
        }
    }

    /// The dual function at an answer's multipliers: the least Lagrangian over all actions of every bucket.
    private func dual(_ table: ActionTable, _ program: DispatchProgram, _ answer: DispatchAnswer) -> Double {
        var sum = 0.0
        let edges = program.worlds[0].buckets.lowerEdges
        let multipliers = answer.certificate.multipliers
        for (k, edge) in edges.enumerated() {
            let to = k + 1 < edges.count ? edges[k + 1] - 1 : .max
            sum += table.values(from: edge, to: to).reduce(Double.infinity) { least, values in
                func signed(_ metric: Metric) -> Double {
                    (metric.isMaximized ? -1 : 1) * (values[metric] ?? 0)
                }
                let own = multipliers.reduce(signed(program.objective)) { $0 + $1.value * (values[$1.key] ?? 0) }
                return min(least, own)
            }
        }
        for limit in program.limits {
            guard let multiplier = multipliers[limit.metric], multiplier != 0 else { continue }
            sum -= multiplier * ((multiplier > 0 ? limit.atMost : limit.atLeast) ?? .nan)
        }
        return sum
    }

    /// Holds an answer against the definition: its value, its limits, its bound; and against the checker.
    private func check(
        _ world: QualityWorld, _ table: ActionTable, _ program: DispatchProgram, _ answer: DispatchAnswer
    ) throws {
        let plan = try #require(answer.plans.first)
        let sign: Double = program.objective.isMaximized ? -1 : 1
        let found = values(world, plan)
        let slack = 1e-6 * max(1, answer.certificate.scale)
        #expect(abs(sign * (found[program.objective] ?? 0) - answer.certificate.primal) < slack)
        for limit in program.limits {
            let value = found[limit.metric] ?? 0
            #expect(value <= (limit.atMost ?? .infinity) + 1e-6, "\(limit.metric.rawValue)")
            #expect(value >= (limit.atLeast ?? -.infinity) - 1e-6, "\(limit.metric.rawValue)")
        }
        let dual = dual(table, program, answer)
        let prices = answer.certificate.multipliers.filter { $0.key == .qoeMean }.map { abs($0.value) }.first ?? 0
        #expect(answer.certificate.bound <= dual + slack + 1e-6 * prices)
        #expect(dual <= answer.certificate.primal + slack + 1e-6 * prices)
        #expect(
            answer.status == .optimal && answer.certificate.gap <= 1e-6,
            "\(program.objective) \(program.limits) \(answer.status) \(answer.certificate) \(answer.rounds)")
        let verdict = program.verdict(on: answer)
        #expect(verdict.isValid, "\(verdict.findings)")
    }

    @Test(arguments: 0..<16)
    func `the best policy under a prefill budget is that of all mixtures`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        let table = ActionTable(world)
        for metric in Self.qualities {
            for limited in [Metric.devicePrefillShare, .serverPrefillShare] {
                for budget in [0, 0.3, 1] {
                    let program = world.program(metric, [Limit(metric: limited, atMost: budget)])
                    let answer = program.solve()
                    let points = table.values().map { values in
                        (value: -(values[metric] ?? 0), usage: values[limited] ?? 0)
                    }
                    let least = leastMixture(points, limit: budget)
                    #expect(
                        abs(answer.certificate.primal - least) < 1e-6 * max(1, answer.certificate.scale),
                        "\(metric.rawValue) \(limited.rawValue) \(budget)")
                    try check(world, table, program, answer)
                }
            }
        }
    }

    @Test(arguments: 0..<16)
    func `several buckets and limits are solved to their bound`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        let table = ActionTable(world)
        let race = world.values(.race)
        let alone = world.values(.only(.server))
        for metric in Self.qualities {
            let limits = [
                Limit(metric: .devicePrefillShare, atMost: 0.6),
                Limit(metric: .ttftMean, atMost: 0.5 * ((race[.ttftMean] ?? 0) + (alone[.ttftMean] ?? 0))),
            ]
            let program = world.program(metric, limits, edges: [1, 4, 7])
            let answer = program.solve()
            guard answer.status != .infeasible else { continue }
            try check(world, table, program, answer)
        }
    }

    @Test(arguments: 0..<16)
    func `quality is a limit of other objectives, and of each other`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        let table = ActionTable(world)
        let (race, alone) = (world.values(.race), world.values(.only(.server)))
        for metric in Self.qualities {
            let (most, least) = (race[metric] ?? 0, alone[metric] ?? 0)
            let limit = Limit(metric: metric, atLeast: 0.5 * (max(most, least) + min(most, least)))
            for objective in [Metric.devicePrefillShare, .ttftMean] + Self.qualities where objective != metric {
                let other = Limit(metric: .serverPrefillShare, atMost: 0.9)
                let program = world.program(
                    objective, objective == .ttftMean ? [limit, other] : [limit], edges: [1, 5])
                let answer = program.solve()
                if answer.status == .infeasible {
                    #expect(!answer.conflicts.isEmpty)
                } else {
                    try check(world, table, program, answer)
                }
            }
        }
    }

    @Test(arguments: 0..<12)
    func `a looser limit never makes quality worse`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        for metric in Self.qualities {
            var last = Double.infinity
            for budget in [0, 0.1, 0.25, 0.5, 0.75, 1] {
                let answer = world.program(metric, [Limit(metric: .devicePrefillShare, atMost: budget)]).solve()
                #expect(answer.certificate.primal <= last + 1e-9 * max(1, abs(last)))
                last = answer.certificate.primal
            }
        }
    }

    @Test(arguments: 0..<15)
    func `what cannot be kept is told with the nearest value`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        for metric in Self.qualities {
            let best = -world.program(metric, []).solve().certificate.primal
            let goal = best + (metric == .qoeMean ? 0.5 * (1 - best) : 1)
            guard goal > best + 1e-6 else { continue }
            let answer = world.program(.ttftMean, [Limit(metric: metric, atLeast: goal)]).solve()
            #expect(answer.status == .infeasible)
            let nearest = try #require(answer.conflicts.first?.nearest)
            #expect(abs(nearest - best) < 1e-6 * max(1, abs(best)))
        }
    }

    @Test(arguments: 0..<12)
    func `without mixtures every limit is kept, and the gap says what that costs`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        for metric in Self.qualities {
            let program = world.program(
                metric, [Limit(metric: .devicePrefillShare, atMost: 0.4)], edges: [1, 4], isDeterministic: true)
            let answer = program.solve()
            let plan = try #require(answer.plans.first)
            #expect(plan.mixtures.allSatisfy { $0.parts.count == 1 })
            let found = values(world, plan)
            #expect((found[.devicePrefillShare] ?? 0) <= 0.4 + 1e-9)
            #expect(answer.certificate.bound <= answer.certificate.primal)
            #expect(program.verdict(on: answer).isValid)
        }
    }

    @Test(arguments: 0..<10)
    func `a quantile is minimized under a limit on quality`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        for metric in Self.qualities {
            let (race, alone) = (world.values(.race), world.values(.only(.server)))
            let goal = 0.5 * ((race[metric] ?? 0) + (alone[metric] ?? 0))
            let program = world.program(
                .ttftP90, [Limit(metric: metric, atLeast: goal), Limit(metric: .devicePrefillShare, atMost: 0.7)])
            let answer = program.solve()
            guard answer.status != .infeasible else { continue }
            let plan = try #require(answer.plans.first)
            #expect((values(world, plan)[metric] ?? 0) >= goal - 1e-6)
            let verdict = program.verdict(on: answer)
            #expect(verdict.isValid, "\(verdict.findings)")
        }
    }

    @Test(arguments: 0..<12)
    func `hand-overs are chosen with the waits where cost is limited`(seed: Int) throws {
        let world = try QualityWorld(seed: seed)
        let costs = [Action.race, .only(.server), .only(.device)].compactMap { world.outcomes($0)[.costMean] }
        let limit = Limit(metric: .costMean, atMost: 0.5 * ((costs.min() ?? 0) + (costs.max() ?? 0)))
        for metric in Self.qualities {
            let moving = world.program(metric, [limit], handsOver: true)
            let answer = moving.solve()
            let verdict = moving.verdict(on: answer)
            #expect(verdict.isValid, "\(verdict.findings)")
            // What hand-overs save can be spent on quality.
            let staying = world.program(metric, [limit]).solve()
            if staying.status == .optimal {
                #expect(
                    answer.certificate.primal <= staying.certificate.primal + 1e-7 * max(1, staying.certificate.scale))
            }
        }
    }
}
