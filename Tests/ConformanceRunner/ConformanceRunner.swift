import Foundation
import Policies

/// Answers the questions on standard input, one line each, as scripts/check_conformance.py asks them.
///
///     offer   <path> <0 or 1: roll back>                                  loaded, unchanged or the rule that is broken
///     decide  <tokens> <id, UTF-8 in hexadecimal> <server><device> <at>   waits, basis, state, revision, and both hand-overs
///
/// Fields are separated by tabs; a time is `-` without a clock. Doubles are answered as their bits, so that nothing is rounded.
@main
struct ConformanceRunner {
    static func main() throws {
        var store = PolicyStore()
        var output = ""
        while let line = readLine() {
            let fields = line.split(separator: "\t").map(String.init)
            switch fields[0] {
            case "offer":
                let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fields[1])))
                do throws(PolicyRefusal) {
                    output += try store.offer(bytes, isRollback: fields[2] == "1").rawValue
                } catch {
                    output += error.rule
                }
            case "decide":
                let (tokens, id, at) = (Int(fields[1]) ?? 0, text(fields[2]), Double(fields[4]))
                let health = PolicyHealth(server: fields[3].first == "1", device: fields[3].last == "1")
                output += answer(store, tokens, id, health, at)
            default: fatalError("no question \(fields[0])")
            }
            output += "\n"
            if output.utf8.count > 1 << 16 {
                print(output, terminator: "")
                output = ""
            }
        }
        print(output, terminator: "")
    }

    private static func answer(
        _ store: PolicyStore, _ tokens: Int, _ id: String, _ health: PolicyHealth, _ at: Double?
    ) -> String {
        guard let policy = store.policy(requestID: id, at: at),
            let decision = store.decision(promptTokens: tokens, requestID: id, health: health, at: at)
        else { return "none \(store.state(at: at).rawValue)" }
        let hands = PolicyTable.Endpoint.allCases.map { source in
            let point = policy.handOver(from: source, promptTokens: tokens, requestID: id, health: health, at: at)
            let next = policy.migration(
                after: tokens, secondsSinceFirst: Double(tokens) / 8, from: source, promptTokens: tokens, requestID: id,
                health: health, at: at)
            return (point.map { "\($0.afterTokens),\(bits($0.bufferTokens))" } ?? "-") + "," + (next?.rawValue ?? "-")
        }
        return [
            bits(decision.action.serverWait), bits(decision.action.deviceWait), decision.basis.rawValue,
            decision.state.rawValue, "\(decision.revision)", store.state(at: at).rawValue,
        ].joined(separator: " ") + " " + hands.joined(separator: " ")
    }

    private static func bits(_ value: Double) -> String { String(value.bitPattern, radix: 16) }

    /// Text from hexadecimal digits after an `x`.
    private static func text(_ digits: String) -> String {
        let digits = Array(digits.utf8.dropFirst()).map { Int($0 < 58 ? $0 - 48 : $0 - 87) }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
