import FoundationEssentials
import Glibc

/// CPU seconds of each run of some work, the first of which does not count.
///
/// This thread's CPU time is the time on an idle machine, since the work waits for nothing; on a busy one it leaves out
/// the turns of other programs.
/// - Parameters:
///   - options: Those of the piece of work; `--runs` says how often.
///   - ready: Makes the input of a run, untimed.
///   - work: What is timed.
/// - Returns: As many figures as runs.
func measure<Input, Output>(_ options: Options, ready: () -> Input, work: (consuming Input) -> Output) -> [Double] {
    var seconds: [Double] = []
    for run in 0...options.number("runs", else: 3) {
        let input = ready()
        let start = threadSeconds()
        let output = work(input)
        let elapsed = threadSeconds() - start
        keep(output)
        if run > 0 { seconds.append(elapsed) }
    }
    return seconds
}

/// CPU seconds that this thread has used.
private func threadSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

/// Uses a value, as far as the optimizer can tell.
@inline(never) func keep<Value>(_ value: Value) { withExtendedLifetime(value) {} }

/// The raw numbers of a file, in the machine's byte order.
func numbers<Number: BitwiseCopyable>(_ path: String, of: Number.Type = Number.self) throws -> [Number] {
    let file = unsafe open(path, O_RDONLY)
    guard file >= 0 else { throw UsageError(description: "\(path): cannot be opened") }
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    lseek(file, 0, SEEK_SET)
    let count = size / MemoryLayout<Number>.stride
    return try unsafe [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
        var done = 0
        while done < size {
            let bytes = unsafe UnsafeMutableRawBufferPointer(buffer)[done...]
            let got = unsafe read(file, UnsafeMutableRawBufferPointer(rebasing: bytes).baseAddress, size - done)
            guard got > 0 else { throw UsageError(description: "\(path): cannot be read") }
            done += got
        }
        initialized = count
    }
}

/// The largest resident set that this process has had, in bytes; `VmHWM`, since it begins anew with each program.
func peakResidentBytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
        return 1024 * (Int(line.split { $0 == " " || $0 == "\t" }[1]) ?? 0)
    }
    throw UsageError(description: "/proc/self/status has no VmHWM")
}
