internal import Costs
internal import Profiles
internal import Serving
internal import Solvers

/// What a problem's policies cost in units that people pay in: money a month, joules and battery a day, savings.
public struct Bill: Sendable {
    /// How much is asked of the service.
    public struct Demand: Sendable, Hashable {
        /// Requests of all users in a month.
        public var requestsPerMonth: Double
        /// Requests of one device in a day.
        public var requestsPerDay: Double
        /// What a device's battery holds, in watt hours; nil where nobody says.
        public var batteryWattHours: Double?

        /// A demand.
        public init(requestsPerMonth: Double = 1e6, requestsPerDay: Double = 20, batteryWattHours: Double? = nil) {
            self.requestsPerMonth = requestsPerMonth
            self.requestsPerDay = requestsPerDay
            self.batteryWattHours = batteryWattHours
        }
    }

    /// One policy.
    public struct Line: Sendable {
        /// `optimum`, a table's path or a baseline's name.
        public let name: String
        /// Mean money per request; nil where a price is missing.
        public let money: Double?
        /// Mean joules of the device per request; nil where its energy is not known.
        public let joules: Double?
        /// Mean TTFT, in seconds.
        public let ttftMean: Double
        /// Limits that it breaks.
        public let brokenLimits: [String]
    }

    /// The problem.
    public let problem: Problem
    /// How much is asked.
    public let demand: Demand
    /// Mean answer, in tokens; nil where the workload does not say.
    public let outputTokens: Double?
    /// The policies: the optimum where there is one, the tables, the baselines.
    public let lines: [Line]
    /// Why there is no optimum; nil where there is one.
    public let infeasible: String?

    /// The bill of a problem.
    /// - Parameters:
    ///   - whatIf: The problem.
    ///   - tables: Policies besides the optimum and the baselines.
    ///   - demand: How much is asked.
    /// - Throws: As `WhatIf.points`; `QuestionError` where nothing has a price or an energy.
    public init(_ whatIf: WhatIf, holding tables: [WhatIf.Candidate], demand: Demand) async throws {
        let base = Scenario(name: "base")
        var candidates = tables
        for baseline in Baseline.allCases { candidates.append(try await whatIf.candidate(baseline)) }
        let point = try await whatIf.points([base], holding: candidates)[0]
        let workload = try await whatIf.prepare(base).profiles.all.workload
        problem = whatIf.base
        self.demand = demand
        infeasible = point.infeasible
        outputTokens = workload.meanOutputTokens.map { means in
            zip(means, workload.counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(workload.requests)
        }
        func line(_ name: String, _ outcomes: Outcomes, _ broken: [Metric]) -> Line {
            Line(
                name: name, money: outcomes[.costMean], joules: outcomes[.energyMean],
                ttftMean: outcomes[.ttftMean] ?? .nan, brokenLimits: broken.map(\.rawValue))
        }
        lines =
            (point.optimum.map { [line("optimum", $0.outcomes, [])] } ?? [])
            + zip(candidates, point.held).map { line($0.name, $1.outcomes, $1.brokenLimits) }
        guard lines.contains(where: { $0.money != nil || $0.joules != nil }) else {
            throw QuestionError.badData(
                """
                \(problem.path): nothing to bill: wanted output_tokens in the workload, and endpoints.server.price (with the device's \
                price, or its energy and exchange.per_joule) or endpoints.device.energy
                """)
        }
    }

    /// The currency; nil where nothing has a price.
    public var currency: String? { (problem.server.price ?? problem.device.price)?.currency }

    /// What a line costs less than `server-only`, as a share of it; nil where one of the two has no price.
    public func saving(of line: Line) -> Double? {
        guard let money = line.money,
            let plain = lines.first(where: { $0.name == Baseline.serverOnly.rawValue })?.money,
            plain > 0
        else { return nil }
        return 1 - money / plain
    }

    /// The share of a full battery that a device's requests of a day draw; nil where the battery or the energy is not known.
    public func batteryShare(of line: Line) -> Double? {
        guard let joules = line.joules, let hours = demand.batteryWattHours else { return nil }
        return joules * demand.requestsPerDay / (hours * 3_600)
    }
}

extension Bill {
    /// The bill for people, within 80 columns but for long names and sources.
    public func rendered() -> String {
        var head = ["policy"]
        let (hasMoney, hasEnergy) = (lines.contains { $0.money != nil }, lines.contains { $0.joules != nil })
        if hasMoney { head += ["of 1,000", "1M out", "a month", "saved"] }
        if hasEnergy { head += ["J", "J/day"] + (demand.batteryWattHours == nil ? [] : ["battery"]) }
        var table = [head + ["mean s"]]
        for line in lines {
            var row = [line.name + (line.brokenLimits.isEmpty ? "" : " *")]
            if hasMoney {
                row += [
                    line.money.map { text(1_000 * $0) } ?? "-",
                    line.money.flatMap { money in perMillion(money).map { text($0) } } ?? "-",
                    line.money.map { text($0 * demand.requestsPerMonth) } ?? "-",
                    saving(of: line).map { "\(fixed(100 * $0, decimals: 1)) %" } ?? "-",
                ]
            }
            if hasEnergy {
                row += [
                    line.joules.map { text($0) } ?? "-", line.joules.map { text($0 * demand.requestsPerDay) } ?? "-",
                ]
                if demand.batteryWattHours != nil {
                    row.append(batteryShare(of: line).map { "\(fixed(100 * $0, decimals: 2)) %" } ?? "-")
                }
            }
            table.append(row + [fixed(line.ttftMean, decimals: 3)])
        }
        var lines = [
            "\(problem.path): \(whole(demand.requestsPerMonth)) requests a month, \(text(demand.requestsPerDay)) a device and day."
        ]
        lines += prices
        lines += [""] + columns(table)
        var notes: [String] = []
        if self.lines.contains(where: { !$0.brokenLimits.isEmpty }) { notes.append("* breaks a limit") }
        if hasMoney { notes.append("of 1,000 requests, of a million tokens of answers; saved against server-only") }
        if let infeasible { notes.append("no optimum: \(infeasible)") }
        if !notes.isEmpty { lines += [""] + notes }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Money per million tokens of answers.
    func perMillion(_ money: Double) -> Double? { outputTokens.flatMap { $0 > 0 ? 1e6 * money / $0 : nil } }

    /// What is priced how, a line each.
    private var prices: [String] {
        var lines: [String] = []
        for (name, price) in [("Server", problem.server.price), ("Device", problem.device.price)] {
            guard let price else { continue }
            let origin = [price.source, price.date].compactMap(\.self).joined(separator: ", ")
            lines.append(
                "\(name): \(text(1e6 * price.prefill)) and \(text(1e6 * price.decode)) \(price.currency) per million tokens in and out"
                    + (origin.isEmpty ? "." : ","))
            if !origin.isEmpty { lines.append("  \(origin).") }
        }
        if let energy = problem.device.energy {
            let money =
                problem.moneyPerJoule.map { "; \(text(3.6e6 * $0))\(currency.map { " " + $0 } ?? "") a kWh" } ?? ""
            lines.append("Device: \(text(energy.prefill)) and \(text(energy.decode)) J a token in and out\(money).")
        }
        return lines
    }

    private func whole(_ value: Double) -> String {
        guard value >= 1, value < 1e15 else { return text(value) }
        let digits = fixed(value, decimals: 0)
        return String(
            digits.reversed().enumerated().flatMap { $0 > 0 && $0 % 3 == 0 ? [",", $1] : [$1] }.reversed())
    }

    /// The bill as JSON (schema/cost.schema.json).
    public var json: JSONValue {
        .object([
            "version": .integer(1), "problem": .string(problem.path), "currency": .init(currency),
            "requests_per_month": .number(demand.requestsPerMonth), "requests_per_day": .number(demand.requestsPerDay),
            "battery_watt_hours": .init(demand.batteryWattHours), "output_tokens": .init(outputTokens),
            "reason": .init(infeasible),
            "policies": .array(
                lines.map { line in
                    .object([
                        "name": .string(line.name), "per_request": .init(line.money),
                        "per_1000_requests": .init(line.money.map { 1_000 * $0 }),
                        "per_million_output_tokens": .init(line.money.flatMap(perMillion)),
                        "per_month": .init(line.money.map { $0 * demand.requestsPerMonth }),
                        "saving": .init(saving(of: line)), "joules_per_request": .init(line.joules),
                        "joules_per_day": .init(line.joules.map { $0 * demand.requestsPerDay }),
                        "battery_share": .init(batteryShare(of: line)), "ttft.mean": .number(line.ttftMean),
                        "broken_limits": .array(line.brokenLimits.map { .string($0) }),
                    ])
                }),
        ])
    }
}
