internal import Serving
internal import Traces

/// Reads files of named scenarios (docs/whatif.md, schema/scenarios.schema.json).
///
///     version: 1
///     scenarios:
///       - name: dear tokens
///         set: {endpoints.server.price.decode: x2}
///       - name: an hour's outage a day
///         outage: {endpoint: server, hours_per_day: 1}
///       - name: longer prompts
///         traffic: {prompt_times: 2, mix: [{from: 1000, times: 3}]}
public enum ScenarioFile {
    /// The scenarios in the file at `path`.
    /// - Parameters:
    ///   - path: The file.
    ///   - stated: The numbers in the problem file, which multiples are of.
    /// - Returns: The scenarios, in their order.
    /// - Throws: `ProblemError` with all that is wrong, by line and column.
    public static func read(path: String, stated: [ProblemFile.StatedNumber]) throws(ProblemError) -> [Scenario] {
        try SectionFile.read(path: path, called: "a file of scenarios (docs/whatif.md)", tree: .scenarioFile) {
            ScenarioReader(stated: stated, findings: $0.findings).scenarios($0)
        }
    }
}

extension FieldTree {
    fileprivate static let scenarioFile = FieldTree(values: ["version", "scenarios"])

    fileprivate static let scenario = FieldTree([
        ("name", .value), ("set", .value), ("outage", FieldTree(values: ["endpoint", "share", "hours_per_day"])),
        ("traffic", FieldTree(values: ["prompt_times", "output_times", "mix"])),
    ])

    fileprivate static let mix = FieldTree(values: ["from", "to", "times"])
}

private struct ScenarioReader {
    let stated: [ProblemFile.StatedNumber]
    let findings: Findings

    func scenarios(_ root: Section) -> [Scenario] {
        if root["version"] == nil {
            root.addMissing("version", wanted: SectionFile.version, advice: "Add the line `version: 1`.")
        }
        guard let field = root["scenarios"], case .sequence(let items) = field.value.content, !items.isEmpty else {
            let wanted = "a list of scenarios, for example [{name: dear, set: {endpoints.server.price.decode: x2}}]"
            if let field = root["scenarios"] {
                root.refuse(field, wanted: wanted)
            } else {
                root.addMissing("scenarios", wanted: wanted)
            }
            return []
        }
        var scenarios: [Scenario] = []
        for (index, item) in items.enumerated() {
            guard
                let section = Section(
                    item, path: "scenarios[\(index)]", place: item.place, tree: .scenario, findings: findings)
            else { continue }
            if section["name"] == nil { section.addMissing("name", wanted: "what to call it") }
            guard let name = section.text("name", wanted: "what to call it") else { continue }
            if let field = section["name"], name == "base" || scenarios.contains(where: { $0.name == name }) {
                section.refuse(
                    field, found: "the name \(quoted(name)) again", wanted: "another name",
                    advice: name == "base" ? "`base` is the problem as it is." : nil)
            }
            var change = WorldChange()
            if let outage = section.section("outage").flatMap(outage) { change.outages = [outage] }
            if let traffic = section.section("traffic") { add(traffic, to: &change) }
            scenarios.append(Scenario(name: name, settings: settings(section), change: change))
        }
        return scenarios
    }

    private func settings(_ section: Section) -> [Scenario.Setting] {
        guard let field = section["set"] else { return [] }
        guard let fields = field.value.fields else {
            section.refuse(field, wanted: "fields of the problem and their values, e.g. {limits.ttft.p99.at_most: 2}")
            return []
        }
        return fields.compactMap { field in
            let path = joined(section.path, "set.\(field.name)")
            if field.value.isNull { return .init(path: field.name, value: "null") }
            guard case .scalar(let text, let isPlain) = field.value.content else {
                findings.add(
                    field.value.place, field: path, found: field.value.found, wanted: "a value, or a factor as in x2")
                return nil
            }
            guard isPlain, let factor = Variation.factor(text) else {
                return .init(path: field.name, value: isPlain ? text : JSONValue.string(text).line)
            }
            guard let base = stated.first(where: { $0.path == field.name })?.value else {
                findings.add(
                    field.value.place, field: path, found: quoted(text),
                    wanted: "a value, since the problem file states no number there to multiply")
                return nil
            }
            return .init(path: field.name, value: Variation.written(base * factor))
        }
    }

    private func outage(_ section: Section) -> WorldChange.Outage? {
        let wanted = "`server` or `device`"
        if section["endpoint"] == nil { section.addMissing("endpoint", wanted: wanted) }
        let name = section.text("endpoint", wanted: wanted) { Endpoint(rawValue: $0) == nil ? Section.Refusal() : nil }
        if let field = section["hours_per_day"], section["share"] != nil {
            section.refuse(field, found: "`hours_per_day` beside `share`", wanted: "one of the two")
        }
        if section["share"] == nil, section["hours_per_day"] == nil {
            section.addMissing(
                "share", wanted: "a share from 0 to 1 of the requests that find it down",
                advice: "Add `share: 0.05`, or `hours_per_day: 1`.")
        }
        let day = NumberRule(wanted: "hours a day, from 0 to 24", allows: { (0...24).contains($0) })
        let share = section.number("share", .share) ?? section.number("hours_per_day", day).map { $0 / 24 }
        guard let share, let endpoint = name.flatMap(Endpoint.init(rawValue:)) else { return nil }
        return .init(endpoint: endpoint, share: share)
    }

    private func add(_ section: Section, to change: inout WorldChange) {
        let times = NumberRule(wanted: "a factor above 0, up to 1000", allows: { 0 < $0 && $0 <= 1_000 })
        change.promptTimes = section.number("prompt_times", times) ?? 1
        change.outputTimes = section.number("output_times", times) ?? 1
        guard let field = section["mix"] else { return }
        guard case .sequence(let items) = field.value.content, !items.isEmpty else {
            return section.refuse(
                field, wanted: "a list of prompt lengths, for example [{from: 1000, to: 4000, times: 2}]")
        }
        for (index, item) in items.enumerated() {
            let path = joined(section.path, "mix[\(index)]")
            guard let part = Section(item, path: path, place: item.place, tree: .mix, findings: findings) else {
                continue
            }
            let from = part.number("from", .length).map { Int($0) } ?? 1
            let to = part.number("to", .length).map { Int($0) } ?? Int.max
            let rule = NumberRule(wanted: "a factor from 0 to 1000", allows: { (0...1_000).contains($0) })
            guard let times = part.requiredNumber("times", rule) else { continue }
            guard from <= to else {
                if let field = part["to"] { part.refuse(field, wanted: "a length of at least `from`, \(from)") }
                continue
            }
            change.mixes.append(.init(lengths: from...to, times: times))
        }
    }
}
