import Foundation
import Policies
import PolicyFiles
import Testing

@Suite struct `A policy file that is read again` {
    /// Tables with known ids, from the conformance cases.
    private func table(_ name: String) throws -> Data {
        try Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "conformance/tables/\(name).json"))
    }

    private func wait(of file: PolicyFile) -> Double? {
        file.store.decision(promptTokens: 1, requestID: "a")?.action.deviceWait
    }

    /// A folder of its own for `work`, removed afterwards.
    private func inFolder(_ work: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "disco-policy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await work(folder)
    }

    @Test func `a newer table is taken, a part and an older one are refused, and the one in use stays`() async throws {
        try await inFolder { folder in
            let url = folder.appending(path: "policy.json")
            let file = PolicyFile(path: url.path)
            guard case .unreadable = file.refresh() else {
                Issue.record("there is no file yet")
                return
            }
            #expect(wait(of: file) == nil)
            try table("revision-1").write(to: url, options: .atomic)
            #expect(file.refresh() == .loaded(revision: 1))
            #expect(file.refresh() == .unchanged)
            #expect(wait(of: file) == 1)

            try table("revision-2").prefix(300).write(to: url)
            guard case .refused(.broken(let error)) = file.refresh() else {
                Issue.record("a part of a file must be refused")
                return
            }
            #expect(error.rule == .notJSON)
            #expect(file.store.lastRefusal == .broken(error))
            #expect(wait(of: file) == 1)

            try table("revision-2").write(to: url, options: .atomic)
            #expect(file.refresh() == .loaded(revision: 2))
            #expect(file.store.lastRefusal == nil)
            #expect(wait(of: file) == 2)

            try table("revision-1").write(to: url, options: .atomic)
            #expect(file.refresh() == .refused(.olderRevision(found: 1, held: 2)))
            #expect(wait(of: file) == 2)
            #expect(file.refresh(isRollback: true) == .loaded(revision: 1))
            #expect(wait(of: file) == 1)

            try FileManager.default.removeItem(at: url)
            guard case .unreadable = file.refresh() else {
                Issue.record("the file is gone")
                return
            }
            #expect(wait(of: file) == 1)
        }
    }

    @Test func `a link that is turned to another file is a change`() async throws {
        try await inFolder { folder in
            for name in ["revision-1", "revision-2"] {
                try table(name).write(to: folder.appending(path: name))
            }
            let link = folder.appending(path: "policy.json")
            try FileManager.default.createSymbolicLink(
                at: link, withDestinationURL: folder.appending(path: "revision-1"))
            let file = PolicyFile(path: link.path)
            #expect(file.refresh() == .loaded(revision: 1))
            try FileManager.default.removeItem(at: link)
            try FileManager.default.createSymbolicLink(
                at: link, withDestinationURL: folder.appending(path: "revision-2"))
            #expect(file.refresh() == .loaded(revision: 2))
        }
    }

    @Test func `what is no ordinary file, or too large, is not read whole`() async throws {
        try await inFolder { folder in
            for path in [folder.path, "/dev/zero"] {
                guard case .unreadable = PolicyFile(path: path).refresh() else {
                    Issue.record("\(path) is no ordinary file")
                    continue
                }
            }
            let url = folder.appending(path: "large.json")
            try Data().write(to: url)
            let handle = try FileHandle(forWritingTo: url)
            // A file with a hole: 8 GiB without a block on the disk.
            try handle.truncate(atOffset: 8 << 30)
            try handle.close()
            guard case .refused(.broken(let error)) = PolicyFile(path: url.path).refresh() else {
                Issue.record("8 GiB must be refused")
                return
            }
            #expect(error.rule == .tooLarge)
        }
    }

    @Test func `watching takes a change by itself and ends with its task`() async throws {
        try await inFolder { folder in
            let url = folder.appending(path: "policy.json")
            try table("revision-1").write(to: url, options: .atomic)
            let file = PolicyFile(path: url.path)
            let (reports, report) = AsyncStream.makeStream(of: PolicyFile.Refresh.self)
            let watch = Task { await file.watch(every: .milliseconds(5)) { report.yield($0) } }
            var next = reports.makeAsyncIterator()
            #expect(await next.next() == .loaded(revision: 1))
            try table("revision-2").write(to: url, options: .atomic)
            #expect(await next.next() == .loaded(revision: 2))
            watch.cancel()
            await watch.value
        }
    }

    @Test func `requests on many threads get whole tables while the file changes`() async throws {
        try await inFolder { folder in
            let url = folder.appending(path: "policy.json")
            let tables = [try table("revision-1"), try table("revision-2")]
            try tables[0].write(to: url, options: .atomic)
            let file = PolicyFile(path: url.path)
            file.refresh()
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        (0..<2_000).allSatisfy { number in
                            let decision = file.store.decision(promptTokens: number, requestID: "\(number)")
                            return decision.map { Int($0.action.deviceWait) == $0.revision } ?? false
                        }
                    }
                }
                for round in 0..<50 {
                    try? tables[round % 2].write(to: url, options: .atomic)
                    file.refresh(isRollback: true)
                }
                for await isWhole in group { #expect(isWhole) }
            }
        }
    }
}
