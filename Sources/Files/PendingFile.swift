#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A file on its way to its place: written beside it and moved there when it is whole, so that nobody ever reads a part.
///
/// While it lives it is locked, by which it is told from what a writer has left behind that was killed; the next one in
/// the same folder removes that. Many may write to one place at once: each has a file of its own, and the last one to be
/// moved stays, whole.
public struct PendingFile: ~Copyable {
    /// Where the bytes are until `moveIntoPlace()`.
    public let path: String
    private let destination: String
    private let file: CInt

    /// A new, empty file beside `destination`, with the permissions of the file that is there.
    /// - Parameter destination: Where the file goes: no link, which would be replaced.
    /// - Throws: `FileTrouble` if no file can be made in that folder.
    public init(for destination: String) throws(FileTrouble) {
        let folder = destination.lastIndex(of: "/").map { String(destination[...$0]) } ?? "./"
        Leftovers(prefix: Self.prefix, in: folder).remove()
        for _ in 0..<100 {
            let path = folder + Self.prefix + Leftovers.randomEnding()
            let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard file >= 0 else {
                if errno == EEXIST || errno == EINTR { continue }
                throw FileTrouble(errno)
            }
            // Before it was locked it looked like something left behind, and may have been removed.
            guard Leftovers.lock(file, isAt: path) else {
                close(file)
                continue
            }
            if let mode = Self.mode(of: destination) { fchmod(file, mode) }
            (self.path, self.destination, self.file) = (path, destination, file)
            return
        }
        throw FileTrouble(EEXIST)
    }

    /// Appends `bytes`.
    /// - Throws: `FileTrouble` if they do not all fit, for want of room or by a limit.
    public borrowing func write(_ bytes: [UInt8]) throws(FileTrouble) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Self.write($0, to: file) }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileTrouble(errno)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Puts the file in its place, in one step, once its bytes are safe from a loss of power.
    /// - Throws: `FileTrouble` if it cannot be put there; what was there stays.
    public consuming func moveIntoPlace() throws(FileTrouble) {
        // A disk that is full by agreement only may say so as late as here.
        guard fsync(file) == 0 || errno == EINVAL || errno == EROFS else { throw FileTrouble(errno) }
        guard unsafe rename(path, destination) == 0 else { throw FileTrouble(errno) }
    }

    deinit {
        // Nothing is there any more once the file is in its place.
        if Leftovers.isFile(file, at: path) { unsafe unlink(path) }
        close(file)
    }

    /// Begins the names of files under way.
    static let prefix = ".disco-part-"

    private static func mode(of path: String) -> mode_t? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        return facts.st_mode & 0o777
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to file: CInt) -> Int {
        #if canImport(Darwin)
            unsafe Darwin.write(file, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            unsafe Musl.write(file, bytes.baseAddress, bytes.count)
        #else
            unsafe Glibc.write(file, bytes.baseAddress, bytes.count)
        #endif
    }
}
