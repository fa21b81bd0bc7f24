private import CLinearAlgebra
private import CProcessTuning

/// The linear algebra library in use.
public enum Engine {
    /// Library, version and core type, for provenance: "OpenBLAS 0.3.21 SkylakeX".
    ///
    /// Results are the same bytes on one core type; across core types they agree to about 1e-12 relative.
    public static let name: String = {
        let core = unsafe String(cString: disco_tune_openblas())
        let words = unsafe String(cString: openblas_get_config()).split(separator: " ")
        let version = words.dropFirst().first.map(String.init) ?? "of unknown version"
        return "OpenBLAS \(version) \(core)"
    }()

    /// Keeps memory that the process frees for its own next use, instead of handing it back to the kernel each time.
    ///
    /// For programs that run once and end: arrays of a megabyte come and go with every sort and solve, and having the
    /// kernel supply their pages anew costs as much as sorting their numbers. Call it once, at the start.
    public static func keepFreedMemory() { disco_keep_freed_memory() }

    /// Readies the library before its first call: right kernels, one thread.
    ///
    /// Costs nothing from the second call on.
    @usableFromInline static func prepare() { _ = name }
}
