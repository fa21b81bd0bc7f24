#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Why the system did not do what it was asked to do with a file.
public struct FileTrouble: Error, Hashable, Sendable, CustomStringConvertible {
    /// The system's number for it.
    public let code: Int32

    init(_ code: Int32) { self.code = code }

    /// The system's words for it.
    public var description: String { unsafe String(cString: strerror(code)) }

    /// Makes a write beyond the limit on the size of files fail, as on a full disk, instead of ending the process.
    public static func reportSizeLimits() { signal(SIGXFSZ, SIG_IGN) }
}
