import Foundation
import Testing

private let list = """
    version: 1
    provider: Example
    currency: EUR
    per_tokens: 1000000
    source: a page
    date: 2020-01-31
    models:
      small: {prefill: 0.5, decode: 2}
      large: {prefill: 5, decode: 20}

    """

private let device = """
    version: 1
    device: a phone
    source: a bench
    ttft: {intercept: 0.1, per_token: 0.01}
    tpot: 0.05
    energy: {prefill: 0.025, decode: 0.155}

    """

private let files = ["prices/list.yaml": list, "devices/phone.yaml": device]

private func solved(_ folder: Folder, _ settings: [String]) throws -> [String: Any] {
    let run = try Run(["solve", "problem.yaml", "--json"] + settings.flatMap { ["--set", $0] }, in: folder.url)
    #expect(run.status == 0, "\(run.errors)")
    return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
}

@Suite struct `Price lists and device profiles` {
    @Test func `a listed price and a profiled device are as if their numbers stood in the problem file`() throws {
        let folder = try Sample.folder(files)
        let plain = try solved(
            folder,
            [
                "endpoints.server.price={prefill: 0.5, decode: 2, per_tokens: 1000000, currency: EUR, "
                    + "source: \"Example: a page\", date: 2020-01-31}", "endpoints.device.tpot=0.05",
            ])
        let listed = try solved(
            folder,
            [
                "endpoints.server.price={list: prices/list.yaml, model: small}",
                "endpoints.device={profile: devices/phone.yaml}",
            ])
        #expect(listed["policy_id"] as? String == plain["policy_id"] as? String, "the same problem, hash included")
    }

    @Test func `what the problem file states itself wins, and a recorded device takes the energy alone`() throws {
        let folder = try Sample.folder(files)
        let own = try solved(
            folder, ["endpoints.server.price={list: prices/list.yaml, model: small, decode: 20, prefill: 5}"])
        let large = try solved(folder, ["endpoints.server.price={list: prices/list.yaml, model: large}"])
        #expect((own["expected"] as? [String: Double]) == (large["expected"] as? [String: Double]))
        let trace = "prompt_tokens,ttft\n" + (1...40).map { "\($0),\(0.2 + 0.02 * Double($0))\n" }.joined()
        let recorded = try Sample.folder(files.merging(["device.csv": trace]) { $1 })
        let both = try solved(recorded, ["endpoints.device={trace: device.csv, profile: devices/phone.yaml}"])
        let alone = try solved(
            recorded, ["endpoints.device={trace: device.csv, energy: {prefill: 0.025, decode: 0.155}}"])
        #expect(both["policy_id"] as? String == alone["policy_id"] as? String)
    }

    @Test func `a price older than 180 days is pointed out, and results do not depend on the day`() throws {
        let folder = try Sample.folder(files)
        let setting = "endpoints.server.price={list: prices/list.yaml, model: small}"
        let run = try Run(["solve", "problem.yaml", "--set", setting], in: folder.url)
        #expect(run.errors.contains("endpoints.server.price: of 2020-01-31"), "\(run.errors)")
        #expect(!run.output.contains("2020-01-31"))
        let young = String(Date().formatted(.iso8601).prefix(10))
        let fresh = try Run(
            ["solve", "problem.yaml", "--set", "endpoints.server.price.date=\(young)"], in: folder.url)
        #expect(!fresh.errors.contains("days old"), "\(fresh.errors)")
    }

    @Test(arguments: [
        ("endpoints.server.price={list: prices/none.yaml, model: small}", 66 as Int32, "a price list"),
        ("endpoints.server.price={list: prices/list.yaml, model: small, per_tokens: 1000}", 64, "the list's own"),
        ("endpoints.server.price={list: prices/list.yaml, model: small, currency: USD}", 64, "the list's own"),
        ("endpoints.device={profile: devices/none.yaml}", 66, "a device profile"),
        ("endpoints.server.price={list: prices/list.yaml, model: smal}", 64, "Did you mean `small`?"),
        ("endpoints.server.price={list: prices/list.yaml}", 64, "a model of prices/list.yaml"),
        ("endpoints.server.price={model: small, prefill: 1, decode: 1}", 64, "`model` without `list`"),
        ("endpoints.server.price={list: [1], model: small}", 64, "the path of a price list"),
        ("endpoints.server.price={list: devices/phone.yaml, model: small}", 65, "devices/phone.yaml:2"),
        ("endpoints.device={profile: prices/list.yaml}", 65, "prices/list.yaml:2"),
        ("endpoints.server.profile=devices/phone.yaml", 64, "profile"),
        ("endpoints.server.price={list: prices/empty.yaml, model: small}", 65, "a price list"),
        ("endpoints.device={profile: prices/empty.yaml}", 65, "a device profile"),
    ])
    func `what cannot be looked up is told with what was wanted`(
        setting: String, status: Int32, words: String
    ) throws {
        let folder = try Sample.folder(files.merging(["prices/empty.yaml": ""]) { $1 })
        let run = try Run(["solve", "problem.yaml", "--set", setting], in: folder.url)
        #expect(run.status == status, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test(arguments: [
        ("date: 2020-01-31", "date: yesterday", "a day"), ("decode: 2}", "decode: -2}", ">= 0"),
        ("currency: EUR", "currency: euro", "three letters"), ("version: 1", "version: 2", "1, the version"),
        ("source: a page\n", "", "`source`"), ("models:", "models: 1\nmodel:", "model"),
    ])
    func `a list's own mistake is told with its place`(text: String, other: String, words: String) throws {
        let wrong = list.replacingOccurrences(of: text, with: other)
        let folder = try Sample.folder(["prices/list.yaml": wrong])
        let run = try Run(
            ["solve", "problem.yaml", "--set", "endpoints.server.price={list: prices/list.yaml, model: small}"],
            in: folder.url)
        #expect(run.status == 65 || run.status == 64, "\(run.errors)")
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test func `the lists and profiles that the project has can be used`() throws {
        let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "data")
        let folder = try Sample.folder()
        let profiles = try FileManager.default.contentsOfDirectory(atPath: data.appending(path: "devices").path)
            .sorted()
        #expect(profiles.count >= 7)
        for profile in profiles {
            let path = data.appending(path: "devices/\(profile)").path
            let run = try Run(
                ["solve", "problem.yaml", "--set", "endpoints.device={profile: \(path)}", "--set", "exchange=null"],
                in: folder.url)
            #expect(run.status == 0, "\(profile): \(run.errors)")
        }
        for (name, model) in [
            ("deepseek", "deepseek-v4-pro peak"), ("deepseek-2025", "deepseek-chat"), ("openai-2024", "gpt-4o-mini"),
        ] {
            let path = data.appending(path: "prices/\(name).yaml").path
            let run = try Run(
                ["solve", "problem.yaml", "--set", "endpoints.server.price={list: \(path), model: \(model)}"],
                in: folder.url)
            #expect(run.status == 0, "\(name): \(run.errors)")
        }
    }
}
