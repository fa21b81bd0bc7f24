import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whether a compressed file is whole.
///
/// DuckDB reads a truncated gzip or zstd file up to the cut and says nothing, so rows would vanish silently.
struct Integrity {
    /// What a check came to.
    enum Finding: Sendable, Equatable {
        case whole
        case damaged(String)
        case unchecked(String)
    }

    /// Checks `file`: gzip with the `gzip` program, zstd by walking its blocks.
    static func check(_ file: TraceFile) async -> Finding {
        switch file.compression {
        case .none: .whole
        case .gzip: await checkGzip(file.path)
        case .zstd: checkZstd(file.path)
        }
    }

    private static func checkGzip(_ path: String) async -> Finding {
        do {
            let result = try await Subprocess.run(
                .name("gzip"), arguments: ["-t", "--", path], output: .discarded, error: .discarded)
            // Status 2 is a warning (bytes after the end).
            if case .exited(let code) = result.terminationStatus, code == 0 || code == 2 { return .whole }
            return .damaged("truncated or damaged gzip data")
        } catch {
            return .unchecked("not checked for truncation: there is no gzip program")
        }
    }

    /// Follows the frame and block headers (RFC 8878, section 3.1) to the file's end.
    private static func checkZstd(_ path: String) -> Finding {
        guard let file = unsafe fopen(path, "rb") else { return .damaged("unreadable zstd data") }
        defer { unsafe fclose(file) }
        unsafe fseek(file, 0, SEEK_END)
        let size = unsafe ftell(file)
        let damaged = Finding.damaged("truncated or damaged zstd data")
        var position = 0

        func number(_ count: Int) -> Int? {
            guard position + count <= size, unsafe fseek(file, position, SEEK_SET) == 0 else { return nil }
            var value = 0
            for index in 0..<count { value |= Int(unsafe fgetc(file)) << (8 * index) }
            position += count
            return value
        }

        while position < size {
            guard let magic = number(4) else { return damaged }
            if magic & 0xffff_fff0 == 0x184d_2a50 {
                guard let length = number(4) else { return damaged }
                position += length
                continue
            }
            guard magic == 0xfd2f_b528, let descriptor = number(1) else { return damaged }
            let isSingleSegment = descriptor & 0x20 != 0
            let sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]
            position += (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3] + sizeBytes
            while true {
                guard let header = number(3) else { return damaged }
                position += (header >> 1) & 3 == 1 ? 1 : header >> 3
                if header & 1 == 1 { break }
            }
            if descriptor & 4 != 0 { position += 4 }
        }
        return position == size ? .whole : damaged
    }
}
