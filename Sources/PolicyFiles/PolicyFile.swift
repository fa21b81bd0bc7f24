import Foundation
public import Policies
import Synchronization

/// A policy file that is read again whenever it has changed; threads may share it.
///
/// Who publishes a table writes it beside the file and renames it, so that nobody reads a part. A part is refused all the same, and
/// the table in use stays.
public final class PolicyFile: Sendable {
    /// Where the file is, or a link to it.
    public let path: String

    /// What became of a look at the file.
    public enum Refresh: Sendable, Hashable {
        /// The file is as it was, or holds the table that is held.
        case unchanged
        /// Its table is the newest now.
        case loaded(revision: Int)
        /// Its table was refused; the one held stays.
        case refused(PolicyRefusal)
        /// The file cannot be read, with the reason; the table held stays.
        case unreadable(String)
    }

    private struct State {
        var store = PolicyStore()
        var stamp: Stamp?
    }

    /// What tells one content of a file from another without reading it.
    private struct Stamp: Hashable {
        var changed: Date?
        var size: UInt64
        var number: UInt64
    }

    private let state: Mutex<State>

    /// A file that has not been looked at yet.
    public init(path: String) {
        self.path = path
        state = Mutex(State())
    }

    /// The tables that are held now, to be asked by a request that arrives.
    public var store: PolicyStore { state.withLock { $0.store } }

    /// Looks at the file, and reads it if it has changed since the last look.
    /// - Parameter isRollback: Whether an older table may replace the newest; the file is read whether it changed or not.
    /// - Returns: What became of it.
    @discardableResult
    public func refresh(isRollback: Bool = false) -> Refresh {
        // Read outside the lock, so that no request waits for a disk.
        let stamp: Stamp
        let bytes: [UInt8]
        do {
            stamp = try currentStamp()
            if stamp == state.withLock({ $0.stamp }), !isRollback { return .unchanged }
            bytes = try contents()
        } catch {
            return .unreadable("\(path): \(error)")
        }
        return state.withLock { state in
            state.stamp = stamp
            do throws(PolicyRefusal) {
                let acceptance = try state.store.offer(bytes, isRollback: isRollback)
                return acceptance == .unchanged
                    ? .unchanged : .loaded(revision: state.store.newest?.table.revision ?? 0)
            } catch {
                return .refused(error)
            }
        }
    }

    /// Looks at the file again and again until the task is cancelled.
    /// - Parameters:
    ///   - interval: Time between looks; a look that finds no change costs a few microseconds.
    ///   - report: Called after each look that found something else than no change, or another trouble than the look before.
    public func watch(every interval: Duration = .seconds(5), report: @Sendable (Refresh) -> Void = { _ in }) async {
        var last = Refresh.unchanged
        while !Task.isCancelled {
            let refresh = refresh()
            if refresh != .unchanged, refresh != last { report(refresh) }
            last = refresh
            do { try await Task.sleep(for: interval) } catch { return }
        }
    }

    private struct Trouble: Error, CustomStringConvertible { let description: String }

    private func currentStamp() throws -> Stamp {
        // A link may be turned to another file, and a pipe would never end.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: target) else {
            throw Trouble(description: "no such file, or no permission to look at it")
        }
        guard facts[.type] as? FileAttributeType == .typeRegular else {
            throw Trouble(description: "is no ordinary file")
        }
        return Stamp(
            changed: facts[.modificationDate] as? Date, size: (facts[.size] as? NSNumber)?.uint64Value ?? 0,
            number: (facts[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0)
    }

    private func contents() throws -> [UInt8] {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            // One byte more than a table may have: enough to refuse what is larger.
            return try Array(file.read(upToCount: PolicyTable.SizeLimits.bytes + 1) ?? Data())
        } catch {
            throw Trouble(description: "cannot be read (\(error.localizedDescription))")
        }
    }
}
