internal import Serving
internal import Traces

/// A file of new rows, and which trace of a problem it stands for.
public struct NewTrace: Sendable, Hashable {
    /// What a problem reads a trace for.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// Whose prompts are optimized for.
        case workload
        /// The server's times.
        case server
        /// The device's times.
        case device
    }

    /// What the file holds; nil for the server's times and all else that the problem reads from the server's file.
    public let role: Role?
    /// The file.
    public let path: String

    /// A file of new rows.
    public init(_ role: Role?, path: String) {
        self.role = role
        self.path = path
    }

    /// A file as the command line names it: `new.csv`, or `device=new.csv` with its role.
    public init(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let role = Role(rawValue: parts[0]) else {
            self.init(nil, path: text)
            return
        }
        self.init(role, path: parts[1])
    }
}

extension Problem {
    /// The same problem with new files in the place of its own.
    ///
    /// A new file has the format, the columns and the filter of the one that it replaces: the same program wrote it.
    /// - Parameter traces: The new files, at most one a role.
    /// - Returns: The problem, not to be written anywhere, and the roles that have new rows.
    /// - Throws: `StudyError.unsupported` for a file without a role where the server has no trace.
    public func replacing(_ traces: [NewTrace]) throws(StudyError) -> (problem: Problem, roles: Set<NewTrace.Role>) {
        var files: [NewTrace.Role: String] = [:]
        if let bare = traces.first(where: { $0.role == nil }) {
            guard case .trace(let own) = server.ttft else {
                throw .unsupported(
                    """
                    \(path): endpoints.server has a formula and no trace, so nothing tells what \(bare.path) holds; write \
                    --traces workload=\(bare.path), device=... or server=...
                    """)
            }
            for role in NewTrace.Role.allCases where source(of: role)?.path == own.path { files[role] = bare.path }
        }
        for trace in traces { if let role = trace.role { files[role] = trace.path } }
        var changed = self
        // What was held out when the table was made is of no matter now.
        changed.tuningShare = nil
        for (role, path) in files {
            var source = source(of: role) ?? TraceSource(path: path)
            source.path = path
            switch role {
            case .workload: changed.workload.trace = source
            case .server: changed.server.ttft = .trace(source)
            case .device: changed.device.ttft = .trace(source)
            }
        }
        return (changed, Set(files.keys))
    }

    /// The trace that a role is read from; nil where a formula stands for it.
    func source(of role: NewTrace.Role) -> TraceSource? {
        let ttft: TTFTSource
        switch role {
        case .workload: return workload.trace
        case .server: ttft = server.ttft
        case .device: ttft = device.ttft
        }
        guard case .trace(let source) = ttft else { return nil }
        return source
    }
}
