import Crypto
import Files

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An existing, readable file with its outermost encoding.
struct TraceFile: Sendable {
    /// How the bytes are compressed.
    enum Compression: String, Sendable {
        case none, gzip, zstd

        /// The name that DuckDB's JSON functions know it by; its CSV functions take the raw value.
        var jsonName: String { self == .none ? "uncompressed" : rawValue }
    }

    /// The path as the user wrote it, for messages.
    let name: String
    /// Absolute path under which DuckDB opens the file: free of glob characters.
    let path: String
    let compression: Compression
    let isParquet: Bool
    /// The first bytes of the file, as they are on disk.
    let head: [UInt8]

    /// The most bytes of the file's head that are looked at here.
    static let headSize = 1 << 16

    /// Opens `name`, giving it a plain name inside `workspace` where its own has glob characters.
    /// - Throws: `noSuchInput` for a missing file or a folder, `badData` for an empty one.
    init(_ name: String, workspace: Workspace) throws(TraceError) {
        var isFolder = false
        guard !name.isEmpty, !name.utf8.contains(0),
            FileManager.default.fileExists(atPath: name, isDirectory: &isFolder)
        else {
            throw TraceError(.noSuchInput, file: name, found: "no such file", advice: "Check the path of the trace")
        }
        if isFolder {
            throw TraceError(
                .noSuchInput, file: name, found: "a folder", wanted: "one file", advice: "Name one file of it")
        }
        let absolute = name.hasPrefix("/") ? name : FileManager.default.currentDirectoryPath + "/" + name
        guard let head = Self.read(absolute, from: 0, count: Self.headSize) else {
            throw TraceError(.noSuchInput, file: name, found: "the file cannot be opened", advice: "Check its rights")
        }
        if head.isEmpty {
            throw TraceError(.badData, file: name, found: "the file is empty", wanted: "a trace with at least one row")
        }
        self.name = name
        self.head = head
        self.path = absolute.contains(where: { "*?[]{}".contains($0) }) ? try workspace.link(to: absolute) : absolute
        isParquet = head.starts(with: Array("PAR1".utf8))
        compression =
            head.starts(with: [0x1f, 0x8b]) ? .gzip : head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) ? .zstd : .none
        if compression == .none, name.hasSuffix(".gz") || name.hasSuffix(".zst") {
            throw TraceError(
                .badData, file: name, found: "a compressed file by its name, but not by its content",
                wanted: "gzip or zstd data", advice: "Compress it again, or name it for what it is")
        }
        if !isParquet, name.hasSuffix(".parquet") {
            throw TraceError(
                .badData, file: name, found: "no Parquet file (it does not begin with PAR1)",
                advice: "Check that it was copied whole")
        }
    }

    /// Up to `count` bytes from `offset`; nil if the file cannot be read.
    static func read(_ path: String, from offset: Int, count: Int) -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        guard unsafe fseek(file, offset, SEEK_SET) == 0 else { return nil }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = unsafe fread(buffer.baseAddress, 1, count, file)
        }
    }

    /// SHA-256 of the file's bytes, in hexadecimal, read in pieces; nil if the file cannot be read.
    func sha256() -> String? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe fread(&piece, 1, piece.count, file)
            if count == 0 { break }
            unsafe piece.withUnsafeBytes { bytes in unsafe hash.update(bufferPointer: .init(rebasing: bytes[..<count]))
            }
        }
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in hash.finalize() { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A private folder for the small files of one read; removed at its end.
struct Workspace: Sendable {
    private let folder: WorkFolder

    /// Absolute path of the folder.
    var path: String { folder.path }

    /// A new folder in the system's place for temporary files.
    /// - Throws: `cannotWrite` if it cannot be made.
    init() throws(TraceError) {
        let place = FileManager.default.temporaryDirectory.path
        do throws(FileTrouble) {
            folder = try WorkFolder(in: place)
        } catch {
            throw TraceError(
                .cannotWrite, file: place, found: "no folder can be made here (\(error))", advice: "Check TMPDIR")
        }
    }

    /// Removes the folder with all that is in it.
    func remove() { folder.remove() }

    /// A link of a plain name to `target`.
    func link(to target: String) throws(TraceError) -> String {
        let link = path + "/input"
        do {
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        } catch {
            throw TraceError(.cannotWrite, file: path, found: "no link can be made here", advice: "Check TMPDIR")
        }
        return link
    }

    /// A file `name` of `bytes`.
    func write(_ bytes: [UInt8], as name: String) throws(TraceError) -> String {
        let file = path + "/" + name
        guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
            throw TraceError(.cannotWrite, file: file, found: "the file cannot be written", advice: "Check TMPDIR")
        }
        return file
    }
}
