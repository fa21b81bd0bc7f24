import Foundation
import Testing

/// One file of Fixtures/valid or Fixtures/invalid.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// `schema-<rule>[.<variant>]`, `rule-<rule>[.<variant>]`, or any name for a valid one.
    let name: String
    let bytes: [UInt8]

    var testDescription: String { name }

    /// The rule it breaks, from its name.
    var rule: String {
        let base = name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? name
        return base.split(separator: "-", maxSplits: 1).last.map(String.init) ?? base
    }

    static let valid = folder("valid")
    static let invalid = folder("invalid")

    static func valid(_ name: String) throws -> Fixture {
        guard let fixture = valid.first(where: { $0.name == name }) else { throw Missing(name: name) }
        return fixture
    }

    struct Missing: Error { var name: String }

    private static func folder(_ name: String) -> [Fixture] {
        let folder = Bundle.module.bundleURL.appending(path: "Fixtures").appending(path: name)
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .compactMap { file in
                guard let data = try? Data(contentsOf: file) else { return nil }
                return Fixture(name: file.deletingPathExtension().lastPathComponent, bytes: Array(data))
            }
    }
}
