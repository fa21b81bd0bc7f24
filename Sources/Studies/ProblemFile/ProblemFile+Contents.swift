#if canImport(Darwin)
    private import Darwin
#elseif canImport(Musl)
    private import Musl
#else
    private import Glibc
#endif

extension ProblemFile {
    /// The bytes of the file at `path`, never more than `largestSize`, from pipes and devices as well.
    static func contents(ofFile path: String, called what: String) throws(ProblemError) -> [UInt8] {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw noInput(path, what, found: path.isEmpty ? "an empty path" : "a path with a NUL character")
        }
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw noInput(path, what, failure: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = readSome(of: file, into: &buffer)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw noInput(path, what, failure: errno)
            }
            bytes += buffer.prefix(count)
            guard bytes.count <= largestSize else { throw tooLarge(path) }
        }
    }

    private static func noInput(_ path: String, _ what: String, failure: Int32) -> ProblemError {
        switch failure {
        case ENOENT, ENOTDIR:
            noInput(
                path, what, found: "no such file",
                advice: what == problem ? "`disco solve --example` prints a file to begin with." : nil)
        case EISDIR: noInput(path, what, found: "a folder", advice: "Name the file in it.")
        case EACCES, EPERM: noInput(path, what, found: "a file that may not be read", advice: "Check its permissions.")
        default: noInput(path, what, found: "a file that cannot be read (error \(failure))")
        }
    }

    private static func noInput(_ path: String, _ what: String, found: String, advice: String? = nil) -> ProblemError {
        let finding = ProblemError.Finding(
            place: .wholeFile, field: "", found: found, wanted: what, advice: advice)
        return ProblemError(kind: .noInput, path: path, findings: [finding])
    }
}

/// Reads what there is of `file`, at most a buffer full: the number of bytes, 0 at the end, -1 if it failed.
private func readSome(of file: Int32, into buffer: inout [UInt8]) -> Int {
    unsafe buffer.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
}
