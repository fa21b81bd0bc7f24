import Foundation
import Fuzzing
import Testing

/// Inputs that the fuzzer found worth keeping, and every one that ever broke a property (docs/robustness.md).
@Suite struct CorpusTests {
    struct Kept: Sendable, CustomTestStringConvertible {
        let target: FuzzTarget
        let name: String
        let bytes: [UInt8]
        var testDescription: String { "\(target.rawValue)/\(name)" }
    }

    static let kept: [Kept] = FuzzTarget.allCases.flatMap { target in
        let folder = Bundle.module.bundleURL.appending(path: "Corpus").appending(path: target.rawValue)
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.sorted { $0.lastPathComponent < $1.lastPathComponent }.compactMap { file in
            (try? Data(contentsOf: file)).map { Kept(target: target, name: file.lastPathComponent, bytes: [UInt8]($0)) }
        }
    }

    @Test(arguments: FuzzTarget.allCases) func `both corpora are there`(_ target: FuzzTarget) {
        #expect(Self.kept.count { $0.target == target } >= 50)
    }

    @Test(.timeLimit(.minutes(1)), arguments: kept)
    func `a kept input is refused in good order or has every property`(_ input: Kept) {
        #expect(throws: Never.self) { try input.target.check(input.bytes) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: kept)
    func `so has every beginning of it`(_ input: Kept) {
        let step = max(1, input.bytes.count / 24)
        for length in stride(from: 0, to: input.bytes.count, by: step) {
            #expect(throws: Never.self, "\(length) bytes") { try input.target.check(Array(input.bytes.prefix(length))) }
        }
    }
}
