#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The `duckdb` program that reads and writes tables for us.
public struct DuckDBProgram: Sendable, Hashable {
    /// Absolute path of the program.
    public let path: String

    /// The program at `path`, absolute or relative to the working directory.
    public init(path: String) {
        self.path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// The version that `make tools` installs and that this module is tested with.
    public static let pinnedVersion = "1.5.5"

    /// Finds the program: `$DISCO_DUCKDB`, then `.tools/` of the working directory and of the executable's repository,
    /// then `PATH`.
    ///
    /// In `.tools/` it is the binary inside the Python package that counts, since the wrapper beside `python` takes
    /// twice as long to start as DuckDB itself.
    /// - Parameter given: The environment to look into; nil takes this process's own.
    /// - Returns: The first program found.
    /// - Throws: `missingProgram` if there is none, with the way to install it.
    public static func locate(environment given: [String: String]? = nil) throws(TraceError) -> DuckDBProgram {
        let environment = given ?? ProcessInfo.processInfo.environment
        if let chosen = environment["DISCO_DUCKDB"], !chosen.isEmpty {
            guard isProgram(chosen) else {
                throw TraceError(
                    .missingProgram, file: chosen, found: "DISCO_DUCKDB names no program",
                    advice: "Unset it, or let it name the duckdb program")
            }
            return DuckDBProgram(path: chosen)
        }
        let here = FileManager.default.currentDirectoryPath
        for folder in [here] + foldersAbove(executablePath()) {
            if let path = programInTools(of: folder) { return DuckDBProgram(path: path) }
        }
        for folder in (environment["PATH"] ?? "").split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/duckdb"
            if isProgram(path) { return DuckDBProgram(path: path) }
        }
        throw TraceError(
            .missingProgram, file: "", found: "the duckdb program is not installed",
            wanted: "duckdb \(pinnedVersion) in .tools/ or on PATH",
            advice:
                "Run `make tools`, or `pip install duckdb-cli==\(pinnedVersion)` in a virtual environment, or set DISCO_DUCKDB"
        )
    }

    /// The folder of the program, for `PATH`.
    var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// The file name of the program.
    var name: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }

    private static func isProgram(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
            && FileManager.default.isExecutableFile(atPath: path)
    }

    private static func programInTools(of folder: String) -> String? {
        let libraries = "\(folder)/.tools/python/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
        return versions.filter { $0.hasPrefix("python3") }.sorted()
            .map { "\(libraries)/\($0)/site-packages/duckdb_cli/duckdb" }.last(where: isProgram)
    }

    private static func executablePath() -> String {
        let running = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return running ?? CommandLine.arguments[0]
    }

    private static func foldersAbove(_ path: String) -> [String] {
        var folders: [String] = []
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/"), slash > rest.startIndex {
            rest = rest[..<slash]
            folders.append(String(rest))
        }
        return folders
    }
}
