import Foundation
import Testing

private func json(_ run: Run) throws -> [String: Any] {
    #expect(run.status == 0, "\(run.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
}

private func points(_ run: Run) throws -> [[String: Any]] {
    try #require(try json(run)["points"] as? [[String: Any]])
}

private func expected(_ point: [String: Any]) throws -> [String: Double] {
    try #require(point["expected"] as? [String: Double])
}

/// The outcomes of a policy that is held fixed.
private func held(_ name: String, _ point: [String: Any]) throws -> [String: Double] {
    let all = try #require(point["held"] as? [[String: Any]])
    return try expected(try #require(all.first { $0["name"] as? String == name }))
}

/// Workload of `Sample.prompts`: prompt and output tokens.
private let requests: [(prompt: Double, output: Double)] = (0..<60).map { i in
    let prompt = 10 + (i * 7) % 50
    return (Double(prompt), Double(20 + i))
}
private let meanPrompt = requests.reduce(0) { $0 + $1.prompt } / 60
private let meanOutput = requests.reduce(0) { $0 + $1.output } / 60

@Suite struct `disco whatif` {
    private static let budget = "limits.device.prefill_share.at_most"

    @Test func `a sweep gives at each value what solving there gives, and today's policy held fixed`() throws {
        let folder = try Sample.folder()
        let sweep = try points(
            Run(["whatif", "problem.yaml", "--vary", "\(Self.budget)=0..0.4:5", "--json"], in: folder.url))
        #expect(sweep.count == 5)
        let solved = try json(Run(["solve", "problem.yaml", "--json"], in: folder.url))
        for (index, point) in sweep.enumerated() {
            let value = try #require((point["settings"] as? [String: String])?[Self.budget])
            #expect(Double(value) == Double(index) / 10)
            let own = try json(
                Run(["solve", "problem.yaml", "--json", "--set", "\(Self.budget)=\(value)"], in: folder.url))
            #expect(point["objective"] as? Double == own["objective"] as? Double)
            #expect(try expected(point) == (own["expected"] as? [String: Double]))
            #expect(try held("today", point) == (solved["expected"] as? [String: Double]))
        }
        let values = sweep.compactMap { $0["objective"] as? Double }
        #expect(values == values.sorted(by: >), "more budget is never worse")
        let text = try Run(["whatif", "problem.yaml", "--vary", "\(Self.budget)=0..0.4:5"], in: folder.url).output
        #expect(text.contains("each solved anew") && text.contains("today") && text.contains("* breaks a limit there"))
    }

    @Test func `a grid of two fields has every combination, and factors multiply what the file states`() throws {
        let folder = try Sample.folder()
        let arguments = [
            "whatif", "problem.yaml", "--vary", "\(Self.budget)=0.1,0.2", "--vary",
            "endpoints.device.ttft.per_token=x0.5..x2:3",
        ]
        let grid = try points(Run(arguments + ["--json"], in: folder.url))
        let seen = grid.compactMap { $0["settings"] as? [String: String] }.map {
            "\($0[Self.budget] ?? "") \($0["endpoints.device.ttft.per_token"] ?? "")"
        }
        #expect(seen == ["0.1 0.005", "0.1 0.01", "0.1 0.02", "0.2 0.005", "0.2 0.01", "0.2 0.02"])
        let text = try Run(arguments, in: folder.url).output
        #expect(text.contains("Down: \(Self.budget)."))
    }

    @Test func `a value without a policy is shown as such, and the others are solved`() throws {
        let folder = try Sample.folder()
        let arguments = ["whatif", "problem.yaml", "--vary", "limits.ttft.p50.at_most=0.001,5"]
        let sweep = try points(Run(arguments + ["--json"], in: folder.url))
        #expect(sweep.map { $0["status"] as? String } == ["infeasible", "optimal"])
        #expect((sweep[0]["reason"] as? String)?.contains("no policy keeps ttft.p50 at most 0.001") == true)
        #expect(try Run(arguments, in: folder.url).output.contains("- no policy keeps the limits (1 of 2)"))
    }

    @Test func `a policy table is held fixed where nothing is solved anew`() throws {
        let folder = try Sample.folder()
        let solved = try json(Run(["solve", "problem.yaml", "-o", "p.json", "--json"], in: folder.url))
        let sweep = try json(
            Run(
                [
                    "whatif", "problem.yaml", "--vary", "endpoints.server.price.decode=x1,x3", "--policy", "p.json",
                    "--held-only", "--json",
                ], in: folder.url))
        #expect(sweep["resolved"] as? Bool == false)
        let points = try #require(sweep["points"] as? [[String: Any]])
        let before = try held("p.json", points[0])
        let after = try held("p.json", points[1])
        #expect(before == (solved["expected"] as? [String: Double]))
        // Twice 0.28 per million more for each token that the server decodes; all that it does not, the device does.
        let energy = try #require(before["energy.mean"])
        let prefilled = try #require(before["device.prefill_share"]) * meanPrompt * 0.025
        let decoded = meanOutput - (energy - prefilled) / 0.155
        let more = try #require(after["cost.mean"]) - (try #require(before["cost.mean"]))
        // A request in 200 fails at the server; what then is not decoded at all is far below the tolerance.
        #expect(abs(more - 2 * 0.28e-6 * decoded) < 0.01 * more)
        #expect(after["ttft.mean"] == before["ttft.mean"])
    }

    private static let scenarios = """
        version: 1
        scenarios:
          - name: dear
            set: {endpoints.server.price.decode: x2}
          - name: outage
            outage: {endpoint: server, hours_per_day: 6}
          - name: doubled
            traffic: {prompt_times: 2, output_times: 3}
          - name: longer
            traffic: {mix: [{from: 30, times: 3}, {to: 29, times: 0.5}]}

        """

    @Test func `scenarios change prices, outages and traffic as they say`() throws {
        let folder = try Sample.folder(["s.yaml": Self.scenarios])
        let all = try points(Run(["whatif", "problem.yaml", "--scenarios", "s.yaml", "--json"], in: folder.url))
        #expect(all.map { $0["name"] as? String } == ["base", "dear", "outage", "doubled", "longer"])
        let base = try held("server-only", all[0])
        // The trace fails once in 200.
        #expect(abs(try #require(base["failed_share"]) - 0.005) < 1e-12)
        let outage = try held("server-only", all[2])
        #expect(abs(try #require(outage["failed_share"]) - (0.25 + 0.75 * 0.005)) < 1e-4)
        let device = try held("device-only", all[3])
        #expect(abs(try #require(device["ttft.mean"]) - (0.1 + 0.01 * 2 * meanPrompt)) < 1e-9)
        #expect(
            abs(try #require(device["energy.mean"]) - (0.025 * 2 * meanPrompt + 0.155 * 3 * meanOutput)) < 1e-9)
        var (sum, weights) = (0.0, 0.0)
        for request in requests {
            let weight = request.prompt >= 30 ? 3.0 : 0.5
            sum += weight * request.prompt
            weights += weight
        }
        let longer = try #require(try held("device-only", all[4])["ttft.mean"])
        #expect(abs(longer - (0.1 + 0.01 * sum / weights)) < 1e-9)
        let plain = try #require(try held("server-only", all[0])["cost.mean"])
        let dear = try #require(try held("server-only", all[1])["cost.mean"])
        let more: Double = 0.28e-6 * 0.995 * meanOutput
        #expect(abs(dear - plain - more) < 1e-12)
    }

    @Test
    func `regret is what a fixed policy loses to the scenario's own optimum, and the choice loses least at worst`()
        throws
    {
        let folder = try Sample.folder(["s.yaml": Self.scenarios])
        let run = try Run(["whatif", "problem.yaml", "--scenarios", "s.yaml", "--json"], in: folder.url)
        let all = try points(run)
        let regret = try #require(try json(run)["regret"] as? [String: Any])
        let policies = try #require(regret["policies"] as? [[String: Any]])
        var worst: [String: Double] = [:]
        for policy in policies {
            let name = try #require(policy["name"] as? String)
            let regrets = try #require(policy["regrets"] as? [Double])
            for (point, own) in zip(all, regrets) {
                let lost =
                    try #require(try held(name, point)["ttft.mean"]) - (try #require(try expected(point)["ttft.mean"]))
                #expect(abs(own - lost) < 1e-12)
            }
            if policy["keeps_limits"] as? Bool == true {
                worst[name] = regrets.max() ?? 0
                #expect((regrets.min() ?? 0) > -1e-9, "who keeps the limits does not beat the optimum: \(name)")
            }
        }
        let choice = try #require(regret["choice"] as? String)
        #expect(worst[choice] == worst.values.min())
        #expect(worst["server-only"] != nil && worst["race"] == nil)
        let text = try Run(["whatif", "problem.yaml", "--scenarios", "s.yaml"], in: folder.url).output
        #expect(text.contains("Least worst regret among those that keep all limits: \(choice)"))
    }

    @Test func `the tornado moves every number as solving by hand does, the longest bar first`() throws {
        let folder = try Sample.folder()
        let tornado = try json(Run(["whatif", "problem.yaml", "--tornado", "0.2", "--json"], in: folder.url))
        let bars = try #require(tornado["bars"] as? [[String: Any]])
        let swings = bars.compactMap { $0["swing"] as? Double }
        #expect(swings == swings.sorted(by: >) && swings.allSatisfy { $0 > 0 })
        #expect(
            Set(bars.compactMap { $0["path"] as? String }) == [
                Self.budget, "endpoints.device.ttft.intercept", "endpoints.device.ttft.per_token",
            ])
        for bar in bars {
            let path = try #require(bar["path"] as? String)
            for (side, factor) in [("low", 0.8), ("high", 1.2)] {
                let end = try #require(bar[side] as? [String: Any])
                let number = try #require(end["number"] as? Double)
                #expect(abs(number / (try #require(bar["number"] as? Double)) - factor) < 1e-12)
                let own = try json(
                    Run(["solve", "problem.yaml", "--json", "--set", "\(path)=\(number)"], in: folder.url))
                #expect(
                    abs(try #require(end["value"] as? Double) - (try #require(own["objective"] as? Double))) < 1e-12)
            }
        }
        let unmoved = try #require(tornado["unmoved"] as? [String])
        #expect(unmoved.contains("endpoints.server.price.decode"), "prices do not move a mean TTFT")
    }

    @Test func `break-even is where the costs tie by hand`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "whatif", "problem.yaml", "--break-even", "endpoints.device.energy.decode=0.1..10", "--between",
                "device-only,server-only", "--set", "objective=cost.mean", "--set", "limits=null", "--json",
            ], in: folder.url)
        let changes = try #require(try json(run)["changes"] as? [[String: Any]])
        #expect(changes.count == 1)
        let server = 0.14e-6 * meanPrompt + 0.28e-6 * 0.995 * meanOutput
        let device = (server / 5e-8 - 0.025 * meanPrompt) / meanOutput
        #expect(abs(try #require(changes.first?["at"] as? Double) - device) < 1e-6 * device)
        #expect(changes.first?["below"] as? String == "first" && changes.first?["above"] as? String == "second")
    }

    @Test func `the optimum and a baseline tie from a price on`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            [
                "whatif", "problem.yaml", "--break-even", "endpoints.device.energy.decode=0.1..10", "--set",
                "objective=cost.mean", "--set", "limits=null", "--json",
            ], in: folder.url)
        let changes = try #require(try json(run)["changes"] as? [[String: Any]])
        for change in changes { #expect(change["below"] as? String == "first" || change["below"] as? String == "tie") }
        #expect(try json(run)["first"] as? String == "optimum")
    }

    @Test(arguments: [0.05, 0.0004])
    func `an outage thins the server's times whatever was cancelled, and small ones count`(share: Double) throws {
        // Every fifth request was cancelled at a time of its own.
        let server =
            "ttft,outcome\n"
            + (0..<300).map { "\(Double(200 + ($0 * 37) % 900) / 1000),\($0 % 5 == 2 ? "cancelled" : "ok")\n" }.joined()
        let scenarios = "version: 1\nscenarios: [{name: a, outage: {endpoint: server, share: \(share)}}]\n"
        let folder = try Sample.folder(["server.csv": server, "s.yaml": scenarios])
        let all = try points(Run(["whatif", "problem.yaml", "--scenarios", "s.yaml", "--json"], in: folder.url))
        let (before, after) = (try held("server-only", all[0]), try held("server-only", all[1]))
        for (metric, down) in [("failed_share", 1.0), ("ttft.mean", 60)] {
            let old = try #require(before[metric])
            #expect(abs(try #require(after[metric]) - ((1 - share) * old + share * down)) < 1e-9, "\(metric)")
        }
    }

    @Test func `regrets keep to one objective, and a scenario without a policy takes no choice away`() throws {
        let other = "version: 1\nscenarios: [{name: a, set: {objective: cost.mean}}]\n"
        let lost = """
            version: 1
            scenarios:
              - {name: lost, set: {limits.ttft.p50.at_most: 0.001}}
              - {name: quoted, set: {endpoints.server.price.source: "a: b", limits: null}}

            """
        let folder = try Sample.folder(["other.yaml": other, "lost.yaml": lost])
        let refused = try Run(["whatif", "problem.yaml", "--scenarios", "other.yaml"], in: folder.url)
        #expect(refused.status == 65 && refused.errors.contains("scenario a: objective"), "\(refused.errors)")
        let run = try Run(["whatif", "problem.yaml", "--scenarios", "lost.yaml", "--json"], in: folder.url)
        let regret = try #require(try json(run)["regret"] as? [String: Any])
        #expect(regret["choice"] as? String != nil)
        #expect((try points(run)).map { $0["status"] as? String } == ["optimal", "infeasible", "optimal"])
    }

    @Test func `who breaks a limit does not lead`() throws {
        let folder = try Sample.folder()
        let run = try Run(
            ["whatif", "problem.yaml", "--break-even", "\(Self.budget)=0..0.5", "--between", "optimum, today"],
            in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("* breaks a limit there, and does not lead"))
        let found = try json(
            Run(
                [
                    "whatif", "problem.yaml", "--break-even", "\(Self.budget)=0..0.5", "--between", "race,server-only",
                    "--json",
                ], in: folder.url))
        let start = try #require(found["from"] as? [String: Any])
        #expect(start["first_keeps_limits"] as? Bool == false && start["lead"] as? String == "second")
    }

    @Test func `rows that were read are reported`() throws {
        let folder = try Sample.folder()
        let run = try Run(["whatif", "problem.yaml", "--vary", "timeout=60"], in: folder.url)
        #expect(run.errors.contains("200 rows = 200 accepted"), "\(run.errors)")
    }

    @Test(arguments: [
        (["--vary", "limits.device.prefill_share.at_mst=0..1:3"], 64 as Int32, "at_most"),
        (["--vary", "limits.device.prefill_share.at_most"], 64, "found no `=`"),
        (["--vary", "limits.device.prefill_share.at_most=0..1"], 64, "first..last:count"),
        (["--vary", "limits.device.prefill_share.at_most=0..1:1"], 64, "first..last:count"),
        (["--vary", "limits.device.prefill_share.at_most=a..b:3"], 64, "two numbers"),
        (["--vary", "limits.device.prefill_share.at_most=0,,1"], 64, "an empty item"),
        (["--vary", "limits.device.prefill_share.at_most=0..2:3"], 64, "a share from 0 to 1"),
        (["--vary", "timeout=x1,x2"], 64, "states none there"),
        (["--vary", "timeout=1..9:200", "--vary", "timeout=5"], 64, "varied twice"),
        (["--vary", "timeout=1..9:200", "--vary", "disco.alpha=0..1:200"], 64, "40000 combinations"),
        (["--vary", "timeout=5", "--vary", "disco.alpha=0", "--vary", "table.revision=2"], 64, "wanted one or two"),
        ([], 64, "What if what?"), (["--tornado", "0.2", "--scenarios", "s.yaml"], 64, "One question a run"),
        (["--tornado", "1"], 64, "above 0 and below 1"),
        (["--break-even", "timeout=9..1"], 64, "first below last"),
        (["--break-even", "timeout=1..9", "--between", "optimum"], 64, "two names"),
        (["--break-even", "timeout=1..9", "--between", "optimum,server"], 64, "server-only"),
        (["--break-even", "timeout=1..9", "--between", "optimum,none.json"], 66, "no such file"),
        (["--vary", "timeout=5,6", "--policy", "problem.yaml"], 65, "problem.yaml"),
        (["--scenarios", "none.yaml"], 66, "no such file"),
        (["--scenarios", "problem.yaml"], 65, "scenarios"),
    ])
    func `what cannot be asked is told with what was wanted`(arguments: [String], status: Int32, words: String) throws {
        let folder = try Sample.folder()
        let run = try Run(["whatif", "problem.yaml"] + arguments, in: folder.url)
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test(arguments: [
        ("", "a file of scenarios"), ("# nothing", "a file of scenarios"), ("scenarios: [{name: a}]", "version"),
        ("version: 1", "scenarios"), ("version: 2\nscenarios: [{name: a}]", "2"),
        ("version: 1\nscenarios: [{}]", "name"), ("version: 1\nscenarios: [{name: base}]", "another name"),
        ("version: 1\nscenarios: [{name: a}, {name: a}]", "another name"),
        ("version: 1\nscenarios: [{name: a, sett: {}}]", "Did you mean `set`?"),
        ("version: 1\nscenarios: [{name: a, set: {timeout: x2}}]", "states no number"),
        ("version: 1\nscenarios: [{name: a, set: {timeout: [1]}}]", "a value"),
        ("version: 1\nscenarios: [{name: a, outage: {endpoint: phone, share: 0.1}}]", "`server` or `device`"),
        ("version: 1\nscenarios: [{name: a, outage: {endpoint: server}}]", "hours_per_day"),
        (
            "version: 1\nscenarios: [{name: a, outage: {endpoint: server, share: 1, hours_per_day: 2}}]",
            "one of the two"
        ),
        ("version: 1\nscenarios: [{name: a, outage: {endpoint: device, share: 0.1}}]", "are a formula"),
        ("version: 1\nscenarios: [{name: a, traffic: {prompt_times: 0}}]", "above 0"),
        ("version: 1\nscenarios: [{name: a, traffic: {mix: [{from: 5, to: 4, times: 1}]}}]", "at least `from`"),
        ("version: 1\nscenarios: [{name: a, traffic: {mix: [{from: 5}]}}]", "times"),
        ("version: 1\nscenarios: [{name: a, traffic: {mix: [{times: 0}]}}]", "scenario a: traffic.mix"),
        ("version: 1\nscenarios: [{name: a, set: {bogus.path: 3}}]", "scenario a: "),
        ("version: 1\nscenarios: [{name: a, set: {timeout: -1}}]", "scenario a: "),
    ])
    func `a scenario file's mistakes are told with their place`(text: String, words: String) throws {
        let folder = try Sample.folder(["s.yaml": text + "\n"])
        let run = try Run(["whatif", "problem.yaml", "--scenarios", "s.yaml"], in: folder.url)
        #expect(run.status == 65, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test func `nobody is left where all requests are weighed out or every endpoint is down`() throws {
        let down = """
            version: 1
            scenarios: [{name: dark, outage: {endpoint: server, share: 1}}]
            """
        let folder = try Sample.folder(["s.yaml": down])
        let all = try points(Run(["whatif", "problem.yaml", "--scenarios", "s.yaml", "--json"], in: folder.url))
        #expect(try held("server-only", all[1])["failed_share"] == 1)
        #expect(try held("server-only", all[1])["ttft.mean"] == 60)
    }
}
