internal import Traces

/// Reads problem files (docs/problem-file.md, schema/problem.schema.json).
public enum ProblemFile {
    /// Largest file that is read, in bytes: 1 MiB.
    public static let largestSize = 1 << 20

    /// The problem in the file at `path`.
    ///
    /// - Parameters:
    ///   - path: The file. Relative paths of traces count from its folder.
    ///   - overrides: What `--set` says, as `path=value`; the last one wins.
    /// - Returns: The problem, with the defaults filled in.
    /// - Throws: `ProblemError` with all that is wrong.
    public static func read(path: String, overrides: [String] = []) throws(ProblemError) -> Problem {
        try parse(text(ofFile: path), path: path, overrides: overrides)
    }

    /// What a file should be that is a problem.
    static let problem = "a problem file"

    /// The text of the file at `path`, which should be `what`.
    static func text(ofFile path: String, called what: String = problem) throws(ProblemError) -> String {
        let bytes = try contents(ofFile: path, called: what)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = String(decoding: bytes.prefix(validPrefix(of: bytes)), as: UTF8.self)
            let lines = valid.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
            throw badData(
                path, .file(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1),
                found: isUTF16 ? "UTF-16 text" : "bytes that are not UTF-8", wanted: "a YAML file in UTF-8",
                advice: isUTF16 ? "Save the file as UTF-8." : "Is this the right file?")
        }
        return text
    }

    /// The problem that `text` states.
    ///
    /// - Parameters:
    ///   - text: The YAML.
    ///   - path: The path of its file, for messages and for relative paths of traces.
    ///   - overrides: What `--set` says, as `path=value`; the last one wins.
    /// - Returns: The problem, with the defaults filled in.
    /// - Throws: `ProblemError` with all that is wrong.
    public static func parse(_ text: String, path: String, overrides: [String] = []) throws(ProblemError) -> Problem {
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        for size in ([text] + overrides).map(\.utf8.count) where size > largestSize { throw tooLarge(path) }
        let findings = Findings(path: path, text: text, settings: overrides)
        let root = YAMLComposer.compose(text, findings: findings)
        var problem: Problem?
        if let root, root.isNull {
            YAMLComposer.addEmpty(to: findings)
        } else if var root {
            if root.fields != nil {
                Setting.apply(overrides, to: &root, findings: findings)
                try Catalogue(problem: path, findings: findings).fill(&root)
            }
            problem = ProblemReader.read(root, findings: findings)
        }
        try findings.throwIfAny()
        guard var problem else { preconditionFailure("a problem file was refused without a finding") }
        problem.path = path
        problem.sha256 = problem.canonicalSHA256()
        problem.resolvePaths(against: path)
        return problem
    }

    static func badData(
        _ path: String, _ place: ProblemError.Place, found: String, wanted: String, advice: String? = nil
    ) -> ProblemError {
        let finding = ProblemError.Finding(place: place, field: "", found: found, wanted: wanted, advice: advice)
        return ProblemError(kind: .badData, path: path, findings: [finding])
    }

    static func tooLarge(_ path: String) -> ProblemError {
        badData(
            path, .wholeFile, found: "more than 1 MiB", wanted: "a problem file, which has a page or so",
            advice: "Is this the right file? A trace is named in `workload.trace`.")
    }

    /// Number of bytes at the front of `bytes` that are whole UTF-8 characters.
    private static func validPrefix(of bytes: [UInt8]) -> Int {
        var (codec, iterator, count) = (UTF8(), bytes.makeIterator(), 0)
        while case .scalarValue(let scalar) = codec.decode(&iterator) { count += UTF8.width(scalar) }
        return count
    }
}

extension Problem {
    /// Joins relative trace paths to the folder of the problem file at `path`.
    fileprivate mutating func resolvePaths(against path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let folder = path[...slash]
        func resolved(_ trace: String) -> String {
            trace.hasPrefix("/") || trace.contains("://") ? trace : folder + trace
        }
        workload.trace.path = resolved(workload.trace.path)
        server.ttft = server.ttft.mapPath(resolved)
        device.ttft = device.ttft.mapPath(resolved)
    }
}

extension Problem.TTFTSource {
    fileprivate func mapPath(_ transform: (String) -> String) -> Problem.TTFTSource {
        guard case .trace(var trace) = self else { return self }
        trace.path = transform(trace.path)
        return .trace(trace)
    }
}
