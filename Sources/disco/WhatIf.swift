import ArgumentParser
import Policies
import Studies

/// `disco whatif`.
struct WhatIfCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whatif",
        abstract: "Ask what another budget, price, phone, traffic or outage would do.",
        discussion: """
            Solves the problem anew at every value and shows beside it what policies
            do that are held fixed. One question a run:

              --vary limits.device.prefill_share.at_most=0..0.5:11   budget frontier
              --vary endpoints.server.price.decode=x0.5..x2:9        a price, by factors
              --vary A=... --vary B=...                              a grid of two
              --scenarios file.yaml    named changes, outages, traffic; regret table
              --tornado 0.2            which number matters most, each moved by 20 %
              --break-even PATH=FIRST..LAST --between A,B
                                       where two policies tie: optimum, today, a
                                       baseline's name or a policy table's path

            Values: first..last:count, factors x0.5..x2:9 (equal ratios), or a list.
            """)

    @Argument(help: "The problem file (YAML; see docs/problem-file.md).")
    var problem: String

    @Option(help: ArgumentHelp("A field and its values. Once or twice.", valueName: "path=values"))
    var vary: [String] = []

    @Option(help: "A file of named scenarios (YAML; see docs/whatif.md).")
    var scenarios: String?

    @Option(help: ArgumentHelp("A policy table to hold fixed. May be repeated.", valueName: "table"))
    var policy: [String] = []

    @Flag(help: "Solve nothing anew: judge the held policies alone.")
    var heldOnly = false

    @Option(help: ArgumentHelp("Move every number by this share.", valueName: "share"))
    var tornado: Double?

    @Option(help: ArgumentHelp("A field and the range to look for ties in.", valueName: "path=first..last"))
    var breakEven: String?

    @Option(help: ArgumentHelp("Who is compared, two names (default: optimum,server-only).", valueName: "a,b"))
    var between: String?

    @OptionGroup var options: ProblemOptions

    func validate() throws {
        let asked = [!vary.isEmpty, scenarios != nil, tornado != nil, breakEven != nil].filter { $0 }.count
        if asked != 1 {
            throw ValidationError(
                "\(asked == 0 ? "What if what?" : "One question a run:") Give one of --vary, --scenarios, --tornado, --break-even."
            )
        }
        if between != nil, breakEven == nil { throw ValidationError("--between goes with --break-even.") }
        if heldOnly, vary.isEmpty { throw ValidationError("--held-only goes with --vary.") }
        if !policy.isEmpty, vary.isEmpty, scenarios == nil {
            throw ValidationError("--policy goes with --vary or --scenarios; --break-even takes tables in --between.")
        }
        if let tornado, !(0 < tornado && tornado < 1) {
            throw ValidationError("--tornado \(tornado): a share is above 0 and below 1, e.g. 0.2.")
        }
    }

    func run() async throws {
        try await Console.run {
            let whatIf = try await options.whatIf(problem)
            let (text, json) = try await answer(whatIf)
            Console.print(options.json ? json.text() : text)
        }
    }

    private func answer(_ whatIf: WhatIf) async throws -> (text: String, json: JSONValue) {
        if let share = tornado {
            let bars = try await Tornado(whatIf, by: share)
            return (bars.rendered(), bars.json)
        }
        if let breakEven { return try await tie(whatIf, breakEven) }
        var held: [WhatIf.Candidate] = []
        for path in policy { held.append(try await Self.table(whatIf, path)) }
        let study: WhatIfStudy
        if let scenarios {
            study = try await WhatIfStudy(
                whatIf, scenarios: try ScenarioFile.read(path: scenarios, stated: whatIf.stated), holding: held)
        } else {
            study = try await WhatIfStudy(
                whatIf, varying: try vary.map { try Variation($0, stated: whatIf.stated) }, holding: held,
                resolves: !heldOnly)
        }
        return (study.rendered(), study.json)
    }

    private func tie(_ whatIf: WhatIf, _ breakEven: String) async throws -> (text: String, json: JSONValue) {
        let names = (between ?? "optimum,server-only").split(separator: ",").map {
            String($0.drop { $0 == " " })
        }
        guard names.count == 2 else {
            throw ValidationError("--between \(between ?? ""): wanted two names, e.g. optimum,server-only.")
        }
        var contenders: [BreakEven.Contender] = []
        for name in names { contenders.append(try await contender(whatIf, name)) }
        let (path, range) = try BreakEven.range(breakEven, stated: whatIf.stated)
        let found = try await BreakEven(whatIf, path: path, range: range, between: contenders[0], and: contenders[1])
        return (found.rendered(), found.json)
    }

    private func contender(_ whatIf: WhatIf, _ name: String) async throws -> BreakEven.Contender {
        if let known = try await BreakEven.Contender(named: name, of: whatIf) { return known }
        guard name.contains(".") || name.contains("/") else {
            throw ValidationError(
                """
                --between: found \(name), wanted a policy table's path or one of \
                \(BreakEven.Contender.names.joined(separator: ", ")).
                """)
        }
        return .held(try await Self.table(whatIf, name))
    }

    /// The policy table at `path`, to be held fixed.
    static func table(_ whatIf: WhatIf, _ path: String) async throws -> WhatIf.Candidate {
        let bytes = try FileError.read(path)
        let findings = TableCheck.findings(bytes)
        guard findings.isEmpty, let table = try? PolicyTable.decode(bytes) else {
            throw FileError(description: findings.map { "\(path): \($0)" }.joined(separator: "\n"), exitCode: 65)
        }
        return try await whatIf.candidate(table, name: path)
    }
}
