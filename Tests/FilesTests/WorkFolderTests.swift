import Files
import Foundation
import Testing

/// Folders for the work of one process.
@Suite struct WorkFolderTests {
    @Test func `a folder is gone with its files when the work is over`() throws {
        let place = try Place()
        let folder = try WorkFolder(in: place.folder)
        #expect(place.names.count == 1 && folder.path.hasPrefix(place.folder + "/"))
        try Data("x".utf8).write(to: URL(filePath: folder.path + "/input"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: place.path("keep"))
        try Data("y".utf8).write(to: URL(filePath: place.path("keep")))
        folder.remove()
        #expect(place.names == ["keep"])
    }

    @Test func `folders of killed processes are removed by the next, those at work stay`() throws {
        let place = try Place(["disco-work-deadbeef": "no folder, and left behind as well"])
        for number in 1...30 {
            let path = place.path("disco-work-0000000\(number % 10)")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(filePath: path + "/header"))
        }
        let first = try WorkFolder(in: place.folder)
        let second = try WorkFolder(in: place.folder)
        #expect(place.names == [first.path, second.path].map { URL(filePath: $0).lastPathComponent }.sorted())
        first.remove()
        second.remove()
        #expect(place.names.isEmpty)
    }

    @Test func `many at once do not remove each other's`() async throws {
        let place = try Place()
        let folder = place.folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        let work = try WorkFolder(in: folder)
                        try Data("x".utf8).write(to: URL(filePath: work.path + "/a"))
                        #expect(FileManager.default.fileExists(atPath: work.path + "/a"))
                        work.remove()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(place.names.isEmpty)
    }
}
