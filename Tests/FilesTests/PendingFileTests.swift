import Files
import Foundation
import Testing

/// Files that appear whole or not at all.
@Suite struct PendingFileTests {
    @Test func `a file appears when it is moved, not before, and nothing is left beside it`() throws {
        let place = try Place()
        let file = try PendingFile(for: place.path("a"))
        try file.write(Array("one ".utf8))
        try file.write(Array("two".utf8))
        #expect(place.names.count == 1 && !place.names.contains("a"))
        try file.moveIntoPlace()
        #expect(place.names == ["a"] && place.text("a") == "one two")
    }

    @Test func `what is given up leaves the old file and nothing else`() throws {
        let place = try Place(["a": "old"])
        do {
            let file = try PendingFile(for: place.path("a"))
            try file.write(Array(repeating: 7, count: 1 << 20))
        }
        #expect(place.names == ["a"] && place.text("a") == "old")
    }

    @Test func `the permissions of the file that is replaced stay`() throws {
        let place = try Place(["a": "old"])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: place.path("a"))
        let file = try PendingFile(for: place.path("a"))
        try file.write([1])
        try file.moveIntoPlace()
        #expect(
            try FileManager.default.attributesOfItem(atPath: place.path("a"))[.posixPermissions] as? Int == 0o640)
    }

    @Test func `what killed writers have left is removed by the next, and nothing else`() throws {
        let others = [".disco-part-notes", ".disco-part-0123456789", ".disco-part-0123456x", "disco-part-01234567"]
        let left = (0..<50).map { ".disco-part-000000" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        let place = try Place(Dictionary(uniqueKeysWithValues: (others + left).map { ($0, "part") }))
        try FileManager.default.createSymbolicLink(
            atPath: place.path(".disco-part-ffffffff"), withDestinationPath: place.path(others[0]))
        let file = try PendingFile(for: place.path("a"))
        try file.moveIntoPlace()
        #expect(place.names == (others + ["a", ".disco-part-ffffffff"]).sorted())
    }

    @Test func `a file under way is not taken for one left behind`() throws {
        let place = try Place()
        let first = try PendingFile(for: place.path("a"))
        let second = try PendingFile(for: place.path("a"))
        #expect(place.names.count == 2)
        try first.write(Array("first".utf8))
        try second.write(Array("second".utf8))
        try second.moveIntoPlace()
        #expect(place.text("a") == "second")
        try first.moveIntoPlace()
        #expect(place.names == ["a"] && place.text("a") == "first")
    }

    @Test func `a folder that is not there, and a folder in the place of the file, are trouble`() throws {
        let place = try Place()
        #expect(throws: FileTrouble.self) { _ = try PendingFile(for: place.path("no/a")) }
        try FileManager.default.createDirectory(atPath: place.path("d"), withIntermediateDirectories: false)
        #expect(throws: FileTrouble.self) {
            let file = try PendingFile(for: place.path("d"))
            try file.moveIntoPlace()
        }
        #expect(place.names == ["d"])
    }

    @Test(arguments: 0..<4) func `of many writers at once one wins whole`(_ seed: Int) async throws {
        let place = try Place()
        let path = place.path("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for round in 0..<40 {
                        let file = try PendingFile(for: path)
                        let byte = UInt8(writer)
                        for piece in 0...(round + seed) % 4 {
                            try file.write(Array(repeating: byte, count: 9_000 + piece))
                        }
                        try file.moveIntoPlace()
                    }
                }
            }
            group.addTask {
                for _ in 0..<400 {
                    guard let data = FileManager.default.contents(atPath: path) else { continue }
                    #expect(Set(data).count == 1 && data.count >= 9_000)
                }
            }
            try await group.waitForAll()
        }
        #expect(place.names == ["a"])
    }
}
