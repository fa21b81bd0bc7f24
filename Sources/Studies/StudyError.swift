public import Profiles
public import Traces

/// Why a study could not be made.
///
/// `description` says what was found, what was wanted and what to do.
public enum StudyError: Error, Sendable, CustomStringConvertible {
    /// A trace could not be read.
    case trace(TraceError)
    /// A profile could not be made from a trace.
    case profile(ProfileError, path: String)
    /// The problem asks for what this version does not solve.
    case unsupported(String)
    /// No policy keeps the limits.
    case infeasible(String)

    /// The exit code: the trace's own, 65 for bad data, 3 for an infeasible problem.
    public var exitCode: Int32 {
        switch self {
        case .trace(let error): Self.exitCode(error.kind)
        case .profile, .unsupported: 65
        case .infeasible: 3
        }
    }

    private static func exitCode(_ kind: TraceError.Kind) -> Int32 {
        switch kind {
        case .badData: 65
        case .noSuchInput: 66
        case .missingProgram: 69
        case .cannotWrite: 73
        }
    }

    /// The error as text.
    public var description: String {
        switch self {
        case .trace(let error): error.description
        case .profile(let error, let path): "\(path): \(error)"
        case .unsupported(let text), .infeasible(let text): text
        }
    }
}
