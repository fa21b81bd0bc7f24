import ArgumentParser
import Studies

/// `disco cost`.
struct Cost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what policies cost: money a month, joules and battery a day, savings.",
        discussion: """
            Bills the optimum, every baseline and the tables of --policy on the
            problem's traces, with the prices and energies of the problem file
            (docs/catalogue.md). What a month and a day hold is assumed unless given,
            and printed.
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @Option(help: ArgumentHelp("A policy table to bill. May be repeated.", valueName: "table"))
    var policy: [String] = []

    @Option(help: "Requests of all users in a month.")
    var requestsPerMonth: Double?

    @Option(help: "Requests of all users in a second, instead.")
    var requestsPerSecond: Double?

    @Option(help: "Requests of one device in a day.")
    var requestsPerDay = 20.0

    @Option(help: ArgumentHelp("What a device's battery holds, in watt hours.", valueName: "Wh"))
    var battery: Double?

    @OptionGroup var options: ProblemOptions

    /// A month has 30 days.
    private var perMonth: Double { requestsPerMonth ?? requestsPerSecond.map { $0 * 86_400 * 30 } ?? 1e6 }

    func validate() throws {
        if requestsPerMonth != nil, requestsPerSecond != nil {
            throw ValidationError("--requests-per-month and --requests-per-second say the same: give one.")
        }
        for (name, value) in [
            ("--requests-per-month", perMonth), ("--requests-per-second", requestsPerSecond),
            ("--requests-per-day", requestsPerDay), ("--battery", battery),
        ] {
            if let value, !(value > 0 && value.isFinite) {
                throw ValidationError("\(name) \(value): wanted a number above 0.")
            }
        }
    }

    func run() async throws {
        try await Console.run {
            let whatIf = try await options.whatIf(problem)
            var tables: [WhatIf.Candidate] = []
            for path in policy { tables.append(try await WhatIfCommand.table(whatIf, path)) }
            let bill = try await Bill(
                whatIf, holding: tables,
                demand: .init(
                    requestsPerMonth: perMonth, requestsPerDay: requestsPerDay, batteryWattHours: battery))
            Console.print(options.json ? bill.json.text() : bill.rendered())
        }
    }
}
