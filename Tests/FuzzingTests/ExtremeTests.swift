import Fuzzing
import Policies
import Testing

/// Tables of a quarter of a mebibyte, which the fuzzer's small inputs do not reach: read or refused soon, and in few words.
@Suite struct ExtremeTests {
    private static let size = 1 << 18

    /// `piece` again and again, between `open` and `close`.
    private static func filled(_ open: String, _ piece: String, _ close: String) -> [UInt8] {
        let count = (size - open.utf8.count - close.utf8.count) / piece.utf8.count
        return Array((open + String(repeating: piece, count: count) + close).utf8)
    }

    private static let hostile: [String: [UInt8]] = [
        "brackets": filled("", "[", ""), "objects in objects": filled("", "{\"a\":", ""),
        "zeros": filled("[", "0,", "0]"), "empty lists": filled("[", "[],", "[]]"),
        "empty objects": filled("[", "{},", "{}]"), "a long name": filled("{\"", "x", "\":1}"),
        "a long name within a path": filled("{\"", "x", "\":{\"a\":1,\"a\":2}}"),
        "a long name of escapes within a path": filled("{\"", "\\u001b", "\":{\"a\":1,\"a\":2}}"),
        "a long name twice": filled("{\"", "x", "\":1,\"y\":{\"\":[0,{\"\":1e999}]}}"),
        "a number of many digits": filled("", "1", ""), "an exponent of many digits": filled("1e", "9", ""),
        "a number of many zeros": filled("{\"schema_version\":0.", "0", "1}"), "blanks": filled("", " ", ""),
        "lines": filled("", "\n", "x"), "surrogate pairs": filled("{\"a\":\"", "\\ud83d\\ude00", "\"}"),
        "broken text": Array("{\"a\":\"".utf8) + Array(repeating: 0xFF, count: size / 4) + Array("\"}".utf8),
        "more than a table may have": Array(repeating: UInt8(ascii: " "), count: PolicyTable.SizeLimits.bytes + 1),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: hostile.keys.sorted()) func `refused soon`(_ name: String) throws {
        let bytes = try #require(Self.hostile[name])
        #expect(throws: Never.self) { try FuzzTarget.policies.check(bytes) }
        #expect(throws: PolicyError.self) { _ = try PolicyTable.decode(bytes) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [500, 999]) func `thousands of buckets are read`(_ count: Int) throws {
        let smallest = CorpusTests.kept.lazy.compactMap { try? PolicyTable.load($0.bytes) }
            .first { $0.periods.isEmpty && $0.buckets.count > 0 }
        var table = try #require(smallest)
        let bucket = table.buckets[0]
        table.buckets = (1...count).map { length in
            var copy = bucket
            copy.from = length
            copy.to = length < count ? length : nil
            return copy
        }
        #expect(throws: Never.self) { try FuzzTarget.policies.check(table.encoded()) }
        // All of them wrong: one error of a few lines.
        for index in table.buckets.indices { table.buckets[index].from = 7 }
        let wrong = table.encoded()
        let error = #expect(throws: PolicyError.self) { _ = try PolicyTable.load(wrong) }
        #expect((error?.description.utf8.count ?? 0) < 10_000)
    }
}
