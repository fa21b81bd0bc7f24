#if canImport(Glibc)
    private import Glibc
#endif

/// Has the kernel supply all pages of fresh memory at once, where it can.
///
/// Touched one by one, each page is a fault of its own, which on a virtual machine costs more than sorting its numbers.
/// A hint: memory is the same with and without it.
func supplyPages(of memory: UnsafeMutableRawBufferPointer) {
    #if os(Linux) && canImport(Glibc)
        let page = 4096
        guard let start = memory.baseAddress, memory.count >= 16 * page else { return }
        let ahead = (page - Int(bitPattern: start) % page) % page
        let populateForWriting: Int32 = 23  // MADV_POPULATE_WRITE, since Linux 5.14; older kernels refuse it
        _ = unsafe madvise(start + ahead, (memory.count - ahead) / page * page, populateForWriting)
    #endif
}
