import Foundation
import Testing

/// `disco profile` by hour of the day.
@Suite struct `Conditioning on the hour of the day` {
    /// Two requests each hour of so many days of January 2025.
    ///
    /// Evenings from 18 h on are slow, and their prompts long.
    private static func traces(days: Int) -> (server: String, prompts: String) {
        var server = "arrived_at,ttft\n"
        var prompts = "arrived_at,prompt_tokens\n"
        for hour in 0..<(days * 24) {
            let time = { (minute: Int) in "2025-01-\(two(1 + hour / 24))T\(two(hour % 24)):\(two(minute)):00Z" }
            let isSlow = hour % 24 >= 18
            for minute in [10, 40] {
                let noise = Double((hour * 37 + minute * 11) % 100) / 200
                server += "\(time(minute)),\((isSlow ? 2 : 0.5) + noise)\n"
            }
            prompts += "\(time(5)),\(isSlow ? 200 : 20)\n"
        }
        return (server, prompts)
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func folder(days: Int, workloadHasTimes: Bool = true) throws -> Folder {
        let traces = traces(days: days)
        var files = ["server.csv": traces.server]
        if workloadHasTimes { files["prompts.csv"] = traces.prompts }
        return try Sample.folder(files)
    }

    private func profile(_ folder: Folder, _ settings: [String]) throws -> (run: Run, hours: [String: Any]) {
        let run = try Run(["profile", "problem.yaml", "--json"] + settings.flatMap { ["--set", $0] }, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        return (run, try #require((json["server"] as? [String: Any])?["hours"] as? [String: Any]))
    }

    @Test func `ten days of slow evenings make two periods, each with its own requests`() throws {
        let folder = try Self.folder(days: 10)
        let hours = try profile(folder, ["endpoints.server.condition_on=hour_of_day"]).hours
        #expect(hours["verdict"] as? String == "hours_differ" && hours["whole_days"] as? Int == 10)
        #expect(hours["shares_from"] as? String == "workload")
        let periods = try #require(hours["periods"] as? [[String: Any]])
        #expect(periods.map { $0["hours"] as? [Int] } == [Array(0..<18), Array(18..<24)])
        #expect(periods.map { $0["share"] as? Double } == [0.75, 0.25])
        #expect(periods.map { $0["workload_requests"] as? Int } == [180, 60])
        #expect(periods.map { $0["requests"] as? Int } == [360, 120])
        #expect((hours["by_hour"] as? [Any])?.count == 24)
    }

    @Test func `periods with too few rows join into one for all day, whose table is valid`() throws {
        let folder = try Self.folder(days: 1)
        let settings = ["--set", "endpoints.server.condition_on={hour_of_day: [0, 8]}", "--set", "split=none"]
        let solved = try Run(["solve", "problem.yaml", "-o", "policy.json"] + settings, in: folder.url)
        #expect(solved.status == 0, "\(solved.errors)")
        let run = try Run(
            ["policy", "validate", "policy.json", "--problem", "problem.yaml"] + settings, in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        // Other commands take it for the same problem's, too.
        _ = try Run(
            ["solve", "problem.yaml", "-o", "other.json", "--set", "table.revision=2"] + settings, in: folder.url)
        let diff = try Run(
            ["policy", "diff", "policy.json", "other.json", "--problem", "problem.yaml"] + settings, in: folder.url)
        #expect(diff.status == 0 && diff.output.contains("on problem.yaml"), "\(diff.output)\(diff.errors)")
        let varied = try Run(
            ["whatif", "problem.yaml", "--vary", "timeout=60", "--policy", "policy.json"] + settings, in: folder.url)
        #expect(varied.status == 0, "\(varied.errors)")
    }

    @Test func `periods may be given, and a workload without times is said to have none`() throws {
        let folder = try Self.folder(days: 3, workloadHasTimes: false)
        let settings = ["endpoints.server.condition_on={hour_of_day: [6, 12, 22]}", "split=none"]
        let (_, hours) = try profile(folder, settings)
        let periods = try #require(hours["periods"] as? [[String: Any]])
        // Hours 6-12 of three days have 36 rows: too few, so they join the hours before.
        #expect(periods.map { $0["hours"] as? [Int] } == [Array(12..<22), Array(0..<12) + [22, 23]])
        #expect(hours["shares_from"] as? String == "server" && hours["verdict"] as? String == "too_few_days")
        let run = try Run(["profile", "problem.yaml"] + settings.flatMap { ["--set", $0] }, in: folder.url)
        #expect(run.output.contains("has no arrivals of the calendar, so periods weigh by the server's rows"))
        #expect(run.output.contains("left: from hours 12, 22"))
        #expect(run.output.contains("the server trace has 3 whole days; fewer than 8 cannot tell"))
        #expect(run.output.contains("22:00-12:00"))
    }

    @Test func `without conditioning the profile shows the hours and gives advice`() throws {
        let folder = try Self.folder(days: 9)
        let run = try Run(["profile", "problem.yaml"], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.contains("\n23:00") && run.output.contains("hours differ: consider condition_on: hour_of_day"))
    }

    @Test func `a server without times of the calendar is refused, with the field`() throws {
        for server in [Sample.server, "arrived_at,ttft\n5,0.1\n4000,0.2\n"] {
            let folder = try Sample.folder(["server.csv": server])
            let run = try Run(
                ["profile", "problem.yaml", "--set", "endpoints.server.condition_on=hour_of_day"], in: folder.url)
            #expect(run.status == 65 && run.output.isEmpty)
            #expect(run.errors.contains("server.csv: endpoints.server.condition_on: hour_of_day needs arrived_at"))
        }
        let folder = try Sample.folder()
        let plain = try Run(["profile", "problem.yaml"], in: folder.url)
        #expect(plain.status == 0 && !plain.output.contains("hours (UTC)"))
    }

    @Test func `lengths and hours go together`() throws {
        let folder = try Self.folder(days: 10)
        var lines = Self.traces(days: 10).server.split(separator: "\n").map(String.init)
        lines = [lines[0] + ",prompt_tokens"] + lines.dropFirst().enumerated().map { "\($1),\($0 % 2 == 0 ? 10 : 100)" }
        try folder.write("server.csv", lines.joined(separator: "\n") + "\n")
        let (run, hours) = try profile(
            folder, ["endpoints.server.condition_on={prompt_tokens: [1, 64], hour_of_day: [0, 12]}"])
        #expect((hours["periods"] as? [Any])?.count == 2 && run.output.contains("\"from\" : 64"))
    }

    /// A period's hours, share and first action in a policy file.
    private struct Period {
        let hours: [Int]
        let share: Double
        let firstAction: [String: Any]

        static func all(in policy: Data) throws -> [Period] {
            let table = try #require(try JSONSerialization.jsonObject(with: policy) as? [String: Any])
            #expect(table["buckets"] == nil)
            return try #require(table["periods"] as? [[String: Any]]).map { period in
                let buckets = try #require(period["buckets"] as? [[String: Any]])
                return Period(
                    hours: try #require(period["hours"] as? [Int]), share: try #require(period["share"] as? Double),
                    firstAction: try #require((buckets.first?["actions"] as? [[String: Any]])?.first))
            }
        }
    }

    @Test func `a policy by period is valid, keeps the common limit, and beats the one for all day`() throws {
        // The workload is the same all day, so that the server of all hours is the mixture of the periods' servers.
        let folder = try Self.folder(days: 10, workloadHasTimes: false)
        func solve(_ condition: String) throws -> [String: Any] {
            let run = try Run(
                [
                    "solve", "problem.yaml", "-o", "policy.json", "--json", "--set",
                    "endpoints.server.condition_on=\(condition)",
                ], in: folder.url)
            #expect(run.status == 0, "\(run.errors)")
            return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        }
        let allDay = try solve("none")
        let result = try solve("{hour_of_day: [0, 18]}")
        let periods = try Period.all(in: try folder.read("policy.json"))
        #expect(periods.map(\.hours) == [Array(0..<18), Array(18..<24)] && periods.map(\.share) == [0.75, 0.25])
        #expect(periods[0].firstAction as NSDictionary != periods[1].firstAction as NSDictionary)
        #expect((result["buckets"] as? [Any])?.count == 0 && (result["periods"] as? [Any])?.count == 2)
        let expected = try #require(result["expected"] as? [String: Double])
        #expect(try #require(expected["device.prefill_share"]) <= 0.2 + 1e-9)
        let mean = try #require(expected["ttft.mean"])
        #expect(mean < (allDay["expected"] as? [String: Double])?["ttft.mean"] ?? 0)
        let serverOnly = { (result: [String: Any]) in
            (result["baselines"] as? [String: [String: Any]])?["server-only"]?["ttft.mean"] as? Double
        }
        #expect(try abs(#require(serverOnly(result)) - #require(serverOnly(allDay))) < 1e-12)
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
        let shown = try Run(["policy", "show", "policy.json"], in: folder.url).output
        #expect(shown.contains("18:00-00:00 UTC, 25 % of requests"))
    }

    /// Alone it would be free to spend the budget: no request of the workload would pay for it.
    @Test func `a period in which hardly any request of the workload came joins the one before`() throws {
        let folder = try Self.folder(days: 10)
        let lines = Self.traces(days: 10).prompts.split(separator: "\n")
        let morning = lines.filter { line in !(19..<24).contains { line.contains("T\($0):") } }
        try folder.write("prompts.csv", morning.joined(separator: "\n") + "\n")
        let run = try Run(
            [
                "solve", "problem.yaml", "-o", "policy.json", "--set",
                "endpoints.server.condition_on={hour_of_day: [0, 9, 18]}",
            ], in: folder.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.contains("server rows or workload requests were joined to the one before; left: from hours 0, 9")
        )
        let shares = try Period.all(in: try folder.read("policy.json")).map(\.share)
        #expect(shares.count == 2 && abs(shares[0] - 90.0 / 190) < 1e-12, "\(shares)")
        #expect(try Run(["policy", "validate", "policy.json"], in: folder.url).status == 0)
    }
}
