import Foundation
import Serving
import Studies
import Testing
import Traces

/// schema/problem.schema.json and docs/problem-file.md say what the reader does.
@Suite struct ProblemFileSchemaTests {
    private typealias Object = [String: Any]

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.repository.appending(path: path), encoding: .utf8)
    }

    private func schema() throws -> Object {
        let json = try JSONSerialization.jsonObject(with: Data(text("schema/problem.schema.json").utf8))
        return try #require(json as? Object)
    }

    /// The names of the fields of each mapping in the schema, by the mapping's path.
    private func fields(in node: Object, of root: Object, at path: String = "") -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        var node = node
        if let reference = node["$ref"] as? String, let name = reference.split(separator: "/").last {
            node = (root["$defs"] as? Object)?[String(name)] as? Object ?? [:]
        }
        for choice in node["oneOf"] as? [Object] ?? [] where choice["additionalProperties"] != nil {
            found.merge(fields(in: choice, of: root, at: path)) { $0.union($1) }
        }
        guard node["additionalProperties"] as? Bool == false, let properties = node["properties"] as? Object else {
            return found
        }
        found[path] = Set(properties.keys)
        for (name, below) in properties {
            let below = below as? Object ?? [:]
            found.merge(fields(in: below, of: root, at: path.isEmpty ? name : "\(path).\(name)")) { $0.union($1) }
        }
        return found
    }

    @Test func `the schema has the fields that the reader takes, at every level`() throws {
        let root = try schema()
        let fields = fields(in: root, of: root)
        #expect(fields.count > 30 && fields["endpoints.device.price"] != nil)
        for (path, names) in fields.sorted(by: { $0.key < $1.key }) {
            let setting = path.isEmpty ? "zzzzzzzz=1" : "\(path).zzzzzzzz=1"
            let error = try #require(problemError(in: minimalProblem, set: [setting]))
            #expect(Set(error.findings[0].validNames) == names, "at \(path)")
        }
    }

    @Test func `the schema knows every metric and every format`() throws {
        let root = try schema()
        let properties = try #require(root["properties"] as? Object)
        let objective = try #require(properties["objective"] as? Object)
        let names = try #require(objective["anyOf"] as? [Object])
        #expect(names.first?["enum"] as? [String] == Metric.reported.map(\.rawValue))
        let limits = try #require(properties["limits"] as? Object)
        let open = try #require(limits["patternProperties"] as? Object)
        #expect(open.keys.first == names.last?["pattern"] as? String)
        let trace = try #require((root["$defs"] as? Object)?["trace"] as? Object)
        let long = try #require((trace["oneOf"] as? [Object])?.last)
        let format = try #require((long["properties"] as? Object)?["format"] as? Object)
        #expect(format["enum"] as? [String] == TraceFormat.allCases.map(\.rawValue))
    }

    @Test func `every field of the schema has a description`() throws {
        func check(_ node: Object, _ path: String) {
            for (name, below) in node["properties"] as? Object ?? [:] {
                guard let below = below as? Object, below["const"] == nil || below["description"] != nil else {
                    continue
                }
                #expect(below["description"] != nil || below["$ref"] != nil, "\(path).\(name)")
                check(below, "\(path).\(name)")
            }
            for choice in node["oneOf"] as? [Object] ?? [] { check(choice, path) }
        }
        let root = try schema()
        check(root, "")
        for (name, definition) in root["$defs"] as? Object ?? [:] { check(try #require(definition as? Object), name) }
    }

    @Test func `the page's example reads, and the page names every metric and format`() throws {
        let page = try text("docs/problem-file.md")
        let yaml = try #require(page.components(separatedBy: "```yaml\n").last?.components(separatedBy: "```").first)
        #expect(try readProblem(yaml).limits == [Problem.Limit(metric: .devicePrefillShare, atMost: 0.2)])
        for name in Metric.reported.map(\.rawValue) + TraceFormat.allCases.map(\.rawValue) {
            #expect(page.contains("`\(name)`"), "\(name)")
        }
    }
}
