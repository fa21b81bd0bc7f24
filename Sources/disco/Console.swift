import ArgumentParser
import Files
import Foundation
import LinearAlgebra
import Policies
import Studies
import Traces

/// Where text goes: results to standard output, everything else to standard error.
enum Console {
    /// Whether standard error is a terminal, the only place for progress.
    static let showsProgress = isatty(2) != 0

    /// Writes a result, as it is to files and programs.
    static func print(_ text: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((isatty(1) != 0 ? harmless(text) : text).utf8))
        } catch {
            remark("error: standard output: cannot be written (\(error.localizedDescription))")
            exit(73)
        }
    }

    /// Writes a remark.
    ///
    /// Where nobody can be told, the work goes on.
    static func remark(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((harmless(text) + "\n").utf8))
    }

    /// `text` with replacement characters for what steers terminals: names and values come from files of strangers.
    private static func harmless(_ text: String) -> String {
        func steers(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.value {
            case 0x0A: false
            case 0..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: steers) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { steers($0) ? "\u{FFFD}" : $0 }))
    }

    /// Writes a progress line, on a terminal only.
    static func progress(_ text: String) { if showsProgress { remark("... \(text)") } }

    /// Prints the error and ends with its exit code.
    static func fail(_ error: any Error) -> ExitCode {
        switch error {
        case let error as StudyError:
            remark("error: \(error)")
            return ExitCode(error.exitCode)
        case let error as ProblemError:
            remark("error: \(error)")
            return ExitCode(error.kind.exitCode)
        case let error as TraceError:
            remark("error: \(error)")
            return ExitCode(StudyError.trace(error).exitCode)
        case let error as QuestionError:
            remark("error: \(error)")
            return ExitCode(error.exitCode)
        case let error as ValidationError:
            remark("error: \(error.message)")
            return .validationFailure
        case let error as FileError:
            remark("error: \(error)")
            return ExitCode(error.exitCode)
        default:
            remark("error: \(error)")
            return .failure
        }
    }

    /// Runs `work`; an error is printed and ends the program with its exit code.
    static func run(_ work: () async throws -> Void) async throws {
        Engine.keepFreedMemory()
        FileTrouble.reportSizeLimits()
        do {
            try await work()
        } catch let code as ExitCode {
            throw code
        } catch {
            throw fail(error)
        }
    }
}

/// A file that could not be read or written.
struct FileError: Error, CustomStringConvertible {
    let description: String
    let exitCode: Int32

    /// The bytes of the file at `path`, but no more than one more than a table may have; 66 where there is none.
    static func read(_ path: String) throws(FileError) -> [UInt8] {
        var isDirectory: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw FileError(description: "\(path): no such file", exitCode: 66)
        }
        guard !isDirectory.boolValue else {
            throw FileError(description: "\(path): is a directory, not a file", exitCode: 66)
        }
        // Enough to refuse what is larger: a device may never end. A pipe comes in pieces.
        let most = PolicyTable.SizeLimits.bytes + 1
        var bytes: [UInt8] = []
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            while bytes.count < most, let piece = try file.read(upToCount: most - bytes.count), !piece.isEmpty {
                bytes += piece
            }
        } catch {
            throw FileError(description: "\(path): cannot be read; check its permissions", exitCode: 66)
        }
        return bytes
    }

    /// Refuses an output that is one of the inputs; 64.
    static func keep(_ output: String, apartFrom inputs: [String]) throws(FileError) {
        func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        for input in inputs where resolved(input) == resolved(output) {
            throw FileError(
                description: "-o \(output): is an input of this run (\(input)); name another file", exitCode: 64)
        }
    }

    /// Writes `bytes` to `path` whole or not at all; 73 where that fails.
    static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        // A rename would put a file in the place of a device, a pipe or a link.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let kind = (try? FileManager.default.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
        if let kind, kind != .typeRegular, kind != .typeDirectory {
            throw FileError(description: "\(path): is no ordinary file, and is left alone", exitCode: 73)
        }
        do throws(FileTrouble) {
            let file = try PendingFile(for: target)
            try file.write(bytes)
            try file.moveIntoPlace()
        } catch {
            throw FileError(
                description: "\(path): cannot be written (\(error)); nothing was changed there", exitCode: 73)
        }
    }
}
