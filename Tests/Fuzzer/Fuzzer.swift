import Fuzzing
import Glibc

/// Entry points for libFuzzer, which has the `main`; see scripts/fuzz.py.
///
/// Which reader is fuzzed is in the environment variable `DISCO_FUZZ_TARGET`.
private let target: FuzzTarget = {
    guard let name = unsafe getenv("DISCO_FUZZ_TARGET"),
        let target = FuzzTarget(rawValue: unsafe String(cString: name))
    else { fatalError("DISCO_FUZZ_TARGET: one of \(FuzzTarget.allCases.map(\.rawValue))") }
    return target
}()

/// Checks one input; what breaks a property stops the process, so that libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func check(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    do {
        try target.check(input)
    } catch {
        fatalError("broken property: \(error)")
    }
    return 0
}

/// Changes an input: as libFuzzer does, or token by token, so that the result is still a document of some sense.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int, _ seed: CUnsignedInt) -> Int {
    guard seed % 3 > 0 else { return unsafe mutateAsLibFuzzer(bytes, count, room) }
    var mutation = Mutation(unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count)), seed: UInt64(seed))
    let changed = mutation.result().prefix(room)
    for (index, byte) in changed.enumerated() { unsafe bytes[index] = byte }
    return changed.count
}

@_silgen_name("LLVMFuzzerMutate")
private func mutateAsLibFuzzer(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int) -> Int
