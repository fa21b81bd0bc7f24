internal import FoundationEssentials
internal import Policies

/// Outcomes that were written down: by `disco solve --json`, or in a policy table.
public struct ResultFile: Sendable {
    /// The file's path.
    public let path: String
    /// What is minimized or maximized.
    public let metric: String
    /// Outcomes on all rows, by metric.
    public let expected: [String: Double]
    /// Outcomes on held-out rows; nil where nothing was held out.
    public let heldOut: [String: Double]?

    /// What the members of `disco solve --json` are.
    private struct Solved: Decodable {
        var version: Int
        var metric: String
        var expected: [String: Double]
        var held_out: [String: Double]?
        var policy_id: String
    }

    /// The result in a file.
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - path: Its path, for messages.
    /// - Throws: `QuestionError` (65) for anything else.
    public init(_ bytes: [UInt8], path: String) throws(QuestionError) {
        self.path = path
        if let solved = try? JSONDecoder().decode(Solved.self, from: Data(bytes)) {
            metric = solved.metric
            expected = solved.expected
            heldOut = solved.held_out
            return
        }
        do throws(PolicyError) {
            let table = try PolicyTable.load(bytes)
            metric = table.objective
            expected = table.expected
            heldOut = table.heldOut
        } catch {
            throw .badData(
                "\(path): found neither the output of `disco solve --json` nor a policy table (as a table: \(error))")
        }
    }
}
