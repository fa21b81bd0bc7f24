import Foundation
import Testing

/// What `disco replay` says where figures are missing, and where table and problem do not go together.
@Suite struct ReplayBadInputTests {
    private static let pace = [
        "reader.tokens_per_second=4", "endpoints.server.tpot=0.02", "endpoints.device.tpot=0.05",
    ]

    private func flags(_ settings: [String]) -> [String] { settings.flatMap { ["--set", $0] } }

    /// A folder with a table that hands over, solved for the sample problem.
    private func solved(_ settings: [String] = Self.pace) throws -> Folder {
        let folder = try Sample.folder()
        let run = try Run(["solve", "problem.yaml", "-o", "policy.json"] + flags(settings), in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        return folder
    }

    private func replay(_ folder: Folder, _ settings: [String] = Self.pace, _ arguments: [String] = []) throws -> Run {
        try Run(
            ["replay", "policy.json", "problem.yaml", "--requests", "500"] + arguments + flags(settings),
            in: folder.url)
    }

    @Test func `without output lengths migration is off, and it says so`() throws {
        let folder = try solved()
        try folder.write("prompts.csv", "prompt_tokens\n" + (10..<70).map { "\($0)\n" }.joined())
        let run = try replay(folder)
        #expect(run.status == 0)
        #expect(run.output.contains("no output_tokens") && run.output.contains("migration is off"), "\(run.output)")
        #expect(!run.output.contains("Handed over") && !run.output.contains("tbt ms"))
    }

    @Test func `where some requests have no output length, they have those of the others`() throws {
        let folder = try solved()
        let prompts = (0..<200).map { "\(10 + $0 % 60),\($0 % 60 < 30 ? "\(40 + $0 % 3)" : "")\n" }.joined()
        try folder.write("prompts.csv", "prompt_tokens,output_tokens\n" + prompts)
        let run = try replay(folder, Self.pace, ["--json"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.contains("\"output_tokens.mean\" : 40.") || run.output.contains("\"output_tokens.mean\" : 41."))
    }

    @Test(arguments: ["server", "device"])
    func `a missing TPOT leaves streams out and names what is needed`(endpoint: String) throws {
        let run = try replay(try solved(), Self.pace + ["endpoints.\(endpoint).tpot=null"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("endpoints.\(endpoint).tpot, which no trace tells"), "\(run.output)")
        #expect(run.output.contains("migration is off") && !run.output.contains("tbt ms"))
    }

    @Test func `a reader faster than both endpoints waits, and is told of`() throws {
        let run = try replay(try solved(), Self.pace + ["reader.tokens_per_second=60"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.contains("60.0 tokens/s) is faster than both endpoints (server 50.0, device 20.0"),
            "\(run.output)")
    }

    @Test func `without a reader there is no quality, and the table's pace still counts the lead`() throws {
        let run = try replay(try solved(), Array(Self.pace.dropFirst()))
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("the problem has no reader") && !run.output.contains("QoE  "), "\(run.output)")
        #expect(run.output.contains("Handed over"))
    }

    @Test func `answers without tokens are whole and on time`() throws {
        let folder = try solved()
        try folder.write(
            "prompts.csv", "prompt_tokens,output_tokens\n" + (10..<70).map { "\($0),0\n" }.joined())
        let run = try replay(folder, Self.pace, ["--json"])
        #expect(run.status == 0, "\(run.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        let rows = try #require(json["policies"] as? [[String: Any]])
        let outcomes = try #require(rows.first?["outcomes"] as? [String: Double])
        // Only failures, of which the device's help leaves none, would be late or of no quality.
        #expect(outcomes["qoe.mean"] == 1 - (outcomes["failed_share"] ?? 1) && outcomes["broken_share"] == 0)
        #expect(outcomes["hand_over.share"] == 0 && outcomes["cost.per_million_tokens"] == nil)
        #expect(outcomes["slo.attainment"] == outcomes["qoe.mean"] && outcomes["tbt.mean"] == nil)
    }

    @Test func `a table for hours that the problem has not is refused with 65`() throws {
        let evenings =
            "arrived_at,prompt_tokens,ttft\n"
            + (0..<384).map { i in
                let hour = i / 4 % 24
                let time = "2025-01-0\(1 + i / 96)T\(hour < 10 ? "0" : "")\(hour):\(10 + i % 4 * 15):00Z"
                return "\(time),\(10 + i % 50),\(Double(1 + i % 7) / 8 + (hour >= 16 ? 2 : 0))\n"
            }.joined()
        let folder = try Sample.folder(["evenings.csv": evenings])
        let server = "endpoints.server={trace: evenings.csv, condition_on: {hour_of_day: [0, 16]}}"
        let solve = try Run(
            ["solve", "problem.yaml", "-o", "policy.json", "--set", server], in: folder.url)
        #expect(solve.status == 0, "\(solve.errors)")
        let run = try replay(folder, [])
        #expect(run.status == 65 && run.errors.contains("condition_on: the table has bucket sets for"), "\(run.errors)")
        #expect(run.errors.contains("00:00-16:00 UTC; 16:00-00:00 UTC, the problem has all day"), "\(run.errors)")
        #expect(try replay(folder, [server]).status == 0)
        let other = server.replacing("[0, 16]", with: "[4, 18]")
        #expect(try replay(folder, [other]).errors.contains("the problem has 04:00-18:00 UTC; 18:00-04:00 UTC"))
    }

    @Test func `a table whose endpoints the problem lacks, or whose buckets nobody asks for, is told of`() throws {
        let folder = try solved()
        let poor = try replay(folder, ["endpoints.server.price=null", "exchange=null"])
        #expect(poor.status == 0, "\(poor.errors)")
        #expect(poor.output.contains("made for a server with price, which endpoints.server lacks"), "\(poor.output)")
        // A problem always has both endpoints.
        try folder.write(
            "problem.yaml", Sample.problem.replacing("    ttft: {intercept: 0.1, per_token: 0.01}\n", with: ""))
        let half = try replay(folder, [])
        #expect(half.status == 65 && half.errors.contains("endpoints.device"), "\(half.errors)")
        try folder.write("problem.yaml", Sample.problem)
        try folder.write("prompts.csv", "prompt_tokens,output_tokens\n" + (0..<60).map { "\(50 + $0),9\n" }.joined())
        let short = try replay(folder)
        #expect(short.output.contains("no requests in 3 buckets") || short.output.contains("no requests in the bucket"))
    }

    @Test func `a table that claims what the replay does not find is told of`() throws {
        let folder = try solved()
        let own = try replay(folder)
        #expect(!own.output.contains("the table claims") && !own.output.contains("made from another"), "\(own.output)")
        let other = try replay(folder, Self.pace + ["endpoints.device.ttft.intercept=3"])
        #expect(other.output.contains("the table claims ttft.mean 0."), "\(other.output)")
        try folder.write("server.csv", Sample.server + "0.5,30\n")
        #expect(try replay(folder).output.contains("the table was made from another server trace ("))
    }

    @Test func `another timeout, an edited table and a broken one are told apart`() throws {
        let folder = try solved()
        #expect(try replay(folder, Self.pace + ["timeout=5"]).output.contains("the table's timeout is 60.0 s"))
        let table = String(decoding: try folder.read("policy.json"), as: UTF8.self)
        try folder.write("policy.json", table.replacing("\"revision\": 1", with: "\"revision\": 2"))
        let edited = try replay(folder)
        #expect(edited.status == 0 && edited.output.contains("was changed after it was made"), "\(edited.errors)")
        try folder.write("policy.json", table.replacing("\"timeout\": 60", with: "\"timeout\": -1"))
        let broken = try replay(folder)
        #expect(broken.status == 65 && broken.errors.contains("policy.json: "), "\(broken.errors)")
        try folder.write("policy.json", "{")
        #expect(try replay(folder).status == 65)
    }

    @Test(arguments: [
        ["--requests", "0"], ["--workers", "0"], ["--alpha=-1"], ["--deadline-pace", "0"], ["--ttft-target=-1"],
        ["--seed", "x"],
    ])
    func `bad options are usage errors`(arguments: [String]) throws {
        #expect(try Run(["replay", "policy.json", "problem.yaml"] + arguments).status == 64)
    }

    @Test func `missing files end with 66, and help is as it was`() throws {
        let folder = try Sample.folder()
        #expect(try Run(["replay", "none.json", "problem.yaml"], in: folder.url).status == 66)
        let help = try Run(["replay", "--help"], environment: ["COLUMNS": "80"]).output
        #expect(help == Self.help)
    }

    private static let help = """
        OVERVIEW: Replay a policy table on a problem's traces, beside every baseline.

        Draws requests from the traces and walks each from its dispatch to its
        last token by the online rules: who starts, who answers, when the response
        is handed over, and what its reader sees. Shares no formula with the
        solvers. Prints TTFT, shares, cost, stalls, Andes QoE, token-deadline
        attainment, goodput and smooth goodput, with standard errors.

        The same seed gives the same bytes, on any number of cores. Baselines hand
        responses over as the table does; server-only and device-only never do.

        USAGE: disco replay <table> <problem> [--requests <requests>] \
        [--seed <seed>] [--workers <workers>] [--ttft-target <ttft-target>] \
        [--deadline-pace <deadline-pace>] [--deadline-offset <deadline-offset>] [--alpha <alpha>] [--set <path=value> ...] [--json]

        ARGUMENTS:
          <table>                 The policy table (JSON).
          <problem>               The problem file (YAML; see docs/problem-file.md).

        OPTIONS:
          --requests <requests>   Requests to draw for each policy. (default: 100000)
          --seed <seed>           Which requests are drawn. (default: 1)
          --workers <workers>     Cores to use; the result does not depend on it
                                  (default: all).
          --ttft-target <ttft-target>
                                  When the first token is due for Andes QoE, in seconds
                                  (default: the problem's, else 1).
          --deadline-pace <deadline-pace>
                                  Pace V of the token deadlines, in tokens per second
                                  (default: the problem's, else 5).
          --deadline-offset <deadline-offset>
                                  Seconds added to every token's deadline (default: the
                                  problem's, else 0).
          --alpha <alpha>         What a token that an idle reader could have read
                                  weighs in smooth goodput (default: the problem's,
                                  else 2.5).
          --set <path=value>      Set a field of the problem, e.g.
                                  limits.device.prefill_share.at_most=0.1. May be
                                  repeated.
          --json                  Print the result as JSON on standard output.
          --version               Show the version.
          -h, --help              Show help information.


        """
}
