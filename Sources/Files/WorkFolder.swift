#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A private folder for the small files of one piece of work, gone with it.
///
/// It is locked while the work lasts; what a killed process has left is removed by the next one that makes a folder.
public final class WorkFolder: Sendable {
    /// Absolute path.
    public let path: String
    private let folder: CInt

    /// A new, empty folder in `place`.
    /// - Throws: `FileTrouble` if none can be made there.
    public init(in place: String) throws(FileTrouble) {
        let place = place.hasSuffix("/") ? place : place + "/"
        Leftovers(prefix: Self.prefix, in: place).remove()
        for _ in 0..<100 {
            let path = place + Self.prefix + Leftovers.randomEnding()
            guard unsafe mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { continue }
                throw FileTrouble(errno)
            }
            let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard folder >= 0 else { continue }
            // Before it was locked it looked like something left behind, and may have been removed.
            guard Leftovers.lock(folder, isAt: path) else {
                close(folder)
                continue
            }
            (self.path, self.folder) = (path, folder)
            return
        }
        throw FileTrouble(EEXIST)
    }

    deinit {
        remove()
        close(folder)
    }

    /// Removes the folder with all that is in it.
    public func remove() { Leftovers.removeFolder(path) }

    /// Begins the names of such folders.
    static let prefix = "disco-work-"
}
