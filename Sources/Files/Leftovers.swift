#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// What processes that were killed have left in a folder: files and folders of a certain name whose owner no longer lives.
///
/// An owner keeps a lock, which ends with its process, however that ends.
struct Leftovers {
    let prefix: String
    /// Where they lie, with a slash at its end.
    let folder: String

    init(prefix: String, in folder: String) {
        self.prefix = prefix
        self.folder = folder
    }

    /// Removes them, as far as they are ours; trouble with one is no trouble for who asks.
    func remove() {
        for name in names() {
            let path = folder + name
            let item = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard item >= 0 else { continue }
            defer { close(item) }
            var facts = stat()
            guard unsafe fstat(item, &facts) == 0, facts.st_uid == geteuid(),
                flock(item, LOCK_EX | LOCK_NB) == 0, Self.isFile(item, at: path)
            else { continue }
            switch facts.st_mode & S_IFMT {
            case S_IFREG: unsafe unlink(path)
            case S_IFDIR: Self.removeFolder(path)
            default: break
            }
        }
    }

    /// Names in the folder that look like ours, eight hexadecimal digits after the prefix.
    private func names() -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            let ending = name.utf8.dropFirst(prefix.utf8.count)
            if name.hasPrefix(prefix), ending.count == 8,
                ending.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
            {
                names.append(name)
            }
        }
        return names
    }

    /// Removes a folder of files; it has no folders in it.
    static func removeFolder(_ path: String) {
        if let stream = unsafe opendir(path) {
            let place = unsafe dirfd(stream)
            while let entry = unsafe readdir(stream) {
                unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                        // The two names of folders, . and .., are refused by the call.
                        _ = unsafe unlinkat(place, name, 0)
                    }
                }
            }
            unsafe closedir(stream)
        }
        unsafe rmdir(path)
    }

    /// Eight random hexadecimal digits.
    static func randomEnding() -> String {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// Locks an open file or folder; whether it is still the one at `path`.
    static func lock(_ item: CInt, isAt path: String) -> Bool {
        while flock(item, LOCK_EX) != 0 { guard errno == EINTR else { break } }
        return isFile(item, at: path)
    }

    /// Whether the open `item` is what `path` names.
    static func isFile(_ item: CInt, at path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return unsafe fstat(item, &open) == 0 && lstat(path, &named) == 0 && open.st_ino == named.st_ino
            && open.st_dev == named.st_dev
    }
}
